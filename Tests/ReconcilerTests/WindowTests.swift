import Basics
import DesiredState
import Diff
import Drivers
import Formats
import Reconciler
import Store
import TestKit
import Testing

/// What opens or closes while a pass is at work: that may take half an hour.
@Suite("Windows while a pass is at work")
struct WindowTests {
    /// The midnight after the world begins.
    private static let midnight = Timestamp(seconds: (World.start.seconds / 86_400 + 1) * 86_400)

    private static func world(_ policy: String) async throws -> World {
        try await World(World.tree(policies: World.policies + policy))
    }

    @Test("What a freeze finds not yet begun stays as it is, whoever asked for the pass", arguments: [true, false])
    func freeze(isManual: Bool) async throws {
        let world = try await Self.world(
            """
            freeze:
              all: {from: "\(Self.midnight)", until: "\(Self.midnight + .hours(1))", reason: stock-taking}

            """)
        let time = world.time
        time.jump(to: Self.midnight - .seconds(10))
        let overtaken = await world.reconciler(
            seed: 77, wrap: { Overtaken(inner: $0) { time.jump(to: Self.midnight + .seconds(1)) } }
        ).pass(PassOptions(trigger: isManual ? .manual : .schedule))
        #expect(overtaken.plan?.allowedChanges.isEmpty == false)
        #expect(await world.holdings().isEmpty, "\(overtaken.story)")
        #expect(
            overtaken.skipped.contains { $0.reason.contains("any more: ") && $0.reason.contains("stock-taking") },
            "\(overtaken.story)")
        time.jump(to: Self.midnight + .hours(1))
        let after = await world.pass()
        let holdings = await world.holdings()
        #expect(after.isSuccess && !holdings.isEmpty, "\(after.story)")
    }

    @Test("What made way for something is followed by it, also where a freeze begins between the two")
    func secondHalf() async throws {
        let freeze = """
            freeze:
              all: {from: "\(Self.midnight)", until: "\(Self.midnight + .hours(1))", reason: stock-taking}

            """
        func tree(_ record: String, _ revision: Character) -> SourceTree {
            World.tree(
                inventory: World.inventory.replacingOnce("records: [", with: "records: [\(record), "),
                policies: World.policies + freeze, revision: revision)
        }
        let world = try await World(tree("{type: A, name: shop, data: 203.0.113.8}", "a"))
        #expect(await world.pass().isSuccess)
        let time = world.time
        time.jump(to: Self.midnight - .seconds(10))
        world.source.set(tree("{type: CNAME, name: shop, data: shops.example.}", "b"))
        let report = await world.reconciler(
            seed: 78, onWrite: { if time.now < Self.midnight { time.jump(to: Self.midnight + .seconds(1)) } }
        ).pass(PassOptions())
        #expect(report.isSuccess, "\(report.story)")
        let shops = await world.holdings().filter { $0.hasSuffix(" shop") }
        #expect(shops == ["record shop.example CNAME shop"], "\(report.story)")
    }

    private static let stockTaking = """
        freeze:
          all: {from: "\(midnight)", until: "\(midnight + .hours(1))", reason: stock-taking}

        """

    /// Ends the process at each of its effects in turn, before and after its record, and lets a freeze begin before the next pass.
    private static func interrupted(
        _ before: SourceTree, _ after: SourceTree, approving approvals: [String] = [],
        _ check: (World, _ place: String) async throws -> Void
    ) async throws -> Int {
        let world = try await World(before)
        #expect(await world.pass().isSuccess)
        world.time.jump(to: midnight - .seconds(600))
        let prepared = try await world.freeze()
        for count in 1... {
            let world = try await World(prepared)
            world.source.set(after)
            let fuse = Fuse(after: count)
            _ = await world.reconciler(fuse: fuse, seed: UInt64(count), concurrency: 1).pass(
                PassOptions(approvals: approvals))
            guard fuse.isBlown else { return count }
            world.time.jump(to: midnight + .seconds(1))
            let report = await world.pass()
            try await check(world, "after \(count) effects (\(fuse.place)):\n\(report.story)")
            world.time.jump(to: midnight + .hours(1))
            #expect(await world.pass(PassOptions(approvals: approvals)).isSuccess)
            #expect(try await world.store.inventory().dueSuccessors.isEmpty, "\(fuse.place)")
        }
        return 0
    }

    @Test(
        "What made way for something is followed by it, also where the process ends between the two and a freeze begins"
    )
    func secondHalfOfAnotherPass() async throws {
        func tree(_ record: String, _ revision: Character) -> SourceTree {
            World.tree(
                inventory: World.inventory.replacingOnce("records: [", with: "records: [\(record), "),
                policies: World.policies + Self.stockTaking, revision: revision)
        }
        var followed = 0
        let points = try await Self.interrupted(
            tree("{type: A, name: shop, data: 203.0.113.8}", "a"),
            tree("{type: CNAME, name: shop, data: shops.example.}", "b")
        ) { world, place in
            let shops = await world.holdings().filter { $0.hasSuffix(" shop") }
            #expect(shops.count == 1, "\(shops) \(place)")
            if shops == ["record shop.example CNAME shop"] { followed += 1 }
        }
        #expect(points > 10 && followed > 2 && followed < points, "\(followed) of \(points)")
    }

    @Test("A replacement is ended, also where the process ends in its middle and a freeze begins")
    func secondHalfOfAReplacement() async throws {
        func tree(_ image: String, _ revision: Character) -> SourceTree {
            World.tree(
                inventory: World.inventory.replacing("ubuntu-24-04-x64", image),
                policies: World.policies + Self.stockTaking, revision: revision)
        }
        let points = try await Self.interrupted(
            tree("ubuntu-24-04-x64", "a"), tree("ubuntu-22-04-x64", "b"), approving: ["digitalocean.droplet/web"]
        ) { world, place in
            let droplets = await world.holdings().filter { $0.hasPrefix("droplet ") }
            #expect(droplets.count == 1, "\(droplets) \(place)")
        }
        #expect(points > 10)
    }

    @Test("What something made way for and nobody wants any more is forgotten, unless its document can't be read")
    func forgotten() async throws {
        let key = try #require(ResourceKey("digitalocean.record/shop.example/CNAME/shop"))
        let holder = try #require(ResourceKey("digitalocean.record/shop.example/A/shop"))
        let world = try await World()
        #expect(await world.pass().isSuccess)
        let run = try #require(try await world.store.runs(limit: 1).first)
        _ = try await world.store.intend(
            JournalEntry(
                runID: run.id, stepID: "\(holder)#9", key: holder, action: .delete, operation: "delete",
                title: "delete",
                environment: nil, state: .intended, input: .object([:]), intendedAt: world.time.now),
            makingWayFor: [key])
        world.source.set(World.tree(inventory: World.inventory + "droplets: [", revision: "b"))
        _ = await world.pass()
        #expect(try await world.store.inventory().dueSuccessors == [key: holder])
        world.source.set(World.tree(revision: "c"))
        _ = await world.pass()
        #expect(try await world.store.inventory().dueSuccessors.isEmpty)
    }

    @Test("A window that opened during a pass is not missed: the next pass begins at once")
    func opening() async throws {
        let world = try await Self.world("sync_windows: [{kind: allow, schedule: \"0 0 * * *\", duration: 1m}]\n")
        let time = world.time
        time.jump(to: Self.midnight - .seconds(5))
        let reconciler = world.reconciler(
            seed: 5,
            wrap: {
                Overtaken(inner: $0) {
                    if time.now < Self.midnight { time.jump(to: Self.midnight + .seconds(5)) }
                }
            })
        let second = try #require(await Service.starts(of: reconciler, every: .hours(24), passes: 2).last)
        #expect(second < Self.midnight + .seconds(50), "\(second)")
        let holdings = await world.holdings()
        #expect(!holdings.isEmpty)
    }
}
