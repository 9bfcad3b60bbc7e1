import Basics
import DesiredState
import Diff
import Formats
import Testing

@Suite struct PropertyTests {
    static let seeds = UInt64(0)..<200

    /// Whether a change acts at a provider.
    private func acts(_ change: PlannedChange) -> Bool {
        change.verdict == .allowed && change.action != .read && change.action != .forget
    }

    @Test(arguments: seeds)
    func applyingReachesWhatIsWantedAndTheSecondPlanIsEmpty(seed: UInt64) {
        var world = RandomWorld(seed: seed)
        // What a plan blocks because something has to happen first may need a second one; a third never.
        for _ in 0..<2 { world.apply(makePlan(world.input())) }
        let plan = makePlan(world.input())
        #expect(plan.changes.filter { $0.verdict == .allowed } == [])
        let over = Set(plan.environments.filter { $0.phase == .expired }.map(\.slug))
        let blocked = Set(plan.changes.map(\.key))
        for resource in world.wanted where !blocked.contains(resource.key) {
            let isThere = world.seen.contains { $0.key == resource.key && $0.providerID != "lost" }
            let isOver = resource.environment.map(over.contains) ?? false
            if !isOver { #expect(isThere, "\(resource.key)") }
        }
        #expect(plan.summary.noop > 0 || world.wanted.isEmpty)
    }

    @Test(arguments: seeds)
    func bytesDependOnNoOrderOfTheInput(seed: UInt64) {
        let world = RandomWorld(seed: seed)
        var shuffled = world
        shuffled.wanted.reverse()
        shuffled.seen.reverse()
        shuffled.entries.reverse()
        shuffled.environments.reverse()
        shuffled.records.reverse()
        let scopes = [
            UnknownScope(.kind(.tag), code: "A", reason: "a", at: nil),
            UnknownScope(.kind(.tag), code: "B", reason: "b", at: nil),
        ]
        let one = makePlan(world.input(unknown: scopes))
        let other = makePlan(shuffled.input(unknown: scopes.reversed()))
        #expect(one.fingerprint == other.fingerprint)
        let (a, b) = (
            PlanDocument.json(one, runID: "r", plannedAt: Worlds.now),
            PlanDocument.json(other, runID: "r", plannedAt: Worlds.now)
        )
        #expect(a == b)
        let context = PlanText.Context(now: Worlds.now)
        #expect(
            PlanText.render(one, style: TextStyle(), context: context)
                == PlanText.render(other, style: TextStyle(), context: context))
    }

    @Test(arguments: UInt64(0)..<40)
    func whatIsWantedTwiceIsLeftAloneAndTold(seed: UInt64) {
        let random = RandomSource(seed: seed)
        let world = RandomWorld(seed: seed)
        guard !world.wanted.isEmpty else { return }
        var doubled = world
        let twice = world.wanted[Int(random.next() % UInt64(world.wanted.count))]
        let others = world.wanted.filter { $0.key != twice.key && !$0.dependsOn.contains(twice.key) }
        doubled.wanted.append(
            DesiredResource(
                key: twice.key, environment: twice.environment, attributes: [], source: Worlds.mark(99)))
        var generator = random
        doubled.wanted.shuffle(using: &generator)
        let plan = makePlan(doubled.input())
        let told = plan.diagnostics.filter { $0.code == "SSOT-0010" }
        #expect(told.map(\.message) == ["\(twice.key) is wanted 2 times"])
        for change in plan.changes where change.key == twice.key { #expect(!acts(change), "\(change)") }
        // All others are planned for as if it were unknown, however they came.
        var without = world
        without.wanted.removeAll { $0.key == twice.key }
        let scope = UnknownScope(.resource(twice.key), code: "SSOT-0010", reason: "", at: Worlds.mark(99))
        let expected = makePlan(without.input(unknown: [scope]))
        let keys = Set(others.map(\.key))
        #expect(
            plan.changes.filter { keys.contains($0.key) }.map(\.action)
                == expected.changes.filter { keys.contains($0.key) }.map(\.action))
        #expect(plan.summary.noop == expected.summary.noop)
    }

