import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import StoreSQLite
import Testing

/// A change of name takes no guard away either (PLAN-0024).
@Suite("What an environment takes over")
struct TakeoverTests {
    private static let key = "source.care/ssot"
    private static let database = "database shop-pg odoo_prod"

    /// The branch of `crm` is there where its entry is.
    private static func tree(_ environments: String, _ revision: Character) -> SourceTree {
        let branches = environments.split(separator: "\n").contains { $0.hasPrefix("  crm:") }
        return World.tree(
            environments: environments, branches: branches ? ["main", "feature/crm"] : ["main"], revision: revision)
    }

    private func tells(_ report: RunReport) -> Bool {
        report.plan?.diagnostics.contains { $0.code == "PLAN-0024" } == true
    }

    private func approve(_ report: RunReport, in world: World) async throws {
        _ = try await ApprovalRequest(run: report.run.id, keys: [Self.key], reason: "meant")
            .make(in: world.store, by: Actor("ada"), at: world.time.now)
    }

    private func entry(of name: String, in world: World) async throws -> InventoryEntry {
        try #require(try await world.store.inventory().entries.first { $0.key.name == name })
    }

    private func row(_ slug: String, in world: World) async throws -> EnvironmentRow {
        try #require(try await world.store.environments().first { $0.slug == slug })
    }

    /// Production's entry as it is written here, with one beside it that owns nothing.
    private static func named(_ head: String?) -> String {
        let alone = World.environments.replacing("  crm: {", with: "  till: {tier: staging, host: web}\n  # crm: {")
        guard let head else { return alone.replacing("  production: {", with: "  # production: {") }
        return alone.replacing("production: {tier: production", with: head)
    }

    @Test(
        "Another name and a lower tier let nothing of it go, with nor without its entry; a yes gives it all to the new one"
    )
    func keepsWhatIsRenamed() async throws {
        let renamed = Self.named("erp-archive: {tier: dev")
        let world = try await World(Self.tree(Self.named("production: {tier: production"), "a"))
        #expect(await world.pass().isSuccess)
        let holdings = await world.holdings()
        #expect(holdings.contains(Self.database))

        world.source.set(Self.tree(renamed, "b"))
        var report = await world.pass()
        let told = report.plan?.diagnostics.first { $0.code == "PLAN-0024" }
        #expect(told?.message.contains("environment erp-archive takes over ") == true, "\(report.story)")
        #expect(told?.message.contains("of production (production), and is dev") == true)
        let kept = try await world.store.inventory().entries
        #expect(kept.contains { $0.environment == "production" && $0.key.kind == .database && $0.isProtected })
        #expect(kept.allSatisfy { $0.environment != "erp-archive" })
        for hours in [1, 13, 24 * 30] {
            world.time.advance(by: .hours(hours))
            report = await world.pass(PassOptions(approvals: ["all"]))
            #expect(tells(report) && report.run.phase == .awaitingApproval, "\(report.story)")
            #expect(try await world.store.inventory().entries == kept)
        }
        #expect(await world.holdings() == holdings)
        let outlook = report.plan?.environments.first { $0.slug == "erp-archive" }
        #expect(outlook?.expiresAt == nil && outlook?.phase == .active, "\(String(describing: outlook))")

        // Nor does it go with the entry of its new name.
        world.source.set(Self.tree(Self.named(nil), "c"))
        for _ in 0..<2 { report = await world.pass() }
        #expect(report.withheld.contains { $0.action == .delete && $0.verdict == .needsApproval }, "\(report.story)")
        #expect(await world.holdings() == holdings)

        world.source.set(Self.tree(renamed, "d"))
        report = await world.pass()
        #expect(tells(report) && report.plan?.summary.delete == 0, "\(report.story)")
        try await approve(report, in: world)
        report = await world.pass()
        #expect(!tells(report) && report.withheld.isEmpty && report.plan?.summary.delete == 0, "\(report.story)")
        let begun = report.plan?.environments.first { $0.slug == "erp-archive" }
        #expect(begun?.expiresAt == report.run.startedAt + .days(14), "\(String(describing: begun))")
        report = await world.pass()
        #expect(!tells(report) && report.plan?.changes.isEmpty == true, "\(report.story)")
        let moved = try await world.store.inventory().entries
        #expect(moved.contains { $0.environment == "erp-archive" && $0.key.kind == .database && !$0.isProtected })
        #expect(moved.allSatisfy { $0.environment != "production" })
        #expect(try await row("production", in: world).isNameFree(at: world.time.now))
        let lineage = try await world.store.lineage()
        #expect(lineage.granted.isEmpty && lineage.care?["production"] == nil)
        await world.age(by: .days(14))
        _ = await world.pass()
        #expect(await world.holdings().contains(Self.database) == false)
        await world.engine.close()
    }

