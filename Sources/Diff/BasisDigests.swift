internal import Basics
internal import DesiredState
internal import Formats

/// Digests of what a plan rests on.
///
/// Places in files are left out: a comment above an entry moves no plan.
enum BasisDigests {
    static func desired(_ resources: [DesiredResource], _ environments: [Environment]) -> Digest {
        var hasher = CanonicalHasher("desired")
        hasher.append(resources.count)
        for resource in resources {
            hasher.append(resource.key)
            hasher.append(resource.environment)
            hasher.append(resource.isProtected)
            hasher.append(resource.attributes.count)
            for attribute in resource.attributes {
                hasher.append(attribute.name)
                switch attribute.value {
                case .literal(let value):
                    hasher.append(false)
                    hasher.append(value)
                case .reference(let key, let name):
                    hasher.append(true)
                    hasher.append(key)
                    hasher.append(name)
                }
            }
            hasher.append(resource.dependsOn.count)
            for key in resource.dependsOn { hasher.append(key) }
        }
        hasher.append(environments.count)
        for environment in environments { append(environment, to: &hasher) }
        return hasher.finish()
    }

    private static func append(_ environment: Environment, to hasher: inout CanonicalHasher) {
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

    static func inventory(_ inventory: Inventory) -> Digest {
        var hasher = CanonicalHasher("inventory")
        hasher.append(inventory.entries.count)
        for entry in inventory.entries {
            hasher.append(entry.key)
            hasher.append(entry.providerID)
            hasher.append(entry.environment)
            hasher.append(entry.isProtected)
            append(entry.lastApplied, to: &hasher)
        }
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
        return hasher.finish()
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
        return hasher.finish()
    }

    static func append(_ attributes: Attributes, to hasher: inout CanonicalHasher) {
        hasher.append(attributes.items.count)
        for item in attributes.items {
            hasher.append(item.name)
            hasher.append(item.value)
        }
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
