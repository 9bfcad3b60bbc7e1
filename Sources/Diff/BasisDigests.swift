internal import Basics
internal import DesiredState
internal import Formats

/// Digests of those parts of a plan's basis that are few: environments, records and the policy.
enum BasisDigests {
    static func append(_ environment: Environment, to hasher: inout CanonicalHasher) {
        hasher.append(environment.slug)
        hasher.append(environment.tier.rawValue)
        hasher.append(environment.ttlClass.rawValue)
        append(environment.ttl, to: &hasher)
        hasher.append([
            environment.branch ?? "", environment.headCommit ?? "", environment.host ?? "", environment.domain ?? "",
            environment.databaseCluster ?? "", environment.database ?? "", environment.filestore ?? "",
            environment.backupSchedule ?? "",
        ])
        hasher.append(environment.workers)
        hasher.append(environment.autoDeploy)
        hasher.append(environment.isProtected)
        append(environment.quota, to: &hasher)
        hasher.append(environment.resources.count)
        for key in environment.resources.sortedUnlessSorted(by: ResourceKey.compare) { hasher.append(key) }
    }

    /// All of the inventory but its entries, which are digested where they are compared.
    static func append(_ inventory: Inventory, to hasher: inout CanonicalHasher) {
        hasher.append(inventory.environments.count)
        for record in inventory.environments {
            hasher.append([record.slug, record.tier.rawValue, record.status.rawValue])
            hasher.append(record.branch)
            hasher.append(record.createdAt?.microseconds)
            hasher.append(record.extensionDays)
            hasher.append(record.isPinned)
            hasher.append(record.expiredHead)
        }
        hasher.append(inventory.lastRoots.sorted { compareBytes($0, $1) < 0 })
        hasher.append(inventory.lastDesiredCount)
    }

    static func policy(_ policy: Policy) -> Digest {
        var hasher = CanonicalHasher("policy")
        for tier in Tier.allCases {
            append(policy.quotas[tier], to: &hasher)
            let gates = policy.healthGates[tier] ?? []
            hasher.append(gates.count)
            for gate in gates {
                hasher.append(gate.type)
                hasher.append(gate.command)
                hasher.append(gate.isRequired)
            }
        }
        for ttlClass in TTLClass.allCases { append(policy.ttl[ttlClass] ?? .never, to: &hasher) }
        hasher.append(policy.branchMappings.count)
        for mapping in policy.branchMappings {
            hasher.append([mapping.pattern.text, mapping.tier.rawValue])
            hasher.append(mapping.autoDeploy)
        }
        hasher.append(policy.updateCommitStatus)
        hasher.append(policy.blockMergeOnFailure)
        hasher.append(policy.commentOnPullRequest)
        // Plans that were saved before there was such a rule still stand.
        if policy.createDeployments { hasher.append(["create_deployments"]) }
        let surfaces = policy.surfaces.sorted { compareBytes($0.key, $1.key) < 0 }
        hasher.append(surfaces.count)
        for (name, surface) in surfaces {
            hasher.append(name)
            hasher.append(surface.isAllowed)
            hasher.append(surface.maximumCount)
            hasher.append(surface.requiredTags)
            hasher.append(surface.regions)
        }
        hasher.append(policy.exceptions.count)
        for exception in policy.exceptions {
            hasher.append([exception.surface, exception.reason])
            hasher.append(exception.approvedBy)
            hasher.append(exception.expires?.microseconds)
        }
        hasher.append(policy.maximumDeletes)
        appendTimes(policy, to: &hasher)
        return hasher.finish()
    }

    /// When changes may be made, and how things end.
    private static func appendTimes(_ policy: Policy, to hasher: inout CanonicalHasher) {
        let plain = Policy()
        guard
            policy.syncWindows != plain.syncWindows || policy.freezes != plain.freezes
                || policy.unreadableWindows != plain.unreadableWindows || policy.lives != plain.lives
                || policy.prune != plain.prune && policy.prune != .standard
        else { return }
        hasher.append(policy.syncWindows.count)
        for window in policy.syncWindows {
            hasher.append([window.kind.rawValue, window.schedule.description, window.timeZone])
            hasher.append(window.duration.microseconds)
            hasher.append(window.allowsManual)
            append(window.scope, to: &hasher)
        }
        hasher.append(policy.freezes.count)
        for freeze in policy.freezes {
            hasher.append(freeze.from?.microseconds)
            hasher.append(freeze.until.microseconds)
            hasher.append(freeze.reason)
            append(freeze.scope, to: &hasher)
        }
        hasher.append(policy.unreadableWindows.count)
        for window in policy.unreadableWindows { append(window.scope, to: &hasher) }
        for ttlClass in TTLClass.allCases {
            let rule = policy.lifeRule(ttlClass)
            hasher.append(rule.start.rawValue)
            hasher.append(rule.warnBefore.microseconds)
            hasher.append(rule.grace.microseconds)
            hasher.append(rule.longestExtension)
            hasher.append(rule.mostExtension)
        }
        hasher.append(policy.prune.grace.microseconds)
        hasher.append(policy.prune.guardedGrace.microseconds)
        hasher.append(policy.prune.unreadable?.reason)
    }

    private static func append(_ scope: PolicyScope, to hasher: inout CanonicalHasher) {
        hasher.append(scope.tiers.map(\.rawValue))
        hasher.append(scope.environments.map(\.text))
    }

    private static func append(_ ttl: TimeToLive, to hasher: inout CanonicalHasher) {
        switch ttl {
        case .never: hasher.append(Int64?.none)
        case .after(let duration): hasher.append(Int64?.some(duration.microseconds))
        }
    }

    private static func append(_ quota: ResourceQuota?, to hasher: inout CanonicalHasher) {
        hasher.append(quota?.workers)
        hasher.append(quota?.cpuMillicores)
        hasher.append(quota?.memoryBytes)
        hasher.append(quota?.storageBytes)
    }
}
