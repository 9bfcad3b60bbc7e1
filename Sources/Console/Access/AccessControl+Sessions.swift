import Basics
import Formats
public import Store
public import Web

/// Sessions of browsers.
extension AccessControl {
    /// What a browser keeps a login in.
    public static let cookieName = "odooops_session"

    /// Opens a session for somebody whose password was right.
    ///
    /// - Returns: the session, and the value of `Set-Cookie`.
    /// - Throws: `StoreFault`.
    public func openSession(
        _ user: UserAccount, from origin: ClientOrigin
    ) async throws(StoreFault) -> (session: Session, cookie: String) {
        let token = Hex.encode(random(32))
        let now = time.now
        let record = try await store.openSession(
            SessionRecord(
                digest: Digest(of: token), userID: user.id, createdAt: now, expiresAt: now + settings.lasting,
                origin: origin.address),
            audit: AuditRecord(
                at: now, action: "access.login", target: user.name, actor: user.name,
                detail: ["via": "console", "from": .string(origin.address)]))
        let seconds = settings.lasting.components.seconds
        return (
            Self.session(record, user, token),
            "\(Self.cookieName)=\(token); \(Self.attributes(origin)); Max-Age=\(seconds)"
        )
    }

    /// Ends the session that a request carries, with its audit record.
    ///
    /// - Parameters:
    ///   - request: as it came.
    ///   - caller: who sends it.
    /// - Returns: the value of `Set-Cookie` that makes the browser forget it.
    /// - Throws: `StoreFault`.
    public func endSession(_ request: WebRequest, by caller: Caller) async throws(StoreFault) -> String {
        if let token = Self.cookie(of: request), let user = caller.session?.userName {
            let digest = Digest(of: token)
            try await store.endSession(
                digest,
                audit: AuditRecord(
                    at: time.now, action: "access.logout", target: user, actor: user,
                    detail: ["via": "console", "from": .string(caller.origin.address)]))
            cache.forget(digest)
        }
        return "\(Self.cookieName)=; \(Self.attributes(origin(of: request))); Max-Age=0"
    }

    /// Whether a write was really sent by a page of ours: `field` is the form's `csrf_token`.
    ///
    /// Only callers with a session need it; a token in a header is sent by nobody but who has it.
    ///
    /// - Throws: `AccessFault` where it was not.
    public func checkForgery(_ request: WebRequest, by caller: Caller, field: String? = nil) throws(AccessFault) {
        guard let session = caller.session else { return }
        guard isSameSite(request), let given = field ?? request.header("X-CSRF-Token"),
            equalInConstantTime(Array(given.utf8), Array(session.csrfToken.utf8))
        else { throw AccessFault.forged }
    }

    /// Whether the browser says that the request came from a page of this very server; true where it says nothing.
    public func isSameSite(_ request: WebRequest) -> Bool {
        let host = request.header("X-Forwarded-Host").flatMap { origin(of: request).isForwarded ? $0 : nil }
        return ClientOrigin.isSameSite(request, hosts: [request.header("Host"), host].compactMap { $0 })
    }

    func session(_ token: String, _ origin: ClientOrigin) async throws -> Caller? {
        guard token.utf8.count == 64 else { return nil }
        let digest = Digest(of: token)
        guard let (record, user) = try await cache.session(digest, at: time.uptime, now: time.now, orFrom: store),
            record.expiresAt > time.now
        else { return nil }
        return Caller(
            .user(id: user.id, name: user.name), proof: .session(Self.session(record, user, token)),
            grants: user.grants.compactMap { Grant($0) }, origin: origin, project: settings.project)
    }

    private static func session(_ record: SessionRecord, _ user: UserAccount, _ token: String) -> Session {
        Session(
            id: record.id, userID: user.id, userName: user.name, createdAt: record.createdAt,
            expiresAt: record.expiresAt,
            csrfToken: Hex.encode(hmacSHA256(key: Array(token.utf8), Array("csrf".utf8))))
    }

    static func cookie(of request: WebRequest) -> String? {
        for header in request.headers where header.name.lowercased() == "cookie" {
            for pair in header.value.split(separator: ";") {
                let text = pair.trimmedSpaces
                if text.hasPrefix(cookieName + "=") { return String(text.dropFirst(cookieName.utf8.count + 1)) }
            }
        }
        return nil
    }

    private static func attributes(_ origin: ClientOrigin) -> String {
        "Path=/; HttpOnly; SameSite=Lax" + (origin.isSecure ? "; Secure" : "")
    }
}
