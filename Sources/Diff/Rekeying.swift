public import DesiredState
internal import Formats

/// A name in the one form that all ways to write it share.
public struct CanonicalName: Sendable, Hashable {
    /// What all names of the same place have in common: a host name and type of a record, a label without its capitals.
    public let family: String
    /// Which of the family it is, in one form; nil where that can't be told.
    public let part: String?
    /// Whether it stands for the only one of its family, and not for the one with that part.
    public let isWhole: Bool

    /// - Parameters:
    ///   - family: in one form.
    ///   - part: empty where a family has one member.
    ///   - isWhole: whether the name leaves the part out.
    public init(_ family: String, part: String? = "", isWhole: Bool = false) {
        self.family = family
        self.part = part
        self.isWhole = isWhole
    }

    /// The form of names whose capitals make no difference.
    public static let withoutCapitals: @Sendable (_ name: String, _ attributes: Attributes) -> CanonicalName = {
        name, _ in
        CanonicalName(name.lowercased())
    }
}

/// Objects brought under the names by which they are wanted, where they are remembered or were seen under others.
///
/// The documents may come to write a name in another way: `Example.com` for `example.com`, `example.com/A/www` for
/// `example.com/A/www/203.0.113.7` when the second record of that name is taken out. It is the same object: were it
/// compared by name alone, it would be created again under the one and deleted under the other.
public struct Rekeying: Sendable {
    /// An entry of the inventory, and what it becomes: nil where another entry remembers that object already.
    public struct Rename: Sendable, Hashable {
        public let from: InventoryEntry
        public let to: InventoryEntry?
    }

    public private(set) var inventory: Inventory
    public private(set) var observed: ObservedState
    /// Sorted by key.
    public private(set) var renames: [Rename] = []

    /// Only kinds whose schema says what is another way to write a name are looked at.
    public init(
        _ desired: [DesiredResource], _ inventory: Inventory, _ observed: ObservedState,
        _ schemas: [ResourceKind: KindSchema]
    ) {
        (self.inventory, self.observed) = (inventory, observed)
        let rules = schemas.compactMapValues(\.canonical)
        guard !rules.isEmpty else { return }
        let wanted = Dictionary(grouping: desired.lazy.filter { rules[$0.key.kind] != nil }, by: \.key.kind)
        let entries = Dictionary(grouping: inventory.entries.lazy.filter { rules[$0.key.kind] != nil }, by: \.key.kind)
        var kinds = observed.kinds
        for kind in rules.keys.sorted() {
            guard let canonical = rules[kind], let seen = kinds[kind], !seen.isAside else { continue }
            var names = KindNames(canonical, wanted[kind] ?? [], entries[kind] ?? [], seen, observed)
            names.settle()
            renames += names.renames
            guard names.hasMoved else { continue }
            kinds[kind] = ObservedKind(
                kind: kind, completeness: seen.completeness, gaps: seen.gaps, resources: names.seen)
            self.observed = ObservedState(Array(kinds.values))
        }
        guard !renames.isEmpty else { return }
        let outdated = Set(renames.map(\.from.key)).union(renames.compactMap { $0.to?.key })
        self.inventory = Inventory(
            entries: inventory.entries.filter { !outdated.contains($0.key) } + renames.compactMap(\.to),
            environments: inventory.environments, lastRoots: inventory.lastRoots,
            lastDesiredCount: inventory.lastDesiredCount, marks: inventory.marks,
            dueSuccessors: inventory.dueSuccessors)
    }
}

/// The names of one kind: what is wanted, remembered and seen of it.
private struct KindNames {
    typealias Canonical = @Sendable (String, Attributes) -> CanonicalName

    let canonical: Canonical
    let wanted: [DesiredResource]
    let orphans: [InventoryEntry]
    let kind: ObservedKind
    let observed: ObservedState
    let wantedNames: Set<String>
    var remembered: [String: InventoryEntry]
    var seen: [ObservedResource]
    var hasMoved = false
    var renames: [Rekeying.Rename] = []

