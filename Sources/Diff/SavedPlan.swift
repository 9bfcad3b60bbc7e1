public import Basics
public import DesiredState

/// A plan as it was read back from its document.
///
/// Its changes hold no `wanted` attributes and no sensitive values: an apply makes the plan afresh, holds the two against
/// each other (`PlanStaleness`) and runs the fresh one.
public struct SavedPlan: Sendable {
    public let runID: String
    public let plannedAt: Timestamp
    public let revision: String
    public let changes: [PlannedChange]
    public let environments: [EnvironmentOutlook]
    public let basis: Plan.Basis
    public let fingerprint: Digest
    /// The targets that it was made with; the fresh plan has to be made with the same.
    public let targets: [String]
    /// The approvals that it was made with; the fresh plan has to be made with the same.
    public let approvals: Set<ResourceKey>
    /// What is marked and goes by itself after its grace, or at once where a person names it.
    public let openGraces: Set<ResourceKey>

    public init(
        runID: String, plannedAt: Timestamp, revision: String, changes: [PlannedChange],
        environments: [EnvironmentOutlook], basis: Plan.Basis, fingerprint: Digest, targets: [String],
        approvals: Set<ResourceKey>, openGraces: Set<ResourceKey> = []
    ) {
        self.runID = runID
        self.plannedAt = plannedAt
        self.revision = revision
        self.changes = changes
        self.environments = environments
        self.basis = basis
        self.fingerprint = fingerprint
        self.targets = targets
        self.approvals = approvals
        self.openGraces = openGraces
    }
}
