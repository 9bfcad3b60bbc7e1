import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import TestKit
import Testing

@testable import ConsoleAPI
@testable import ConsoleAccess

/// How often everything is looked at for those who ask.
@Suite struct LookTests {
    /// Counts who reads it, and holds them back at a gate.
    private struct Counted: Source {
        let reads = Locked(0)
        let gate = Gate()

        func read(_ log: Log) async throws -> SourceSnapshot {
            reads.withLock { $0 += 1 }
            await gate.pass()
            let file = SourceFile(path: "ssot/supabase/project.yaml", text: "project_ref: abcdefghijklmnopqrst\n")
            return SourceSnapshot(
                tree: SourceTree(revision: String(repeating: "a", count: 40), files: [file], branches: .known([])))
        }
    }

    private static func world(_ source: Counted) async throws -> APIWorld {
        let directory = try TemporaryDirectory.inMemory()
        return try await APIWorld { store, time in
            Reconciler(
                source: source, drivers: [], store: store,
                evidence: EvidenceStore(directory: "\(directory.path)/evidence"), time: time,
                random: RandomSource(seed: 1), log: .none, metrics: Metrics(), holder: "test/1")
        }
    }

    @Test("Whoever may change something gets a look of 15 s at most, and of after the last change and the last pass")
    func aLookIsKeptForSeconds() async throws {
        let source = Counted()
        let world = try await Self.world(source)
        try await world.fill()
        source.gate.open()
        func looks(_ role: String = "developer") async throws -> Int {
            let before = source.reads.withLock { $0 }
            let answer = try await world.send("GET", "/sweep", as: role)
            #expect(answer.status == 200, "\(answer.body)")
            return source.reads.withLock { $0 } - before
        }
        let begun = world.time.now
        #expect(try await looks() == 1)
        world.time.advance(by: .seconds(14))
        for _ in 0..<12 { #expect(try await looks() == 0) }
        #expect(try await looks("owner") == 0)
        let answer = try await world.send("GET", "/sweep", as: "developer")
        #expect(answer.data["as_of"]?.stringValue == begun.description, "when somebody looked")
        world.time.advance(by: .seconds(1))
        #expect(try await looks("viewer") == 0)
        #expect(try await looks() == 1)
        // A person's change, and a pass that begins and ends.
        let pin: Value = ["reason": "shown"]
        #expect(try await world.send("POST", "/environments/staging/pin", as: "owner", body: pin).status < 300)
        #expect(try await looks() == 1)
        #expect(try await looks() == 0)
        var run = RunRecord(
            id: "0199a1b2-7b1c-7a54-9d0c-2f2b7c1b9e12", trigger: .schedule, phase: .planning, isDryRun: false,
            startedAt: world.time.now)
        try await world.store.beginRun(run)
        #expect(try await looks() == 1)
        run.phase = .succeeded
        run.completedAt = world.time.now
        try await world.store.updateRun(run)
        #expect(try await looks() == 1)
        #expect(try await looks() == 0)
    }

    @Test("Those who ask at once share a look")
    func thoseWhoAskAtOnceShareALook() async throws {
        let source = Counted()
        let world = try await Self.world(source)
        let first = Task { try await world.send("GET", "/sweep", as: "developer").status }
        await source.gate.waitForOne()
        let begun = Locked(0)
        let others = ["owner", "viewer", "developer"].map { role in
            Task {
                begun.withLock { $0 += 1 }
                return try await world.send("GET", "/sweep", as: role).status
            }
        }
        #expect(await eventually { begun.withLock { $0 } == 3 })
        // Time for those who are refused to be refused.
        try await Task.sleep(for: .milliseconds(50))
        source.gate.open()
        #expect(try await first.value == 200)
        for other in others { #expect(try await other.value == 200) }
        #expect(source.reads.withLock { $0 } == 1)
    }
}
