import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import StoreSQLite
import Testing

@Suite("The care that an environment has")
struct CareTests {
    private static let key = "source.care/ssot"
    private static let database = "database shop-pg odoo_prod"

    /// The world's environments with one that owns nothing in place of `crm`, and with production as it is written here.
    private static func environments(_ tier: String?) -> String {
        let alone = World.environments.replacing("  crm: {", with: "  till: {tier: staging, host: web}\n  # crm: {")
        guard let tier else { return alone.replacing("  production: {", with: "  # production: {") }
        return alone.replacing("tier: production", with: "tier: \(tier)")
    }

    private static func tree(_ tier: String?, _ revision: Character) -> SourceTree {
        World.tree(environments: environments(tier), branches: ["main"], revision: revision)
    }

    private func approve(_ report: RunReport, in world: World) async throws {
        _ = try await ApprovalRequest(run: report.run.id, keys: [Self.key], reason: "meant")
            .make(in: world.store, by: Actor("ada"), at: world.time.now)
    }

    private func tells(_ report: RunReport) -> Bool {
        report.plan?.diagnostics.contains { $0.code == "PLAN-0024" } == true
    }

    @Test(
        "One word in place of its tier lets nothing of it go, however old it is; a person's yes gives it its whole time",
        arguments: ["production", "staging"])
    func keepsItsTier(_ before: String) async throws {
        let world = try await World(Self.tree(before, "a"))
        let first = await world.pass()
        #expect(first.isSuccess && !tells(first), "\(first.story)")
        world.time.advance(by: .days(400))
        _ = await world.pass()
        let holdings = await world.holdings()
        #expect(holdings.contains(Self.database))

        world.source.set(Self.tree("dev", "b"))
        var report = await world.pass()
        for hours in [13, 30] {
            #expect(tells(report) && report.run.phase == .awaitingApproval, "\(report.story)")
            world.time.advance(by: .hours(hours))
            report = await world.pass(PassOptions(approvals: ["all"]))
        }
        #expect(await world.holdings() == holdings, "\(report.story)")
        let told = report.plan?.diagnostics.first { $0.code == "PLAN-0024" }
        #expect(
            told?.mark?.description.hasPrefix("ssot/environments.yaml:3:") == true, "\(told.map { "\($0)" } ?? "nil")")
        let row = try #require(try await world.store.environments().first { $0.slug == "production" })
        #expect(row.tier.rawValue == before && row.expiresAt == nil && row.ttlClass?.rawValue == before)
        #expect(try await world.store.inventory().entries.contains { $0.environment == "production" && $0.isProtected })

        // Nor does its entry go unasked on that way round.
        world.source.set(Self.tree(nil, "c"))
        for _ in 0..<2 { report = await world.pass() }
        #expect(report.withheld.contains { $0.action == .delete && $0.verdict == .needsApproval }, "\(report.story)")
        #expect(await world.holdings() == holdings, "\(report.story)")
        world.source.set(Self.tree("dev", "d"))
        report = await world.pass()
        #expect(tells(report) && report.plan?.summary.delete == 0, "\(report.story)")

