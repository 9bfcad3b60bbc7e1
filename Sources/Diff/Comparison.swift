internal import Basics
internal import DesiredState
internal import Formats

/// The three-way comparison: what is wanted, what we remember and what is there, merged by key.
///
/// All three come sorted, so a walk over them side by side meets each resource once. Resources with references wait until
/// everything else is known; then they follow in the order in which they refer to each other.
struct Comparison {
    let input: PlanInput
    let lives: EnvironmentLives
    let scopes: UnknownScopes
    let targets: PlanTargets
    /// Sorted by key, keys unique.
    private(set) var desired: [DesiredResource]

    private(set) var drafts: [Draft] = []
    private(set) var noops = 0
    /// What became of the names that the registry wants in stores, in the order of their keys.
    private(set) var secrets: [SecretAnswer] = []
    private let stores: SecretStores
    /// What the documents say is known to differ, by resource.
    let acknowledged: [ResourceKey: [AcknowledgedDrift]]
    /// What no change is about: providers have their own form of it.
    var normalised: [DriftItem] = []
    /// What is told of differences beside their changes.
    var notes: [Diagnostic] = []

    var draftIndex: [ResourceKey: Int] = [:]
    private var deferred: [Meeting] = []

    /// One key, and where it stands in each of the three.
    struct Meeting {
        let kind: ResourceKind
        var wanted: Int?
        var entry: Int?
        var seen: Range<Int>
    }

    init(_ input: PlanInput, lives: EnvironmentLives, scopes: UnknownScopes, targets: PlanTargets) {
        self.input = input
        self.lives = lives
        self.scopes = scopes
        self.targets = targets
        desired = input.desired.resources
        stores = SecretStores(desired)
        acknowledged = Dictionary(grouping: input.desired.acknowledgedDrift, by: \.key)
    }

    /// Compares everything.
    ///
    /// - Returns: the digests of what was compared, without what is neither wanted, nor remembered, nor marked as ours.
    mutating func run(_ environments: [Environment]) -> (desired: Digest, observed: Digest, inventory: Digest) {
        var hashers = BasisHashers()
        if !walk(&hashers) {
            // Desired resources come sorted; where they don't, the walk finds out and begins again.
            desired.sort { ResourceKey.compare($0.key, $1.key) < 0 }
            (drafts, draftIndex, deferred, noops, secrets) = ([], [:], [], 0, [])
            (normalised, notes) = ([], [])
            hashers = BasisHashers()
            _ = walk(&hashers)
        }
        for meeting in inOrderOfReference(deferred) { settle(meeting) }
        deferred = []
        return hashers.finish(environments, input.inventory)
    }

    /// - Returns: false where the desired resources turn out not to be sorted.
    private mutating func walk(_ hashers: inout BasisHashers) -> Bool {
        var (wanted, entry) = (0, 0)
        for kind in kinds() {
            guard merge(kind, &wanted, &entry, &hashers) else { return false }
        }
        return wanted == desired.count
    }

    /// Every kind that occurs anywhere, sorted.
    private func kinds() -> [ResourceKind] {
        var kinds = Set(input.observed.kinds.values.lazy.filter { !$0.isAside }.map(\.kind))
        let entries = input.inventory.entries
        var place = 0
        while place < desired.count {
            kinds.insert(desired[place].key.kind)
            // At least one further, even where the list turns out not to be sorted.
            place = Self.end(of: desired[place].key.kind, from: place + 1, desired.count) { desired[$0].key.kind }
        }
        place = 0
        while place < entries.count {
            kinds.insert(entries[place].key.kind)
            place = Self.end(of: entries[place].key.kind, from: place + 1, entries.count) { entries[$0].key.kind }
        }
        return kinds.sorted { compareBytes($0.name, $1.name) < 0 }
    }

    /// Where the resources of a kind end, in a list that is sorted.
    private static func end(
        of kind: ResourceKind, from start: Int, _ count: Int, _ kindAt: (Int) -> ResourceKind
    ) -> Int {
        var (low, high) = (start, count)
        while low < high {
            let middle = low + (high - low) / 2
            if compareBytes(kindAt(middle).name, kind.name) <= 0 { low = middle + 1 } else { high = middle }
        }
        return max(low, start)
    }

    // MARK: The walk

