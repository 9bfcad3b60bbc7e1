public import Basics

/// Notices that go to one channel together, and what became of them: `ops.notice_messages`.
public struct NoticeMessage: Sendable, Hashable {
    /// How it stands.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Nothing was sent yet, and what comes meanwhile goes with it.
        case collecting
        /// It was tried, or is full: nothing more goes with it.
        case waiting
        case sent
        /// It was refused, or failed too often; only a person brings it back.
        case dead
    }

    /// Names the message for receivers too: what comes twice with the same id is the same.
    public let id: String
    public let channel: String
    /// What its notices have in common, such as an environment; empty where that is nothing.
    public let group: String
    public let state: State
    public let createdAt: Timestamp
    /// Nobody sends it before.
    public let availableAt: Timestamp
    /// How often sending it has begun.
    public let attempts: Int
    public let finishedAt: Timestamp?
    /// What the receiver calls it.
    public let receipt: String?
    public let errorCode: String?
    public let reason: String?
    /// How many notices go with it.
    public let count: Int
}

/// Where a notice goes.
public struct NoticePosting: Sendable, Hashable {
    public let channel: String
    /// What goes with it has the same.
    public let group: String
    /// How long others are waited for.
    public let window: Duration

    public init(channel: String, group: String, window: Duration) {
        self.channel = channel
        self.group = group
        self.window = window
    }
}

/// A message that this process sends.
public struct NoticeClaim: Sendable, Hashable {
    public let message: NoticeMessage
    /// In the order of writing.
    public let notices: [Notice]
    /// Since when it may have arrived, after a lost answer or the death of a process; nil: it surely hasn't.
    public let unsureSince: Timestamp?
    public let holder: String

    init(message: NoticeMessage, notices: [Notice], unsureSince: Timestamp?, holder: String) {
        self.message = message
        self.notices = notices
        self.unsureSince = unsureSince
        self.holder = holder
    }

    /// One that no store knows, to try a channel.
    public init(trying channel: String, _ notice: Notice, id: String, holder: String) {
        self.init(
            message: NoticeMessage(
                id: id, channel: channel, group: "", state: .waiting, createdAt: notice.at, availableAt: notice.at,
                attempts: 1, finishedAt: nil, receipt: nil, errorCode: nil, reason: nil, count: 1),
            notices: [notice], unsureSince: nil, holder: holder)
    }
}

/// How sending a message ended.
public enum NoticeOutcome: Sendable, Hashable {
    /// It is there; the receipt is the receiver's name for it.
    case sent(receipt: String?)
    /// It is tried again; `mayHaveArrived` where nobody knows whether it is there.
    case failed(code: String, reason: String, retryAt: Timestamp, mayHaveArrived: Bool)
    /// Whether an earlier attempt arrived can't be seen, though it could be by now: the look was an attempt.
    case unseen(code: String, reason: String, retryAt: Timestamp)
    /// It can't be told yet whether an earlier attempt arrived; looking doesn't count as an attempt.
    case waiting(reason: String, until: Timestamp)
    /// Nobody tries again by himself.
    case dead(code: String, reason: String, mayHaveArrived: Bool)
}

/// How many messages wait and are dead.
public struct NoticeQueue: Sendable, Hashable {
    /// Waiting, by channel.
    public var waiting: [String: Int] = [:]
    /// Dead, by channel.
    public var dead: [String: Int] = [:]
    /// Since when the oldest waits.
    public var oldest: Timestamp?
    /// Notices that nobody has looked at yet.
    public var unrouted = 0

    public init() {}
}

/// At most so many messages in any span of this length.
public struct NoticeRate: Sendable, Hashable {
    public let limit: Int
    public let span: Duration

    public init(limit: Int, per span: Duration) {
        self.limit = limit
        self.span = span
    }
}
