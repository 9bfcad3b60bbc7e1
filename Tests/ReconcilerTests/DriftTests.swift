import Basics
import DesiredState
import Diff
import Drivers
import Formats
import Reconciler
import Simulator
import Store
import TestKit
import Testing
import Web

/// A driver that never sees the whole list of one kind, as of a provider with a token too small.
private struct ShortSighted: Driver {
    let driver: any Driver
    let kind: ResourceKind
    /// Whether it shows what it sees all the same.
    var shows = true

    var provider: String { driver.provider }
    var version: String { driver.version }
    var schemas: [KindSchema] { driver.schemas }

    func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        await driver.observe(request, context).map { seen in
            guard seen.kind == kind else { return seen }
            return ObservedKind(
                kind: kind, completeness: .partial(reason: "some are hidden"), resources: shows ? seen.resources : [],
                isAside: seen.isAside)
        }
    }
    func steps(for change: PlannedChange) -> [Step] { driver.steps(for: change) }
    func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        await driver.perform(step, of: change, context)
    }
    func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome {
        await driver.look(at: key, context)
    }
}

@Suite("What differs, for as long as it differs")
struct DriftTests {
    private static let record = "digitalocean.record/shop.example/A/erp"

    /// A look, or a pass, that never sees all databases.
    private static func look(
        _ world: World, apply: Bool = false, shows: Bool = true, targets: [String] = [], seed: UInt64 = 7
    ) async -> RunReport {
        let reconciler = world.reconciler(
            seed: seed, wrap: { ShortSighted(driver: $0, kind: .database, shows: shows) })
        return await reconciler.pass(PassOptions(isDryRun: !apply, targets: targets))
    }

    private static func open(_ world: World) async throws -> Set<String> {
        Set(try await world.store.openDrift().map(\.key.description))
    }

    private static func point(_ world: World, _ record: String = "erp", at address: String) async throws {
        let answer = await world.call("GET", "/v2/domains/shop.example/records")
        let all = try JSON.parse(answer.body)["domain_records"]?.listValue ?? []
        let id = try #require(all.first { $0["name"] == .string(record) && $0["type"] == "A" }?["id"]?.intValue)
        _ = await world.call(
            "PATCH", "/v2/domains/shop.example/records/\(id)", ["type": "A", "data": .string(address)])
    }

