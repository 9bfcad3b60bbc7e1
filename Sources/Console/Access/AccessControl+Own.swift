public import Basics
import Formats
import Store
public import Web

/// What a person does with their own login: no role is needed for it.
extension AccessControl {
    /// Ends the session or the token that a request carries, or all of its user's, with an audit record.
    ///
    /// - Parameters:
    ///   - request: as it came.
    ///   - caller: who sends it: a user.
    ///   - everywhere: whether all their sessions and tokens end.
    /// - Throws: `AccessFault` where the caller is no user of this service; `StoreFault`.
    public func endOwn(_ request: WebRequest, by caller: Caller, everywhere: Bool) async throws {
        guard case .user(let id, let name) = caller.identity else { throw caller.loginFault }
        let now = time.now
        var detail: Value.Object = ["via": "api", "from": .string(caller.origin.address)]
        if everywhere { detail["everywhere"] = true }
        let audit = AuditRecord(
            at: now, action: "access.logout", target: name, actor: name, detail: .object(detail))
        if everywhere {
            try await store.endLogins(ofUser: id, audit: audit)
            return forgetAll()
        }
        if let cookie = caller.session.flatMap({ _ in Self.cookie(of: request) }) {
            let digest = Digest(of: cookie)
            try await store.endSession(digest, audit: audit)
            cache.forget(digest)
        } else if let claims = ownClaims(of: request), let digest = Self.digest(ofToken: claims) {
            try await store.endToken(
                SessionRecord(
                    digest: digest, userID: id, createdAt: now, expiresAt: claims.expiresAt,
                    origin: caller.origin.address), audit: audit)
            cache.forget(digest)
        }
    }

    /// Gives a user another password, once they have shown that they know the present one: it ends all their logins.
    ///
    /// A wrong one counts as a login that failed does.
    ///
    /// - Throws: `AccessFault` where the caller is no user of this service, the present password is wrong, or the new one
    ///   is too short; `StoreFault`.
    public func changeOwnPassword(_ present: Secret, to new: Secret, by caller: Caller) async throws {
        guard case .user(_, let name) = caller.identity else { throw caller.loginFault }
        do {
            _ = try await logIn(name: name, password: present, from: caller.origin)
        } catch let fault as AccessFault where fault.code == AccessFault.badLogin.code {
            throw AccessFault.badOldPassword
        }
        _ = try await putUser(
            name, password: new, grants: nil, by: name,
            detail: ["via": "api", "from": .string(caller.origin.address)])
        forgetAll()
    }

    /// What names a token among those that were ended: nil where it has no id, as those of others may not.
    static func digest(ofToken claims: TokenClaims) -> Digest? {
        claims.all["jti"]?.stringValue.map { Digest(of: "token \($0)") }
    }

    /// What the token of ours says that a request carries.
    private func ownClaims(of request: WebRequest) -> TokenClaims? {
        guard let mint, let text = request.header("Authorization")?.split(separator: " ").last,
            let unproven = try? UnprovenToken(String(text))
        else { return nil }
        return try? unproven.prove(with: mint.key, issuer: TokenMint.issuer, audience: mint.audience, at: time.now)
    }
}
