internal import Basics
internal import DesiredState
internal import Formats

/// Digests of what a plan rests on, written while the comparison walks by: each resource is looked at once.
///
/// Places in files are left out: a comment above an entry moves no plan. So is what the comparison ignores.
struct BasisHashers: ~Copyable {
    private var desired = CanonicalHasher("desired")
    private var observed = CanonicalHasher("observed")
    private var inventory = CanonicalHasher("inventory")

    mutating func append(_ resource: DesiredResource) {
        desired.append(resource.key.kind.name)
        desired.append(resource.key.name)
        desired.append(resource.environment)
        desired.append(resource.isProtected)
        let attributes = resource.attributes
        desired.append(attributes.count)
        for index in attributes.indices {
            desired.append(attributes[index].name)
            switch attributes[index].value {
            case .literal(let value):
                desired.append(false)
                desired.append(value)
            case .reference(let key, let name):
                desired.append(true)
                desired.append(key)
                desired.append(name)
            }
        }
        desired.append(resource.dependsOn.count)
        for key in resource.dependsOn { desired.append(key) }
    }

    mutating func append(_ entry: InventoryEntry) {
        inventory.append(entry.key)
        inventory.append(entry.providerID)
        inventory.append(entry.environment)
        inventory.append(entry.isProtected)
        if entry.isAdopted { inventory.append("adopted") }
        let items = entry.lastApplied.items
        inventory.append(items.count)
        for index in items.indices {
            inventory.append(items[index].name)
            inventory.append(items[index].value)
        }
        for echo in entry.echoes {
            inventory.append("echo")
            inventory.append(echo.attribute)
            inventory.append(echo.value)
            inventory.append(echo.times)
            inventory.append(echo.isAnswer)
        }
    }

    mutating func append(_ kind: ResourceKind, _ seen: ObservedKind?) {
        observed.append(kind.name)
        append(seen?.completeness)
        for name in (seen?.gaps.keys.sorted() ?? []) {
            observed.append(name)
            append(seen?.gaps[name])
        }
    }

    private mutating func append(_ completeness: Completeness?) {
        switch completeness {
        case nil: observed.append(0)
        case .complete: observed.append(1)
        case .partial: observed.append(2)
        case .unknown: observed.append(3)
        }
    }

    /// An observed object, by those attributes that a plan can rest on: the ones that have a rule.
    mutating func append(_ resource: ObservedResource, _ comparer: inout AttributeComparer, hasSchema: Bool) {
        observed.append(resource.key.name)
        observed.append(resource.providerID)
        observed.append(resource.isOwned)
        let items = resource.attributes.items
        for position in items.indices {
            if hasSchema, comparer.ruleIndex(items[position].name, at: position) == nil { continue }
            observed.append(items[position].name)
            observed.append(items[position].value)
        }
        observed.append("")
    }

    consuming func finish(_ environments: [Environment], _ inventory: Inventory) -> (
        desired: Digest, observed: Digest, inventory: Digest
    ) {
        desired.append(environments.count)
        for environment in environments { BasisDigests.append(environment, to: &desired) }
        BasisDigests.append(inventory, to: &self.inventory)
        return (desired.finish(), observed.finish(), self.inventory.finish())
    }
}
