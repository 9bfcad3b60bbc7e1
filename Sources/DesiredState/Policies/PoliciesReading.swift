import Basics
import Formats

/// What `.odooops/policies.yaml` says, with what could not be read of it.
struct PoliciesReading {
    /// A mapping, or the place of one that can't be read: no branch gets past it.
    enum Mapping {
        case sound(BranchMapping)
        case broken(Cause)
    }

    var policy = {
        var policy = Policy()
        policy.prune = .standard
        return policy
    }()
    var mappings: [Mapping] = []
    /// Why the mappings as a whole are unknown; nil where they are not.
    var mappingsFault: Cause?
    /// Why it is unknown which pull requests have previews; nil where it is known.
    var previewsFault: Cause?
    /// Tiers whose quota or gates can't be read: their environments are unknown.
    var brokenTiers: [Tier: Cause] = [:]
    /// Classes whose time to live can't be read: they never expire, and their environments are unknown.
    var brokenClasses: [TTLClass: Cause] = [:]
    /// Where quotas are written, by tier and key, and times to live, by class.
    var quotaMarks: [Tier: [String: SourceMark]] = [:]
    var ttlMarks: [TTLClass: SourceMark] = [:]

    /// Takes it that changes may be forbidden now, of whatever it is.
    mutating func loseWindows(_ cause: Cause?) {
        policy.unreadableWindows.append(
            UnreadableWindow(
                scope: PolicyScope(), reason: cause?.reason ?? "the policies can't be read", source: cause?.mark))
    }

    /// Takes it that nothing may be deleted: the document may have allowed none.
    mutating func loseLimit(_ cause: Cause?) {
        policy.maximumDeletes = 0
        policy.unreadableLimit = policy.unreadableLimit ?? cause.map { UnreadableRule($0) }
    }

    /// The quota of an environment.
    func quota(tier: Tier, isEphemeral: Bool) -> ResourceQuota { policy.quota(tier: tier, isEphemeral: isEphemeral) }
}

extension ResourceQuota {
    /// The platform's own table, for what the policies leave open; docs/desired-state.md shows it.
    static func table(tier: Tier, isEphemeral: Bool) -> ResourceQuota {
        switch tier {
        case .production: ResourceQuota(workers: 8, cpu: 4_000, memoryGi: 8, storageGi: 100)
        case .staging: ResourceQuota(workers: 4, cpu: 2_000, memoryGi: 4, storageGi: 50)
        case .dev where !isEphemeral: ResourceQuota(workers: 2, cpu: 1_000, memoryGi: 2, storageGi: 10)
        case .dev, .preview: ResourceQuota(workers: 1, cpu: 500, memoryGi: 1, storageGi: 5)
        }
    }

    private init(workers: Int, cpu: Int64, memoryGi: Int64, storageGi: Int64) {
        self.init(workers: workers, cpuMillicores: cpu, memoryBytes: memoryGi << 30, storageBytes: storageGi << 30)
    }
}
