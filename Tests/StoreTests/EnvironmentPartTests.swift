import Basics
import DesiredState
import Diff
import Formats
import Store
import Testing

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
            try await test.store.saveEnvironments([
                row("crm", "feature/crm"), row("main", "crm"), row("a", "twice"), row("b", "twice"), gone,
            ])
            for (word, name) in [
                ("crm", "crm"), ("feature/crm", "crm"), ("main", "main"), ("gone", "gone"), ("twice", nil),
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
}
