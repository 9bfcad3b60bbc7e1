import Basics
import DesiredState
import Diff
import Formats
import Testing

@testable import Store

/// What belongs to some environments, and what environments are called.
@Suite struct EnvironmentPartTests {
    @Test("An environment is found by its name before its id, and by its id before its branch", arguments: engines)
    func names(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            func row(_ slug: String, _ branch: String?) -> EnvironmentRow {
                EnvironmentRow(slug: slug, tier: .dev, branch: branch, createdAt: start, expiresAt: nil)
            }
            var gone = row("gone", "feature/crm")
            gone.status = .gone
            // Of its branch nothing is left but it.
            var last = row("last", "feature/last")
            last.status = .gone
            // A tier that something is of goes before.
            var late = row("late", "prod")
            late.status = .gone
            try await test.store.saveEnvironments([
                row("crm", "feature/crm"), row("main", "crm"), row("a", "twice"), row("b", "twice"), gone, last, late,
                EnvironmentRow(slug: "erp", tier: .production, createdAt: start, expiresAt: nil),
            ])
            for (word, name) in [
                ("crm", "crm"), ("feature/crm", "crm"), ("main", "main"), ("gone", "gone"), ("twice", nil),
                ("feature/last", "last"), ("prod", "erp"),
                ("none", nil), ("' or '1'='1", nil), (runID(7), nil),
            ] {
                #expect(try await test.store.environmentName(of: word) == name, "\(word)")
            }
            let id = try #require(
                try await test.rows("select id from ops.environments where slug = 'main'").first?.text(0))
            #expect(try await test.store.environmentName(of: id) == "main")
        }
    }

    @Test("Runs and their lines are those that did something for an environment", arguments: engines)
    func runs(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            for number in 1...3 {
                try await test.store.beginRun(run(number, at: start + .seconds(number)))
                for environment in number == 2 ? [nil, "dev"] : ["dev", "staging"] {
                    try await test.store.intend(
                        JournalEntry(
                            runID: runID(number), stepID: environment ?? "shared",
                            key: ResourceKey(.droplet, "d-\(environment ?? "shared")"), action: .update,
                            operation: "resize", title: "resize", environment: environment, input: [:],
                            intendedAt: start))
                    try await test.store.appendEvents([
                        RunEvent(
                            runID: runID(number), type: "step", payload: ["environment": .text(environment)], at: start)
                    ])
                }
            }
            func ids(_ environments: [String]?, after cursor: PageCursor? = nil) async throws -> [String] {
                try await test.store.runPage(limit: 10, after: cursor, environments: environments).rows.map(\.id)
            }
            #expect(try await ids(nil) == [runID(3), runID(2), runID(1)])
            #expect(try await ids(["staging"]) == [runID(3), runID(1)])
            #expect(try await ids(["dev", "staging"]) == [runID(3), runID(2), runID(1)])
            #expect(try await ids([]) == [])
            #expect(try await ids(["none"]) == [])
            let first = try await test.store.runPage(limit: 1, environments: ["staging"])
            #expect(try await ids(["staging"], after: first.next) == [runID(1)])
            for (environments, count) in [(nil, 2), (["dev"], 1), (["staging"], 0), ([], 0)] as [([String]?, Int)] {
                let lines = try await test.store.eventPage(limit: 10, runID: runID(2), environments: environments)
                #expect(lines.rows.count == count, "\(environments ?? ["all"])")
            }
        }
    }

    /// A plan with a change for some environments, and a mere outlook on another.
    private static func plan(for environments: [String?]) -> Value {
        [
            "revision": "abc", "environments": [["slug": "seen"]],
            "changes": .list(environments.prefix(1).map { ["environment": .text($0)] }),
            "drift": .list(environments.dropFirst().map { ["environment": .text($0)] }),
        ]
    }

    @Test("A run is listed for whom it only planned something, as long as its plan is kept", arguments: engines)
    func plannedRuns(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            for number in 1...6 {
                let phase: RunPhase = number == 4 ? .failed : .succeeded
                var record = run(number, phase: phase, at: start + .seconds(number))
                record.completedAt = start + .seconds(number)
                try await store.beginRun(record)
                try await store.updateRun(record)
            }
            for (number, environments) in [(1, ["staging", "dev"]), (2, ["dev", nil]), (4, ["staging"]), (6, [nil])] {
                try await store.savePlan(
                    runID: runID(number), fingerprint: Digest(of: "p"), document: Self.plan(for: environments))
            }
            // A look keeps its plan elsewhere; twice is once.
            let many = ["staging"] + (1...1_200).map { "e\($0)" }
            for _ in 0..<2 { try await store.noteEnvironments(many, ofRun: runID(5)) }
            var step = JournalEntry(
                runID: runID(1), stepID: "1", key: key("d"), action: .update, operation: "resize", title: "resize",
                environment: "staging", input: [:], intendedAt: start)
            try await store.intend(step)
            step.state = .done
            step.finishedAt = start + .seconds(1)
            try await store.settle(step)

            func ids(_ environments: [String], _ phase: RunPhase? = nil, limit: Int = 10) async throws -> [String] {
                try await store.runPage(limit: limit, phase: phase, environments: environments).rows.map(\.id)
            }
            #expect(try await ids(["staging"]) == [5, 4, 1].map { runID($0) })
            #expect(try await ids(["dev"]) == [2, 1].map { runID($0) })
            #expect(try await ids(["dev", "staging", "e1200"]) == [5, 4, 2, 1].map { runID($0) })
            #expect(try await ids(["seen", "none"]) == [], "what becomes of it alone is nothing planned for it")
            #expect(try await ids(["staging"], .failed) == [runID(4)])
            #expect(try await ids(["staging"], .succeeded) == [5, 1].map { runID($0) })
            for phase in [nil, RunPhase.succeeded, .failed] {
                let all = try await ids(["staging", "dev"], phase)
                var parts: [String] = []
                var cursor: PageCursor?
                repeat {
                    let page = try await store.runPage(
                        limit: 1, after: cursor, phase: phase, environments: ["staging", "dev"])
                    parts += page.rows.map(\.id)
                    cursor = page.next
                } while cursor != nil && parts.count < 10
                #expect(parts == all && !all.isEmpty, "\(phase?.rawValue ?? "any")")
            }
            let since = try await store.runPage(
                limit: 10, since: start + .seconds(4), until: start + .seconds(5), environments: ["staging"])
            #expect(since.rows.map(\.id) == [runID(4)])
            #expect(try await store.run(runID(5), concerns: ["dev", "staging"]))
            #expect(try await !store.run(runID(5), concerns: ["dev"]))
            #expect(try await !store.run(runID(6), concerns: ["staging"]))

            // With the plans goes what was only planned, and with a run what it did.
            test.time.advance(by: .days(40))
            let now = test.time.now
            _ = try await store.cutRuns(artifacts: now, runs: now - .days(90), isDryRun: true)
            #expect(try await ids(["staging"]).count == 3, "a dry run only counts")
            _ = try await store.cutRuns(artifacts: now, runs: now - .days(90), isDryRun: false)
            #expect(try await ids(["staging"]) == [runID(1)])
            #expect(try await ids(["dev"]) == [])
            _ = try await store.cutRuns(artifacts: now, runs: now, isDryRun: false)
            #expect(try await store.runs(limit: 10).isEmpty)
            #expect(try await test.rows("select run_id from ops.run_environments").isEmpty)
        }
    }

    @Test("The runs of an environment are found by an index, in order, however many others there are")
    func walks() async throws {
        try await TestStore.with(.sqlite) { test in
            let cursor = PageCursor(at: start, id: runID(1))
            for after in [nil, cursor] {
                for phase in [nil, RunPhase.succeeded, .failed] {
                    let list = RunList(limit: 51, cursor: after, phase: phase, since: nil, until: nil)
                    let conditions = list.conditions(of: ["dev", "staging"])
                    let query =
                        list.isWalkedByEnvironment
                        ? list.walk("dev") : (text: RunList.text(conditions, limit: 51), binds: conditions.binds)
                    let plan = try await test.rows("explain query plan " + query.text, query.binds)
                        .map { try $0.text(3) }
                    #expect(!plan.contains { $0.contains("TEMP B-TREE") || $0.contains("SCAN") }, "\(plan)")
                    let index = list.isWalkedByEnvironment ? "run_environments_latest" : "runs_phase"
                    #expect(plan.first?.contains(index) == true, "\(query.text): \(plan)")
                }
            }
            // Those whose plans are gone are found without reading all.
            let old = try await test.rows(
                "explain query plan select run_id from ops.run_environments where began_at < $1 limit 2000",
                [.time(start)]
            ).map { try $0.text(3) }
            #expect(old.allSatisfy { $0.contains("run_environments_began") } && !old.isEmpty, "\(old)")
        }
    }
}
