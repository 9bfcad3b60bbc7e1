public import Basics

/// One attempt to bring secrets to a provider: `ops.secret_sync_runs`.
public struct SecretSyncRecord: Sendable, Hashable {
    /// How it stands.
    public enum Status: String, Sendable, Hashable, CaseIterable {
        /// Begun; one that stays so died on the way, and what it did is not known.
        case running
        case success, error
    }

    /// Drawn by the store; empty until then.
    public var id: String
    public let provider: String
    /// What holds the secrets: the reference of a project; in other words until it is known.
    public var target: String
    public let actor: String
    public var status: Status
    /// Names that were set.
    public var pushed: [String]
    /// Names that were as they should be, or had no value.
    public var skipped: [String]
    public var error: String?
    public var errorCode: String?
    public let startedAt: Timestamp
    public var finishedAt: Timestamp?

    public init(id: String = "", provider: String, target: String, actor: String, startedAt: Timestamp) {
        self.id = id
        self.provider = provider
        self.target = target
        self.actor = actor
        self.startedAt = startedAt
        status = .running
        pushed = []
        skipped = []
    }
}