    @Test("Another name with the same tier asks nobody, and leaves nothing of the one before: no care, and no backup")
    func letsItBeRenamed() async throws {
        func tree(_ head: String, _ revision: Character) -> SourceTree {
            World.tree(
                environments: Self.named(head), policies: World.policies + "backups: {production: 6h}\n",
                branches: ["main"], revision: revision)
        }
        let world = try await World(tree("production: {tier: production", "a"))
        _ = await world.pass()
        let holdings = await world.holdings()
        world.source.set(tree("erp: {tier: production", "b"))
        let process = world.reconciler(seed: 61)
        let report = await process.pass(PassOptions())
        #expect(report.isSuccess && !tells(report) && report.withheld.isEmpty, "\(report.story)")
        #expect(await world.holdings() == holdings)
        #expect(try await world.store.inventory().entries.allSatisfy { $0.environment != "production" })
        #expect(try await row("production", in: world).isNameFree(at: world.time.now))
        _ = await process.pass(PassOptions())
        #expect(try await world.store.lineage().care?.keys.sorted() == ["erp", "till"])
        #expect(
            try #require(process.latestDesired).environments.filter { $0.backupSchedule != nil }.map(\.slug) == ["erp"])

        // Its new name guards it as the one before did.
        world.source.set(tree("erp: {tier: dev", "c"))
        #expect(tells(await process.pass(PassOptions())))
        await world.engine.close()
    }

    @Test(
        "A database that production gives up for another one doesn't go with the development environment that takes it")
    func keepsWhatIsPassedOn() async throws {
        let passedOn = World.environments.replacing("odoo_prod,", with: "odoo_prod2,").replacing(
            "odoo_crm,", with: "odoo_prod,")
        let world = try await World(Self.tree(World.environments, "a"))
        #expect(await world.pass().isSuccess)
        world.source.set(Self.tree(passedOn, "b"))
        var report = await world.pass()
        #expect(tells(report) && report.run.phase == .awaitingApproval, "\(report.story)")
        #expect(await world.holdings().contains("database shop-pg odoo_prod2"), "\(report.story)")
        for days in [8, 8, 8] {
            await world.age(by: .days(days))
            report = await world.pass()
            let database = try await entry(of: "shop-pg/odoo_prod", in: world)
            #expect(database.environment == "production" && database.isProtected)
            #expect(report.plan?.environments.first { $0.slug == "crm" }?.expiresAt == nil, "\(report.story)")
        }
        #expect(await world.holdings().contains(Self.database))

        // Said yes to, its taker has its whole time, and goes with it at its end.
        try await approve(report, in: world)
        report = await world.pass()
        #expect(!tells(report) && report.plan?.summary.delete == 0, "\(report.story)")
        let crm = report.plan?.environments.first { $0.slug == "crm" }
        #expect(crm?.expiresAt == report.run.startedAt + .days(14), "\(String(describing: crm))")
        _ = await world.pass()
        let database = try await entry(of: "shop-pg/odoo_prod", in: world)
        #expect(database.environment == "crm" && !database.isProtected)
        await world.engine.close()
    }

    @Test("What is written back as it was leaves no trace")
    func healsByItself() async throws {
        let world = try await World(Self.tree(World.environments, "a"))
        _ = await world.pass()
        let entries = try await world.store.inventory().entries
        let care = try await world.store.lineage().care
        world.source.set(
            Self.tree(World.environments.replacing("production: {tier: production", with: "old: {tier: dev"), "b"))
        #expect(tells(await world.pass()))
        world.source.set(Self.tree(World.environments, "c"))
        var report = await world.pass()
        for _ in 0..<2 { report = await world.pass() }
        #expect(!tells(report) && report.plan?.changes.isEmpty == true, "\(report.story)")
        let now = try await world.store.inventory().entries
        #expect(now.map(\.environment) == entries.map(\.environment))
        #expect(now.map(\.isProtected) == entries.map(\.isProtected))
        #expect(try await world.store.lineage().care == care)
        await world.engine.close()
    }

    /// Production that owns nothing: all that it stands on is in the inventory.
    private static func guest(_ tier: String?) -> String {
        let entry =
            tier.map { "  production: {tier: \($0), branch: main, host: web, database_cluster: shop-pg}\n" } ?? ""
        return "schema: ssot.environments.v1\nenvironments:\n  till: {tier: dev, host: web}\n" + entry
    }

