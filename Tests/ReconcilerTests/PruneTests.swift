import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import TestKit
import Testing

@Suite("What nothing wants any more")
struct PruneTests {
    private static let policies = World.plainPolicies + "prune: {grace: 6h, guarded_grace: 24h}\n"
    private static let record = "record shop.example A @"
    private static let key = "digitalocean.record/shop.example/A/@"

    private static func tree(_ wanted: Bool, _ revision: Character = "a", policies: String = policies) -> SourceTree {
        var inventory = World.inventory
        if !wanted {
            inventory = inventory.split(separator: "\n", omittingEmptySubsequences: false).map {
                $0.contains("data: 203.0.113.7") ? "    records: []" : String($0)
            }.joined(separator: "\n")
        }
        return World.tree(inventory: inventory, policies: policies, revision: revision)
    }

    private static func world(policies: String = policies) async throws -> World {
        let world = try await World(tree(true, policies: policies))
        let report = await world.pass()
        #expect(report.isSuccess, "\(report.story)")
        try #require(await world.holdings().contains(record))
        return world
    }

    private func marks(_ world: World) async throws -> [PruneMark] { try await world.store.inventory().marks }

    private func kinds(_ world: World) async throws -> [Notice.Kind] {
        try await world.store.notices().map(\.kind).filter { $0 == .pruneMarked || $0 == .pruneUnmarked }
    }

    @Test("is marked first, stays to the last instant of its grace, and goes at its end")
    func twoHalves() async throws {
        let world = try await Self.world()
        world.source.set(Self.tree(false, "b"))
        let dry = await world.pass(PassOptions(isDryRun: true))
        #expect(dry.withheld.first { $0.key.description == Self.key }?.verdictReason?.contains("marked first") == true)
        #expect(try await marks(world).isEmpty)

        let first = await world.pass()
        let mark = try #require(try await marks(world).first, "\(first.story)")
        #expect(mark.key.description == Self.key && mark.revision.hasPrefix("b"))
        #expect(first.plan?.candidates.map(\.key) == [mark.key])
        let goesAt = mark.markedAt + .hours(6)
        for instant in [world.time.now, goesAt - .microseconds(1)] {
            world.time.jump(to: instant)
            let waiting = await world.pass()
            let change = waiting.withheld.first { $0.key == mark.key }
            #expect(change?.hold == .grace && change?.blockedUntil == goesAt, "\(waiting.story)")
            // It was seen, so that nothing is amiss; time helps, and the word of a person who can't wait.
            let obstacle = try await world.reconciler().explain(Self.key).obstacle
            #expect(obstacle?.kind == .hold(.grace) && obstacle?.until == goesAt, "\(String(describing: obstacle))")
            #expect(obstacle?.command?.contains(Self.key) == true, "\(String(describing: obstacle))")
            #expect(await world.holdings().contains(Self.record))
            // A second look begins no new grace.
            #expect(try await marks(world).first == mark)
        }
        world.time.jump(to: goesAt)
        let last = await world.pass()
        #expect(last.isSuccess, "\(last.story)")
        #expect(await world.holdings().contains(Self.record) == false)
        #expect(try await marks(world).isEmpty)
        #expect(try await kinds(world) == [.pruneMarked])
        let told = try await world.store.notices().first { $0.kind == .pruneMarked }?.summary
        #expect(told?.contains("; it goes at \(goesAt.minuteText) UTC: ") == true, "\(told ?? "")")
        #expect(await world.pass().plan?.changes.isEmpty == true)
    }

    @Test("that comes back within its grace never goes, whenever anybody looks", arguments: UInt64(0)..<6)
    func comesBack(_ seed: UInt64) async throws {
        let world = try await Self.world()
        let random = RandomSource(seed: seed)
        var isWanted = true
        var removedAt = world.time.now
        for _ in 0..<14 {
            // It is never gone from git for as long as its grace.
            let step = Duration.seconds(Int64(random.next() % 10_000))
            if !isWanted, world.time.now + step - removedAt >= .hours(6) {
                isWanted = true
                world.source.set(Self.tree(true))
                _ = await world.pass()
            }
            world.time.advance(by: step)
            if random.next() % 3 == 0 {
                isWanted.toggle()
                if !isWanted { removedAt = world.time.now }
                world.source.set(Self.tree(isWanted, isWanted ? "a" : "b"))
                // Each wish is seen at once, as a webhook would have it.
                _ = await world.pass()
            }
            if random.next() % 2 == 0 { _ = await world.pass() }
            try #require(await world.holdings().contains(Self.record), "seed \(seed)")
        }
        world.source.set(Self.tree(true))
        _ = await world.pass()
        #expect(try await marks(world).isEmpty)
        world.time.advance(by: .days(30))
        _ = await world.pass()
        #expect(await world.holdings().contains(Self.record))
        let told = try await kinds(world)
        #expect(told.count { $0 == .pruneMarked } == told.count { $0 == .pruneUnmarked })
    }

