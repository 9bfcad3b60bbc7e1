import Basics
import Formats
import Reconciler
import Store
import StoreSQLite
import TestKit
import Testing

/// What somebody with access to the store could do to the record of runs.
struct Forgery: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let sql: String
    /// Which run is verified: by its place, oldest first.
    let run: Int
    let code: String
    let words: String

    init(_ name: String, _ sql: String, run: Int, _ code: String, _ words: String) {
        (testDescription, self.sql, self.run, self.code, self.words) = (name, sql, run, code, words)
    }

    static let all = [
        Forgery(
            "the first link", "delete from ops.evidence_chain where sequence = 1", run: 3, "EVID-0004",
            "number 1 is missing"),
        Forgery(
            "links in between", "delete from ops.evidence_chain where sequence in (2, 3)", run: 3, "EVID-0004",
            "numbers 2 to 3 are missing"),
        Forgery(
            "a later link than the run's", "delete from ops.evidence_chain where sequence = 3", run: 0, "EVID-0004",
            "number 3 is missing"),
        Forgery(
            "the newest link", "delete from ops.evidence_chain where sequence = 4", run: 2, "EVID-0004",
            "it is number 4, and ops.evidence_chain has no link of it"),
        Forgery(
            "what a link follows", "update ops.evidence_chain set previous = null where sequence = 3", run: 3,
            "EVID-0004",
            "number 3 in ops.evidence_chain doesn't follow"),
        Forgery(
            "whose a link is",
            "update ops.evidence_chain set run_id = '00000000-0000-7000-8000-000000000000' where sequence = 2", run: 3,
            "EVID-0005", "number 2 is of run 00000000"),
        Forgery(
            "the state of a step", "update ops.reconcile_steps set state = 'failed'", run: 0, "EVID-0007",
            "state was done and is failed"),
        Forgery(
            "a step made open", "update ops.reconcile_steps set state = 'unknown'", run: 0, "EVID-0007",
            "state was done and is unknown"),
        Forgery(
            "the title of a step", "update ops.reconcile_steps set title = 'forged'", run: 0, "EVID-0007", "is forged"),
        Forgery(
            "removed steps", "delete from ops.reconcile_steps", run: 0, "EVID-0007", "is missing in ops.reconcile_steps"
        ),
        Forgery(
            "an added step",
            """
            insert into ops.reconcile_steps select run_id, 'more#1', resource_key, action, operation, 'more', environment, state,
              input, output, intended_at, finished_at from ops.reconcile_steps limit 1
            """, run: 0, "EVID-0007", "the step more#1 (more) was added"),
    ]
}

@Suite("What the store says of runs is held against their evidence")
struct EvidenceAccountTests {
    private static func check(_ world: World, _ run: String) async throws -> EvidenceVerification? {
        let account = try await world.store.evidenceAccount(ofRun: run)
        return EvidenceStore(directory: "\(world.directory.path)/evidence").verify(
            account, stepsSince: world.time.now - RetentionRule().audit)
    }

    @Test("What was changed, removed or added in the store is found and named", arguments: Forgery.all)
    func finds(_ forgery: Forgery) async throws {
        let world = try await World()
        var runs: [String] = []
        for _ in 0..<4 { runs.append(await world.pass().run.id) }
        for run in runs {
            let before = try #require(try await Self.check(world, run))
            #expect(before.isWhole, "\(before.faults)")
        }
        _ = try await world.engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
            try db.run(forgery.sql, []).count
        }
        let after = try #require(try await Self.check(world, runs[forgery.run]))
        #expect(
            after.faults.contains { $0.code == forgery.code && $0.message.contains(forgery.words) },
            "\(after.faults.map(\.message))")
        // A pass that comes after it hides nothing.
        let next = await world.pass().run.id
        if forgery.code != "EVID-0007" {
            let later = try #require(try await Self.check(world, next))
            #expect(later.faults.contains { $0.code == forgery.code }, "\(later.faults.map(\.message))")
        }
        await world.engine.close()
    }
}
