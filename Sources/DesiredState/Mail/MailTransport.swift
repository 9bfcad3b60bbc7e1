public import Basics

/// How the environments of a tier send mail.
public struct MailTransport: Sendable, Hashable {
    /// How a connection is secured.
    public enum Security: String, Sendable, Hashable, CaseIterable {
        case none, starttls
        /// From the first byte.
        case ssl
    }

    public let tier: Tier
    /// As written, such as `mailgun_smtp`.
    public let provider: String?
    public let host: String
    public let port: Int
    public let security: Security?
    public let user: String?
    /// The id of the password in the secrets registry.
    public let credential: String?
    /// Whether mail is caught instead of delivered.
    public let isCaught: Bool
    public let source: SourceMark

    public init(
        tier: Tier, provider: String?, host: String, port: Int, security: Security?, user: String?,
        credential: String?, isCaught: Bool, source: SourceMark
    ) {
        self.tier = tier
        self.provider = provider
        self.host = host
        self.port = port
        self.security = security
        self.user = user
        self.credential = credential
        self.isCaught = isCaught
        self.source = source
    }
}
