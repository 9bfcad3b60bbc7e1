import Basics
import DesiredState
import Diff
import Formats
import Store
import TestKit
import Testing

/// A table that was taken away is told by name, made again where nothing is lost by that, and else only at a word.
@Suite struct MissingTableTests {
    /// The tables whose rows come again by themselves.
    private static let refilled: Set = [
        "do_droplets", "do_databases", "do_firewalls", "request_budgets", "reconcile_services", "module_looks",
        "environment_modules", "prune_marks", "due_successors",
    ]
    /// Those that others read: the work goes on without them.
    static let mirrors: Set = [
        "deployments", "artifacts", "convergence_findings", "do_droplets", "do_databases", "do_firewalls",
        "do_ingest_runs", "work_items", "mail_events", "integrations_catalog", "integrations_installations",
        "maintenance_runs",
    ]

    /// All that the schema is, so that nothing of a table is forgotten that is made again.
    private static func shape(_ test: TestStore) async throws -> [String] {
        let sql =
            switch test.engine.dialect {
            case .sqlite: "select type || ' ' || name || ' ' || coalesce(sql, '') from ops.sqlite_schema"
            case .postgres:
                """
                select attrelid::regclass || '.' || attname || ' ' || atttypid::regtype || ' ' || attnotnull
                  from pg_attribute where attrelid in (select oid from pg_class where relnamespace = 'ops'::regnamespace
                    and relkind in ('r', 'v')) and attnum > 0
                union all select indexdef from pg_indexes where schemaname = 'ops'
                union all select conrelid::regclass || ' ' || pg_get_constraintdef(oid) from pg_constraint
                  where connamespace = 'ops'::regnamespace
                union all select tablename || ' ' || policyname || ' ' || roles::text || ' ' || qual from pg_policies
                union all select relname || ' ' || relrowsecurity || ' ' || coalesce(relacl::text, '') from pg_class
                  where relnamespace = 'ops'::regnamespace and relkind = 'r'
                union all select schemaname || ' ' || viewname || ' ' || definition from pg_views
                  where schemaname in ('ops', 'public')
                """
            }
        return try await test.rows(sql).map { try $0.text(0) }.sorted()
    }

    private static func tables(_ test: TestStore) async throws -> [String] {
        let sql =
            test.engine.dialect == .sqlite
            ? "select name from ops.sqlite_schema where type = 'table' and name not like 'sqlite%' order by name"
            : "select tablename from pg_tables where schemaname = 'ops' order by tablename"
        return try await test.rows(sql).map { try $0.text(0) }.filter { $0 != "odooops_migrations" }
    }

    private static func world(_ dialect: SQLDialect, _ body: (TestStore) async throws -> Void) async throws {
        try await TestStore.with(dialect, migrated: false) { test in
            if dialect == .postgres { try await test.prepare(OlderShapes.supabase) }
            try await test.store.migrate()
            try await body(test)
        }
    }

