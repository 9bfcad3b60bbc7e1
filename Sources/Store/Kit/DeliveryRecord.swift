public import Basics
public import Formats

/// One delivery of a provider's hook, as the ledger keeps it: `ops.webhook_deliveries`.
public struct DeliveryRecord: Sendable, Hashable {
    /// How it stands.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Kept, and not worked on yet.
        case received
        case processed
        /// Of no use to us; the reason says why.
        case ignored
        /// It went wrong and is tried again.
        case failed
        /// It went wrong for good, or too often; only a person brings it back.
        case dead
    }

    /// Who is worked on first.
    public enum Lane: Int64, Sendable, Hashable {
        /// Somebody waits for the pass that it asks for.
        case hint
        /// It changes a record.
        case record
    }

    /// Drawn by the store; grows in the order in which deliveries are kept.
    public var id: String
    /// `github`, `vercel`, `mailgun`, `slack`, `plane`.
    public let provider: String
    /// What the provider knows it by; together with the provider it is kept once.
    public let deliveryID: String
    /// `push`, `issues.opened`, `deployment.succeeded`.
    public let event: String
    /// The repository, project or domain that it is about; nil where it names none.
    public let scope: String?
    public let lane: Lane
    /// Those that tell something; never a signature.
    public let headers: Value
    /// JSON without what looks like a secret; nil where nothing of it is needed.
    public let body: String?
    /// The SHA-256 of the body as it came.
    public let bodyDigest: Digest
    public let bodyBytes: Int
    public var state: State
    /// How often work on it has begun.
    public var attempts: Int
    /// Why it was ignored, or what went wrong.
    public var reason: String?
    public var errorCode: String?
    public let receivedAt: Timestamp
    /// Nobody works on it before.
    public var availableAt: Timestamp
    public var finishedAt: Timestamp?

    public init(
        id: String = "", provider: String, deliveryID: String, event: String, scope: String?, lane: Lane,
        headers: Value = [:], body: String?, bodyDigest: Digest, bodyBytes: Int, receivedAt: Timestamp
    ) {
        self.id = id
        self.provider = provider
        self.deliveryID = deliveryID
        self.event = event
        self.scope = scope
        self.lane = lane
        self.headers = headers
        self.body = body
        self.bodyDigest = bodyDigest
        self.bodyBytes = bodyBytes
        state = .received
        attempts = 0
        self.receivedAt = receivedAt
        availableAt = receivedAt
    }
}

/// What keeping a delivery came to.
public struct DeliveryReceipt: Sendable, Hashable {
    /// The row's id, also that of the first where this one is a repetition.
    public let id: String
    public let isDuplicate: Bool

    public init(id: String, isDuplicate: Bool) {
        self.id = id
        self.isDuplicate = isDuplicate
    }
}

/// A delivery that this process works on for a while.
public struct DeliveryClaim: Sendable, Hashable {
    public let delivery: DeliveryRecord
    /// Who works on it.
    public let holder: String

    public init(delivery: DeliveryRecord, holder: String) {
        self.delivery = delivery
        self.holder = holder
    }
}

/// How work on a delivery ended.
public enum DeliveryOutcome: Sendable, Hashable {
    case processed
    case ignored(reason: String)
    case failed(code: String, reason: String, retryAt: Timestamp)
    case dead(code: String, reason: String)

    /// The state that it leaves the delivery in.
    public var state: DeliveryRecord.State {
        switch self {
        case .processed: .processed
        case .ignored: .ignored
        case .failed: .failed
        case .dead: .dead
        }
    }
}

/// How many deliveries wait, and for how long.
public struct DeliveryQueue: Sendable, Hashable {
    /// Waiting, by provider.
    public var waiting: [String: Int] = [:]
    /// Dead, by provider.
    public var dead: [String: Int] = [:]
    /// When the oldest that waits was received.
    public var oldest: Timestamp?

    public init() {}

    public var depth: Int { waiting.values.reduce(0, +) }
}
