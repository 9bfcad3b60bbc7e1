public import Basics

/// Who sends a request, what they may do, and where the request comes from.
public struct Caller: Sendable {
    /// Who it is.
    public enum Identity: Sendable, Hashable {
        case anonymous
        /// A person that this program knows.
        case user(id: String, name: String)
        /// A person that only an issuer of tokens knows.
        case external(subject: String, issuer: String)
        /// A program.
        case key(id: String, name: String)
    }

    /// By what they proved it.
    public enum Proof: Sendable {
        case nothing
        case session(Session)
        case token
        case key
    }

    public let identity: Identity
    public let proof: Proof
    public let grants: [Grant]
    /// Narrows what the grants allow; nil: not at all.
    public let scopes: Set<Permission>?
    public let origin: ClientOrigin
    /// The project that this service looks after.
    let project: String
    /// Whether nobody was given access yet, so that nobody can log in.
    let isBeforeAccess: Bool

    public init(
        _ identity: Identity, proof: Proof, grants: [Grant], scopes: Set<Permission>? = nil, origin: ClientOrigin,
        project: String, isBeforeAccess: Bool = false
    ) {
        self.identity = identity
        self.proof = proof
        self.grants = grants
        self.scopes = scopes
        self.origin = origin
        self.project = project
        self.isBeforeAccess = isBeforeAccess
    }

    /// The name for the audit log and for pages.
    public var name: String {
        switch identity {
        case .anonymous: "anonymous"
        case .user(_, let name): name
        case .external(let subject, _): "oidc:\(subject)"
        case .key(_, let name): "key:\(name)"
        }
    }

    /// Tells callers apart where one must never be taken for another: by what can't be given out twice.
    public var accountName: String {
        switch identity {
        case .anonymous: "anonymous \(origin.network)"
        case .user(let id, _): "user \(id)"
        case .external(let subject, let issuer): "external \(Digest(of: "\(issuer)\n\(subject)").hex)"
        case .key(let id, _): "key \(id)"
        }
    }

    public var isAnonymous: Bool { identity == .anonymous }

    /// The session that a browser sent; nil where the caller is no browser that logged in.
    public var session: Session? { if case .session(let session) = proof { session } else { nil } }

    /// The highest role anywhere; nil where there is none.
    public var highestRole: Role? { grants.filter { covers($0) }.map(\.role).max() }

    /// Whether they may, and if not, why.
    ///
    /// - Parameters:
    ///   - permission: what they want to do.
    ///   - place: where.
    ///   - word: as what they called the environment: the refusal says no more of it than they did, lest it tell whether
    ///     there is one, and what its name is.
    /// - Returns: the decision.
    public func decide(
        _ permission: Permission, at place: AccessPlace = .project, called word: String? = nil
    ) -> AccessDecision {
        guard scopes?.contains(permission) ?? true else {
            return .forbidden("\(name) has not the scope \(permission.rawValue)", scope: permission)
        }
        let wanted = permission.minimumRole
        let isAllowed = grants.contains { grant in
            guard grant.role >= wanted else { return false }
            return place.isList ? covers(grant) : grant.covers(project: project, environment: place.environment)
        }
        if isAllowed { return .allowed }
        if isAnonymous { return .needsLogin }
        guard !place.isList else {
            // Whoever has roles elsewhere sees by them what was meant otherwise.
            let elsewhere = grants.filter { $0.role >= wanted && !covers($0) }
            let theirs = elsewhere.isEmpty ? "" : ": theirs is \(elsewhere.map(\.description).joined(separator: ", "))"
            return .forbidden(
                "this needs the role \(wanted.rawValue) at an environment of the project \(project) at least, and "
                    + "\(name) has it at none\(theirs)")
        }
        let whereText = place.environment.map { " at \((word ?? $0).prefix(255))" } ?? " for the whole project"
        return .forbidden("this needs the role \(wanted.rawValue)\(whereText), and \(name) has not that role there")
    }

    /// What an anonymous caller lacks: a login, or before that somebody who can log in.
    public var loginFault: AccessFault { isBeforeAccess ? .nobodyToLogIn : .needsLogin }

    /// Goes on where they may.
    ///
    /// - Throws: `AccessFault` that says what is missing: a login, a role, or a scope of a key.
    public func demand(
        _ permission: Permission, at place: AccessPlace = .project, called word: String? = nil
    ) throws(AccessFault) {
        switch decide(permission, at: place, called: word) {
        case .allowed: return
        case .needsLogin: throw loginFault
        case .forbidden(let reason, let scope): throw AccessFault.forbidden(reason, scope: scope)
        }
    }

    /// Whether they may.
    public func may(_ permission: Permission, at place: AccessPlace = .project) -> Bool {
        decide(permission, at: place) == .allowed
    }

    /// Which environments' rows a list shows them.
    public func environments(for permission: Permission) -> VisibleEnvironments {
        if may(permission) { return .all }
        guard scopes?.contains(permission) ?? true else { return .only([]) }
        let names = grants.filter { $0.role >= permission.minimumRole && covers($0) }.map(\.environment)
        return .only(Set(names).sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
    }

    private func covers(_ grant: Grant) -> Bool { grant.covers(project: project) }
}

/// What came of asking whether somebody may.
public enum AccessDecision: Sendable, Hashable {
    case allowed
    /// Nobody is logged in: show the login, or answer 401.
    case needsLogin
    /// Somebody is, and may not; says what is missing, and which scope of a key where it is that: answer 403.
    case forbidden(String, scope: Permission? = nil)
}

/// One login of a browser.
public struct Session: Sendable, Hashable {
    /// Names it in lists; no secret.
    public let id: String
    public let userID: String
    public let userName: String
    public let createdAt: Timestamp
    public let expiresAt: Timestamp
    /// What each form and each script has to send back: the field `csrf_token`, or the header `X-CSRF-Token`.
    public let csrfToken: String
}
