import Basics
import Formats
public import HTTPClient

/// An issuer of tokens (OpenID Connect) that is believed.
public struct IssuerSettings: Sendable, Hashable {
    /// As in `iss`.
    public let issuer: String
    /// What has to stand in `aud`.
    public let audience: String
    /// The claim that lists grants: `developer@staging`.
    public let rolesClaim: String

    public init(issuer: String, audience: String, rolesClaim: String = "odooops_roles") {
        self.issuer = issuer
        self.audience = audience
        self.rolesClaim = rolesClaim
    }
}

/// Fetches and keeps the public keys of an issuer, and checks its tokens.
public final class TokenIssuer: Sendable {
    private struct State {
        var keys: [(id: String?, key: TokenKey)] = []
        var fetchedAt: Duration?
        var triedAt: Duration?
        /// All who need the keys meanwhile wait for it.
        var fetching: Task<Void, Never>?
        /// Why the last try brought none.
        var fault: AccessFault?
    }

    let settings: IssuerSettings
    private let transport: any HTTPTransport
    private let state = Locked(State())

    /// After how long keys are asked for anew; until new ones have come, the old ones count.
    private static let memory = Duration.hours(1)
    /// Between two tries: tokens with made-up keys must not make us ask all the time.
    private static let pause = Duration.seconds(30)

    public init(_ settings: IssuerSettings, transport: any HTTPTransport) {
        self.settings = settings
        self.transport = transport
    }

    func prove(_ token: UnprovenToken, at now: Timestamp, uptime: Duration) async throws(AccessFault) -> TokenClaims {
        var candidates = keys(for: token)
        if candidates.isEmpty || isOld(at: uptime) {
            await refresh(at: uptime)
            candidates = keys(for: token)
        }
        // A token can't be called wrong by whoever never saw a key: its owner would throw it away.
        if let fault = state.withLock({ $0.fetchedAt == nil ? $0.fault : nil }) { throw fault }
        var fault = TokenFault(reason: "the token's key is none of its issuer's")
        for key in candidates {
            do throws(TokenFault) {
                return try token.prove(with: key, issuer: settings.issuer, audience: settings.audience, at: now)
            } catch { fault = error }
        }
        throw AccessFault.badProof(fault.reason)
    }

    func grants(of claims: TokenClaims) -> [Grant] {
        let value = claims.all[settings.rolesClaim]
        let texts = value?.listValue?.compactMap(\.stringValue) ?? [value?.stringValue].compactMap { $0 }
        return texts.compactMap { Grant($0) }
    }

    private func keys(for token: UnprovenToken) -> [TokenKey] {
        state.withLock { $0.keys.filter { token.keyID == nil || $0.id == token.keyID }.map(\.key) }
    }

    private func isOld(at uptime: Duration) -> Bool {
        state.withLock { state in state.fetchedAt.map { uptime - $0 >= Self.memory } ?? true }
    }

    /// Waits for the keys that somebody fetches, or fetches them where that wasn't tried just now.
    private func refresh(at uptime: Duration) async {
        let fetching = state.withLock { state -> Task<Void, Never>? in
            if let fetching = state.fetching { return fetching }
            if let at = state.triedAt, uptime - at < Self.pause { return nil }
            state.triedAt = uptime
            let fetching = Task { await self.fetch(at: uptime) }
            state.fetching = fetching
            return fetching
        }
        await fetching?.value
    }

    private func fetch(at uptime: Duration) async {
        let result: Result<[(id: String?, key: TokenKey)], AccessFault>
        do throws(AccessFault) { result = .success(try await fetched()) } catch { result = .failure(error) }
        state.withLock { state in
            state.fetching = nil
            switch result {
            case .success(let keys):
                state.keys = keys
                state.fetchedAt = uptime
                state.fault = nil
            case .failure(let fault): state.fault = fault
            }
        }
    }

    private func fetched() async throws(AccessFault) -> [(id: String?, key: TokenKey)] {
        let base = settings.issuer.hasSuffix("/") ? String(settings.issuer.dropLast()) : settings.issuer
        let configuration = try await document("\(base)/.well-known/openid-configuration")
        guard configuration["issuer"]?.stringValue == settings.issuer else {
            throw AccessFault.issuerUnreachable("\(base) calls itself by another name")
        }
        guard let address = configuration["jwks_uri"]?.stringValue, Self.isSafe(address) else {
            throw AccessFault.issuerUnreachable("\(base) names no address of its keys that begins with https://")
        }
        let keys = (try await document(address)["keys"]?.listValue ?? []).compactMap(Self.key)
        guard !keys.isEmpty else {
            throw AccessFault.issuerUnreachable("\(address) holds no key that signs and that is known here")
        }
        return keys
    }

    /// Whether nobody on the way can put other keys in.
    static func isSafe(_ address: String) -> Bool {
        guard let scheme = address.firstRange(of: "://") else { return false }
        let authority = address[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        // What stands before an `@` only looks like a host.
        guard !authority.isEmpty, address.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x5C }),
            !authority.contains("@")
        else { return false }
        switch address[..<scheme.lowerBound] {
        case "https": return true
        case "http":
            return ["127.0.0.1:", "[::1]:"].contains { host in
                authority.hasPrefix(host) && UInt16(authority.dropFirst(host.utf8.count)) != nil
            }
        default: return false
        }
    }

    private func document(_ address: String) async throws(AccessFault) -> Value {
        let response: HTTPResponse
        do throws(HTTPFault) {
            response = try await transport.send(
                HTTPRequest(
                    "GET", address, headers: [HTTPHeader("Accept", "application/json")], timeout: .seconds(10),
                    bodyLimit: 1 << 20))
        } catch {
            throw AccessFault.issuerUnreachable("\(address): \(error.message)")
        }
        guard response.status == 200, let value = try? JSON.parse(response.body) else {
            throw AccessFault.issuerUnreachable("\(address) answered \(response.status) or no JSON")
        }
        return value
    }

    /// A key of a set (RFC 7517) that signs and that we know how to use.
    static func key(_ value: Value) -> (id: String?, key: TokenKey)? {
        if let use = value["use"]?.stringValue, use != "sig" { return nil }
        func bytes(_ name: String) -> [UInt8]? { value[name]?.stringValue.flatMap { Base64URL.decode($0) } }
        let material: TokenKey.Material? =
            switch (value["kty"]?.stringValue, value["crv"]?.stringValue) {
            case ("RSA", _):
                if let n = bytes("n"), let e = bytes("e") { .rsa(n: n, e: e) } else { nil }
            case ("EC", "P-256"):
                if let x = bytes("x"), let y = bytes("y") { .p256(x: x, y: y) } else { nil }
            case ("OKP", "Ed25519"):
                if let x = bytes("x"), x.count == 32 { .ed25519(x) } else { nil }
            // A secret among public keys is no secret.
            default: nil
            }
        guard let material else { return nil }
        let key = TokenKey(material)
        if let algorithm = value["alg"]?.stringValue, algorithm != key.algorithm.rawValue { return nil }
        return (value["kid"]?.stringValue, key)
    }
}
