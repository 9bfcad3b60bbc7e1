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

/// A driver whose provider keeps items of work for people, each under the id that another system gave it.
public protocol WorkItemTracking: Driver {
    /// Opens the item of a matter, or closes it; twice the same is the same item.
    ///
    /// What people have done to an open item since stays: its state, title and text are set when it is made and when it is
    /// opened again, and nothing but what `isOpen` says is changed in between.
    ///
    /// - Returns: the provider's name of the item; nil where a closed one was never there.
    func track(_ item: TrackedItem, _ context: DriverContext) async -> Result<String?, ProviderFault>
}

/// A matter of ours as an item of work.
public struct TrackedItem: Sendable, Hashable {
    /// Where the item is, by the provider's word for it.
    public var project: String
    /// Tells the matter from all others of ours.
    public var matter: String
    public var title: String
    /// Plain text.
    public var lines: [String]
    public var isOpen: Bool
    public var isUrgent: Bool
    /// By name: what an open item begins with.
    public var openState: String
    /// By name: what a closed one ends with.
    public var doneState: String
    /// By name; others that it has stay.
    public var labels: [String]

    public init(
        project: String, matter: String, title: String, lines: [String], isOpen: Bool, isUrgent: Bool = false,
        openState: String, doneState: String, labels: [String] = []
    ) {
        self.project = project
        self.matter = matter
        self.title = title
        self.lines = lines
        self.isOpen = isOpen
        self.isUrgent = isUrgent
        self.openState = openState
        self.doneState = doneState
        self.labels = labels
    }
}
