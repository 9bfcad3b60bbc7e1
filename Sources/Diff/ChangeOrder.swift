internal import DesiredState

/// In which order the changes of a plan run, and which has to wait for which.
struct ChangeOrder {
    /// Indexes of drafts, first to last.
    private(set) var order: [Int] = []
    /// For each draft, the drafts that come before it.
    private(set) var before: [[Int]]
    /// Drafts that wait for each other in a circle; each circle sorted by key.
    private(set) var circles: [[Int]] = []
    /// What comes into the place of something that goes.
    let rivalries: [Rivalry]

    init(_ drafts: [Draft]) {
        before = Self.edges(drafts)
        rivalries = Rivalry.all(drafts)
        let needed = before
        let comers = Dictionary(grouping: rivalries, by: \.holder).mapValues { Set($0.map(\.comer)) }
        for rivalry in rivalries {
            before[rivalry.comer].append(rivalry.holder)
            // It makes way last, once all else is there that its successor waits for: else nothing has the place meanwhile, or
            // for ever. What ends with its environment waits for nobody.
            guard drafts[rivalry.holder].change.cause != .expired, let others = comers[rivalry.holder] else { continue }
            before[rivalry.holder] += needed[rivalry.comer].filter { !Self.reaches(others, from: $0, needed) }
        }
        let places = Self.places(drafts)
        if !sort(places) {
            circles = Circles.find(before).map { circle in circle.sorted { places[$0] < places[$1] } }
                .sorted { places[$0[0]] < places[$1[0]] }
            for circle in circles {
                let members = Set(circle)
                for index in circle { before[index].removeAll(where: members.contains) }
            }
            _ = sort(places)
        }
    }

    /// What each draft waits for: creations for what they need, deletions for what needs them.
    private static func edges(_ drafts: [Draft]) -> [[Int]] {
        var before = [[Int]](repeating: [], count: drafts.count)
        guard drafts.contains(where: { !$0.needs.isEmpty }) else { return before }
        let indexes = Dictionary(drafts.indices.map { (drafts[$0].key, $0) }, uniquingKeysWith: { first, _ in first })
        for (index, draft) in drafts.enumerated() where draft.change.action != .forget {
            for key in draft.needs {
                guard let other = indexes[key] else { continue }
                let action = drafts[other].change.action
                if draft.change.action == .delete || draft.isKept {
                    if action == .delete { before[other].append(index) }
                } else if action != .delete, action != .forget, !drafts[other].isKept {
                    before[index].append(other)
                }
            }
        }
        return before
    }

    /// Whether a draft is one of some, or waits for one of them.
    private static func reaches(_ targets: Set<Int>, from start: Int, _ before: [[Int]]) -> Bool {
        var seen: Set<Int> = [start]
        var waiting = [start]
        while let index = waiting.popLast() {
            if targets.contains(index) { return true }
            for other in before[index] where seen.insert(other).inserted { waiting.append(other) }
        }
        return false
    }

    /// The place of each draft if nothing waited for anything: by phase and rank of the kind, then by key.
    private static func places(_ drafts: [Draft]) -> [Int] {
        func rank(_ draft: Draft) -> Int {
            let rank = KindOrder.rank(draft.key.kind)
            return switch draft.change.action {
            case .delete: 2_000 - rank
            case .forget: 3_000
            default: rank
            }
        }
        let ranks = drafts.map(rank)
        let sorted = drafts.indices.sorted { a, b in
            ranks[a] != ranks[b] ? ranks[a] < ranks[b] : ResourceKey.compare(drafts[a].key, drafts[b].key) < 0
        }
        var places = [Int](repeating: 0, count: drafts.count)
        for (place, index) in sorted.enumerated() { places[index] = place }
        return places
    }

    /// Kahn's algorithm, always taking the first by place; false where a circle keeps some from ever being taken.
    private mutating func sort(_ places: [Int]) -> Bool {
        var waiting = before.map(\.count)
        var after = [[Int]](repeating: [], count: before.count)
        for index in before.indices { for other in before[index] { after[other].append(index) } }
        var indexAt = [Int](repeating: 0, count: places.count)
        for (index, place) in places.enumerated() { indexAt[place] = index }
        var ready = MinimumHeap()
        for index in before.indices where waiting[index] == 0 { ready.insert(places[index]) }
        order = []
        order.reserveCapacity(before.count)
        while let place = ready.removeFirst() {
            let index = indexAt[place]
            order.append(index)
            for other in after[index] {
                waiting[other] -= 1
                if waiting[other] == 0 { ready.insert(places[other]) }
            }
        }
        return order.count == before.count
    }
}

/// A binary heap of numbers, the least first.
struct MinimumHeap {
    private var items: [Int] = []

    mutating func insert(_ item: Int) {
        items.append(item)
        var index = items.count - 1
        while index > 0, items[index] < items[(index - 1) / 2] {
            items.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func removeFirst() -> Int? {
        guard let first = items.first, let last = items.popLast() else { return nil }
        guard !items.isEmpty else { return first }
        items[0] = last
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < items.count && items[child] < items[least] {
                least = child
            }
            if least == index { return first }
            items.swapAt(index, least)
            index = least
        }
    }
}
