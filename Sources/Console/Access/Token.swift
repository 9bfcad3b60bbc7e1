public import Basics
import Formats

/// What a token says of somebody (JSON Web Token, RFC 7519).
public struct TokenClaims: Sendable {
    public let issuer: String
    public let subject: String
    public let name: String?
    public let expiresAt: Timestamp
    let all: Value
}

/// Why a token proves nothing.
public struct TokenFault: Error, Sendable, Hashable {
    public let reason: String
}

/// A token taken apart, its signature not yet checked.
struct UnprovenToken {
    let algorithm: String
    let keyID: String?
    /// Who is said to have given it out: only to choose the key by.
    let issuer: String
    private let claims: Value
    private let signed: [UInt8]
    private let signature: [UInt8]

    /// The most bytes of a token.
    static let longest = 16_384

    /// How far two clocks may be apart.
    static let leeway = Duration.seconds(60)

    init(_ text: String) throws(TokenFault) {
        guard text.utf8.count <= Self.longest else { throw TokenFault(reason: "the token is too long") }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Base64URL.decode(parts[0]), let body = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { throw TokenFault(reason: "the token is not three parts in base64url") }
        guard let header = try? JSON.parse(head), let claims = try? JSON.parse(body), claims.objectValue != nil,
            let algorithm = header["alg"]?.stringValue
        else { throw TokenFault(reason: "the token's parts are no JSON") }
        // What we don't know and must understand (RFC 7515, 4.1.11).
        guard header["crit"] == nil else { throw TokenFault(reason: "the token asks for an extension") }
        self.algorithm = algorithm
        keyID = header["kid"]?.stringValue
        issuer = claims["iss"]?.stringValue ?? ""
        self.claims = claims
        signed = Array("\(parts[0]).\(parts[1])".utf8)
        self.signature = signature
    }

    /// Checks signature, issuer, audience and times.
    func prove(
        with key: TokenKey, issuer: String, audience: String, at now: Timestamp
    ) throws(TokenFault) -> TokenClaims {
        guard algorithm == key.algorithm.rawValue else {
            throw TokenFault(reason: "the token names another algorithm than its key is for")
        }
        guard key.verify(signature, of: signed) else { throw TokenFault(reason: "the token's signature is wrong") }
        guard self.issuer == issuer else { throw TokenFault(reason: "the token is of another issuer") }
        let audiences = claims["aud"]?.listValue?.compactMap(\.stringValue) ?? [claims["aud"]?.stringValue ?? ""]
        guard audiences.contains(audience) else { throw TokenFault(reason: "the token is for somebody else") }
        guard let subject = claims["sub"]?.stringValue, !subject.isEmpty, subject.utf8.count <= 255 else {
            throw TokenFault(reason: "the token names nobody")
        }
        guard let end = Self.instant(claims["exp"]) else { throw TokenFault(reason: "the token has no end") }
        guard now < end + Self.leeway else { throw TokenFault(reason: "the token ended at \(end)") }
        for name in ["nbf", "iat"] where claims[name] != nil {
            guard let begin = Self.instant(claims[name]), begin <= now + Self.leeway else {
                throw TokenFault(reason: "the token is not valid yet")
            }
        }
        return TokenClaims(
            issuer: issuer, subject: subject, name: claims["name"]?.stringValue, expiresAt: end, all: claims)
    }

    private static func instant(_ value: Value?) -> Timestamp? {
        switch value {
        case .int(let seconds): Timestamp(seconds: seconds)
        case .number(let text): Timestamp(decimalSeconds: text)
        default: nil
        }
    }
}

/// Gives out the tokens of this program.
struct TokenMint: Sendable {
    static let issuer = "odooops"
    /// The claim that says of which generation of its user's tokens one is.
    static let generation = "gen"

    let key: TokenKey
    let audience: String

    /// The token ends with its `generation`, where not before.
    func token(
        subject: String, name: String, id: String, generation: Int64, at now: Timestamp, lasting: Duration
    ) -> String? {
        let header = Base64URL.encode(Array(#"{"alg":"\#(key.algorithm.rawValue)","typ":"JWT"}"#.utf8))
        var claims = Value.Object()
        claims["iss"] = .string(Self.issuer)
        claims["sub"] = .string(subject)
        claims["aud"] = .string(audience)
        claims["name"] = .string(name)
        claims["jti"] = .string(id)
        claims[Self.generation] = .int(generation)
        claims["iat"] = .int(now.seconds)
        claims["nbf"] = .int(now.seconds)
        claims["exp"] = .int((now + lasting).seconds)
        let signed = "\(header).\(Base64URL.encode(Array(JSON.write(.object(claims)).utf8)))"
        return key.sign(Array(signed.utf8)).map { "\(signed).\(Base64URL.encode($0))" }
    }
}
