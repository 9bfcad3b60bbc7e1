import Basics
import Diff
import Formats
import TestKit
import Testing

@testable import Store

/// Environments and schedules that are gone: forgotten when their time is over and nothing speaks of them any more.
@Suite struct PastEnvironmentTests {
    private static let (old, new) = ("2020-01-01T00:00:00.000000Z", "2030-01-01T00:00:00.000000Z")

    private static func id(_ number: Int) -> String { "01990000-0000-7000-8000-\(String(number + 100_000_000_000))" }

    /// What holds a row that has been gone for years; `%` stands for the environment.
    struct Hold: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let statements: [String]
        var isKept = true

        init(_ text: String, _ statements: String..., isKept: Bool = true) {
            (testDescription, self.statements, self.isKept) = (text, statements, isKept)
        }
    }

    static let holds = [
        Hold("nothing", isKept: false),
        Hold("it is there", "update ops.environments set status = 'expired' where slug = '%'"),
        Hold("it went lately", "update ops.environments set updated_at = '\(new)' where slug = '%'"),
        Hold("another program's", "update ops.environments set tier = null where slug = '%'"),
        Hold("a pin without an end", "update ops.environments set is_pinned = true where slug = '%'"),
        Hold(
            "a pin that has ended",
            "update ops.environments set is_pinned = true, pinned_until = '\(old)' where slug = '%'", isKept: false),
        Hold(
            "a suspension",
            "update ops.environments set is_suspended = true, suspended_until = '\(new)' where slug = '%'"),
        Hold(
            "what it owns",
            """
            insert into ops.reconcile_inventory (resource_key, kind, name, provider_id, environment, last_applied, revision,
              is_protected, created_at, updated_at)
            values ('digitalocean.droplet/x', 'digitalocean.droplet', 'x', '1', '%', '{}', 'r', false, '\(old)', '\(old)')
            """),
        Hold(
            "an open difference",
            """
            insert into ops.drift_items (id, resource_key, cause, environment, detail, status, first_seen, last_seen, run_id)
            values ('\(id(1))', 'k', 'external_change', '%', '{}', 'open', '\(old)', '\(old)', '\(id(2))')
            """),
        Hold(
            "a standing finding",
            """
            insert into ops.convergence_findings (id, env, kind, key, status) values ('\(id(1))', '%', 'gate', 'k', 'open')
            """),
        Hold(
            "a finding that is over and kept",
            """
            insert into ops.convergence_findings (id, env, kind, key, status, resolved_at)
            values ('\(id(1))', '%', 'gate', 'k', 'resolved', '\(new)')
            """, isKept: false),
        Hold(
            "an open step",
            """
            insert into ops.reconcile_steps (run_id, step_id, resource_key, action, operation, title, environment, state,
              input, output, intended_at)
            values ('\(id(2))', '1', 'k', 'create', 'POST', 't', '%', 'unknown', '{}', '{}', '\(old)')
            """),
        Hold(
            "a mark of what is to go",
            """
            insert into ops.prune_marks (resource_key, provider_id, environment, marked_at, revision, run_id)
            values ('k', '1', '%', '\(old)', 'r', 'r')
            """),
        Hold(
            "a notice that is kept",
            """
            insert into ops.reconcile_notices (id, at, kind, subject, environment, payload, dedupe_key)
            values ('\(id(1))', '\(new)', 'environment.ended', '%', '%', '{}', 'n')
            """),
        Hold(
            "a notice that goes first",
            """
            insert into ops.reconcile_notices (id, at, kind, subject, environment, payload, dedupe_key)
            values ('\(id(1))', '\(old)', 'environment.ended', '%', '%', '{}', 'n')
            """, isKept: false),
        Hold(
            "another program's deployment",
            """
            insert into ops.deployments (id, environment_id, sha) select '\(id(1))', id, 'abc' from ops.environments
            where slug = '%'
            """),
        Hold(
            "care that nobody let go of",
            """
            insert into ops.reconcile_state (key, value, updated_at)
            values ('lineage', '{"care": {"%": {"tier": "staging"}}}', '\(old)')
            """),
    ]

    @Test(arguments: engines, holds) func `a row goes once nothing speaks of its environment`(
        _ dialect: SQLDialect, _ hold: Hold
    ) async throws {
        try await TestStore.with(dialect) { test in
            try await test.prepare([
                """
                insert into ops.environments (id, slug, tier, status, updated_at, metadata)
                values ('\(Self.id(9))', 'pr-7', 'preview', 'gone', '\(Self.old)', '{}')
                """
            ])
            try await test.prepare(hold.statements.map { $0.replacing("%", with: "pr-7") })
            for isDryRun in [true, false] {
                let cut = try await test.store.cutPast(before: start, isDryRun: isDryRun)
                #expect(cut.first { $0.table == "environments" }?.count == (hold.isKept ? 0 : 1))
            }
            let left = try await test.rows("select slug from ops.environments")
            #expect(left.count == (hold.isKept ? 1 : 0))
        }
    }

    @Test(.enabled(if: engines.contains(.postgres))) func `what tables of others refer to stays`() async throws {
        try await TestStore.with(.postgres) { test in
            try await test.prepare(
                [
                    "create schema console",
                    """
                    create table console."Odd Notes" (env uuid references ops.environments (id) on delete cascade)
                    """,
                ]
                    + ["a", "b"].enumerated().map { number, slug in
                        """
                        insert into ops.environments (id, slug, tier, status, updated_at, metadata)
                        values ('\(Self.id(number))', '\(slug)', 'preview', 'gone', '\(Self.old)', '{}')
                        """
                    } + ["insert into console.\"Odd Notes\" values ('\(Self.id(1))')"])
            _ = try await test.store.cutPast(before: start, isDryRun: false)
            #expect(try await test.rows("select slug from ops.environments").map { try $0.text(0) } == ["b"])
            #expect(try await test.rows("select env from console.\"Odd Notes\"").count == 1)
        }
    }

    @Test(arguments: engines) func `how far a schedule had come is forgotten long after nothing wants it`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            func look(_ wanted: Set<String>) async throws -> [String] {
                _ = try await test.store.forgetSchedules(notIn: wanted, before: test.time.now - .days(90))
                return try await test.store.scheduleStates().keys.sorted()
            }
            let all: Set = ["yearly", "backup/pr-7", "asked"]
            try await test.store.beginSchedules(all.sorted())
            _ = try await test.store.requestSlot(
                of: "asked", lane: "main",
                audit: AuditRecord(at: start, action: "a", target: "t", actor: "ada", detail: [:]))
            // As long as it is wanted, whenever it was due last.
            for _ in 0..<20 {
                test.time.advance(by: .days(10))
                #expect(try await look(all) == all.sorted())
            }
            let gone: Set = ["yearly"]
            test.time.advance(by: .days(89))
            #expect(try await look(gone) == all.sorted())
            test.time.advance(by: .days(2))
            #expect(try await look(gone) == ["asked", "yearly"], "of what a person asked for a time is left")
            // Wanted for a moment is wanted again from there on.
            test.time.advance(by: .days(80))
            #expect(try await look(all).contains("yearly"))
        }
    }
}
