import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import Testing

@Suite("Environments of which nobody can read whether anything wants them")
struct UnreadWishTests {
    private static let slug = "feature-loyalty"
    private static let reason = "ssot/environments.yaml:"
    private static let broken = World.environments + "  bad: [\n"

    private func audit(_ world: World, _ slug: String) -> AuditRecord {
        AuditRecord(at: world.time.now, action: "env.test", target: slug, actor: "ada", detail: .object([:]))
    }

    private func rows(_ world: World) async throws -> [String: EnvironmentRow] {
        Dictionary(uniqueKeysWithValues: try await world.store.environments().map { ($0.slug, $0) })
    }

    /// Of each life one: about to end, pinned, suspended, kept by its pin alone.
    private func world() async throws -> World {
        let branches = ["main", "feature/crm", "feature/loyalty", "feature/gone", "feature/kept"]
        let world = try await World(World.tree(branches: branches))
        _ = await world.pass()
        try await world.store.setPinned("crm", true, reason: "the demo", audit: audit(world, "crm"))
        try await world.store.setPinned("feature-gone", true, reason: "the demo", audit: audit(world, "feature-gone"))
        try await world.setSuspended("production", true, reason: "busy")
        _ = try await world.store.extendEnvironment("feature-kept", days: 3, audit: audit(world, "feature-kept"))
        world.source.set(World.tree(branches: branches.filter { $0 != "feature/gone" }, revision: "b"))
        await world.age(by: .days(6) + .hours(12))
        _ = await world.pass()
        return world
    }

    @Test("Are unknown for as long, with the line, and come back as they were; nobody is told anything of it")
    func comeBackAsTheyWere() async throws {
        let world = try await world()
        let before = try await rows(world)
        #expect(before[Self.slug]?.status == .expiring && before["feature-gone"]?.unwantedSince != nil)
        let holdings = await world.holdings()
        let notices = try await world.store.notices(limit: 1_000).count
        let branches = ["main", "feature/crm", "feature/loyalty", "feature/kept"]
        world.source.set(World.tree(environments: Self.broken, branches: branches, revision: "c"))
        for _ in 0..<3 {
            let report = await world.pass()
            #expect(report.isSuccess && report.plan?.allowedChanges.isEmpty == true, "\(report.story)")
            #expect(report.plan?.environments.allSatisfy { $0.phase == .unknown } == true)
            world.time.advance(by: .minutes(10))
        }
        for (slug, row) in try await rows(world) {
            #expect(row.status == .unknown && row.doubt?.contains(Self.reason) == true, "\(slug)")
            let (sync, reason) = row.sync(alarming: 0, at: world.time.now)
            #expect(sync == (slug == "production" ? .suspended : .unknown), "\(slug)")
            #expect(reason.contains("what is wanted of it isn't known: ") && reason.contains(Self.reason))
            #expect(!reason.contains("nothing wants it") && !row.isKnownUnwanted)
            let said = row.comeLoose(at: world.time.now)
            #expect(said == nil, "\(slug) doesn't go by the next pass")
            var known = row
            known.weigh(doubt: nil)
            #expect(known == before[slug], "\(slug)")
        }
        let tally = try await world.store.tally(at: world.time.now)
        #expect(tally.environments == [.unknown: 5] && tally.doubts.count == 1)
        #expect(await world.holdings() == holdings)

        world.source.set(World.tree(branches: branches, revision: "d"))
        for _ in 0..<2 { _ = await world.pass() }
        for (slug, row) in try await rows(world) { #expect(row == before[slug], "\(slug)") }
        #expect(try await world.store.notices(limit: 1_000).count == notices)
        #expect(try await world.store.tally(at: world.time.now).doubts.isEmpty)
    }

    @Test(
        "Are told by nobody to be wanted by nothing: no difference is opened, and no pin is said to be all that keeps them"
    )
    func areNotUnwanted() async throws {
        let world = try await world()
        let open = try await world.store.openDrift().map(\.key)
        world.source.set(
            World.tree(environments: Self.broken, branches: ["main", "feature/crm", "feature/loyalty"], revision: "c"))
        let report = await world.pass()
        #expect(report.plan?.drift.isEmpty == true, "\(report.plan?.drift.map(\.key) ?? [])")
        #expect(try await world.store.openDrift().map(\.key) == open)
        for slug in ["crm", "production", "feature-gone"] {
            let held = report.plan?.changes.filter { $0.environment == slug } ?? []
            #expect(!held.isEmpty && held.allSatisfy { $0.hold == .unknownWish && $0.verdict == .blocked }, "\(slug)")
            guard case .environment(let told) = try await world.reconciler().answer("environment/\(slug)") else {
                throw TestFault()
            }
            #expect(told.standing.state == .unknown && told.standing.command == "reconcile validate", "\(slug)")
            #expect(told.obstacle.map { $0.kind == .hold(.unknownWish) && $0.command == "reconcile validate" } ?? true)
        }
        // Without its pin nothing of it goes either, as long as nobody knows.
        try await world.store.setPinned("crm", false, audit: audit(world, "crm"))
        let holdings = await world.holdings()
        _ = await world.pass()
        #expect(await world.holdings() == holdings && holdings.contains("database shop-pg odoo_crm"))
    }

    @Test("Of one whose host can't be read the reason is said, and not that nothing of it is looked after")
    func saysWhy() async throws {
        let world = try await World()
        _ = await world.pass()
        world.source.set(World.tree(inventory: World.inventory + "bad: [\n", revision: "b"))
        _ = await world.pass()
        let production = try #require(try await rows(world)["production"])
        let (sync, reason) = production.sync(alarming: 0, at: world.time.now)
        #expect(sync == .unknown && !reason.contains("nothing of it is looked after"), "\(reason)")
        #expect(reason.contains("inventory.yaml:"), "\(reason)")
    }
}