    @Test("goes at once where a person names it, and not because somebody approves all that waits")
    func named() async throws {
        let world = try await Self.world()
        world.source.set(Self.tree(false, "b"))
        let marking = await world.pass()
        let key = try #require(ResourceKey(Self.key))
        let change = try #require(marking.plan?.changes.first { $0.key == key })
        #expect(change.isApprovedByName && !change.waitsForPerson)
        #expect(await world.pass(PassOptions(approvals: [Self.key])).isSuccess)
        #expect(await world.holdings().contains(Self.record) == false)
        #expect(try await marks(world).isEmpty)
    }

    @Test("stays for an hour where nothing is said; what only changes is changed in one pass")
    func byDefault() async throws {
        func tree(_ records: String, _ revision: Character) -> SourceTree {
            let inventory = World.inventory.replacingOnce(
                "records: [{type: A, name: \"@\", data: 203.0.113.7, ttl: 1800}]", with: "records: [\(records)]")
            return World.tree(inventory: inventory, policies: World.plainPolicies, revision: revision)
        }
        let world = try await World(
            tree(
                "{type: A, name: shop, data: 203.0.113.7}, {type: TXT, name: \"@\", data: \"v=spf1 -all\"}, "
                    + "{type: A, name: old, data: 203.0.113.7}", "a"))
        #expect(await world.pass().isSuccess)
        world.source.set(
            tree(
                "{type: CNAME, name: shop, data: shops.example.}, {type: TXT, name: \"@\", data: \"v=spf1 mx -all\"}",
                "b"))
        let report = await world.pass()
        #expect(report.isSuccess, "\(report.story)")
        let changed = ["A old", "CNAME shop", "TXT @"].map { "record shop.example \($0)" }
        #expect(await world.holdings().filter { changed.contains($0) || $0.hasSuffix(" A shop") } == changed)
        #expect(try await marks(world).map(\.key.name) == ["shop.example/A/old"])
        world.time.advance(by: .hours(1) - .microseconds(1))
        _ = await world.pass()
        #expect(await world.holdings().contains(changed[0]))
        world.time.advance(by: .seconds(1))
        _ = await world.pass()
        #expect(await world.holdings().contains(changed[0]) == false)
    }

    @Test("and that only a person may let go is asked for after its grace, not before")
    func guarded() async throws {
        // A database that a living environment owned and doesn't want any more.
        let world = try await Self.world(policies: World.plainPolicies)
        world.source.set(
            World.tree(
                environments: World.environments.replacingOnce("database: odoo_prod, ", with: ""),
                policies: World.plainPolicies,
                revision: "b"))
        let first = await world.pass()
        let key = try #require(ResourceKey("digitalocean.database/shop-pg/odoo_prod"))
        let held = try #require(first.withheld.first { $0.key == key }, "\(first.story)")
        #expect(held.verdict == .blocked && held.verdictReason?.contains("1d of grace and an approval") == true)
        // No approval shortens the grace, so that none is asked for before its end.
        let early = try await world.reconciler().explain(key.description).obstacle
        #expect(early?.kind == .hold(.grace) && early?.command == nil, "\(String(describing: early))")
        #expect(first.run.phase == .succeeded)
        // Nobody is told that time alone lets it go.
        let told = try #require(
            try await world.store.notices().first { $0.kind == .pruneMarked && $0.subject == key.description })
        #expect(told.summary.contains("it stays until ") && told.summary.contains("only with an approval"))
        #expect(!told.summary.contains("it goes"), "\(told.summary)")
        world.time.advance(by: .hours(24))
        let second = await world.pass()
        #expect(second.withheld.first { $0.key == key }?.verdict == .needsApproval, "\(second.story)")
        #expect(second.run.phase == .awaitingApproval)
        let late = try await world.reconciler().explain(key.description).obstacle
        #expect(late?.kind == .hold(.approval), "\(String(describing: late))")
        #expect(late?.command == "reconcile approve \(second.run.id) --key \(key)")
        #expect(await world.holdings().contains("database shop-pg odoo_prod"))
        #expect(
            try await world.store.notices().contains { $0.kind == .approvalWaiting && $0.subject == key.description })
    }

    @Test("is neither marked nor deleted while a root is gone, a document can't be read, or it isn't seen")
    func neverByAccident() async throws {
        let world = try await Self.world()
        var broken = Self.tree(false, "b")
        broken.files = broken.files.map {
            $0.path.hasSuffix("inventory.yaml") ? SourceFile(path: $0.path, text: "domains: [\n") : $0
        }
        world.source.set(broken)
        _ = await world.pass()
        #expect(try await marks(world).isEmpty)
        world.source.set(Self.tree(false, "c"))
        _ = await world.pass()
        #expect(try await marks(world).count == 1)
        // Too little is known: the mark stays, and nothing goes by it.
        world.source.set(broken)
        world.time.advance(by: .hours(7))
        _ = await world.pass()
        #expect(await world.holdings().contains(Self.record))
        #expect(try await marks(world).count == 1)
    }
}

extension String {
    /// The text with the first occurrence of another replaced.
    func replacingOnce(_ old: String, with new: String) -> String {
        guard let range = firstRange(of: old) else { return self }
        return self[..<range.lowerBound] + new + self[range.upperBound...]
    }
}
