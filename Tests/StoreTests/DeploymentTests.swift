import Basics
import DesiredState
import Formats
import Store
import Testing

/// Notes each statement that is run.
private struct HeardEngine: SQLEngine {
    let inner: any SQLEngine
    let heard = Locked<[(sql: String, binds: [SQLValue])]>([])

    var dialect: SQLDialect { inner.dialect }
    var place: String { inner.place }

    func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        try await inner.transaction { [heard] (db: any SQLConnection) throws(StoreFault) -> T in
            try body(Connection(inner: db, heard: heard))
        }
    }

    func read<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        try await inner.read { [heard] (db: any SQLConnection) throws(StoreFault) -> T in
            try body(Connection(inner: db, heard: heard))
        }
    }

    func close() async { await inner.close() }

    private struct Connection: SQLConnection {
        let inner: any SQLConnection
        let heard: Locked<[(sql: String, binds: [SQLValue])]>

        func run(_ sql: String, _ binds: [SQLValue]) throws(StoreFault) -> [SQLRow] {
            heard.withLock { $0.append((sql, binds)) }
            return try inner.run(sql, binds)
        }
    }
}

/// What the platform's own console reads of a run.
@Suite struct DeploymentTests {
    @Test(arguments: engines)
    func `what a run did is a row for each environment, and the same rows when it is said anew`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            func rows() async throws -> [String] {
                try await test.rows(
                    """
                    select id, sha, state, msg, artifacts_json ->> 'run_id', author from ops.deployments order by msg, id
                    """
                ).map { row in (1..<6).map { row.optionalText($0) ?? "-" }.joined(separator: " ") }
            }
            var first = run(1)
            first.metadata = ["author": "ada"]
            for run in [first, run(2)] { try await test.store.beginRun(run) }
            for name in ["a", "b"] {
                try await test.store.intend(entry(name, step: name))
                if name == "a" {
                    var done = entry(name, step: name, state: .done)
                    done.finishedAt = start
                    try await test.store.settle(done)
                }
            }
            try await test.store.showDeployments(ofRuns: [runID(1), runID(2), runID(3)])
            #expect(try await rows() == ["abc deploying 2 steps, 1 not settled \(runID(1)) ada"])
            #expect(try await test.store.deployments(ofLast: 9).first?.state == .deploying)
            // Its process was lost in the middle: nothing is under way any more, and nobody knows what became of the step.
            first.phase = .failed
            first.completedAt = start + .minutes(3)
            try await test.store.updateRun(first)
            try await test.store.showDeployments(ofRuns: [runID(1)])
            #expect(try await rows() == ["abc failed 2 steps, 1 not settled \(runID(1)) ada"])
            let open = try await test.store.deployments(ofLast: 9).first
            #expect(open?.state == .unsettled && open?.to == first.completedAt && open?.unsettled == 1)
            // Its fate is known later, to another run.
            var failed = entry("b", step: "b", state: .failed)
            failed.finishedAt = start
            try await test.store.settle(failed)
            try await test.store.intend(entry("c", run: 2))
            for _ in 1...2 { try await test.store.showDeployments(ofRuns: [runID(1), runID(2)]) }
            #expect(
                try await rows() == [
                    "abc deploying 1 step, 1 not settled \(runID(2)) -", "abc failed 2 steps, 1 failed \(runID(1)) ada",
                ])
        }
    }

    @Test(arguments: engines)
    func `a plan is kept where the table of artifacts refuses its copy, and a plan that is refused is told`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            func refuse(_ table: String) async throws {
                switch dialect {
                case .postgres:
                    try await test.prepare(["alter table ops.\(table) add constraint refusal check (false) not valid"])
                case .sqlite:
                    try await test.prepare([
                        "create trigger ops.no_\(table) before insert on \(table) "
                            + "begin select raise(abort, 'not here'); end"
                    ])
                }
            }
            func save(_ number: Int) async throws -> StoreFault? {
                try await test.store.savePlan(
                    runID: runID(number), fingerprint: Digest(of: "plan"), document: ["revision": "abc"],
                    notices: [Notice(.approvalWaiting, of: "a", environment: nil, at: start, dedupe: "\(number)")])
            }
            for number in 1...2 { try await test.store.beginRun(run(number)) }
            try await refuse("artifacts")
            #expect(try await save(1)?.code == "STORE-0032")
            #expect(try await test.store.plan(ofRun: runID(1)) == ["revision": "abc"])
            #expect(try await test.store.notices().count == 1)
            #expect(try await test.rows("select count(*) from ops.artifacts").first?.int(0) == 0)
            try await refuse("plans")
            await #expect(throws: StoreFault.self) { try await save(2) }
            #expect(try await test.store.notices().count == 1)
        }
    }

    @Test func `what each run writes down walks through no rows of other runs`() async throws {
        try await TestStore.with(.sqlite) { test in
            let engine = HeardEngine(inner: test.engine)
            let store = Store(engine: engine, time: test.time)
            try await store.beginRun(run(1))
            try await store.savePlan(runID: runID(1), fingerprint: Digest(of: "plan"), document: ["revision": "abc"])
            try await store.intend(entry("a"))
            var done = entry("a", state: .done)
            done.finishedAt = start
            try await store.settle(done, inventory: .put(owned("a")))
            try await store.appendEvents([RunEvent(runID: runID(1), type: "step", payload: [:], at: start)])
            try await store.updateRun(run(1, phase: .succeeded))
            try await store.showDeployments(ofRuns: [runID(1)])
            let statements = engine.heard.withLock { $0 }
            for table in ["deployments", "artifacts"] {
                #expect(statements.contains { $0.sql.contains("insert into ops.\(table)") }, "\(table)")
            }
            for (sql, binds) in statements {
                let plan = try await test.rows("explain query plan " + sql, binds).map { try $0.text(3) }
                #expect(!plan.contains { $0.hasPrefix("SCAN") }, "\(sql): \(plan)")
            }
        }
    }
}
