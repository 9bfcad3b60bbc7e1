import Basics
import DesiredState
import Diff
import Drivers
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
