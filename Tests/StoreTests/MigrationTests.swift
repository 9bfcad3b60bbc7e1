import Basics
import DesiredState
import Diff
import Formats
import Store
import StorePostgres
import TestKit
import Testing

@Suite struct MigrationTests {
    /// All that a database holds, to see that nothing changed.
    private func inventory(_ test: TestStore) async throws -> [[SQLValue]] {
        switch test.engine.dialect {
        case .sqlite: try await test.rows("select type, name, sql from ops.sqlite_schema order by name").map(\.values)
        case .postgres:
            try await test.rows(
                """
                select table_name, column_name, data_type from information_schema.columns where table_schema = 'ops'
                order by 1, 2
                """
            ).map(\.values)
        }
    }

    @Test(arguments: engines)
    func `an empty database gets the schema once, also when two processes come at once`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect, migrated: false) { test in
            await #expect { try await test.store.runs(limit: 1) } throws: { ($0 as? StoreFault)?.code == "STORE-0020" }
            let before = try await test.store.schemaStatus()
            #expect(before.needsMigration && before.current == 0 && before.problems.isEmpty)
            let engine = try await test.another()
            let other = Store(engine: engine, time: test.time)
            async let first = test.store.migrate()
            async let second = other.migrate()
            let reports = try await [first, second]
            #expect(reports.filter { !$0.applied.isEmpty }.count == 1)
            #expect(reports.allSatisfy { $0.to == before.expected && $0.notes.isEmpty })
            #expect(try await test.store.migrate().applied.isEmpty)
            let after = try await test.store.schemaStatus()
            #expect(!after.needsMigration && after.problems.isEmpty && after.current == after.expected)
            #expect(try await test.rows("select version from ops.odooops_migrations").count == after.expected)
            await engine.close()
        }
    }

    @Test(arguments: engines)
    func `a schema of a newer version, or of another text, is not touched`(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            try await test.prepare([
                "insert into ops.odooops_migrations (version, name, sha256, applied_at) "
                    + "values (99, 'future', 'x', '2027-01-01T00:00:00Z')"
            ])
            let before = try await inventory(test)
            await #expect { try await test.store.migrate() } throws: { ($0 as? StoreFault)?.kind == .newerVersion }
            let status = try await test.store.schemaStatus()
            #expect(status.current == 99 && status.problems.map(\.code) == ["STORE-0004"])
            #expect(try await inventory(test) == before)
            try await test.prepare([
                "delete from ops.odooops_migrations where version = 99",
                "update ops.odooops_migrations set sha256 = 'x'",
            ])
            await #expect { try await test.store.migrate() } throws: { ($0 as? StoreFault)?.code == "STORE-0022" }
        }
    }

    @Test(.enabled(if: PostgresServer.isInstalled), arguments: [false, true])
    func `the console's tables are used as they are and get what they lack`(isLater: Bool) async throws {
        try await TestStore.with(.postgres, migrated: false) { test in
            try await test.prepare(
                OlderShapes.supabase + OlderShapes.consoleRuns + (isLater ? OlderShapes.consoleRunsLater : [])
                    + OlderShapes.environments + OlderShapes.digitalOcean + OlderShapes.artifacts
                    + OlderShapes.findings)
            if !isLater { try await test.prepare(["alter table ops.runs add column idempotency_key text unique"]) }
            try await test.prepare([
                "insert into ops.runs (run_type, status) values ('agent', 'running')",
                "insert into ops.convergence_findings (env, kind, key) values ('dev', 'function_missing', 'x')",
            ])
            let report = try await test.store.migrate()
            #expect(report.notes.isEmpty)
            #expect(!report.applied.contains("created ops.runs") && report.applied.contains("created ops.leases"))
            #expect(report.applied.contains("added column tier to ops.environments"))
            #expect(report.applied.contains("added column last_phase to ops.runs") == !isLater)
            #expect(report.problems.isEmpty, "what others have made differs in nothing that we need")
            // Rows of others are neither seen nor touched.
            #expect(try await test.store.environments().isEmpty)
            #expect(try await test.store.abandonRuns(except: runID(9), at: start).isEmpty)
            try await useAll(test)
            #expect(
                try await test.rows("select status from ops.convergence_findings where kind = 'function_missing'")
                    .first?.values == [.text("open")])
            #expect(try await test.rows("select count(*) from ops.environments").first?.int(0) == 3)
            #expect(try await test.rows("select count(*) from ops.do_droplets").first?.int(0) == 1)
            // As the console asks for it.
            let rows = try await test.rows(
                """
                select id, run_type, agent, status, source, idempotency_key, metadata, started_at, completed_at,
                  created_at, error_json from ops.runs where run_type = 'reconcile' order by created_at desc limit 100
                """)
            #expect(try rows.first?.text(3) == "pending" && rows.first?.text(4) == "manual")
        }
    }

    @Test(.enabled(if: PostgresServer.isInstalled))
    func `tables that are only mirrored into may have another shape`() async throws {
        try await TestStore.with(.postgres, migrated: false) { test in
            try await test.prepare(
                OlderShapes.supabase + OlderShapes.consoleRuns + OlderShapes.consoleRunsLater
                    + OlderShapes.consoleArtifacts + OlderShapes.firstDeployments)
            let report = try await test.store.migrate()
            #expect(report.notes.count == 2 && report.notes[0].hasPrefix("ops.deployments exists in another shape"))
            try await useAll(test)
            #expect(try await test.rows("select count(*) from ops.artifacts").first?.int(0) == 0)
        }
    }

    /// Every method that writes into a table of the console.
    private func useAll(_ test: TestStore) async throws {
        try await test.store.beginRun(run(1))
        try await test.store.updateRun(run(1))
        try await test.store.appendEvents([RunEvent(runID: runID(1), type: "t", payload: .null, at: start)])
        try await test.store.savePlan(runID: runID(1), fingerprint: Digest(of: ""), document: .object(["a": 1]))
        #expect(try await test.store.recordDrift([drift("a")], runID: runID(1), at: start) { _, _ in true }.opened == 1)
        #expect(try await test.store.saveEnvironments([EnvironmentRow(slug: "dev", tier: .dev)]) == 1)
        #expect(try await test.store.inventory().environments.map(\.slug) == ["dev"])
    }

    @Test(.enabled(if: PostgresServer.isInstalled), arguments: OlderShapes.incompatible.indices)
    func `a shape that ours can't live beside is named and nothing changes`(_ index: Int) async throws {
        let shape = OlderShapes.incompatible[index]
        try await refuse(shape.statements, shape.object, shape.detail, .postgres)
    }

    @Test(arguments: OlderShapes.incompatibleSQLite.indices)
    func `a shape in a file that ours can't live beside is named and nothing changes`(_ index: Int) async throws {
        let shape = OlderShapes.incompatibleSQLite[index]
        try await refuse(shape.statements, shape.object, shape.detail, .sqlite)
    }

    private func refuse(_ statements: [String], _ object: String, _ detail: String, _ dialect: SQLDialect) async throws
    {
        try await TestStore.with(dialect, migrated: false) { test in
            try await test.prepare((dialect == .postgres ? ["create schema ops"] : []) + statements)
            let before = try await inventory(test)
            let fault = await #expect(throws: StoreFault.self) { try await test.store.migrate() }
            #expect(fault?.kind == .incompatible && fault?.message.hasPrefix(object) == true)
            #expect(fault?.message.contains(detail) == true, "\(fault?.message ?? "")")
            #expect(fault?.hint?.contains("rename to") == true)
            #expect(try await inventory(test) == before)
            #expect(try await test.store.schemaStatus().problems.map(\.message) == [fault].compactMap { $0?.message })
        }
    }

    @Test(arguments: engines)
    func `a table that has lost what keeps its rows from being there twice is told, with what makes it again`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            try await test.prepare(["drop index ops.access_keys_name"])
            let status = try await test.store.schemaStatus()
            let fault = try #require(status.problems.first)
            #expect(status.problems.count == 1 && fault.code == "STORE-0055" && status.obstacle?.code == fault.code)
            #expect(fault.message.hasPrefix("ops.access_keys has lost the unique index access_keys_name"))
            await #expect { try await test.store.migrate() } throws: { ($0 as? StoreFault)?.code == "STORE-0055" }
            // In the file itself no table has the schema before its name; here it has.
            let remedy = try #require(fault.hint?.split(separator: "`").dropFirst().first)
            #expect(remedy.contains("ops.") == (dialect == .postgres), "\(remedy)")
            let qualified = remedy.replacing(" access_keys_name", with: " ops.access_keys_name")
            let statement = dialect == .postgres ? String(remedy) : String(qualified)
            try await test.prepare([statement])
            #expect(try await test.store.schemaStatus().problems.isEmpty)
        }
    }

    @Test(.enabled(if: PostgresServer.isInstalled))
    func `a lost key stops the work where it is ours, and only is told where others read it or have it otherwise`()
        async throws
    {
        try await TestStore.with(.postgres) { test in
            try await test.prepare(["alter table ops.deployments drop constraint deployments_pkey"])
            let told = try await test.store.schemaStatus()
            #expect(told.problems.map(\.code) == ["STORE-0055"] && told.obstacle == nil)
            try await test.prepare(["alter table ops.plans drop constraint plans_pkey"])
            let status = try await test.store.schemaStatus()
            #expect(status.problems.count == 2 && status.obstacle?.message.hasPrefix("ops.plans has lost") == true)
            #expect(status.obstacle?.hint?.contains("`alter table ops.plans add primary key (run_id)`") == true)
            #expect(status.obstacle?.hint?.contains("delete from") == false, "nobody knows which row is true")
        }
        try await TestStore.with(.postgres, migrated: false) { test in
            try await test.prepare(
                OlderShapes.supabase + OlderShapes.consoleRuns + OlderShapes.consoleRunsLater
                    + OlderShapes.consoleArtifacts)
            try await test.store.migrate()
            try await test.prepare(["alter table ops.artifacts drop constraint artifacts_pkey"])
            #expect(try await test.store.schemaStatus().problems.isEmpty)
        }
    }

    @Test(.enabled(if: PostgresServer.isInstalled))
    func `views that went with what they read are made again, where this user may`() async throws {
        try await TestStore.with(.postgres) { test in
            #expect(try await test.store.schemaStatus().missingViews.isEmpty)
            try await test.prepare([#"drop view public."ops.artifacts", public.integrations_view"#])
            let missing = [#"public."integrations_view""#, #"public."ops.artifacts""#]
            let status = try await test.store.schemaStatus()
            #expect(status.missingViews == missing && status.problems.isEmpty && !status.needsMigration)
            let report = try await test.store.migrate()
            #expect(report.applied == missing.map { "created \($0)" } && report.from == report.to)
            #expect(try await test.store.migrate().applied.isEmpty)
            #expect(try await test.rows(#"select count(*) from public."ops.artifacts""#).first?.int(0) == 0)
        }
    }

    @Test(.enabled(if: PostgresServer.isInstalled))
    func `tables are closed to strangers, and a stranger is told instead of shown nothing`() async throws {
        try await TestStore.with(.postgres, migrated: false) { test in
            try await test.prepare(OlderShapes.supabase)
            try await test.store.migrate()
            try await test.store.changeInventory([.put(owned("a"))])
            let open = try await test.rows(
                """
                select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where n.nspname = 'ops' and relkind = 'r' and not relrowsecurity
                """)
            #expect(open.isEmpty)
            let suffix = test.address.split(separator: "/").last ?? ""
            try await test.prepare([
                "create role stranger_\(suffix) login", "grant usage on schema ops to stranger_\(suffix)",
                "grant all on all tables in schema ops to stranger_\(suffix)",
                "create role service_\(suffix) login in role service_role",
            ])
            for (user, sees) in [("stranger_\(suffix)", false), ("service_\(suffix)", true)] {
                let uri = Secret(test.address.replacing("postgres@", with: "\(user)@"))
                let engine = try await PostgresEngine.open(uri)
                let store = Store(engine: engine, time: test.time)
                if sees {
                    #expect(try await store.inventory().entries.count == 1)
                    try await store.changeInventory([.remove(key("a"))])
                } else {
                    await #expect { try await store.inventory() } throws: { ($0 as? StoreFault)?.code == "STORE-0017" }
                }
                await engine.close()
            }
        }
    }
}
