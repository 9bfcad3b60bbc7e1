public import Basics

/// How much care an environment needs; names and aliases of the field are folded into these four.
public enum Tier: String, Sendable, Hashable, CaseIterable {
    case production, staging, dev, preview

    /// Reads a tier or one of its aliases (prod, stage, develop, development); nil for anything else.
    public init?(alias: some StringProtocol) {
        switch alias {
        case "production", "prod": self = .production
        case "staging", "stage": self = .staging
        case "dev", "develop", "development": self = .dev
        case "preview": self = .preview
        default: return nil
        }
    }

    /// Whether a class gives it an end at all.
    public var hasLife: Bool { self != .production && self != .staging }
}

/// Which time-to-live applies.
public enum TTLClass: String, Sendable, Hashable, CaseIterable {
    /// A development environment that a person named in the repository.
    case named = "dev_named"
    /// A development or preview environment that a branch brought about.
    case ephemeral = "dev_ephemeral"
    case staging
    case production

    /// Whether what is of it has an end at all.
    public var hasLife: Bool { self != .production && self != .staging }
}

/// How long something lives.
public enum TimeToLive: Sendable, Hashable {
    case never
    case after(Duration)
}

/// What a tier may use; nil: no limit was written.
public struct ResourceQuota: Sendable, Hashable {
    public let workers: Int?
    /// Thousandths of a processor.
    public let cpuMillicores: Int64?
    public let memoryBytes: Int64?
    public let storageBytes: Int64?

    public init(workers: Int?, cpuMillicores: Int64?, memoryBytes: Int64?, storageBytes: Int64?) {
        self.workers = workers
        self.cpuMillicores = cpuMillicores
        self.memoryBytes = memoryBytes
        self.storageBytes = storageBytes
    }
}

/// What one environment may use itself, in place of what its tier may.
public struct OwnLimits: Sendable, Hashable {
    public let quota: ResourceQuota
    /// Where each is written, by its key: `cpu`, `memory`, `storage`.
    public let marks: [String: SourceMark]

    /// These, and where they leave something open the others.
    func completed(by other: OwnLimits) -> OwnLimits {
        OwnLimits(quota: quota.completed(by: other.quota), marks: marks.merging(other.marks) { own, _ in own })
    }
}

/// One environment that should exist.
public struct Environment: Sendable, Hashable {
    /// The key: lower-case letters, digits and hyphens, unique.
    public let slug: String
    public private(set) var tier: Tier
    public let ttlClass: TTLClass
    public let ttl: TimeToLive
    /// The branch or tag that it runs; nil where none is named.
    public let branch: String?
    /// The commit at the head of that branch; nil where it is not known.
    public let headCommit: String?
    /// The droplet that runs it.
    public let host: String?
    /// The name at which people reach it.
    public let domain: String?
    /// The database cluster that holds its database.
    public let databaseCluster: String?
    public let database: String?
    /// Where its files are kept: `bucket/prefix`.
    public let filestore: String?
    public let workers: Int?
    /// The five fields of a crontab; nil where no backup is wanted.
    public private(set) var backupSchedule: String?
    public let autoDeploy: Bool
    public let quota: ResourceQuota?
    /// Where its workers are written, if it is in another document than its entry.
    public internal(set) var workersSource: SourceMark?
    /// What it may use itself, in place of what its tier may; nil where nothing of its own is written.
    public internal(set) var limits: OwnLimits?
    /// Whether a branch or a pull request brought it about: no document names it, and whoever pushes chooses its name.
    public var isOfBranch = false
    public private(set) var isProtected: Bool
    /// The file and line that want it: its entry, or the mapping that matched its branch.
    public let source: SourceMark
    /// The resources that it owns; they go when it goes.
    public let resources: [ResourceKey]
    /// The line of the policies by which it is backed up; nil where its own documents say when, or none does.
    public var backupRule: SourceMark?
    /// What holds for it, each with who says it; nothing where it was put together by hand.
    public internal(set) var facts: [EnvironmentFact] = []

    /// The line that says its tier; where none does, the one that wants it.
    public var tierSource: SourceMark { facts.first { $0.name == "tier" }?.mark ?? source }

    /// The same, with other care than its documents want: it is backed up as that tier is, unless it says itself when.
    ///
    /// - Parameters:
    ///   - tier: as which it counts.
    ///   - isProtected: whether what it owns is.
    ///   - backups: when each tier is; one that never is takes no backup away.
    /// - Returns: the same in all else.
    public func with(tier: Tier, isProtected: Bool, backups: [Tier: BackupRule]) -> Environment {
        var copy = self
        (copy.tier, copy.isProtected) = (tier, isProtected)
        if isBackedUpByTier, let rule = backups[tier], let cron = rule.schedule.cron {
            (copy.backupSchedule, copy.backupRule) = (cron, rule.source)
        }
        return copy
    }

    /// The same, but backed up as another one of its name is.
    public func backedUp(as other: Environment) -> Environment {
        var copy = self
        (copy.backupSchedule, copy.backupRule) = (other.backupSchedule, other.backupSource)
        return copy
    }

    /// Whether its tier says when it is backed up, or would if anybody did.
    public var isBackedUpByTier: Bool {
        backupRule != nil || backupSchedule == nil && !facts.contains { $0.name == "backup_schedule" }
    }

    /// The line that says when it is backed up; where none does, the one that wants it.
    public var backupSource: SourceMark {
        backupRule ?? facts.first { $0.name == "backup_schedule" }?.mark ?? source
    }

    public init(
        slug: String, tier: Tier, ttlClass: TTLClass, ttl: TimeToLive, branch: String?, headCommit: String?,
        host: String?, domain: String?, databaseCluster: String?, database: String?, filestore: String?, workers: Int?,
        backupSchedule: String?, autoDeploy: Bool, quota: ResourceQuota?, isProtected: Bool, source: SourceMark,
        resources: [ResourceKey]
    ) {
        self.slug = slug
        self.tier = tier
        self.ttlClass = ttlClass
        self.ttl = ttl
        self.branch = branch
        self.headCommit = headCommit
        self.host = host
        self.domain = domain
        self.databaseCluster = databaseCluster
        self.database = database
        self.filestore = filestore
        self.workers = workers
        self.backupSchedule = backupSchedule
        self.autoDeploy = autoDeploy
        self.quota = quota
        self.isProtected = isProtected
        self.source = source
        self.resources = resources
    }
}
