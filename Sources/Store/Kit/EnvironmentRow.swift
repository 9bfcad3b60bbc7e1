public import Basics
public import DesiredState
public import Diff
public import Formats

/// One environment as the store keeps it: `ops.environments`.
public struct EnvironmentRow: Sendable, Hashable {
    /// Where in its life the environment is.
    public enum Status: String, Sendable, Hashable, CaseIterable {
        case active, expiring, expired, gone, unknown
    }

    public let slug: String
    public var tier: Tier
    /// Nil where it was not known.
    public var ttlClass: TTLClass?
    public var branch: String?
    public var host: String?
    public var domain: String?
    public var database: String?
    public var headCommit: String?
    public var status: Status
    /// Nil when it is not known: such an environment never expires.
    public var createdAt: Timestamp?
    public var expiresAt: Timestamp?
    /// Days added by people; only `extendEnvironment` changes it once the row is there.
    public var extensionDays: Int
    /// Only `setPinned` changes it once the row is there.
    public var isPinned: Bool
    /// Only `setSuspended` changes it once the row is there.
    public var isSuspended: Bool
    /// The expiry for which a warning was recorded.
    public var warnedFor: Timestamp?
    /// The head of its branch when it expired; another head brings it back.
    public var expiredHead: String?
    public var metadata: Value
    /// When a pass last changed something of it, or created it; nil where that is not known.
    public var deployedAt: Timestamp?
    /// When its branch last had a new commit, or a pass changed it; nil where that is not known.
    public var activeAt: Timestamp?
    /// When its pin ends by itself; only `setPinned` changes these once the row is there.
    public var pinnedUntil: Timestamp?
    public var pinReason: String?
    public var pinnedBy: String?
    /// When its suspension ends by itself; only `setSuspended` changes these once the row is there.
    public var suspendedUntil: Timestamp?
    public var suspendReason: String?
    public var suspendedBy: String?

    public init(
        slug: String, tier: Tier, ttlClass: TTLClass? = nil, branch: String? = nil, host: String? = nil,
        domain: String? = nil, database: String? = nil, headCommit: String? = nil, status: Status = .active,
        createdAt: Timestamp? = nil, expiresAt: Timestamp? = nil, extensionDays: Int = 0, isPinned: Bool = false,
        isSuspended: Bool = false, warnedFor: Timestamp? = nil, expiredHead: String? = nil,
        metadata: Value = .object(Value.Object())
    ) {
        self.slug = slug
        self.tier = tier
        self.ttlClass = ttlClass
        self.branch = branch
        self.host = host
        self.domain = domain
        self.database = database
        self.headCommit = headCommit
        self.status = status
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.extensionDays = extensionDays
        self.isPinned = isPinned
        self.isSuspended = isSuspended
        self.warnedFor = warnedFor
        self.expiredHead = expiredHead
        self.metadata = metadata
    }

    /// What a plan needs of it.
    public var record: EnvironmentRecord {
        let status: EnvironmentRecord.Status =
            switch status {
            case .active, .expiring, .unknown: .active
            case .expired: .expired
            case .gone: .gone
            }
        var record = EnvironmentRecord(
            slug: slug, tier: tier, branch: branch, createdAt: createdAt, extensionDays: extensionDays,
            isPinned: isPinned, status: status,
            expiredHead: expiredHead ?? (status == .expired ? headCommit : nil))
        record.host = host
        record.deployedAt = deployedAt
        record.activeAt = activeAt
        record.headCommit = headCommit
        record.pinnedUntil = pinnedUntil
        record.pinReason = pinReason
        record.pinnedBy = pinnedBy
        record.warning = warnedFor.map { .of($0, at: warnedAt) } ?? EnvironmentRecord.Warning.none
        record.noticeEnds = noticeEnds
        record.unwantedSince = unwantedSince
        record.isOfBranch = isOfBranch
        // Left alone, or pinned without end, it was shown to have none.
        let rested = expiresAt == nil && (isSuspended || isPinned && pinnedUntil == nil)
        record.promise =
            neverEnds || isPromisedNoEnd || rested
            ? .never : expiresAt.map { .until(max($0, promisedEnd ?? $0)) }
        return record
    }

    /// Whether nothing but a person's word ends it: by its tier or class, or as the last pass remembered of its class.
    public var neverEnds: Bool {
        !tier.hasLife || ttlClass?.hasLife == false || metadata["never_ends"]?.boolValue == true
    }

    /// Whether a branch or a pull request has brought it about, and no entry; nil where that is not known.
    public var isOfBranch: Bool? {
        get {
            if let kept = metadata["of_branch"]?.boolValue { return kept }
            switch ttlClass {
            case .ephemeral: return true
            case .named: return false
            case .staging, .production, nil: return nil
            }
        }
        // Most classes say it already, and their rows stay as they are.
        set { if newValue != isOfBranch { set("of_branch", newValue.map { .bool($0) }) } }
    }

    /// When the warning was recorded.
    public var warnedAt: Timestamp? {
        get { self[instant: "warned_at"] }
        set { self[instant: "warned_at"] = newValue }
    }

    /// Until when whoever was warned has time to say no: nothing of it goes before.
    public var noticeEnds: Timestamp? {
        get { self[instant: "notice_ends"] }
        set { self[instant: "notice_ends"] = newValue }
    }

    /// Until when the name of one that is gone keeps its care, because nobody said that it may go; nil where it is free.
    public var careEnds: Timestamp? {
        get { self[instant: "care_ends"] }
        set { self[instant: "care_ends"] = newValue }
    }

    /// Since when nothing wants it; nil of one that is wanted.
    public var unwantedSince: Timestamp? {
        get { self[instant: "unwanted_since"] }
        set { self[instant: "unwanted_since"] = newValue }
    }

    /// When people were told that it goes because nothing wants it; nil where they weren't, or it is wanted again.
    public var endToldAt: Timestamp? {
        get { self[instant: "end_told_at"] }
        set { self[instant: "end_told_at"] = newValue }
    }

    /// Whether its name is free for another one, who then owes it nothing.
    public func isNameFree(at now: Timestamp) -> Bool { status == .gone && (careEnds.map { $0 <= now } ?? true) }

    /// Whether it is left alone at an instant.
    public func isSuspended(at now: Timestamp) -> Bool { isSuspended && (suspendedUntil.map { now < $0 } ?? true) }

    /// Whether it is kept from expiring at an instant.
    public func isPinned(at now: Timestamp) -> Bool { isPinned && (pinnedUntil.map { now < $0 } ?? true) }
}
