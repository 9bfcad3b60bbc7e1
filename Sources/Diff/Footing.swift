internal import Basics
internal import DesiredState
internal import Formats

/// What environments really stand on, whatever the documents say of it by now.
///
/// An environment that is left alone stays where it is: its records go on leading to the host of before, its database stays
/// in the cluster of before. Whoever has it left alone means these, too.
struct Footing {
    private let inventory: Inventory
    private let observed: ObservedState

    init(_ inventory: Inventory, _ observed: ObservedState) {
        self.inventory = inventory
        self.observed = observed
    }

    /// What environments own there and what that uses, by slug.
    func keys(of slugs: Set<String>) -> [String: [ResourceKey]] {
        var found: [String: [ResourceKey]] = [:]
        for record in inventory.environments where slugs.contains(record.slug) && record.status != .gone {
            if let host = record.host { found[record.slug, default: []].append(ResourceKey(.droplet, host)) }
        }
        for entry in inventory.entries {
            guard let slug = entry.environment, slugs.contains(slug) else { continue }
            found[slug, default: []].append(entry.key)
            if let parent = KindOrder.parent(of: entry.key) { found[slug, default: []].append(parent) }
            found[slug, default: []] += uses(of: entry)
        }
        return found
    }

    /// What an object is connected with at its provider: the droplet at the address of a record, the volume of a container.
    private func uses(of entry: InventoryEntry) -> [ResourceKey] {
        let used = observed.kinds.values.filter { KindOrder.goesBefore(entry.key.kind, $0.kind) }
        guard !used.isEmpty else { return [] }
        var texts = Self.texts(of: entry.lastApplied)
        for object in observed.kinds[entry.key.kind]?.resources ?? []
        where object.key == entry.key || sameBytes(object.providerID, entry.providerID) {
            texts.formUnion(Self.texts(of: object.attributes))
        }
        return used.flatMap { kind in kind.resources.filter { Self.isNamed($0, in: texts) }.map(\.key) }
    }

    private static func isNamed(_ object: ObservedResource, in texts: Set<String>) -> Bool {
        var names = [object.providerID]
        for address in ["ipv4", "ipv4_private"] {
            if let text = object.attributes[address]?.stringValue { names.append(text) }
        }
        // A record calls a droplet by its address; what it calls by a name is another record.
        if object.key.kind != .droplet { names.append(object.key.name) }
        return names.contains { name in
            texts.contains(name) || texts.contains { $0.hasPrefix(name + ":") && object.key.kind == .containerVolume }
        }
    }

    /// Every text in them, however deep.
    private static func texts(of attributes: Attributes) -> Set<String> {
        var texts: Set<String> = []
        var rest = attributes.items.map(\.value)
        while let value = rest.popLast() {
            switch value {
            case .string(let text): texts.insert(text)
            case .list(let items): rest += items
            case .object(let object): rest += object.members.map(\.value)
            case .null, .bool, .int, .number: break
            }
        }
        return texts
    }
}
