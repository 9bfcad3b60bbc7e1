public import Basics
public import Formats

/// One thing that happened to a message, on its way to `ops.mail_events`, which has a row for each message.
public struct MailEventRecord: Sendable, Hashable {
    /// The provider's id of the event: each counts once.
    public let eventID: String
    /// `delivered`, `failed` and the like.
    public let event: String
    public let at: Timestamp
    /// Without its brackets.
    public let messageID: String
    /// `prod`, `stage`, `dev` or `unknown`.
    public let environment: String
    /// A secret in it is hidden.
    public let subject: String?
    public let sender: String?
    public let recipient: String?
    public let transport: String?
    /// A mark that the sender gave the message; nil: the instant of its first event.
    public let stamp: String?
    /// All that the provider says of the event, without what looks like a secret.
    public let raw: Value

    public init(
        eventID: String, event: String, at: Timestamp, messageID: String, environment: String, subject: String?,
        sender: String?, recipient: String?, transport: String?, stamp: String?, raw: Value
    ) {
        self.eventID = eventID
        self.event = event
        self.at = at
        self.messageID = messageID
        self.environment = environment
        self.subject = subject.map { PastedSecret.hidden(in: $0) }
        self.sender = sender
        self.recipient = recipient
        self.transport = transport
        self.stamp = stamp
        self.raw = raw
    }

    /// A line of the row's list of events.
    var line: Value {
        var line: Value.Object = ["id": .string(eventID), "event": .string(event), "at": .string(at.description)]
        line["recipient"] = recipient.map { .string($0) }
        return .object(line)
    }
}