    @Test(arguments: seeds)
    func whatIsNotReadToItsEndIsNeitherCreatedNorDeleted(seed: UInt64) {
        let world = RandomWorld(seed: seed)
        for kind in [ResourceKind.droplet, .record, .tag, .databaseCluster] {
            for state in [Completeness.partial(reason: "page 3"), .unknown(reason: "no answer")] {
                for change in makePlan(world.input(incomplete: [kind: state])).changes where change.key.kind == kind {
                    #expect(change.action != .create && change.action != .delete && change.action != .forget)
                }
            }
            for change in makePlan(world.input(unseen: [kind])).changes where change.key.kind == kind {
                #expect(change.action == .read && change.verdict == .blocked)
            }
        }
    }

    @Test(arguments: seeds)
    func onlyWhatIsOursIsEverDeletedOrReplaced(seed: UInt64) {
        let world = RandomWorld(seed: seed)
        for change in makePlan(world.input()).changes where change.action == .delete || change.action == .replace {
            #expect(!world.foreign.contains(change.providerID ?? ""), "\(change)")
            let isOurs = world.entries.contains { $0.key == change.key && $0.providerID == change.providerID }
            let isMarked = world.seen.contains { $0.key == change.key && $0.isOwned }
            #expect(isOurs || isMarked)
        }
    }

    @Test(arguments: seeds)
    func nothingUnknownIsChangedOrDeleted(seed: UInt64) {
        let world = RandomWorld(seed: seed)
        func scope(_ extent: UnknownScope.Extent) -> UnknownScope {
            UnknownScope(extent, code: "SSOT-0001", reason: "broken", at: Worlds.mark(7))
        }
        for change in makePlan(world.input(unknown: [scope(.everything)])).changes {
            #expect(change.verdict != .allowed && change.action != .delete)
        }
        for change in makePlan(world.input(unknown: [scope(.kind(.droplet))])).changes
        where change.key.kind == .droplet {
            #expect(change.verdict != .allowed && change.action != .delete)
        }
        for slug in RandomWorld.slugs {
            for change in makePlan(world.input(unknown: [scope(.environment(slug))])).changes
            where change.environment == slug {
                #expect(change.verdict != .allowed && change.action != .delete)
            }
        }
        for change in makePlan(world.input(unknown: [scope(.environments)])).changes where change.environment != nil {
            #expect(change.action != .delete)
        }
        for entry in world.entries.prefix(3) {
            for change in makePlan(world.input(unknown: [scope(.resource(entry.key))])).changes
            where change.key == entry.key {
                #expect(change.verdict != .allowed && change.action != .delete)
            }
        }
    }

    @Test(arguments: seeds)
    func everyDependencyComesFirstAndIsAllowedToo(seed: UInt64) {
        for plan in [
            makePlan(RandomWorld(seed: seed).input()), makePlan(RandomWorld(seed: seed).input(approved: false)),
        ] {
            var before: Set<ResourceKey> = []
            let allowed = Set(plan.changes.filter { $0.verdict == .allowed }.map(\.key))
            for change in plan.changes {
                #expect(before.isSuperset(of: change.dependsOn), "\(change.key) \(change.dependsOn)")
                if acts(change) { #expect(allowed.isSuperset(of: change.dependsOn)) }
                before.insert(change.key)
            }
            #expect(before.count == plan.changes.count)
        }
    }

    @Test(arguments: seeds)
    func aDocumentReadsBackAndNoByteOfItMoves(seed: UInt64) throws {
        let plan = makePlan(RandomWorld(seed: seed).input())
        let document = PlanDocument.json(plan, runID: "r", plannedAt: Worlds.now)
        #expect(PlanDocument.canonical(plan, runID: "r", plannedAt: Worlds.now) == JSON.canonical(document))
        #expect(PlanDocument.text(plan, runID: "r", plannedAt: Worlds.now) == JSON.write(document))
        let saved = try PlanDocument.parse(document)
        #expect(saved.fingerprint == plan.fingerprint)
        #expect(PlanStaleness.compare(saved, plan) == [])
        var world = RandomWorld(seed: seed)
        world.apply(plan)
        if !plan.allowedChanges.isEmpty { #expect(PlanStaleness.compare(saved, makePlan(world.input())) != []) }
    }
}