    init(
        _ canonical: @escaping Canonical, _ wanted: [DesiredResource], _ entries: [InventoryEntry],
        _ kind: ObservedKind, _ observed: ObservedState
    ) {
        self.canonical = canonical
        self.kind = kind
        self.observed = observed
        seen = kind.resources
        let wantedNames = Set(wanted.map(\.key.name))
        let seenNames = Set(seen.map(\.key.name))
        self.wantedNames = wantedNames
        self.wanted = wanted.filter { !seenNames.contains($0.key.name) }.sorted { $0.key < $1.key }
        orphans = entries.filter { !wantedNames.contains($0.key.name) }
        remembered = Dictionary(entries.map { ($0.key.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    mutating func settle() {
        let strays = seen.indices.filter { !wantedNames.contains(seen[$0].key.name) }
        if !wanted.isEmpty, !strays.isEmpty { nameAsWanted(strays) }
        if !orphans.isEmpty { followObjects() }
    }

    // MARK: Objects

    /// Gives objects that nothing wants under their name the name under which something wants them.
    private mutating func nameAsWanted(_ strays: [Int]) {
        var families: [String: [(index: Int, part: String?)]] = [:]
        for index in strays {
            let name = canonical(seen[index].key.name, seen[index].attributes)
            families[name.family, default: []].append((index, name.part))
        }
        var isTaken: Set<Int> = []
        var unnamed: [(wish: DesiredResource, members: [(index: Int, part: String?)])] = []
        for wish in wanted {
            let family = canonical(wish.key.name, Attributes()).family
            guard let members = families[family] else { continue }
            // What is remembered under that name is it, whatever it holds now.
            let id = remembered[wish.key.name]?.providerID ?? ""
            if !id.isEmpty, let own = members.first(where: { seen[$0.index].providerID == id }) {
                isTaken.insert(own.index)
                rename(own.index, wish.key.name)
            } else {
                unnamed.append((wish, members))
            }
        }
        var whole: [(name: String, family: String)] = []
        for (wish, members) in unnamed {
            let name = canonical(wish.key.name, attributes(of: wish))
            // Two that are the same both get the name, and are told as ambiguous.
            let same = name.part.map { part in members.filter { $0.part == part && !isTaken.contains($0.index) } } ?? []
            for member in same {
                isTaken.insert(member.index)
                rename(member.index, wish.key.name)
            }
            if same.isEmpty, name.isWhole { whole.append((wish.key.name, name.family)) }
        }
        // The only one of its family may become whatever is wanted: one of ours becomes it, rather than to go while another
        // one can't be made beside it.
        for wish in whole where kind.completeness(of: wish.name).isComplete {
            let ours = families[wish.family]?.first { member in
                let entry = remembered[seen[member.index].key.name]
                return !isTaken.contains(member.index) && entry?.providerID == seen[member.index].providerID
                    && entry?.isProtected == false
            }
            guard let ours else { continue }
            isTaken.insert(ours.index)
            rename(ours.index, wish.name)
        }
    }

    private mutating func rename(_ index: Int, _ name: String) {
        let object = seen[index]
        seen[index] = ObservedResource(
            key: ResourceKey(object.key.kind, name), providerID: object.providerID, attributes: object.attributes,
            isOwned: object.isOwned, createdAt: object.createdAt)
        hasMoved = true
    }

    /// What is wanted, with what references give now.
    private func attributes(of wish: DesiredResource) -> Attributes {
        Attributes(
            wish.attributes.compactMap { attribute in
                switch attribute.value {
                case .literal(let value): return Attributes.Item(attribute.name, value)
                case .reference(let key, let name):
                    let object = observed.kinds[key.kind]?.resources.first { $0.key == key }
                    return object?.attributes[name].map { Attributes.Item(attribute.name, $0) }
                }
            })
    }

    // MARK: Entries

    /// Brings what is remembered under a name that nothing wants to the name of its object.
    private mutating func followObjects() {
        var places: [String: Int] = [:]
        for (index, object) in seen.enumerated() {
            places[place(canonical(object.key.name, object.attributes), object.providerID)] = index
        }
        for entry in orphans where !entry.providerID.isEmpty {
            let name = canonical(entry.key.name, entry.lastApplied)
            guard let index = places[place(name, entry.providerID)] else { continue }
            let object = seen[index]
            guard object.key != entry.key else { continue }
            guard wantedNames.contains(object.key.name) else {
                // Nothing wants it under either: it goes by the name under which it is remembered.
                if remembered[object.key.name] == nil { rename(index, entry.key.name) }
                continue
            }
            if let other = remembered[object.key.name] {
                if other.providerID == entry.providerID {
                    renames.append(Rekeying.Rename(from: entry, to: nil))
                    continue
                }
                guard places[place(name, other.providerID)] == nil else { continue }
            }
            let moved = entry.renamed(object.key)
            remembered[object.key.name] = moved
            renames.append(Rekeying.Rename(from: entry, to: moved))
        }
    }

    private func place(_ name: CanonicalName, _ providerID: String) -> String { "\(name.family)\u{0}\(providerID)" }
}

extension InventoryEntry {
    fileprivate func renamed(_ key: ResourceKey) -> InventoryEntry {
        var entry = self
        entry.key = key
        return entry
    }
}

extension PlanInput {
    /// The same with each object under the name by which it is wanted.
    func rekeyed() -> PlanInput {
        let rekeying = Rekeying(desired.resources, inventory, observed, schemas)
        var input = self
        (input.inventory, input.observed) = (rekeying.inventory, rekeying.observed)
        return input
    }
}
