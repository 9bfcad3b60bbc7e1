public import Basics
public import DesiredState

/// One change that a person allowed: `ops.reconcile_approvals`.
public struct ApprovalRecord: Sendable, Hashable {
    /// Drawn by the store; empty until then.
    public var id: String
    /// The run whose plan the person looked at.
    public let runID: String
    public let key: ResourceKey
    /// `delete`, `replace`, as in the plan.
    public let action: String
    /// Exactly what was approved; a change that gives another digest is not covered.
    public let change: Digest
    public let approvedBy: String
    public let reason: String?
    public let createdAt: Timestamp
    public let expiresAt: Timestamp
    public var revokedAt: Timestamp?
    public var revokedBy: String?
    /// When the change ran, and in which run.
    public var usedAt: Timestamp?
    public var usedBy: String?

    public init(
        id: String = "", runID: String, key: ResourceKey, action: String, change: Digest, approvedBy: String,
        reason: String? = nil, createdAt: Timestamp, expiresAt: Timestamp
    ) {
        self.id = id
        self.runID = runID
        self.key = key
        self.action = action
        self.change = change
        self.approvedBy = approvedBy
        self.reason = reason
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }

    /// How it stands at an instant.
    public enum Standing: String, Sendable {
        case standing, used, revoked, expired
    }

    /// Whether it still counts.
    public func standing(at now: Timestamp) -> Standing {
        if usedAt != nil { return .used }
        if revokedAt != nil { return .revoked }
        return expiresAt <= now ? .expired : .standing
    }
}