    @Test(arguments: engines)
    func `each is told by its name, comes back as it was made, and where its rows are lost only at a word`(
        _ dialect: SQLDialect
    ) async throws {
        try await Self.world(dialect) { test in
            let (store, before) = (test.store, try await Self.shape(test))
            let tables = try await Self.tables(test)
            #expect(tables.count > 40 && Self.refilled.union(Self.mirrors).isSubset(of: tables))
            for table in tables {
                try await test.prepare(["drop table ops.\(table)" + (dialect == .postgres ? " cascade" : "")])
                let status = try await store.schemaStatus()
                let fault = try #require(status.problems.first, "\(table)")
                #expect(fault.code == "STORE-0056" && fault.message.hasPrefix("ops.\(table) is missing"))
                #expect((status.obstacle == nil) == Self.mirrors.contains(table), "\(table)")
                if Self.refilled.contains(table) {
                    #expect(fault.hint?.hasPrefix("run `reconcile migrate` with") == true, "\(table)")
                    let report = try await store.migrate()
                    #expect(report.applied.first?.hasPrefix("created ops.\(table), which was missing: ") == true)
                } else {
                    #expect(fault.hint?.contains("under Restore") == true, "\(table)")
                    #expect(fault.hint?.contains("`reconcile migrate --accept-loss \(table)`") == true)
                    if Self.mirrors.contains(table) {
                        let report = try await store.migrate()
                        #expect(report.applied.isEmpty && report.problem?.code == "STORE-0056", "\(table)")
                    } else {
                        let refused = await #expect(throws: StoreFault.self) { try await store.migrate() }
                        #expect(refused?.message == fault.message)
                    }
                    let report = try await store.migrate(accepting: [table], by: "ada")
                    #expect(
                        report.applied.first == "created ops.\(table), which was missing: the rows that it had are lost"
                    )
                    let audit = try await store.auditLog(limit: 1).first
                    #expect(audit?.action == "store.remade" && audit?.target == "ops.\(table)" && audit?.actor == "ada")
                }
                // What went with it: the keys of others that named it.
                for problem in try await store.schemaStatus().problems {
                    #expect(problem.code == "STORE-0057", "\(table): \(problem)")
                    let remedy = try #require(problem.hint?.split(separator: "`").dropFirst().first)
                    try await test.prepare(remedy.split(separator: ";").map(String.init))
                }
                #expect(try await Self.shape(test) == before, "\(table)")
                let whole = try await store.schemaStatus()
                #expect(whole.problems.isEmpty && whole.missingViews.isEmpty, "\(table): \(whole.problems)")
                #expect(try await store.migrate().applied.isEmpty)
            }
            // And it can be worked with.
            try await store.beginRun(run(1))
            try await store.changeInventory([.put(owned("a"))])
            #expect(try await store.inventory().entries.count == 1)
        }
    }

    @Test(arguments: engines)
    func `nothing is made again that is there, and nobody loses one table by a word about another`(
        _ dialect: SQLDialect
    ) async throws {
        try await Self.world(dialect) { test in
            try await test.store.beginRun(run(1))
            await #expect {
                try await test.store.migrate(accepting: ["runs"])
            } throws: { "\($0)".contains("ops.runs is not missing") }
            try await test.prepare(["drop table ops.plans", "drop table ops.prune_marks"])
            await #expect {
                try await test.store.migrate(accepting: ["prune_marks"])
            } throws: { "\($0)".contains("ops.plans is missing, and its rows with it") }
            // All of it or nothing.
            #expect(try await test.store.schemaStatus().problems.count == 2)
            let report = try await test.store.migrate(accepting: ["plans"])
            #expect(report.applied.count == 2 && report.problems.isEmpty)
            #expect(try await test.store.runs(limit: 9).count == 1)
        }
    }

    @Test(arguments: engines)
    func `where it is not known which migrations were applied, none is applied again`(
        _ dialect: SQLDialect
    ) async throws {
        try await Self.world(dialect) { test in
            try await test.prepare(["drop table ops.odooops_migrations"])
            let before = try await Self.shape(test)
            let status = try await test.store.schemaStatus()
            #expect(status.problems.map(\.code) == ["STORE-0056"] && status.obstacle != nil)
            await #expect {
                try await test.store.migrate()
            } throws: { "\($0)".contains("ops.odooops_migrations is missing") }
            #expect(try await Self.shape(test) == before)
        }
    }

    @Test(arguments: engines)
    func `the rows that come again do come`(_ dialect: SQLDialect) async throws {
        try await Self.world(dialect) { test in
            let web = ObservedResource(
                key: key("web"), providerID: "7",
                attributes: Attributes([
                    Attributes.Item("region", "sgp1"), Attributes.Item("size", "s-1vcpu-2gb"),
                    Attributes.Item("status", "active"), Attributes.Item("tags", .strings([])),
                ]), isOwned: true, createdAt: start)
            let seen = ObservedKind(kind: .droplet, completeness: .complete, resources: [web])
            for _ in 0..<2 {
                _ = try await test.store.ingest([seen], runID: runID(1), trigger: .manual, startedAt: start, at: start)
                #expect(try await test.store.mirror(.droplets).count == 1)
                try await test.prepare(["drop table ops.do_droplets" + (dialect == .postgres ? " cascade" : "")])
                _ = try await test.store.migrate()
            }
        }
    }

    @Test(.enabled(if: PostgresServer.isInstalled))
    func `a lost foreign key is told with what brings it back, and stops nothing`() async throws {
        try await Self.world(.postgres) { test in
            let before = try await Self.shape(test)
            try await test.store.beginRun(run(1))
            try await test.store.appendEvents([RunEvent(runID: runID(1), type: "t", payload: .null, at: start)])
            try await test.prepare([
                "alter table ops.run_events drop constraint run_events_run_id_fkey",
                "alter table ops.notice_deliveries drop constraint notice_deliveries_notice_id_fkey",
                "update ops.run_events set run_id = '\(runID(2))'",
            ])
            let status = try await test.store.schemaStatus()
            #expect(status.problems.map(\.code) == ["STORE-0057", "STORE-0057"] && status.obstacle == nil)
            #expect(
                status.problems[0].message.hasPrefix("ops.run_events has lost the foreign key (run_id) to ops.runs"))
            let report = try await test.store.migrate()
            #expect(report.applied.isEmpty && report.problem == nil && report.problems.count == 2)
            for problem in status.problems {
                let remedy = try #require(problem.hint?.split(separator: "`").dropFirst().first)
                // What may be true is deleted by no remedy of ours.
                #expect(remedy.contains("delete from") == problem.message.contains("run_events"), "\(remedy)")
                try await test.prepare(remedy.split(separator: ";").map(String.init))
            }
            #expect(try await Self.shape(test) == before)
            #expect(try await test.rows("select 1 from ops.run_events").isEmpty, "what it would have deleted is gone")
        }
    }

    @Test func `in a file too, where only a backup brings it back`() async throws {
        try await Self.world(.sqlite) { test in
            try await test.prepare([
                "create table ops.rebuilt as select * from ops.run_environments", "drop table ops.run_environments",
                """
                create table ops.run_environments (run_id text not null, environment text not null, began_at text not null,
                  primary key (run_id, environment))
                """,
            ])
            let status = try await test.store.schemaStatus()
            #expect(status.problems.map(\.code) == ["STORE-0057"] && status.obstacle == nil, "\(status.problems)")
            #expect(status.problems.first?.hint?.contains("under Restore") == true)
        }
    }
}
