internal import Basics
internal import DesiredState
internal import Formats

/// Says of each draft whether it may happen: rules first, then approvals, then what waits for what.
struct Decision {
    let input: PlanInput
    let lives: EnvironmentLives
    var drafts: [Draft]
    let order: ChangeOrder
    var diagnostics: [Diagnostic] = []
    /// What is marked before it goes.
    var candidates: [PruneCandidate] = []

    init(_ input: PlanInput, lives: EnvironmentLives, drafts: [Draft]) {
        self.input = input
        self.lives = lives
        self.drafts = drafts
        order = ChangeOrder(drafts)
    }

    var policy: Policy { input.desired.policy }

    mutating func run() {
        breakCircles()
        leaveTakenPlaces()
        applySurfaceRules()
        applyQuotas()
        keepWhatIsNeeded()
        askForApproval()
        guardAgainstDepartures()
        guardAgainstVanishing()
        capDeletions()
        let successors = successors()
        nameSuccessors(successors)
        awaitGrace(successors)
        keepToWindows()
        holdBackDependents()
        capSurfaces()
        capDroplets()
        holdBackDependents()
        keepPlaces(successors)
        holdBackDependents()
        noteDependencies()
    }

    private mutating func breakCircles() {
        for circle in order.circles {
            let names = circle.map { drafts[$0].key.description }
            let path = names.joined(separator: " → ") + " → " + names[0]
            for index in circle { drafts[index].refuse(.blocked, "it waits for itself: \(path)", as: .dependency) }
            diagnostics.append(
                Diagnostic(
                    .error, "PLAN-0001", "resources wait for each other in a circle: \(path)",
                    at: drafts[circle[0]].change.source,
                    hint: "take one of the references or depends_on out of the circle",
                    notes: circle.dropFirst().map {
                        Diagnostic.Note("\(drafts[$0].key) is wanted here", at: drafts[$0].change.source)
                    }))
        }
    }

    // MARK: Dependencies

    /// Blocks what waits for something that may not happen, and what waits for that in turn.
    private mutating func holdBackDependents() {
        for index in order.order where drafts[index].isAllowed {
            guard let other = order.before[index].first(where: { stops($0, index) }) else { continue }
            // Nothing that comes waits for what goes but for its place.
            let isInTheWay =
                drafts[index].change.action != .delete
                && (drafts[other].change.action == .delete || drafts[other].isKept)
            let reason =
                "it \(isInTheWay ? "takes the place of" : "waits for") \(drafts[other].key), which \(Self.words(drafts[other].change))"
            drafts[index].refuse(.blocked, reason, as: .dependency)
        }
    }

    /// Whether a draft that may not happen keeps another one from happening.
    private func stops(_ first: Int, _ second: Int) -> Bool {
        guard !drafts[first].isAllowed else { return false }
        if drafts[second].change.action == .delete {
            // A change that isn't made leaves what it is about there, for the successor as well.
            return drafts[first].change.action != .update
        }
        switch drafts[first].change.action {
        case .create, .replace, .adopt: return true
        case .read:
            // What is there already needs nothing of the unknown but a value.
            return drafts[second].comes || drafts[second].awaits.contains(drafts[first].key)
                || drafts[second].named.contains(drafts[first].key)
        case .update: return drafts[second].awaits.contains(drafts[first].key)
        // It is in the way.
        case .delete: return true
        case .noop, .forget: return false
        }
    }

    static func words(_ change: PlannedChange) -> String {
        switch change.verdict {
        case .allowed: "is allowed"
        case _ where change.hold == .grace: "stays until its grace is over"
        case .needsApproval: "needs an approval"
        case .denied: "is denied"
        case .blocked: "is blocked"
        }
    }

    /// Writes down what each change waits for: only what happens in this plan, or what holds it back.
    private mutating func noteDependencies() {
        for index in drafts.indices {
            let others = order.before[index].filter { drafts[$0].isAllowed || stops($0, index) }
            drafts[index].change.dependsOn = others.map { drafts[$0].key }.sorted {
                ResourceKey.compare($0, $1) < 0
            }
        }
        for (first, second) in deletionPairs() + successions() {
            drafts[second].change.dependsOn.append(drafts[first].key)
        }
        for index in drafts.indices where drafts[index].change.action == .delete {
            var keys: [ResourceKey] = []
            for key in drafts[index].change.dependsOn.sorted(by: { ResourceKey.compare($0, $1) < 0 })
            where keys.last != key { keys.append(key) }
            drafts[index].change.dependsOn = keys
        }
    }

    /// What goes while something of the same family comes or changes, and that: the name isn't left empty where that fails.
    private func successions() -> [(Int, Int)] {
        let going = order.order.filter { drafts[$0].change.action == .delete && drafts[$0].isAllowed }
        let families = Set(going.compactMap(family))
        guard !families.isEmpty else { return [] }
        var coming: [String: [Int]] = [:]
        for index in order.order
        where drafts[index].isAllowed && drafts[index].hasEffect && drafts[index].change.action != .delete {
            if let family = family(index), families.contains(family) { coming[family, default: []].append(index) }
        }
        return going.flatMap { second in
            family(second).flatMap { coming[$0] }.map { $0.map { ($0, second) } } ?? []
        }
    }

    /// Deletions of one environment, or of one cluster, of which one kind uses the other: records before droplets.
    ///
    /// They hold nothing back, for the kinds alone don't say that these two belong together; they only keep the order
    /// where both happen. Too many to pair are left to the order of the list.
    private func deletionPairs() -> [(Int, Int)] {
        var groups: [String: [Int]] = [:]
        for index in order.order where drafts[index].change.action == .delete && drafts[index].isAllowed {
            let key = drafts[index].key
            groups[KindOrder.parent(of: key)?.description ?? "", default: []].append(index)
            groups["environment \(drafts[index].change.environment ?? "")", default: []].append(index)
        }
        var pairs: [(Int, Int)] = []
        for group in groups.values where group.count <= 100 {
            for second in group {
                for first in group where KindOrder.goesBefore(drafts[first].key.kind, drafts[second].key.kind) {
                    pairs.append((first, second))
                }
            }
        }
        return pairs
    }
}
