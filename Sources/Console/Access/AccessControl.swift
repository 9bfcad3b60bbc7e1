public import Basics
public import Store
public import Web

/// Decides who sends a request, opens and ends sessions, and counts.
public struct AccessControl: Sendable {
    let store: Store
    let settings: AccessSettings
    let time: any TimeSource
    let random: @Sendable (Int) -> [UInt8]
    let cache = AccessCache()
    let limiter = RateLimiter()
    let mint: TokenMint?
    let issuer: TokenIssuer?
    let log: Log?
    let metrics: Metrics?
    /// One at a time: guesses must not take the machine's memory.
    let passwordThread = ThreadPool(threads: 1)

    /// - Parameters:
    ///   - store: knows users, keys and sessions.
    ///   - settings: what the configuration says.
    ///   - issuer: whose tokens are believed beside our own.
    ///   - time: when tokens end.
    ///   - log: told of logins that failed.
    ///   - metrics: count logins and wrong proofs.
    ///   - random: bytes that nobody can guess.
    public init(
        store: Store, settings: AccessSettings, issuer: TokenIssuer? = nil, time: any TimeSource, log: Log? = nil,
        metrics: Metrics? = nil, random: @escaping @Sendable (Int) -> [UInt8] = { SystemRandom.bytes($0) }
    ) {
        self.log = log
        self.metrics = metrics
        metrics?.declare("odooops_logins_total", .counter, "Logins by password, by result.")
        metrics?.declare("odooops_wrong_proofs_total", .counter, "Requests whose key, token or header proves nothing.")
        self.store = store
        self.settings = settings
        self.issuer = issuer
        mint = settings.signingKey.map { TokenMint(key: $0, audience: settings.project) }
        self.time = time
        self.random = random
    }

    /// The project that this service looks after.
    public var project: String { settings.project }

    /// Whether only this machine can reach the service.
    public var isLoopback: Bool { settings.isLoopback }

    /// Whether the server itself speaks TLS.
    public var isSecure: Bool { settings.isSecure }

    /// Where a request comes from.
    public func origin(of request: WebRequest) -> ClientOrigin {
        ClientOrigin(request, trusted: settings.trustedProxies, isSecure: settings.isSecure)
    }

    /// Who sends a request.
    ///
    /// A wrong proof counts against its address, whatever it is for.
    ///
    /// - Throws: `AccessFault` where the proof is wrong, or where nobody may come in at all; a `StoreFault`.
    public func caller(of request: WebRequest) async throws -> Caller {
        let origin = origin(of: request)
        do { return try await proven(request, origin) } catch {
            if (error as? AccessFault)?.isWrongProof == true, let refusal = countWrongProof(from: origin) {
                throw refusal
            }
            throw error
        }
    }

    private func proven(_ request: WebRequest, _ origin: ClientOrigin) async throws -> Caller {
        if let header = request.header("Authorization") { return try await bearer(header, origin) }
        if let key = request.header("X-API-Key") { return try await self.key(key, origin) }
        // A cookie that has ended is no error: the browser goes on sending it, and its owner is asked to log in.
        if let token = Self.cookie(of: request), let caller = try await self.session(token, origin) { return caller }
        return try await anonymous(origin)
    }

    /// Who somebody without any proof is: a viewer at this machine as long as nobody was given access, else nobody.
    private func anonymous(_ origin: ClientOrigin) async throws -> Caller {
        let isConfigured = try await isConfigured()
        if !isConfigured, !settings.isLoopback { throw AccessFault.notConfigured }
        let isReader = !isConfigured && origin.isLoopback
        if isReader, !origin.hasLoopbackHost { throw AccessFault.strangeHost(origin.host) }
        return Caller(
            .anonymous, proof: .nothing, grants: isReader ? [Grant(.viewer)] : [], origin: origin,
            project: settings.project, isBeforeAccess: !isConfigured)
    }

    /// Whether somebody was given access.
    public func isConfigured() async throws(StoreFault) -> Bool {
        if let known = cache.isConfigured(at: time.uptime) { return known }
        let known = issuer == nil ? try await store.hasAccounts() : true
        cache.remember(isConfigured: known, at: time.uptime)
        return known
    }

    private func bearer(_ header: String, _ origin: ClientOrigin) async throws -> Caller {
        let parts = header.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: true)
        guard parts.count == 2, String(Substring(parts[0])).matchesIgnoringCase("bearer") else {
            throw AccessFault.badProof("the header Authorization is not Bearer and a token")
        }
        let text = String(Substring(parts[1]))
        return try await text.hasPrefix(KeyText.prefix) ? key(text, origin) : token(text, origin)
    }

    private func key(_ text: String, _ origin: ClientOrigin) async throws -> Caller {
        guard text.hasPrefix(KeyText.prefix), text.utf8.count == KeyText.length else {
            throw AccessFault.badProof("what was sent is neither a token nor a key of this service")
        }
        // The digest of 256 random bits is looked up; what a comparison's duration tells of it helps nobody.
        let digest = Digest(of: text)
        guard let key = try await cache.key(digest, at: time.uptime, orFrom: store) else {
            throw AccessFault.badProof("there is no such key")
        }
        if key.revokedAt != nil { throw AccessFault.badProof("the key \(key.name) was taken back") }
        if let end = key.expiresAt, end <= time.now {
            throw AccessFault.badProof("the key \(key.name) ended at \(end)")
        }
        return Caller(
            .key(id: key.id, name: key.name), proof: .key, grants: key.grants.compactMap { Grant($0) },
            scopes: key.scopes.map { Set($0.compactMap(Permission.init(rawValue:))) }, origin: origin,
            project: settings.project)
    }
}

/// What a key looks like: `odops_` and 64 hexadecimal digits.
enum KeyText {
    static let prefix = "odops_"
    static let length = prefix.utf8.count + 64
}

/// Bytes that nobody can guess, from the system.
public enum SystemRandom {
    /// As many as are asked for.
    public static func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        // Eight with each question to the system.
        while bytes.count < count {
            withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0.prefix(count - bytes.count)) }
        }
        return bytes
    }
}