        try await approve(report, in: world)
        report = await world.pass()
        #expect(!tells(report) && report.withheld.isEmpty && report.plan?.summary.delete == 0, "\(report.story)")
        let outlook = report.plan?.environments.first { $0.slug == "production" }
        #expect(outlook?.expiresAt == report.run.startedAt + .days(14), "\(String(describing: outlook))")
        #expect(try await world.store.standingApprovals().isEmpty)
        let next = await world.pass()
        #expect(!tells(next) && next.plan?.changes.isEmpty == true, "\(next.story)")
        #expect(next.plan?.environments.first { $0.slug == "production" }?.expiresAt == outlook?.expiresAt)
        await world.age(by: .days(14))
        _ = await world.pass()
        #expect(await world.holdings().contains(Self.database) == false)
        await world.engine.close()
    }

    /// What the policies say of a tier's backups, what the entry says itself, and when it is backed up until a yes.
    @Test(
        "It is backed up as often as before, and before development, until a person says that less is meant",
        arguments: [
            ("production: 6h", "", "0 */6 * * *", nil),
            ("production: 6h, dev: 24h", "", "0 */6 * * *", "0 0 * * *"),
            ("production: 6h, dev: never", "", "0 */6 * * *", nil),
            ("dev: 24h", "", "0 0 * * *", "0 0 * * *"),
            ("production: never, dev: 24h", "", "0 0 * * *", "0 0 * * *"),
            ("production: 6h", ", backup_schedule: \"30 1 * * *\"", "30 1 * * *", "30 1 * * *"),
            ("production: 6h", ", backup_schedule: never", nil, nil),
        ] as [(String, String, String?, String?)])
    func keepsItsBackups(_ rules: String, _ own: String, _ until: String?, _ then: String?) async throws {
        func tree(_ tier: String, _ revision: Character) -> SourceTree {
            World.tree(
                environments: Self.environments(tier + own), policies: World.policies + "backups: {\(rules)}\n",
                branches: ["main"], revision: revision)
        }
        let world = try await World(tree("production", "a"))
        let process = world.reconciler(seed: 90)
        _ = await process.pass(PassOptions())
        world.source.set(tree("dev", "b"))
        let report = await process.pass(PassOptions())
        #expect(tells(report), "\(report.story)")
        func job(_ desired: DesiredState?) throws -> ScheduledJob? {
            ScheduledJob.all(in: try #require(desired), ScheduleSettings()) { _ in TimeZones() }
                .first { $0.id == "backup/production" }
        }
        // The service, a page and the command line say the same.
        let desired = try #require(report.desired)
        let kept = try await world.store.clock(of: desired)
        for found in [try job(process.latestDesired), try job(kept)] {
            #expect(found?.cron.description == until)
            #expect(found.map { $0.lane == ScheduledJob.mainLane && $0.environment?.tier == .production } != false)
        }
        let shown = report.outlook?.backedUp.first { $0.slug == "production" }
        #expect(shown?.backupSchedule == until)

        try await approve(report, in: world)
        let next = await process.pass(PassOptions())
        #expect(!tells(next), "\(next.story)")
        let after = try job(process.latestDesired)
        #expect(after?.cron.description == then && after?.environment?.tier != .production)
        #expect(after.map { $0.lane == ScheduledJob.sharedLane } != false)
        #expect(next.outlook?.backedUp.first { $0.slug == "production" }?.backupSchedule == then)
        await world.engine.close()
    }

    /// What becomes of the documents while its data is there.
    @Test(
        "What is there is backed up until it is gone, whatever the documents say of it or don't, also by a new process",
        arguments: ["its entry is gone", "the environments can't be read", "the policies are gone"])
    func keepsItsBackupsWhileItIsThere(_ change: String) async throws {
        let policies = World.policies + "backups: {production: 6h}\n"
        let world = try await World(
            World.tree(environments: Self.environments("production"), policies: policies, branches: ["main"]))
        _ = await world.pass()
        _ = await world.pass()
        #expect(await world.holdings().contains(Self.database))
        var tree = World.tree(
            environments: Self.environments(change == "its entry is gone" ? nil : "production"), policies: policies,
            branches: ["main"], revision: "b")
        switch change {
        case "the environments can't be read":
            tree = World.tree(environments: "environments: [", policies: policies, branches: ["main"], revision: "b")
        case "the policies are gone": tree.files.removeAll { $0.path == ".odooops/policies.yaml" }
        default: break
        }
        world.source.set(tree)
        func job(_ process: Reconciler) throws -> ScheduledJob? {
            ScheduledJob.all(in: try #require(process.latestDesired), ScheduleSettings()) { _ in TimeZones() }
                .first { $0.id == "backup/production" }
        }
        for seed in UInt64(90)..<93 {
            let process = world.reconciler(seed: seed)
            let report = await process.pass(PassOptions())
            #expect(await world.holdings().contains(Self.database), "\(report.story)")
            let found = try #require(try job(process), "\(report.story)")
            #expect(found.cron.description == "0 */6 * * *" && found.lane == ScheduledJob.mainLane)
            #expect(found.environment?.tier == .production && found.environment?.database == "odoo_prod")
            #expect(report.outlook?.backedUp.contains { $0.slug == "production" } == true)
        }
        guard change == "its entry is gone" else { return await world.engine.close() }
        let process = world.reconciler(seed: 93)
        for _ in 0..<3 { _ = await process.pass(PassOptions(approvals: ["all"])) }
        #expect(await world.holdings().contains(Self.database) == false)
        let after = try job(process)
        #expect(after == nil)
        await world.engine.close()
    }

    @Test("A tier that rises, and one that is put back, ask nobody")
    func rises() async throws {
        let world = try await World(Self.tree("dev", "a"))
        for (tier, revision) in [("staging", "b"), ("production", "c"), ("dev", "d"), ("production", "e")] {
            _ = await world.pass()
            world.source.set(Self.tree(tier, Character(revision)))
            let report = await world.pass()
            #expect(tells(report) == (tier == "dev"), "\(tier): \(report.story)")
        }
        let report = await world.pass()
        #expect(report.isSuccess && report.withheld.isEmpty && report.plan?.changes.isEmpty == true, "\(report.story)")
        await world.engine.close()
    }

    @Test("The name of one that is gone is free: an environment that has it now asks for nothing")
    func freesItsName() async throws {
        let world = try await World(Self.tree("staging", "a"))
        _ = await world.pass()
        world.source.set(Self.tree(nil, "b"))
        let waiting = await world.pass()
        #expect(!waiting.withheld.isEmpty, "\(waiting.story)")
        let gone = await world.pass(PassOptions(approvals: ["all"]))
        #expect(await world.holdings().contains(Self.database) == false, "\(gone.story)")
        #expect(try await world.store.environments().first { $0.slug == "production" }?.status == .gone)
        world.source.set(Self.tree("dev", "c"))
        let report = await world.pass()
        #expect(report.isSuccess && !tells(report) && report.withheld.isEmpty, "\(report.story)")
        #expect(await world.holdings().contains(Self.database))
        await world.engine.close()
    }

    @Test("What a store of before remembers of tiers guards from the first pass on")
    func startsFromRows() async throws {
        let world = try await World(Self.tree("production", "a"))
        _ = await world.pass()
        var lineage = try await world.store.lineage()
        lineage.care = nil
        try await world.store.rememberLineage(
            lineage, from: try await world.store.lineage(), using: [], runID: "before")
        #expect(try await world.store.lineage().care == nil)
        world.source.set(Self.tree("dev", "b"))
        let report = await world.pass()
        #expect(tells(report), "\(report.story)")
        #expect(try await world.store.environments().first { $0.slug == "production" }?.tier == .production)
        await world.engine.close()
    }

    @Test(
        "Protection that is taken off stays until a person says that it is meant, and then the environment goes freely")
    func keepsItsProtection() async throws {
        func tree(_ protection: String?, _ revision: Character) -> SourceTree {
            let text =
                protection.map {
                    World.environments.replacing("tier: dev, branch: feature/crm", with: "tier: dev\($0)")
                }
                ?? World.environments.replacing("  crm: {", with: "  # crm: {")
            return World.tree(environments: text, branches: ["main"], revision: revision)
        }
        let record = "record shop.example A crm"
        let world = try await World(tree(", protected: true", "a"))
        _ = await world.pass()
        world.source.set(tree("", "b"))
        var report = await world.pass()
        #expect(tells(report), "\(report.story)")
        world.source.set(tree(nil, "c"))
        for _ in 0..<2 { report = await world.pass() }
        #expect(await world.holdings().contains(record), "\(report.story)")
        world.source.set(tree("", "d"))
        try await approve(await world.pass(), in: world)
        report = await world.pass()
        #expect(!tells(report) && report.withheld.isEmpty, "\(report.story)")
        world.source.set(tree(nil, "e"))
        for _ in 0..<2 { report = await world.pass() }
        #expect(await world.holdings().contains(record) == false, "\(report.story)")
        await world.engine.close()
    }

    @Test("A time to live that shrinks to a minute leaves half a day to say no", arguments: ["14d", "never"])
    func leavesTime(_ before: String) async throws {
        func policies(_ ttl: String) -> String { World.policies.replacing("dev_named: 14d", with: "dev_named: \(ttl)") }
        let database = "database shop-pg odoo_crm"
        let world = try await World(World.tree(policies: policies(before)))
        _ = await world.pass()
        world.time.advance(by: .days(2))
        _ = await world.pass()
        world.source.set(World.tree(policies: policies("1m"), revision: "b"))
        let told = await world.pass()
        let outlook = told.plan?.environments.first { $0.slug == "crm" }
        #expect(outlook?.phase == .ending && outlook?.goesAt == told.run.startedAt + .hours(12), "\(told.story)")
        #expect(
            try await world.store.notices(limit: 1_000).contains {
                $0.kind == .environmentExpiring && $0.subject == "crm"
            })
        for later in [Duration.seconds(35), .hours(12) - .seconds(1)] {
            world.time.jump(to: told.run.startedAt + later)
            _ = await world.pass()
            #expect(await world.holdings().contains(database), "\(later)")
        }
        world.time.jump(to: told.run.startedAt + .hours(12) + .minutes(5))
        _ = await world.pass()
        #expect(await world.holdings().contains(database) == false)
        await world.engine.close()
    }

    @Test("The host of a suspended environment stays as it is until that one is resumed")
    func suspendsItsHost() async throws {
        let world = try await World()
        #expect(await world.pass().isSuccess)
        try await world.setSuspended("production", true)
        let holdings = await world.holdings()
        world.source.set(
            World.tree(inventory: World.inventory.replacing("s-1vcpu-2gb", with: "s-2vcpu-4gb"), revision: "b"))
        let report = await world.pass()
        #expect(await world.holdings() == holdings, "\(report.story)")
        let change = try #require(report.withheld.first { $0.key.kind == .droplet }, "\(report.story)")
        #expect(
            change.hold == .suspended && change.verdictReason?.contains("environment production stands on it") == true)
        let obstacle = try await world.reconciler().explain(change.key.description).obstacle
        #expect(obstacle?.command == "reconcile env resume production")
        try await world.setSuspended("production", false)
        #expect(await world.pass().isSuccess)
        #expect(await world.holdings().contains("droplet web s-2vcpu-4gb"))
        await world.engine.close()
    }

    /// Its first entry, and what the documents say of it while it is suspended.
    @Test(
        "The host that a suspended environment is on stays as it is, wherever its documents want it meanwhile",
        arguments: [
            ("host: web", "host: web2"), ("host: web", nil),
            ("host: web, domain: erp.shop.example", "host: web2, domain: erp.shop.example"),
        ])
    func suspendsTheHostItIsOn(_ before: String, _ after: String?) async throws {
        func tree(_ entry: String?, _ size: String, _ revision: Character) -> SourceTree {
            let line = entry.map { "  production: {tier: production, branch: main, \($0)}\n" } ?? ""
            let hosts = ["web": size, "web2": "s-1vcpu-2gb"].sorted { $0.key < $1.key }.map {
                "  - {name: \($0.key), region: sgp1, size: \($0.value), image: ubuntu-24-04-x64, tags: [project:shop]}\n"
            }
            return World.tree(
                inventory: "schema: ssot.infra.digitalocean.inventory.v1\ndroplets:\n" + hosts.joined()
                    + "domains:\n  - name: shop.example\n"
                    + "    records: [{type: A, name: \"@\", data: 203.0.113.7, ttl: 1800}]\n",
                environments: "schema: ssot.environments.v1\nenvironments:\n"
                    + "  other: {tier: dev, host: web2}\n" + line, branches: ["main"],
                revision: revision)
        }
        let world = try await World(tree(before, "s-1vcpu-2gb", "a"))
        let first = await world.pass()
        #expect(first.isSuccess, "\(first.story)")
        try await world.setSuspended("production", true)
        let holdings = await world.holdings()
        #expect(holdings.contains("droplet web s-1vcpu-2gb"))
        world.source.set(tree(after, "s-2vcpu-4gb", "b"))
        for _ in 0..<3 {
            let report = await world.pass(PassOptions(approvals: ["all"]))
            #expect(await world.holdings() == holdings, "\(report.story)")
            #expect(report.withheld.first { $0.key.name == "web" }?.hold == .suspended, "\(report.story)")
            #expect(try await world.store.environments().first { $0.slug == "production" }?.host == "web")
        }
        try await world.setSuspended("production", false)
        for _ in 0..<2 { _ = await world.pass(PassOptions(approvals: ["all"])) }
        let last = await world.pass()
        #expect(await world.holdings().contains("droplet web s-2vcpu-4gb"), "\(last.story)")
        if after != nil {
            #expect(try await world.store.environments().first { $0.slug == "production" }?.host == "web2")
        }
        await world.engine.close()
    }
}
