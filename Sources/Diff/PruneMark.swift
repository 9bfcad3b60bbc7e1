public import Basics
public import DesiredState

/// What a pass found unwanted: the first half of a deletion.
public struct PruneMark: Sendable, Hashable {
    public let key: ResourceKey
    /// The object that was there; another one under its name is not meant.
    public let providerID: String
    public let environment: String?
    public let markedAt: Timestamp
    /// The commit that didn't want it any more.
    public let revision: String
    /// When it goes, as people were told; nil where nobody has kept that.
    public let goesAt: Timestamp?

    public init(
        key: ResourceKey, providerID: String, environment: String?, markedAt: Timestamp, revision: String,
        goesAt: Timestamp? = nil
    ) {
        self.key = key
        self.providerID = providerID
        self.environment = environment
        self.markedAt = markedAt
        self.revision = revision
        self.goesAt = goesAt
    }
}

/// One thing of a plan that is marked before it goes.
public struct PruneCandidate: Sendable, Hashable {
    public let key: ResourceKey
    public let providerID: String
    public let environment: String?
    /// Nil: the pass that carries the plan out marks it.
    public let markedAt: Timestamp?
    public let grace: Duration
    /// Whether a person has to say yes as well.
    public let needsApproval: Bool
    /// How documents let go of its environment though that hasn't ended; nil where they didn't.
    public internal(set) var why: String?

    /// When its environment goes, and it with that, marked or not and unasked; nil where it doesn't.
    public internal(set) var environmentGoesAt: Timestamp?

    /// The first instant at which it may go by itself; nil where it isn't marked yet.
    public var goesAt: Timestamp? { markedAt.map { $0 + grace } }

    /// Why it stays until its grace is over, once it is marked.
    public func reason(markedAt: Timestamp) -> String {
        "it was marked at \(markedAt.minuteText) UTC, and goes after \((markedAt + grace).minuteText) UTC"
            + conditions(from: markedAt)
    }

    /// What else than the time it takes, and what needs neither.
    func conditions(from markedAt: Timestamp) -> String {
        var text = needsApproval ? " and an approval" : ""
        if let environment, let goesAt = withEnvironment(markedAt: markedAt) {
            text += ", or with \(environment) at \(goesAt.minuteText) UTC"
        }
        return text + ", unless something wants it again"
    }

    /// When it goes with its environment, where that may be before it goes by itself.
    public func withEnvironment(markedAt: Timestamp) -> Timestamp? {
        environmentGoesAt.flatMap { needsApproval || $0 < markedAt + grace ? $0 : nil }
    }
}
