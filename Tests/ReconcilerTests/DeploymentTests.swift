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

    @Test("A run ends as it would have, and says so, where its rows are refused")
    func refused() async throws {
        let world = try await World()
        try await world.engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run(
                """
                create trigger ops.refusal before insert on deployments
                begin select raise(abort, 'the platform wants something else'); end
                """, [])
        }
        let report = await world.pass()
        #expect(report.isSuccess && !report.journal.isEmpty, "\(report.story)")
        let run = try #require(try await world.store.run(matching: report.run.id))
        #expect(run.phase == .succeeded && run.completedAt != nil && run.error.isNull)
        let warnings = try await world.store.events(ofRun: run.id).filter { $0.type == "warning" }
        #expect(warnings.count == 1)
        #expect(warnings.first?.payload["fault"]?.stringValue?.contains("the platform wants something else") == true)
        #expect(try await Self.shown(world).isEmpty)
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