    private mutating func merge(
        _ kind: ResourceKind, _ wanted: inout Int, _ entry: inout Int, _ hashers: inout BasisHashers
    ) -> Bool {
        let observed = input.observed.kinds[kind]
        let seen = observed?.resources ?? []
        let entries = input.inventory.entries
        let schema = input.schemas[kind]
        var comparer = AttributeComparer(schema?.attributes ?? [])
        var seenComparer = comparer
        var isNoted = false
        let wantedEnd = Self.end(of: kind, from: wanted, desired.count) { desired[$0].key.kind }
        let entryEnd = Self.end(of: kind, from: entry, entries.count) { entries[$0].key.kind }
        var place = 0

        while wanted < wantedEnd || entry < entryEnd || place < seen.count {
            var name = wanted < wantedEnd ? desired[wanted].key.name : nil
            if entry < entryEnd, name.map({ compareBytes(entries[entry].key.name, $0) < 0 }) ?? true {
                name = entries[entry].key.name
            }
            if place < seen.count {
                let order = name.map { compareBytes(seen[place].key.name, $0) } ?? -1
                if order < 0 {
                    name = seen[place].key.name
                }
            }
            guard let name else { break }
            var meeting = Meeting(kind: kind, wanted: nil, entry: nil, seen: place..<place)
            if wanted < wantedEnd, sameBytes(desired[wanted].key.name, name) {
                guard sameBytes(desired[wanted].key.kind.name, kind.name) else { return false }
                meeting.wanted = wanted
                hashers.append(desired[wanted])
                // Keys are unique; should they ever not be, the first stands and nothing loops.
                repeat { wanted += 1 } while wanted < wantedEnd && sameBytes(desired[wanted].key.name, name)
                if wanted < wantedEnd, compareBytes(desired[wanted].key.name, name) < 0 { return false }
            }
            if entry < entryEnd, sameBytes(entries[entry].key.name, name) {
                meeting.entry = entry
                hashers.append(entries[entry])
                repeat { entry += 1 } while entry < entryEnd && sameBytes(entries[entry].key.name, name)
            }
            let start = place
            var isOwned = false
            while place < seen.count, sameBytes(seen[place].key.name, name) {
                isOwned = isOwned || seen[place].isOwned
                place += 1
            }
            // What is neither wanted, nor remembered, nor marked as ours is none of our business.
            guard meeting.wanted != nil || meeting.entry != nil || isOwned else { continue }
            meeting.seen = start..<place
            if !isNoted {
                hashers.append(kind, observed)
                isNoted = true
            }
            for index in meeting.seen { hashers.append(seen[index], &seenComparer, hasSchema: schema != nil) }
            meet(meeting, seen, schema, &comparer)
        }
        return true
    }

    /// One key: nothing to do (by far the most), a draft, or a place in the queue of those with references.
    private mutating func meet(
        _ meeting: Meeting, _ seen: [ObservedResource], _ schema: KindSchema?,
        _ comparer: inout AttributeComparer
    ) {
        guard let index = meeting.wanted, !lives.isOver(desired[index].environment) else {
            remove(meeting)
            return
        }
        guard schema != nil, meeting.seen.count == 1, let entry = meeting.entry else {
            if desired[index].attributes.contains(where: \.isReference) {
                deferred.append(meeting)
            } else {
                settle(meeting)
            }
            return
        }
        let there = meeting.seen.lowerBound
        switch comparer.glance(desired[index].attributes, seen[there].attributes.items) {
        case .same where isSame(input.inventory.entries[entry], seen[there]): count(noop: index)
        case .same, .differs: settle(meeting)
        case .holdsReference: deferred.append(meeting)
        }
    }

    /// What can be said of a name in a store by the names that drivers list; nil where none can look.
    mutating func secretAnswer(_ resource: DesiredResource) -> SecretAnswer? {
        guard resource.key.kind == .secretPresence, scopes.change(of: resource.key, in: resource.environment) == nil,
            let answer = stores.answer(resource, input.observed)
        else { return nil }
        secrets.append(answer)
        return answer
    }

    /// Why nobody looks at something that a driver of this program could look at; nil where none could.
    func silence(_ key: ResourceKey) -> String? {
        input.silent[key.kind] ?? stores.kind(of: key).flatMap { input.silent[$0] }
    }

    // MARK: Results

    /// Whether the object that is there is the one that we remember, and not another under its name.
    func isSame(_ entry: InventoryEntry, _ seen: ObservedResource) -> Bool {
        entry.providerID.isEmpty || sameBytes(entry.providerID, seen.providerID)
    }

    mutating func count(noop index: Int) {
        guard targets.isEmpty || targets.names(desired[index].key, desired[index].environment) else { return }
        noops += 1
    }

    mutating func add(_ draft: Draft) {
        draftIndex[draft.key] = drafts.count
        drafts.append(draft)
    }
}

extension WantedAttribute {
    var isReference: Bool { if case .reference = value { true } else { false } }
}
