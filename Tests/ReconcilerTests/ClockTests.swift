import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import StoreSQLite
import Testing

/// What runs by the clock while commits are doubted, can't be read, or lose an environment.
@Suite("What runs by the clock")
struct ClockTests {
    private static let backup = "backup/production"
    private static let policies = World.policies + "backups: {production: 6h}\n"
    private static let chores = """
        version: "1.0"
        schema: ssot.maintenance.schedules.v1
        chores:
          - {id: purge, name: Purge, cron: "* * * * *", runner: ci, outputs: [x], alert_on_failure: true}

        """

    private static func tree(
        _ revision: Character, environments: String = World.environments, policies: String = Self.policies,
        chores: String? = nil
    ) -> SourceTree {
        var tree = World.tree(
            environments: environments, policies: policies, branches: ["main", "feature/crm"], revision: revision)
        if let chores { tree.files.append(SourceFile(path: "ssot/maintenance/schedules.yaml", text: chores)) }
        return tree
    }

    /// What the service runs, each `ID CRON`.
    private func jobs(_ desired: DesiredState?) -> [String]? {
        desired.map { ScheduledJob.all(in: $0, ScheduleSettings()) { _ in TimeZones() }.map { "\($0.id) \($0.cron)" } }
    }

    private func told(_ world: World) async throws -> [String] {
        try await world.store.notices(limit: 1_000).filter { $0.kind == .scheduleEnded }
            .map { "\($0.subject): \($0.payload["reason"]?.stringValue ?? "")" }
    }

    /// What becomes of the documents.
    @Test(
        "No slip in a document ends the backups of production, in a service that runs or in one that begins anew",
        arguments: [
            (World.environments.replacing("branch: main, host", with: "branch: main host: {"), policies),
            (World.environments.replacing("tier: production", with: "tier: prodd"), policies),
            (World.environments, policies.replacing("production: 6h}", with: "production: 6h")),
            // It has left its document, and waits for a person.
            (World.environments.replacing("  production: {", with: "  # production: {"), policies),
            // Its tier fell, and with it the rule of the policies that had it backed up.
            (World.environments.replacing("tier: production", with: "tier: dev"), World.policies),
        ])
    func survives(_ environments: String, _ policies: String) async throws {
        let world = try await World(Self.tree("a"))
        let process = world.reconciler(seed: 11)
        _ = await process.pass(PassOptions())
        let before = try #require(jobs(process.latestDesired))
        #expect(before == ["\(Self.backup) 0 */6 * * *"])

        let tree = Self.tree("b", environments: environments, policies: policies)
        world.source.set(tree)
        for _ in 0..<3 {
            let report = await process.pass(PassOptions())
            #expect(jobs(process.latestDesired) == before, "\(report.story)")
            let anew = world.reconciler(seed: 12)
            _ = await anew.pass(PassOptions())
            #expect(jobs(anew.latestDesired) == before)
            // The command line says the same.
            #expect(jobs(try await world.store.clock(of: readDesiredState(tree))) == before)
            world.time.advance(by: .hours(30))
        }
        #expect(try await told(world).isEmpty)
        let kept = try await world.store.timetable()
        _ = await process.pass(PassOptions())
        #expect(try await world.store.timetable() == kept)

        world.source.set(Self.tree("c"))
        _ = await process.pass(PassOptions())
        #expect(jobs(process.latestDesired) == before)
        await world.engine.close()
    }

    @Test("Before any commit can be read again, what ran by the clock goes on in a service that begins anew")
    func beginsBlind() async throws {
        let world = try await World(Self.tree("a", chores: Self.chores))
        let first = world.reconciler(seed: 21)
        _ = await first.pass(PassOptions())
        let before = try #require(jobs(first.latestDesired))
        #expect(before.count == 2)
        world.source.fail(TestFault())
        let anew = world.reconciler(seed: 22)
        #expect(anew.latestDesired == nil)
        _ = await anew.pass(PassOptions())
        #expect(jobs(anew.latestDesired) == before)
        await world.engine.close()
    }

    @Test("Backups that end by what is written are told once, and those of an environment without care are not")
    func tellsTheEnd() async throws {
        let policies = World.policies + "backups: {production: 6h, dev: 24h}\n"
        let world = try await World(Self.tree("a", policies: policies))
        let process = world.reconciler(seed: 31)
        _ = await process.pass(PassOptions())
        world.source.set(Self.tree("b", policies: World.policies))
        for _ in 0..<3 { _ = await process.pass(PassOptions()) }
        #expect(jobs(process.latestDesired) == [])
        let notices = try await told(world)
        #expect(notices.count == 1 && notices[0].hasPrefix("\(Self.backup): its documents name no backup any more"))

        // And those of one that went as a person wanted.
        world.source.set(Self.tree("c", policies: policies))
        _ = await process.pass(PassOptions())
        world.source.set(
            Self.tree(
                "d", environments: World.environments.replacing("  production: {", with: "  # production: {"),
                policies: policies))
        for _ in 0..<4 { _ = await process.pass(PassOptions(approvals: ["all"])) }
        #expect(try await world.store.environments().first { $0.slug == "production" }?.status == .gone)
        #expect(jobs(process.latestDesired)?.contains { $0.hasPrefix(Self.backup) } == false)
        #expect(try await told(world).count == 2)
        await world.engine.close()
    }

