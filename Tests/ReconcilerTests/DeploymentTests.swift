import Basics
import Formats
import Reconciler
import Store
import StoreSQLite
import Testing

@Suite("What the platform's own console is shown of a run")
struct DeploymentTests {
    private static func shown(_ world: World) async throws -> [String] {
        try await world.engine.read { (db: any SQLConnection) throws(StoreFault) -> [String] in
            try db.run("select distinct artifacts_json ->> 'run_id' from ops.deployments", [])
                .compactMap { $0.optionalText(0) }
        }
    }

    /// Has a table take no new row any more.
    private static func refuse(_ table: String, in world: World) async throws {
        try await run(
            """
            create trigger ops.refusal before insert on \(table)
            begin select raise(abort, 'the platform wants something else'); end
            """, in: world)
    }

    private static func run(_ sql: String, in world: World) async throws {
        try await world.engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in try db.run(sql, []) }
    }

    private static func rows(_ table: String, in world: World) async throws -> Int64 {
        try await world.engine.read { (db: any SQLConnection) throws(StoreFault) -> Int64 in
            try db.run("select count(*) from ops.\(table)", []).first?.int(0) ?? 0
        }
    }

    @Test(
        "A run ends as it would have, and says so, where its rows are refused", arguments: ["deployments", "artifacts"])
    func refused(_ table: String) async throws {
        let world = try await World()
        try await Self.refuse(table, in: world)
        let report = await world.pass()
        #expect(report.isSuccess && !report.journal.isEmpty, "\(report.story)")
        let run = try #require(try await world.store.run(matching: report.run.id))
        #expect(run.phase == .succeeded && run.completedAt != nil && run.error.isNull)
        let warnings = try await world.store.events(ofRun: run.id).filter { $0.type == "warning" }
        #expect(warnings.count == 1)
        #expect(warnings.first?.payload["fault"]?.stringValue?.contains("the platform wants something else") == true)
        #expect(warnings.first?.payload["code"] == "STORE-0032")
        #expect(warnings.first?.payload["message"]?.stringValue?.contains("ops.\(table)") == true)
        #expect(try await Self.rows(table, in: world) == 0)
        // What the table would have shown is kept all the same, and the evidence has its link.
        #expect(try await world.store.plan(ofRun: run.id) != nil)
        #expect(try await world.store.evidence(ofRun: run.id)?.manifest == report.evidence?.manifest)
        #expect(try await Self.shown(world).isEmpty == (table == "deployments"))
        await world.engine.close()
    }

    @Test("What differs is remembered where findings are refused, and told as soon as they are taken")
    func refusedFindings() async throws {
        let world = try await World()
        #expect(await world.pass().isSuccess)
        try await Self.refuse("convergence_findings", in: world)
        world.source.set(
            World.tree(
                environments: World.environments.replacing("database: odoo_prod, ", with: ""), revision: "b"))
        let report = await world.pass()
        #expect(report.run.phase == .awaitingApproval, "\(report.story)")
        #expect(try await !world.store.openDrift().isEmpty)
        let warnings = try await world.store.events(ofRun: report.run.id).filter { $0.type == "warning" }
        #expect(warnings.compactMap { $0.payload["code"]?.stringValue } == ["STORE-0032"])
        let before = try await Self.rows("convergence_findings", in: world)
        try await Self.run("drop trigger ops.refusal", in: world)
        let next = await world.pass()
        #expect(try await Self.rows("convergence_findings", in: world) > before, "\(next.story)")
        #expect(try await world.store.notices().contains { $0.kind == .findingOpened })
        await world.engine.close()
    }

    @Test(
        "What a process did that is gone is shown by the run that looked what became of it", arguments: [true, false])
    func leftBehind(_ isSettled: Bool) async throws {
        let world = try await World()
        // It dies with a step open, or between two of them.
        let writes = Fuse(after: isSettled ? 20 : 21)
        let dead = await world.reconciler(fuse: writes, concurrency: 1).pass(PassOptions())
        #expect(writes.isBlown && !dead.isSuccess)
        #expect(try await !world.store.journal(ofRun: dead.run.id).isEmpty)
        #expect(try await Self.shown(world).isEmpty)
        world.time.advance(by: .minutes(6))
        let next = await world.reconciler(seed: 2, process: 5_000_002).pass(PassOptions())
        #expect(next.isSuccess, "\(next.story)")
        #expect(try await Set(Self.shown(world)).contains(dead.run.id))
        await world.engine.close()
    }
}
