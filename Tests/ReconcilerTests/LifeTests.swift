import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import StoreSQLite
import Testing

@Suite("The life of environments")
struct LifeTests {
    private func row(_ world: World, _ slug: String = "feature-loyalty") async throws -> EnvironmentRow {
        try #require(try await world.store.environments().first { $0.slug == slug })
    }

    private func audit(_ action: String) -> AuditRecord {
        AuditRecord(at: World.start, action: action, target: "feature-loyalty", actor: "tester", detail: .object([:]))
    }

    @Test("An environment is warned once a day before, and at its end what it owns goes and nothing else")
    func expires() async throws {
        let world = try await World()
        _ = await world.pass()
        #expect(try await row(world).expiresAt == (try await row(world).createdAt).map { $0 + .days(7) })

        world.time.advance(by: .days(6) + .hours(1))
        let warned = await world.pass()
        #expect(try await world.store.events(ofRun: warned.run.id).contains { $0.type == "ttl_warning" })
        let again = await world.pass()
        #expect(try await world.store.events(ofRun: again.run.id).contains { $0.type == "ttl_warning" } == false)
        #expect(await world.holdings().contains("database shop-pg odoo_feature_loyalty"))

        world.time.advance(by: .hours(23))
        let ended = await world.pass()
        #expect(ended.isSuccess, "\(ended.story)")
        #expect(ended.plan?.changes.allSatisfy { $0.cause == .expired && $0.environment == "feature-loyalty" } == true)
        let holdings = await world.holdings()
        #expect(!holdings.contains { $0.contains("loyalty") })
        #expect(holdings.contains("database shop-pg odoo_crm") && holdings.contains("database shop-pg odoo_prod"))
        #expect(try await row(world).status == .expired)
        #expect(await world.pass().plan?.changes.isEmpty == true)
    }

    @Test("Extending, pinning and suspending keep an environment, each with an audit record")
    func keeps() async throws {
        for keeper in ["extend", "pin", "suspend"] {
            let world = try await World()
            _ = await world.pass()
            let record = audit("env.\(keeper)")
            switch keeper {
            case "extend": try await world.store.extendEnvironment("feature-loyalty", days: 5, audit: record)
            case "pin": try await world.store.setPinned("feature-loyalty", true, audit: record)
            default: try await world.store.setSuspended("feature-loyalty", true, audit: record)
            }
            world.time.advance(by: .days(8))
            let report = await world.pass()
            #expect(
                await world.holdings().contains("database shop-pg odoo_feature_loyalty"), "\(keeper): \(report.story)")
            #expect(try await world.store.auditLog(limit: 5).contains { $0.action == "env.\(keeper)" })
        }
    }

    @Test("An expired environment stays away until its branch moves, and then lives a whole life again")
    func revives() async throws {
        let world = try await World()
        _ = await world.pass()
        await world.age(by: .days(8))
        _ = await world.pass()
        #expect(await world.pass().plan?.summary.create == 0)
        world.source.change { tree in
            tree.branches = .known([
                Branch(name: "main", commit: String(repeating: "1", count: 40), committedAt: nil),
                Branch(name: "feature/crm", commit: String(repeating: "2", count: 40), committedAt: nil),
                Branch(name: "feature/loyalty", commit: String(repeating: "3", count: 40), committedAt: nil),
            ])
        }
        let report = await world.pass()
        #expect(report.isSuccess, "\(report.story)")
        #expect(await world.holdings().contains("database shop-pg odoo_feature_loyalty"))
        let left = try #require(try await row(world).expiresAt) - world.time.now
        #expect(left > .days(6))
        #expect(await world.pass().plan?.changes.isEmpty == true)
    }

    @Test("Production never expires, and an unknown age never does")
    func neverExpires() async throws {
        let world = try await World()
        _ = await world.pass()
        try await world.engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            _ = try db.run("update ops.environments set created_at = null where slug = $1", [.text("feature-loyalty")])
        }
        world.time.advance(by: .days(4_000))
        let report = await world.pass()
        let holdings = await world.holdings()
        #expect(holdings.contains("database shop-pg odoo_prod"))
        #expect(holdings.contains("database shop-pg odoo_feature_loyalty"), "\(report.story)")
    }

    @Test("A preview of another instant shows what would go, and touches nothing")
    func previews() async throws {
        let world = try await World()
        _ = await world.pass()
        let holdings = await world.holdings()
        let preview = await world.pass(PassOptions(isDryRun: true, now: world.time.now + .days(30)))
        #expect(preview.plan?.changes.contains { $0.cause == .expired } == true)
        #expect(await world.holdings() == holdings)
        #expect(try await row(world).status == .active)
    }
}
