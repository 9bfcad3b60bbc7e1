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
        var index = ObservedIndex(observed)
        for (entry, slug) in entries(of: slugs) {
            found[slug, default: []].append(entry.key)
            if let parent = KindOrder.parent(of: entry.key) { found[slug, default: []].append(parent) }
            found[slug, default: []] += Self.uses(of: entry, &index)
        }
        return found
    }

    /// What environments own, with the slug of each.
    func entries(of slugs: Set<String>) -> [(entry: InventoryEntry, slug: String)] {
        inventory.entries.compactMap { entry in
            entry.environment.flatMap { slugs.contains($0) ? (entry, $0) : nil }
        }
    }

    /// What an object is connected with at its provider: the droplet at the address of a record, the volume of a container.
    private static func uses(of entry: InventoryEntry, _ index: inout ObservedIndex) -> [ResourceKey] {
        let connections = Connection.of(entry.key.kind)
        guard !connections.isEmpty else { return [] }
        let attributes = [entry.lastApplied] + index.objects(of: entry).map(\.attributes)
        let parent = KindOrder.parent(of: entry.key)?.name
        var uses: Set<ResourceKey> = []
        for (attribute, text) in attributes.flatMap(texts) {
            for connection in connections where connection.attributes.contains(attribute) {
                var name = text
                // A mount is the name of a volume, or a path, and where the container has it.
                if connection.isMount, let colon = text.firstIndex(of: ":") { name = String(text[..<colon]) }
                uses.formUnion(index.keys(of: connection.used, called: name, byAddress: connection.isByAddress))
                // A pool calls the databases and users of its cluster without that one's name.
                if let parent { uses.formUnion(index.keys(of: connection.used, called: "\(parent)/\(name)")) }
            }
        }
        return uses.sorted()
    }

    /// Every text in them, however deep, and the innermost name that it has.
    private static func texts(of attributes: Attributes) -> [(name: String, text: String)] {
        var texts: [(name: String, text: String)] = []
        var rest = attributes.items.map { (name: $0.name, value: $0.value) }
        while let (name, value) = rest.popLast() {
            switch value {
            case .string(let text): texts.append((name, text))
            case .int(let number): texts.append((name, String(number)))
            case .list(let items): rest += items.map { (name, $0) }
            case .object(let object): rest += object.members.map { ($0.name, $0.value) }
            case .null, .bool, .number: break
            }
        }
        return texts
    }
}

/// By which attributes objects of a kind call what they stand on: what merely has the same text is connected with nothing.
private struct Connection {
    let used: ResourceKind
    let attributes: Set<String>
    /// Whether they say an address: a record that says a name means another record.
    var isByAddress = false
    var isMount = false

    static func of(_ kind: ResourceKind) -> [Connection] { all[kind] ?? [] }

    private static let tags = Connection(used: .tag, attributes: ["tags"])

    private static let all: [ResourceKind: [Connection]] = [
        .record: [Connection(used: .droplet, attributes: ["data"], isByAddress: true)],
        .firewall: [
            Connection(used: .droplet, attributes: ["droplets"]),
            Connection(used: .droplet, attributes: ["addresses"], isByAddress: true), tags,
        ],
        .volume: [Connection(used: .droplet, attributes: ["droplet"]), tags],
        .alertPolicy: [Connection(used: .droplet, attributes: ["droplet_id"])],
        .droplet: [tags, Connection(used: .vpc, attributes: ["vpc_uuid"])],
        .databasePool: [
            Connection(used: .database, attributes: ["db"]), Connection(used: .databaseUser, attributes: ["user"]),
        ],
        .container: [
            Connection(used: .containerImage, attributes: ["image", "image_id"]),
            Connection(used: .containerNetwork, attributes: ["networks"]),
            Connection(used: .containerVolume, attributes: ["mounts", "anonymous_volumes"], isMount: true),
        ],
        .serverDatabase: [Connection(used: .serverRole, attributes: ["owner"])],
    ]
}

/// Objects by what they are called, each kind put in order once and only when it is asked for.
private struct ObservedIndex {
    private struct Kind {
        var objects: [ResourceKey: [ObservedResource]] = [:]
        var owners: [String: [ObservedResource]] = [:]
        var names: [String: [ResourceKey]] = [:]
        var addresses: [String: [ResourceKey]] = [:]
    }

    private let observed: ObservedState
    private var kinds: [ResourceKind: Kind] = [:]

    init(_ observed: ObservedState) { self.observed = observed }

    /// Those of its key, and what has its id under another name.
    mutating func objects(of entry: InventoryEntry) -> [ObservedResource] {
        let kind = kind(entry.key.kind)
        return (kind.objects[entry.key] ?? []) + (kind.owners[entry.providerID] ?? []).filter { $0.key != entry.key }
    }

    mutating func keys(of kind: ResourceKind, called name: String, byAddress: Bool = false) -> [ResourceKey] {
        let kind = self.kind(kind)
        return (byAddress ? kind.addresses[name] : kind.names[name]) ?? []
    }

    private mutating func kind(_ kind: ResourceKind) -> Kind {
        if let known = kinds[kind] { return known }
        var made = Kind()
        for object in observed.kinds[kind]?.resources ?? [] {
            made.objects[object.key, default: []].append(object)
            made.owners[object.providerID, default: []].append(object)
            var names: Set<String> = [object.key.name, object.providerID]
            // A firewall or volume calls a droplet so whose name it doesn't know.
            if kind == .droplet { names.insert("#\(object.providerID)") }
            for name in names { made.names[name, default: []].append(object.key) }
            for address in ["ipv4", "ipv4_private"] {
                if let text = object.attributes[address]?.stringValue {
                    made.addresses[text, default: []].append(object.key)
                }
            }
        }
        kinds[kind] = made
        return made
    }
}
