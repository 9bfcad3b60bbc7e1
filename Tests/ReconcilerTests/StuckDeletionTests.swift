import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Simulator
import Store
import Testing
import Web

@Suite("A deletion of which people were told that it is stuck")
struct StuckDeletionTests {
    private static let slug = "feature-loyalty"
    private static let key = "digitalocean.database/shop-pg/odoo_feature_loyalty"
    private static let policies = """
        branch_mappings:
          - {pattern: "feature/*", tier: "dev", auto_deploy: true}
        ttl_policies: {dev_ephemeral: "7d", dev_named: never, staging: never, production: never}
        limits: {max_deletes: 8}

        """

    /// A world in which the database of an environment that has ended can't be deleted, and people know.
    private static func world() async throws -> World {
        let world = try await World(World.tree(policies: policies))
        let report = await world.pass()
        #expect(report.isSuccess, "\(report.story)")
        await world.age(by: .days(8))
        try await fail(world, times: 2)
        #expect(try await told(world) == [.deletionStuck])
        return world
    }

    private static func fail(_ world: World, times: Int) async throws {
        for _ in 0..<times {
            world.simulator.order(
                FaultOrder("DELETE", "/v2/databases/*/dbs/odoo_feature_loyalty", .serverErrorBefore, times: 20))
            _ = await world.pass()
            world.simulator.clearFaults()
            world.time.advance(by: .hours(2))
        }
    }

    private static func told(_ world: World) async throws -> [Notice.Kind] {
        try await world.store.notices(limit: 1_000).map(\.kind).filter { $0.rawValue.hasPrefix("deletion.") }
    }

    private static func extend(_ world: World, by days: Int) async throws {
        try await world.store.extendEnvironment(
            slug, days: days,
            audit: AuditRecord(
                at: world.time.now, action: "env.extend", target: slug, actor: "ada", detail: .object([:])))
    }

    @Test("is over once what it was about is wanted again, and another one later is told anew")
    func wantedAgain() async throws {
        let world = try await Self.world()
        try await Self.extend(world, by: 7)
        for _ in 0..<2 { _ = await world.pass() }
        #expect(try await Self.told(world) == [.deletionStuck, .deletionWithdrawn])
        let key = try #require(ResourceKey(Self.key))
        #expect(try await world.store.stuckDeletions(of: [key]).isEmpty)

        // Who was not warned in time has a day from the warning on.
        world.time.advance(by: .days(8))
        _ = await world.pass()
        world.time.advance(by: .days(2))
        try await Self.fail(world, times: 1)
        #expect(try await world.store.stuckDeletions(of: [key]).first?.attempts == 1)
        #expect(try await Self.told(world).count == 2)
        try await Self.fail(world, times: 1)
        for _ in 0..<2 { _ = await world.pass() }
        #expect(
            try await Self.told(world) == [.deletionStuck, .deletionWithdrawn, .deletionStuck, .deletionDone])
    }

    @Test("is over once somebody else has deleted it")
    func deletedByHand() async throws {
        let world = try await Self.world()
        let clusters = try JSON.parse(await world.call("GET", "/v2/databases").body)["databases"]
        let id = try #require(clusters?[0]?["id"]?.stringValue)
        _ = await world.call("DELETE", "/v2/databases/\(id)/dbs/odoo_feature_loyalty")
        for _ in 0..<2 { _ = await world.pass() }
        #expect(try await Self.told(world) == [.deletionStuck, .deletionDone])
        #expect(try await world.store.inventory().entries.allSatisfy { $0.key.description != Self.key })
    }

    @Test("is over once what nothing wanted is wanted again")
    func unmarked() async throws {
        let inventory = World.inventory.split(separator: "\n", omittingEmptySubsequences: false)
        let without = inventory.map { $0.contains("data: 203.0.113.7") ? "    records: []" : String($0) }
        let policies = World.plainPolicies + "prune: {grace: 1h, guarded_grace: 1h}\n"
        let world = try await World(World.tree(policies: policies))
        #expect(await world.pass().isSuccess)
        world.source.set(World.tree(inventory: without.joined(separator: "\n"), policies: policies, revision: "b"))
        _ = await world.pass()
        for _ in 0..<2 {
            world.time.advance(by: .hours(2))
            world.simulator.order(FaultOrder("DELETE", "/v2/domains/**", .serverErrorBefore, times: 20))
            _ = await world.pass()
            world.simulator.clearFaults()
        }
        #expect(try await Self.told(world) == [.deletionStuck])
        world.source.set(World.tree(policies: policies, revision: "c"))
        for _ in 0..<2 { _ = await world.pass() }
        #expect(try await Self.told(world) == [.deletionStuck, .deletionWithdrawn])
        #expect(await world.holdings().contains("record shop.example A @"))
    }
}