    @Test("A commit that nobody trusts brings no chore back, whatever ran it before; once it is approved it does")
    func distrusts() async throws {
        let world = try await World(Self.tree("a", chores: Self.chores))
        world.source.history.withLock { $0 = ["a", "b"].map { String(repeating: $0, count: 40) } }
        let process = world.reconciler(seed: 41)
        _ = await process.pass(PassOptions())
        #expect(jobs(process.latestDesired)?.contains("purge * * * * *") == true)
        world.source.set(Self.tree("b"))
        _ = await process.pass(PassOptions())
        let after = try #require(jobs(process.latestDesired))
        #expect(after == ["\(Self.backup) 0 */6 * * *"])

        // The mirror falls back.
        world.source.set(Self.tree("a", chores: Self.chores))
        for seed in [UInt64(41), 42] {
            let report = await (seed == 41 ? process : world.reconciler(seed: seed)).pass(PassOptions())
            #expect(report.plan?.diagnostics.contains { $0.code == "PLAN-0017" } == true, "\(report.story)")
            #expect(jobs(process.latestDesired) == after)
            #expect(report.outlook?.backedUp.map(\.slug) == ["production"])
            let said = try await world.store.clock(of: try #require(report.desired), from: world.source)
            #expect(jobs(said) == after)
        }
        let anew = world.reconciler(seed: 43)
        _ = await anew.pass(PassOptions())
        #expect(jobs(anew.latestDesired) == after)

        _ = await process.pass(PassOptions(approvals: ["source.history/ssot"]))
        #expect(jobs(process.latestDesired)?.contains("purge * * * * *") == true)
        await world.engine.close()
    }

    @Test(
        "Where the yes to a lower tier falls in the midst of a pass, the backups that went with the same commit go on")
    func fallsMeanwhile() async throws {
        let world = try await World(Self.tree("a"))
        let process = world.reconciler(seed: 45)
        _ = await process.pass(PassOptions())
        let before = try #require(jobs(process.latestDesired))
        let kept = try await world.store.timetable()
        let fallen = World.environments.replacing("tier: production", with: "tier: dev")
        world.source.set(Self.tree("b", environments: fallen, policies: World.policies))
        let report = await process.pass(PassOptions())
        let key = "source.care/ssot"
        _ = try await ApprovalRequest(run: report.run.id, keys: [key], lasting: .hours(1)).make(
            in: world.store, by: Actor("ada"), at: world.time.now)
        let end = try #require(try await world.store.standingApprovals().first).expiresAt
        let time = world.time
        let late = await process.pass(PassOptions()) { progress in
            if case .planned = progress { time.jump(to: end) }
        }
        #expect(try await world.store.lineage().care?["production"]?.tier == .production, "\(late.story)")
        #expect(jobs(process.latestDesired) == before)
        #expect(try await world.store.timetable() == kept)
        _ = await process.pass(PassOptions())
        let anew = world.reconciler(seed: 46)
        _ = await anew.pass(PassOptions())
        for one in [process, anew] { #expect(jobs(one.latestDesired) == before) }
        #expect(try await told(world).isEmpty)

        // Said yes to, they end, and that is told.
        _ = await process.pass(PassOptions(approvals: [key]))
        #expect(jobs(process.latestDesired) == [])
        #expect(try await told(world).count == 1)
        await world.engine.close()
    }

    @Test("While the policies are missing what runs by the clock is what ran before")
    func policiesVanish() async throws {
        let world = try await World(Self.tree("a", chores: Self.chores))
        let process = world.reconciler(seed: 51)
        _ = await process.pass(PassOptions())
        let before = jobs(process.latestDesired)
        world.source.change { tree in
            tree.revision = String(repeating: "b", count: 40)
            tree.files.removeAll { $0.path == ".odooops/policies.yaml" }
        }
        for seed in UInt64(51)..<53 {
            let one = seed == 51 ? process : world.reconciler(seed: seed)
            let report = await one.pass(PassOptions())
            #expect(report.plan?.diagnostics.contains { $0.code == "PLAN-0018" } == true, "\(report.story)")
            #expect(jobs(one.latestDesired) == before)
            let said = try await world.store.clock(of: try #require(report.desired))
            #expect(jobs(said) == before)
        }
        await world.engine.close()
    }
}
