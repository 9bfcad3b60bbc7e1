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
    }

    let settings: IssuerSettings
    private let transport: any HTTPTransport
    private let state = Locked(State())

    /// How long keys are kept.
    private static let memory = Duration.hours(1)
    /// Between two tries: tokens with made-up keys must not make us ask all the time.
    private static let pause = Duration.seconds(30)

    public init(_ settings: IssuerSettings, transport: any HTTPTransport) {
        self.settings = settings
        self.transport = transport
    }

    func prove(_ token: UnprovenToken, at now: Timestamp, uptime: Duration) async throws(AccessFault) -> TokenClaims {
        var candidates = keys(for: token, at: uptime)
        if candidates.isEmpty {
            try await fetch(at: uptime)
            candidates = keys(for: token, at: uptime)
        }
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

    private func keys(for token: UnprovenToken, at uptime: Duration) -> [TokenKey] {
        state.withLock { state in
            guard let at = state.fetchedAt, uptime - at < Self.memory else { return [] }
            return state.keys.filter { token.keyID == nil || $0.id == token.keyID }.map(\.key)
        }
    }

    private func fetch(at uptime: Duration) async throws(AccessFault) {
        let mayTry = state.withLock { state in
            if let at = state.triedAt, uptime - at < Self.pause { return false }
            state.triedAt = uptime
            return true
        }
        guard mayTry else { return }
        let base = settings.issuer.hasSuffix("/") ? String(settings.issuer.dropLast()) : settings.issuer
        let configuration = try await document("\(base)/.well-known/openid-configuration")
        guard configuration["issuer"]?.stringValue == settings.issuer else {
            throw AccessFault.issuerUnreachable("\(base) calls itself by another name")
        }
        guard let address = configuration["jwks_uri"]?.stringValue, Self.isSafe(address) else {
            throw AccessFault.issuerUnreachable("\(base) names no address of its keys that begins with https://")
        }
        let keys = (try await document(address)["keys"]?.listValue ?? []).compactMap(Self.key)
        state.withLock { state in
            state.keys = keys
            state.fetchedAt = uptime
        }
    }

    /// Whether nobody on the way can put other keys in.
    static func isSafe(_ address: String) -> Bool {
        address.hasPrefix("https://") || address.hasPrefix("http://127.0.0.1:") || address.hasPrefix("http://[::1]:")
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
