public import Basics

/// A driver whose provider shows messages to people in channels.
public protocol MessagePosting: Driver {
    /// Posts a message; the same key twice is the same message.
    ///
    /// - Parameters:
    ///   - text: in the provider's markup.
    ///   - channel: its name or id.
    ///   - key: tells the message from all others.
    ///   - since: the earliest instant at which it can have been posted.
    ///   - context: where the call comes from.
    /// - Returns: the provider's name of the message.
    func post(
        _ text: String, in channel: String, key: String, since: Timestamp, _ context: DriverContext
    ) async -> Result<String, ProviderFault>
}

/// A driver whose provider sends mail.
public protocol MailSending: Driver {
    /// How long after sending a mail may still not be seen by `sentMail`.
    var mailSettling: Duration { get }

    /// Sends a mail; the same one twice is two mails.
    ///
    /// - Returns: the provider's name of the mail.
    func send(_ mail: OutgoingMail, _ context: DriverContext) async -> Result<String, ProviderFault>

    /// Looks whether a mail was taken.
    ///
    /// - Parameters:
    ///   - tag: of the mail.
    ///   - domain: that it was sent from.
    ///   - since: the earliest instant at which it can have been sent.
    ///   - context: where the call comes from.
    /// - Returns: the provider's name of the mail; nil when nothing shows it, or not yet.
    func sentMail(
        tag: String, domain: String, since: Timestamp, _ context: DriverContext
    ) async -> Result<String?, ProviderFault>
}

/// A mail of ours.
public struct OutgoingMail: Sendable, Hashable {
    /// That the provider sends for.
    public var domain: String
    public var from: String
    public var to: [String]
    public var subject: String
    /// Plain text.
    public var text: String
    /// Tells it from all others; at most 128 letters, digits and dashes.
    public var tag: String

    public init(domain: String, from: String, to: [String], subject: String, text: String, tag: String) {
        self.domain = domain
        self.from = from
        self.to = to
        self.subject = subject
        self.text = text
        self.tag = tag
    }
}
