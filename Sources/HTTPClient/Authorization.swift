public import Basics

/// How requests prove who sends them; the secrets in it can't be printed.
public struct Authorization: Sendable {
    private let apply: @Sendable (inout HTTPRequest) async throws(HTTPFault) -> Void
    /// What must never come into a record, wherever it stands.
    let secrets: [Secret]

    private init(
        secrets: [Secret], _ apply: @escaping @Sendable (inout HTTPRequest) async throws(HTTPFault) -> Void
    ) {
        self.secrets = secrets
        self.apply = apply
    }

    /// Adds what the request needs, at each attempt anew.
    func authorize(_ request: inout HTTPRequest) async throws(HTTPFault) { try await apply(&request) }

    /// None at all: a socket of this machine, or a client certificate.
    public static let none = Authorization(secrets: []) { _ in }

    /// `Authorization: Bearer …` (RFC 6750).
    public static func bearer(_ token: Secret) -> Authorization {
        guard !token.isEmpty else { return .none }
        return Authorization(secrets: [token]) { request in
            token.reveal { request.headers.append(HTTPHeader("Authorization", "Bearer \($0)")) }
        }
    }

    /// `Authorization: Basic …` (RFC 7617).
    public static func basic(user: String, password: Secret) -> Authorization {
        let encoded = password.map { Base64.encode(Array("\(user):\($0)".utf8)) }
        return Authorization(secrets: [password, encoded]) { request in
            encoded.reveal { request.headers.append(HTTPHeader("Authorization", "Basic \($0)")) }
        }
    }

    /// A header of its own, such as `X-API-Key`.
    public static func header(_ name: String, _ value: Secret) -> Authorization {
        guard !value.isEmpty else { return .none }
        // `Bearer …` is two words, and the second is the secret.
        let last = value.map { $0.split(separator: " ").last.map(String.init) ?? "" }
        return Authorization(secrets: [value, last]) { request in
            value.reveal { request.headers.append(HTTPHeader(name, $0)) }
        }
    }

    /// Whatever else: a token that expires, a signature over the whole request.
    ///
    /// - Parameters:
    ///   - secrets: what must never come into a record.
    ///   - apply: sees the request complete but for this, before each attempt.
    /// - Returns: an authorisation that calls `apply`.
    public static func custom(
        secrets: [Secret], _ apply: @escaping @Sendable (inout HTTPRequest) async throws(HTTPFault) -> Void
    ) -> Authorization {
        Authorization(secrets: secrets, apply)
    }
}

extension Authorization: CustomStringConvertible, CustomReflectable {
    public var description: String { "<authorization>" }

    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
