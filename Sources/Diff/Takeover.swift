internal import Basics
public import DesiredState

/// What a commit wants of one environment and the inventory knows as another's, or as no environment's.
///
/// Whoever owns a thing says how carefully it goes, so that one that is taken over by less careful hands would lose its
/// guards by a change of name alone.
public struct Takeover: Sendable, Hashable {
    public let key: ResourceKey
    /// To whom it belongs; nil where it belongs to no environment.
    public let owner: String?
    /// Who wants it.
    public let taker: String
    /// How carefully that one is treated by the commit; nil where its documents can't be read.
    public let care: Care?

    public init(_ key: ResourceKey, of owner: String?, by taker: String, _ care: Care?) {
        self.key = key
        self.owner = owner
        self.taker = taker
        self.care = care
    }

    /// Those of a commit, in the order of their keys.
    ///
    /// - Parameters:
    ///   - desired: the commit.
    ///   - entries: what is ours.
    ///   - wanted: how carefully the environments are treated whose documents can be read.
    ///   - holdsData: whether things of a kind hold data; of what belongs to no environment only that, and what is protected,
    ///     asks before it goes.
    /// - Returns: at most one a thing.
    public static func all(
        _ desired: DesiredState, _ entries: [InventoryEntry], _ wanted: [String: Care],
        holdsData: (ResourceKind) -> Bool
    ) -> [Takeover] {
        var found: [Takeover] = []
        let entries = entries.sortedUnlessSorted { ResourceKey.compare($0.key, $1.key) }
        var place = 0
        for resource in desired.resources.sortedUnlessSorted(by: { ResourceKey.compare($0.key, $1.key) }) {
            while place < entries.count, ResourceKey.compare(entries[place].key, resource.key) < 0 { place += 1 }
            guard place < entries.count else { break }
            let entry = entries[place]
            guard entry.key == resource.key, let taker = resource.environment, entry.environment != taker,
                entry.environment != nil || entry.isProtected || holdsData(entry.key.kind)
            else { continue }
            found.append(Takeover(entry.key, of: entry.environment, by: taker, wanted[taker]))
        }
        return found
    }

    /// Whether another one that somebody said yes to covers it, as far as what can be read of its taker tells.
    func fits(_ granted: Takeover) -> Bool {
        guard key == granted.key, owner == granted.owner, taker == granted.taker else { return false }
        guard let care, let allowed = granted.care else { return true }
        return !care.isLess(than: allowed)
    }
}

extension Lineage {
    /// The care that a thing has by its owner, and that would be less with its taker; nil where it wouldn't be.
    func careLost(by takeover: Takeover) -> Care? {
        guard let owner = takeover.owner else {
            // No end of an environment lets go of what belongs to none.
            return takeover.care?.isAny == true ? nil : Care(.dev, isProtected: true)
        }
        guard let before = care?[owner], before.isAny else { return nil }
        return takeover.care?.isLess(than: before) == false ? nil : before
    }

    /// Those that nobody has said yes to: until then their things stay with whom they belong to.
    ///
    /// Of a taker whose documents can't be read it isn't known whether it is one.
    public func openTakeovers(of found: CareFound) -> [Takeover] {
        found.takeovers.filter { takeover in
            careLost(by: takeover) != nil && !granted.contains { takeover.fits($0) }
        }
    }

    /// Those of now that somebody has said yes to.
    func nextGranted(_ found: Lineage, without held: Set<Departure.Subject>) -> Set<Takeover> {
        if held.contains(.history) || held.contains(.documents) { return granted }
        let takeovers = found.careFound.takeovers
        let standing = granted.filter { known in
            takeovers.contains { $0.fits(known) && careLost(by: $0) != nil }
        }
        guard !held.contains(.care) else { return standing }
        return standing.union(
            takeovers.filter { takeover in
                takeover.care != nil && careLost(by: takeover) != nil && !standing.contains { takeover.fits($0) }
            })
    }
}

/// All that one environment takes over of one owner.
struct HandOver: Sendable, Hashable {
    let owner: String?
    let taker: String
    /// The care that it has, and that it would have.
    let before: Care
    let after: Care
    /// In their order.
    let keys: [ResourceKey]

    /// What takeovers come to, by taker and owner.
    static func all(_ takeovers: [Takeover], of lineage: Lineage) -> [HandOver] {
        Dictionary(grouping: takeovers) { [$0.taker, $0.owner ?? ""] }.values.compactMap { group in
            guard let first = group.first, let before = lineage.careLost(by: first), let after = first.care else {
                return nil
            }
            return HandOver(
                owner: first.owner, taker: first.taker, before: before, after: after, keys: group.map(\.key).sorted())
        }.sorted { $0.name.precedesByBytes($1.name) }
    }

    /// The member of a departure that tells it; no slug holds a space.
    var name: String { "\(taker) from \(owner ?? "no environment")" }

    /// What an approval covers: exactly these things.
    var covered: String {
        let names = keys.map(\.description).joined(separator: ", ")
        return owner == nil ? "without an end: \(names)" : "\(before.text): \(names)"
    }

    /// For people.
    var sentence: String {
        let names = keys.prefix(3).map(\.description).joined(separator: ", ")
        let more = keys.count > 3 ? " and \(keys.count - 3) more" : ""
        let holder =
            owner.map { "of \($0) (\(before.text))" }
            ?? "which \(keys.count == 1 ? "belongs" : "belong") to no environment"
        return
            "environment \(taker) takes over \(names)\(more)\(owner == nil ? "," : "") \(holder), and is \(after.text)"
    }
}