    @Test("One that owns nothing and is lost for a while is what it was when it comes back", arguments: [1, 13, 15])
    func outlivesAGap(_ days: Int) async throws {
        let world = try await World(Self.tree(Self.guest("production"), "a"))
        #expect(await world.pass().isSuccess)
        #expect(try await entry(of: "web", in: world).isProtected)
        world.source.set(Self.tree(Self.guest(nil), "b"))
        for _ in 0..<2 { _ = await world.pass() }
        #expect(try await row("production", in: world).status == .gone)
        #expect(try await entry(of: "web", in: world).isProtected)
        let (lineage, row) = (try await world.store.lineage(), try await row("production", in: world))
        world.time.advance(by: .days(days))
        for _ in 0..<2 { _ = await world.pass() }
        let isKept = days < 14
        #expect(try await entry(of: "web", in: world).isProtected == isKept)
        #expect((try await world.store.lineage() == lineage) == isKept)
        #expect(try await self.row("production", in: world) == row)

        world.source.set(Self.tree(Self.guest("dev"), "c"))
        let report = await world.pass()
        #expect(tells(report) == isKept, "\(report.story)")
        #expect(try await entry(of: "web", in: world).isProtected == isKept)
        let back = try await self.row("production", in: world)
        #expect(back.status != .gone && back.careEnds == nil && row.careEnds != nil)
        await world.engine.close()
    }

    @Test(
        "While one that is lost is missed, protection that is taken off another one's things goes from those all the same"
    )
    func missesNothingElse() async throws {
        func tree(_ tier: String?, _ till: String, _ revision: Character) -> SourceTree {
            let till =
                "till: {tier: dev, database_cluster: shop-pg, database: odoo_till, protected: \(till), host: web}"
            return Self.tree(Self.guest(tier).replacing("till: {tier: dev, host: web}", with: till), revision)
        }
        let world = try await World(tree("production", "true", "a"))
        _ = await world.pass()
        #expect(try await entry(of: "shop-pg/odoo_till", in: world).isProtected)
        world.source.set(tree(nil, "true", "b"))
        _ = await world.pass()
        world.source.set(tree(nil, "false", "c"))
        for _ in 0..<2 { _ = await world.pass(PassOptions(approvals: [Self.key])) }
        #expect(try await entry(of: "shop-pg/odoo_till", in: world).isProtected == false)
        // What the lost one stood on keeps it.
        #expect(try await entry(of: "web", in: world).isProtected)
        #expect(try await entry(of: "shop-pg", in: world).isProtected)
        await world.engine.close()
    }

    @Test("One that owns nothing is what it was under another name too, until a person says that less is meant")
    func followsWhatItStandsOn() async throws {
        let world = try await World(Self.tree(Self.guest("production"), "a"))
        _ = await world.pass()
        let renamed = Self.guest("dev").replacing("  production:", with: "  erp-archive:")
        world.source.set(Self.tree(renamed, "b"))
        var report = await world.pass()
        #expect(tells(report), "\(report.story)")
        for days in [1, 20] {
            world.time.advance(by: .days(days))
            for _ in 0..<2 { report = await world.pass() }
            let message = report.plan?.diagnostics.first { $0.code == "PLAN-0024" }?.message
            #expect(message?.contains("/web of production (production), and is dev") == true, "\(report.story)")
            #expect(try await entry(of: "web", in: world).isProtected)
            #expect(report.plan?.environments.first { $0.slug == "erp-archive" }?.expiresAt == nil)
        }
        try await approve(report, in: world)
        report = await world.pass()
        #expect(!tells(report), "\(report.story)")
        for _ in 0..<2 { report = await world.pass() }
        #expect(!tells(report) && report.withheld.isEmpty, "\(report.story)")
        #expect(try await entry(of: "web", in: world).isProtected == false)
        let lineage = try await world.store.lineage()
        #expect(lineage.granted.isEmpty && lineage.care?["production"] == nil)
        await world.engine.close()
    }

    @Test("A yes stands in the store until what it is of has moved")
    func storesGrants() async throws {
        let world = try await World(Self.tree(World.environments, "a"))
        let before = try await world.store.lineage()
        var lineage = before
        lineage.care = ["production": Care(.production, isProtected: true)]
        lineage.granted = [
            Takeover(ResourceKey(.database, "c/a"), of: "production", by: "crm", Care(.dev, isProtected: false)),
            Takeover(ResourceKey(.record, "shop.example/A/erp"), of: nil, by: "crm", Care(.dev, isProtected: false)),
        ]
        try await world.store.rememberLineage(lineage, from: before, using: [], runID: "test")
        #expect(try await world.store.lineage() == lineage)
        await world.engine.close()
    }
}
