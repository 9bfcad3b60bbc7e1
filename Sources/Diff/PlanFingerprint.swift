internal import Basics
internal import DesiredState
internal import Formats

/// The digest that names a plan: what it rests on and what it would do.
///
/// Everything in it stands in the plan document, so that a saved plan can be held against its own fingerprint. A
/// sensitive value is not in it; that one moved shows in the digest of the desired state.
enum PlanFingerprint {
    static func of(
        revision: String, basis: Plan.Basis, changes: [PlannedChange], targets: [String], approvals: Set<ResourceKey>
    ) -> Digest {
        var hasher = CanonicalHasher("plan 1")
        hasher.append([
            revision, basis.desired.hex, basis.observed.hex, basis.inventory.hex, basis.policy.hex,
        ])
        let drivers = basis.drivers.sorted { compareBytes($0.key, $1.key) < 0 }
        hasher.append(drivers.count)
        for (provider, version) in drivers { hasher.append([provider, version]) }
        hasher.append(targets)
        hasher.append(approvals.map(\.description).sorted { compareBytes($0, $1) < 0 })
        hasher.append(changes.count)
        for change in changes { append(change, to: &hasher) }
        if let installation = basis.installation { hasher.append(["installation", installation]) }
        return hasher.finish()
    }

    private static func append(_ change: PlannedChange, to hasher: inout CanonicalHasher) {
        hasher.append(change.key)
        hasher.append([change.action.rawValue, change.reason, change.cause.rawValue, change.verdict.rawValue])
        hasher.append(change.verdictReason)
        hasher.append(change.hold?.rawValue)
        hasher.append(change.environment)
        hasher.append(change.providerID)
        hasher.append(change.isProtected)
        hasher.append(change.requests)
        hasher.append(change.source)
        hasher.append(change.dependsOn.count)
        for key in change.dependsOn { hasher.append(key) }
        hasher.append(change.attributes.count)
        for attribute in change.attributes {
            hasher.append(attribute.path)
            hasher.append(attribute.isSensitive)
            hasher.append(attribute.requiresReplacement)
            hasher.append(attribute.reference?.description)
            // A document has no way to tell nothing from null, and no sensitive values.
            hasher.append(attribute.isSensitive ? .null : attribute.before ?? .null)
            hasher.append(attribute.isSensitive ? .null : attribute.after ?? .null)
        }
    }
}
