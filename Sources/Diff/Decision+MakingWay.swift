internal import Basics
internal import DesiredState

/// What goes because something else comes in its place: the two halves of one change.
extension Decision {
    /// For each deletion that is half of a change, what comes in its stead.
    ///
    /// Nobody lets go of a name by giving it another value, and the provider may refuse the new one while the old one is there.
    /// So neither waits for a grace: for its time a name would give both answers, or the old one alone.
    func successors() -> [Int: Int] {
        var successors: [Int: Int] = [:]
        for rivalry in order.rivalries where drafts[rivalry.holder].change.action == .delete {
            // One that may come before one that may not.
            if let other = successors[rivalry.holder], drafts[other].isAllowed || !drafts[rivalry.comer].isAllowed {
                continue
            }
            successors[rivalry.holder] = rivalry.comer
        }
        var going: [String: [Int]] = [:]
        for index in order.order where drafts[index].change.action == .delete && successors[index] == nil {
            if let family = family(index) { going[family, default: []].append(index) }
        }
        guard !going.isEmpty else { return successors }
        var coming: [String: [Int]] = [:]
        for index in order.order where drafts[index].change.action == .create {
            if let family = family(index), going[family] != nil { coming[family, default: []].append(index) }
        }
        for (family, comers) in coming {
            // Where more go than come, nobody can tell which of them only change.
            guard let goers = going[family], goers.count <= comers.count else { continue }
            for (goer, comer) in zip(goers, comers) { successors[goer] = comer }
        }
        return successors
    }

    /// What is named, with everything that has to come before it, and what comes in the place of what goes.
    ///
    /// One half alone would leave the place to nobody.
    func restricted(to targets: PlanTargets) -> Decision {
        var follows: [Int: [Int]] = successors().mapValues { [$0] }
        for rivalry in order.rivalries { follows[rivalry.holder, default: []].append(rivalry.comer) }
        var isNamed = [Bool](repeating: false, count: drafts.count)
        var queue = drafts.indices.filter { targets.names(drafts[$0].key, drafts[$0].change.environment) }
        while let index = queue.popLast() {
            guard !isNamed[index] else { continue }
            isNamed[index] = true
            queue += order.before[index] + follows[index, default: []]
        }
        return Decision(input, lives: lives, drafts: drafts.indices.filter { isNamed[$0] }.map { drafts[$0] })
    }

    /// Blocks what comes into a place that something has which nothing here lets go: the provider would refuse it, and what
    /// made way for it would have gone for nothing.
    mutating func leaveTakenPlaces() {
        let comers = drafts.indices.filter { drafts[$0].comes && !drafts[$0].claims.isEmpty }
        guard !comers.isEmpty else { return }
        // What goes, or is held back from that, is in its way by itself.
        let going = Set(drafts.lazy.filter { $0.change.action == .delete || $0.isKept }.map(\.key))
        for (kind, comers) in Dictionary(grouping: comers, by: { drafts[$0].key.kind }) {
            guard let schema = input.schemas[kind] else { continue }
            let places = Set(comers.flatMap { drafts[$0].claims.map(\.place) })
            var holders: [String: [(key: ResourceKey, isExclusive: Bool)]] = [:]
            for object in input.observed.kinds[kind]?.resources ?? [] where !going.contains(object.key) {
                for claim in schema.claims(object.key.name) where places.contains(claim.place) {
                    holders[claim.place, default: []].append((object.key, claim.isExclusive))
                }
            }
            for index in comers {
                let key = drafts[index].key
                let other = drafts[index].claims.lazy.compactMap { claim in
                    holders[claim.place]?.first { $0.key != key && (claim.isExclusive || $0.isExclusive) }
                }.first
                guard let other else { continue }
                drafts[index].refuse(
                    .blocked,
                    "\(other.key) is in its place, and nothing lets that go: remove it at the provider, or give one of the two "
                        + "another name", as: .impossible)
            }
        }
    }

    /// Says in the plan what comes, so that nobody takes what makes way for it for something that was let go.
    mutating func nameSuccessors(_ successors: [Int: Int]) {
        for (index, other) in successors where drafts[index].change.cause != .expired {
            drafts[index].change.reason += ": \(drafts[other].key) comes in its place"
        }
        for index in drafts.indices where isDue(index) {
            let key = drafts[index].key
            let holder = input.inventory.dueSuccessors[key]
            drafts[index].change.reason +=
                holder == key
                ? ": what it replaces is gone already" : ": \(holder?.description ?? "another") made way for it"
        }
    }

    /// Whether something has made way for it in an earlier pass: what was begun so is ended, for its place is empty.
    func isDue(_ index: Int) -> Bool {
        drafts[index].comes && input.inventory.dueSuccessors[drafts[index].key] != nil
            // It didn't go after all.
            && !order.rivalries.contains { $0.comer == index }
    }

    /// Keeps what only made way for something that doesn't come now.
    mutating func keepPlaces(_ successors: [Int: Int]) {
        for (index, other) in successors where drafts[index].isAllowed && !drafts[other].isAllowed {
            guard drafts[index].change.cause != .expired else { continue }
            drafts[index].refuse(
                .blocked,
                "it makes way for \(drafts[other].key), which \(Self.words(drafts[other].change)): it stays until "
                    + "that one comes", as: .dependency)
        }
    }

    /// The names of which an object of a kind has one at a time, or several that are told apart by what they hold.
    func family(_ index: Int) -> String? {
        let key = drafts[index].key
        return input.schemas[key.kind]?.canonical.map { "\(key.kind) \($0(key.name, Attributes()).family)" }
    }
}
