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
    let desired: [DesiredResource]

    private(set) var drafts: [Draft] = []
    private(set) var noops = 0
    /// The digest of what was seen of the resources that are wanted, remembered or marked as ours.
    private(set) var observedDigest = Digest(of: "")

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
        desired = input.desired.resources.sortedUnlessSorted { ResourceKey.compare($0.key, $1.key) }
    }

    mutating func run() {
        var hasher = CanonicalHasher("observed")
        var (wanted, entry) = (desired.startIndex, input.inventory.entries.startIndex)
        for kind in kinds() { merge(kind, &wanted, &entry, &hasher) }
        observedDigest = hasher.finish()
        for meeting in inOrderOfReference(deferred) { settle(meeting) }
        deferred = []
    }

    /// Every kind that occurs anywhere, sorted.
    private func kinds() -> [ResourceKind] {
        var kinds = Set(input.observed.kinds.keys)
        var last: ResourceKind?
        for resource in desired where resource.key.kind != last {
            last = resource.key.kind
            kinds.insert(resource.key.kind)
        }
        for entry in input.inventory.entries where entry.key.kind != last {
            last = entry.key.kind
            kinds.insert(entry.key.kind)
        }
        return kinds.sorted { compareBytes($0.name, $1.name) < 0 }
    }

    // MARK: The walk

    private mutating func merge(
        _ kind: ResourceKind, _ wanted: inout Int, _ entry: inout Int, _ hasher: inout CanonicalHasher
    ) {
        let observed = input.observed.kinds[kind]
        let seen = observed?.resources ?? []
        let entries = input.inventory.entries
        let schema = input.schemas[kind]
        var comparer = AttributeComparer(schema?.attributes ?? [])
        var digest = SeenDigest(schema)
        var isNoted = false
        let wantedEnd = end(of: kind, from: wanted) { $0 < desired.count ? desired[$0].key.kind : nil }
        let entryEnd = end(of: kind, from: entry) { $0 < entries.count ? entries[$0].key.kind : nil }
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
                meeting.wanted = wanted
                // Keys are unique; should they ever not be, the first stands and nothing loops.
                repeat { wanted += 1 } while wanted < wantedEnd && sameBytes(desired[wanted].key.name, name)
            }
            if entry < entryEnd, sameBytes(entries[entry].key.name, name) {
                meeting.entry = entry
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
                digest.append(kind, observed?.completeness, to: &hasher)
                isNoted = true
            }
            for index in meeting.seen { digest.append(seen[index], to: &hasher) }
            meet(meeting, seen, schema, observed, &comparer)
        }
    }

    private func end(of kind: ResourceKind, from start: Int, _ kindAt: (Int) -> ResourceKind?) -> Int {
        var index = start
        while let other = kindAt(index), sameBytes(other.name, kind.name) { index += 1 }
        return index
    }

    /// One key: nothing to do (by far the most), a draft, or a place in the queue of those with references.
    private mutating func meet(
        _ meeting: Meeting, _ seen: [ObservedResource], _ schema: KindSchema?, _ observed: ObservedKind?,
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

/// Digests observed objects by those attributes that a plan can rest on: the ones that have a rule.
struct SeenDigest {
    private let schema: KindSchema?
    private var comparer: AttributeComparer

    init(_ schema: KindSchema?) {
        self.schema = schema
        comparer = AttributeComparer(schema?.attributes ?? [])
    }

    func append(_ kind: ResourceKind, _ completeness: Completeness?, to hasher: inout CanonicalHasher) {
        hasher.append(kind.name)
        switch completeness {
        case nil: hasher.append(0)
        case .complete: hasher.append(1)
        case .partial: hasher.append(2)
        case .unknown: hasher.append(3)
        }
    }

    mutating func append(_ resource: ObservedResource, to hasher: inout CanonicalHasher) {
        hasher.append(resource.key.name)
        hasher.append(resource.providerID)
        hasher.append(resource.isOwned)
        let items = resource.attributes.items
        for position in items.indices {
            if schema != nil, comparer.ruleIndex(items[position].name, at: position) == nil { continue }
            hasher.append(items[position].name)
            hasher.append(items[position].value)
        }
        hasher.append("")
    }
}