    @Test("What was made, or is as wanted again, is over though another kind never is seen whole")
    func perKey() async throws {
        let world = try await World()
        let first = await Self.look(world, seed: 1)
        #expect(first.plan?.changes.contains { $0.key.kind == .database && $0.action == .read } == true)
        let missing = try await Self.open(world)
        #expect(missing.count > 3 && !missing.contains { $0.hasPrefix("digitalocean.database/") }, "\(missing)")
        let story = try #require(
            try await world.store.events(ofRun: first.run.id).first { $0.type == "findings" }?.payload["opened"]?
                .listValue)
        let told = story.compactMap(\.stringValue)
        #expect(
            told.contains { $0.hasPrefix("shared/drift/") } && !told.contains { $0.hasPrefix("global/") }, "\(told)")
        let applied = await Self.look(world, apply: true, seed: 2)
        #expect(applied.isSuccess, "\(applied.story)")
        let withheld = Set(applied.withheld.map(\.key.description))
        #expect(try await Self.open(world).subtracting(withheld) == [], "what was made is missing no more")
        #expect(missing.subtracting(withheld).count > 3)

        let address = try #require(
            try JSON.parse(await world.call("GET", "/v2/domains/shop.example/records").body)["domain_records"]?
                .listValue?.first { $0["name"] == "erp" }?["data"]?.stringValue)
        try await Self.point(world, at: "198.51.100.9")
        _ = await Self.look(world, seed: 3)
        #expect(try await Self.open(world).contains(Self.record))
        func findings() async throws -> [String] {
            try await world.store.findings().filter { $0.identity.kind == "drift" }.map(\.identity.key)
        }
        #expect(try await findings().contains(Self.record))
        try await Self.point(world, at: address)
        _ = await Self.look(world, targets: ["digitalocean.droplet/web"], seed: 4)
        #expect(try await Self.open(world).contains(Self.record), "nobody looked for it")
        _ = await Self.look(world, seed: 5)
        #expect(try await !Self.open(world).contains(Self.record))
        #expect(try await !findings().contains(Self.record), "its finding goes with it")
    }

    @Test(
        "A look at another commit than that of the last pass, or beside a pass, changes nothing of what is known to differ"
    )
    func elsewhere() async throws {
        let world = try await World()
        #expect(await world.pass().isSuccess)
        world.time.advance(by: .minutes(10))
        func known() async throws -> [String] {
            try await world.store.openDrift().map {
                "\($0.key) \($0.cause) \($0.detail) \($0.attributesSince) \($0.runID)"
            } + world.store.findings(includesResolved: true).map { "\($0)" }
                + world.store.notices(after: nil, limit: 100).map { "\($0)" }
        }
        func look() async throws -> Int {
            world.time.advance(by: .minutes(1))
            return try #require(await world.pass(PassOptions(isDryRun: true)).plan).drift.count
        }
        let address = try #require(
            try JSON.parse(await world.call("GET", "/v2/domains/shop.example/records").body)["domain_records"]?
                .listValue?.first { $0["name"] == "erp" }?["data"]?.stringValue)
        try await Self.point(world, at: "198.51.100.9")
        #expect(try await look() > 0)
        let before = try await known()
        #expect(try await Self.open(world).contains(Self.record))

        let main = World.tree()
        world.source.set(World.tree(inventory: World.inventory.replacing("ttl: 1800", with: "ttl: 900"), revision: "b"))
        #expect(try await look() > 1)
        #expect(try await known() == before, "a commit that nobody has applied says nothing of what is so")
        try await Self.point(world, at: address)
        #expect(try await look() > 0)
        #expect(try await known() == before, "nor does it say that all is well")

        world.source.set(main)
        let lease = try #require(
            try await world.store.acquireLease(name: "reconcile", holder: "another pass", lasting: .minutes(5)))
        #expect(try await look() == 0)
        #expect(try await known() == before, "what is under way is said by the pass that does it")
        try await world.store.releaseLease(lease)
        #expect(try await look() == 0)
        #expect(try await !Self.open(world).contains(Self.record))
    }

    @Test("What nobody could see, or read, or may touch stays as it was")
    func unseen() async throws {
        let world = try await World()
        #expect(await world.pass().isSuccess)
        world.time.advance(by: .minutes(10))
        let clusters = try JSON.parse(await world.call("GET", "/v2/databases").body)["databases"]
        let id = try #require(clusters?[0]?["id"]?.stringValue)
        _ = await world.call("DELETE", "/v2/databases/\(id)/dbs/odoo_crm")
        try await Self.point(world, at: "198.51.100.9")
        try await Self.point(world, "@", at: "198.51.100.8")
        _ = await world.pass(PassOptions(isDryRun: true))
        let all = try await Self.open(world)
        let lost = try #require(all.first { $0.hasSuffix("odoo_crm") }, "\(all)")
        let root = "digitalocean.record/shop.example/A/@"
        #expect(all.isSuperset(of: [lost, Self.record, root]), "\(all)")

        // Nothing is known of the database, the line of the root can't be read, and the other is suspended.
        let key = try #require(ResourceKey(Self.record))
        let resources = try await world.reconciler().look().desired.resources
        let slug = try #require(resources.first { $0.key == key }?.environment)
        try await world.setSuspended(slug, true)
        let before = World.tree()
        world.source.set(World.tree(inventory: World.inventory.replacing("ttl: 1800", with: "ttl: often")))
        _ = await Self.look(world, shows: false, seed: 8)
        #expect(try await Self.open(world).isSuperset(of: [lost, Self.record, root]))

        world.source.set(before)
        try await world.setSuspended(slug, false)
        #expect(await world.pass().isSuccess)
        #expect(try await Self.open(world) == [])
    }
}
