public import Basics

/// The rules that decide what of a plan may happen.
public struct Policy: Sendable, Hashable {
    /// Quotas by tier, from `.odooops/policies.yaml`.
    public var quotas: [Tier: ResourceQuota] = [:]
    /// Times to live by class; a class that is not here never expires.
    public var ttl: [TTLClass: TimeToLive] = [:]
    public var healthGates: [Tier: [HealthGate]] = [:]
    /// When the environments of a tier are backed up that have no schedule of their own; a tier that is not here says nothing.
    public var backups: [Tier: BackupRule] = [:]
    public var branchMappings: [BranchMapping] = []
    public var updateCommitStatus = false
    public var blockMergeOnFailure = false
    public var commentOnPullRequest = false
    /// Whether previews are told as deployments of the code host.
    public var createDeployments = false
    /// Which pull requests have a preview; nil: none has one.
    public var previews: PreviewRule?
    /// Surfaces of the DigitalOcean policy by name, such as `droplets`.
    public var surfaces: [String: SurfacePolicy] = [:]
    public var exceptions: [PolicyException] = []
    /// Whether droplets may have the provider's backups; nil where the policy doesn't say.
    public var dropletBackups: DropletBackupPolicy?
    /// How many snapshots are kept; nil: none may go.
    public var snapshotRetention: SnapshotRetention?
    /// When changes may be made, in the order of the document.
    public var syncWindows: [SyncWindow] = []
    public var freezes: [Freeze] = []
    /// Windows and freezes that can't be read: what they may be about is not changed.
    public var unreadableWindows: [UnreadableWindow] = []
    /// How environments of a class end, beside their time to live; a class that is not here has the plain rule.
    public var lives: [TTLClass: LifeRule] = [:]
    public var prune = PruneRule()
    public var approvals = ApprovalRule()
    /// The most deletions (deletes and replaces) in one run; more stop all of them.
    public var maximumDeletes = 10
    /// Why that can't be read, and none may be; nil where it can.
    public var unreadableLimit: UnreadableRule?

    public init() {}

    /// The exception that lifts the rules of a surface at an instant; nil where none does.
    public func exception(for surface: String, at now: Timestamp) -> PolicyException? {
        exceptions.first { $0.surface == surface && $0.isInForce(at: now) }
    }
}

/// `branch_mappings` of `.odooops/policies.yaml`; the first that matches a branch wins.
public struct BranchMapping: Sendable, Hashable {
    public let pattern: GlobPattern
    public let tier: Tier
    public let autoDeploy: Bool
    public let source: SourceMark

    public init(pattern: GlobPattern, tier: Tier, autoDeploy: Bool, source: SourceMark) {
        self.pattern = pattern
        self.tier = tier
        self.autoDeploy = autoDeploy
        self.source = source
    }
}

/// One gate of `health_gates`.
public struct HealthGate: Sendable, Hashable {
    public let type: String
    public let command: String?
    public let isRequired: Bool
    public let source: SourceMark

    public init(type: String, command: String?, isRequired: Bool, source: SourceMark) {
        self.type = type
        self.command = command
        self.isRequired = isRequired
        self.source = source
    }
}

/// `allowed_surfaces.<name>` of `ssot/infra/digitalocean/policy.yaml`.
public struct SurfacePolicy: Sendable, Hashable {
    public let name: String
    public let isAllowed: Bool
    public let maximumCount: Int?
    /// Exact tags, or templates whose part in angle brackets stands for anything: `owner:<service>`.
    public let requiredTags: [String]
    /// Empty: any region.
    public let regions: [String]
    public let source: SourceMark
    /// Where it says that what isn't attached to anything is waste; nil where it doesn't.
    public var mustBeAttached: SourceMark?
    /// Where its rules are written, by their keys.
    public var marks: [String: SourceMark] = [:]

    public init(
        name: String, isAllowed: Bool, maximumCount: Int?, requiredTags: [String], regions: [String],
        source: SourceMark
    ) {
        self.name = name
        self.isAllowed = isAllowed
        self.maximumCount = maximumCount
        self.requiredTags = requiredTags
        self.regions = regions
        self.source = source
    }

    /// The kinds that a surface rules, by its name; a surface that is not here holds nothing that a driver sees.
    public static let kinds: [String: [ResourceKind]] = [
        "droplets": [.droplet], "managed_databases": [.databaseCluster], "spaces_object_storage": [.spacesBucket],
        "volumes": [.volume],
    ]
    /// The surfaces that hold nothing that a driver sees.
    static let unseen = ["app_platform", "container_registry"]
}

/// One entry of `exceptions`; it lifts the rules of its surface from its approval until it expires.
public struct PolicyException: Sendable, Hashable {
    public let surface: String
    public let reason: String
    public let approvedBy: String?
    /// The first instant of it; nil where none is written.
    public let approved: Timestamp?
    /// The first instant after it; nil (none written, or one that can't be parsed) lifts nothing.
    public let expires: Timestamp?
    public let source: SourceMark

    public init(
        surface: String, reason: String, approvedBy: String?, approved: Timestamp? = nil, expires: Timestamp?,
        source: SourceMark
    ) {
        self.surface = surface
        self.reason = reason
        self.approvedBy = approvedBy
        self.approved = approved
        self.expires = expires
        self.source = source
    }

    /// Whether it lifts anything at an instant.
    public func isInForce(at now: Timestamp) -> Bool {
        (approved.map { $0 <= now } ?? true) && (expires.map { now < $0 } ?? false)
    }
}

/// `backups.droplet_backups` of the DigitalOcean policy.
public struct DropletBackupPolicy: Sendable, Hashable {
    public let isAllowed: Bool
    public let source: SourceMark

    public init(isAllowed: Bool, source: SourceMark) {
        self.isAllowed = isAllowed
        self.source = source
    }
}

/// `backups.snapshots.retention` of the DigitalOcean policy.
public struct SnapshotRetention: Sendable, Hashable {
    public let weekly: Int
    public let monthly: Int
    /// Snapshots with this tag are never pruned.
    public let foreverTag: String?
    public let source: SourceMark

    public init(weekly: Int, monthly: Int, foreverTag: String?, source: SourceMark) {
        self.weekly = weekly
        self.monthly = monthly
        self.foreverTag = foreverTag
        self.source = source
    }
}
