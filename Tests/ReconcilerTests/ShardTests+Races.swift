import Basics
import DesiredState
import Diff
import Formats
import Store
import TestKit
import Testing

@testable import Reconciler

extension ShardTests {
    private static let till = "digitalocean.record/shop.example/A/till"

    /// A commit in which an environment has the address `till`, and all else is as in every other.
    private static func commit(_ revision: Character, _ environment: String, ttl: Int = 1800) -> SourceTree {
        let line = "  \(environment): {tier: staging, branch: main, host: web, domain: till.shop.example}\n"
        return World.tree(
            inventory: World.inventory.replacing("ttl: 1800", with: "ttl: \(ttl)"),
            environments: World.environments.replacing("tiers:\n", with: line + "tiers:\n"), revision: revision)
    }

    private static func tills(_ world: World) async -> Int {
        await world.holdings().count { $0.contains("till") }
    }

    @Test("What another service has begun since this one looked into the journal isn't begun once more")
    func leavesWhatIsBegun() async throws {
        let world = try await World()
        #expect(await Self.service(world, "person").pass(PassOptions()).isSuccess)
        try await Self.announce(["alpha", "beta"], in: world)
        // Of two commits each has read another: by one the address is alpha's to make, by the next it is beta's.
        let older = Self.commit("b", try Self.environment(of: "alpha", "north-"))
        let newer = Self.commit("c", try Self.environment(of: "beta", "south-"))
        let gate = Gate()
        let alpha = Locked<Task<RunReport, Never>?>(nil)
        world.source.set(newer)
        let beta = world.reconciler(
            seed: 77, process: 5_000_001, concurrency: 1, host: "beta", shards: Shards(Self.count),
            wrap: {
                Overtaken(inner: $0) {
                    guard alpha.withLock({ $0 == nil }) else { return }
                    world.source.set(older)
                    let first = Self.service(world, "alpha") { await gate.pass() }
                    alpha.withLock { $0 = Task { await first.pass(Self.shared) } }
                    // It has looked whether the address is there, and is about to ask for it.
                    await gate.waitForOne()
                    world.source.set(newer)
                }
            })
        let second = await beta.pass(Self.shared)
        #expect(second.isSuccess && !second.journal.contains { $0.key.description == Self.till }, "\(second.story)")
        #expect(second.skipped.contains { $0.reason.contains("another service is at it") }, "\(second.story)")
        gate.open()
        let first = try #require(await alpha.withLock { $0 }?.value)
        #expect(first.isSuccess && first.journal.map(\.key.description) == [Self.till], "\(first.story)")
        try await Self.settle(world, ["alpha", "beta"])
        #expect(await Self.tills(world) == 1)
    }

    @Test("What became another service's since this one planned isn't touched any more")
    func leavesWhatIsAnothers() async throws {
        let world = try await World()
        #expect(await Self.service(world, "person").pass(PassOptions()).isSuccess)
        let (keeper, other) = try Self.roles()
        try await Self.announce([keeper, other], in: world)
        world.source.set(Self.commit("b", try Self.environment(of: keeper, "north-"), ttl: 600))
        let south = try Self.environment(of: other, "south-")
        let inner = Locked<RunReport?>(nil)
        let first = await Self.service(world, keeper) {
            guard inner.withLock({ $0 == nil }) else { return }
            // Before its second step is begun, all of the next commit is done.
            world.source.set(Self.commit("c", south, ttl: 600))
            let report = await Self.service(world, other).pass(Self.shared)
            inner.withLock { $0 = report }
        }.pass(Self.shared)
        let second = try #require(inner.withLock { $0 })
        #expect(second.isSuccess && second.journal.map(\.key.description) == [Self.till], "\(second.story)")
        #expect(first.isSuccess && first.journal.count == 1, "\(first.story)")
        #expect(first.skipped.contains { $0.reason.contains("another service is at it") }, "\(first.story)")
        let entry = try await world.store.inventory().entries.first { $0.key.description == Self.till }
        #expect(entry?.environment == south && entry?.revision.first == "c")
        try await Self.settle(world, ["alpha", "beta"])
        #expect(await Self.tills(world) == 1)
    }
}
