import Basics
import Store
import TestKit
import Testing

/// Columns that were taken away are told by name before anything is read or written without them.
@Suite struct MissingColumnTests {
    /// The columns that a row can lack, by their table.
    private static func columns(_ test: TestStore) async throws -> [(table: String, column: String)] {
        let sql =
            switch test.engine.dialect {
            case .sqlite:
                """
                select t.name, c.name from ops.sqlite_schema t join pragma_table_xinfo(t.name, 'ops') c
                where t.type = 'table' and t.name not like 'sqlite%' and c.pk = 0
                  and (c."notnull" = 0 or c.dflt_value is not null) order by t.name, c.cid
                """
            case .postgres:
                """
                select c.relname, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
                where c.relnamespace = 'ops'::regnamespace and c.relkind = 'r' and a.attnum > 0
                  and not a.attisdropped and (not a.attnotnull or a.atthasdef) and not exists (select 1 from pg_constraint k
                    where k.conrelid = c.oid and k.contype = 'p' and a.attnum = any (k.conkey))
                order by c.relname, a.attnum
                """
            }
        return try await test.rows(sql).map { (try $0.text(0), try $0.text(1)) }
            .filter { $0.0 != "odooops_migrations" }
    }

    private static func isMirror(_ table: String) -> Bool { MissingTableTests.mirrors.contains(table) }

    @Test(
        "All of a table that a row can lack is told in one problem, and its statements make the store whole again",
        arguments: engines)
    func told(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            let all = Dictionary(grouping: try await Self.columns(test), by: \.table)
            #expect(all.count > 30)
            for (table, columns) in all {
                var gone: [String] = []
                for (_, column) in columns {
                    // What an index or a key of a file's table is of stays in it.
                    let statement = "alter table ops.\(table) drop column \(column)"
                    do { try await test.prepare([statement + (dialect == .postgres ? " cascade" : "")]) } catch {
                        continue
                    }
                    gone.append(column)
                }
                if gone.isEmpty { continue }
                let status = try await test.store.schemaStatus()
                let fault = try #require(status.problems.first, "\(table): \(gone)")
                #expect(fault.code == "STORE-0058" && fault.message.hasPrefix("ops.\(table) lacks the column"))
                // With a column go those that are made of it.
                for column in gone { #expect(fault.hint?.contains(" \(column) ") == true, "\(column): \(fault)") }
                #expect((status.obstacle?.message == fault.message) == !Self.isMirror(table), "\(table)")
                if !Self.isMirror(table) {
                    let refused = await #expect(throws: StoreFault.self) { try await test.store.migrate() }
                    #expect(refused?.message == fault.message)
                }
                try await mend(table, test)
            }
            let before = Set(all.values.joined().map { "\($0.table).\($0.column)" })
            let after = Set(try await Self.columns(test).map { "\($0.table).\($0.column)" })
            #expect(after.symmetricDifference(before) == [])
        }
    }

    /// Does what is told, as long as something is: a key comes after its column.
    private func mend(_ table: String, _ test: TestStore) async throws {
        for _ in 0..<4 {
            let problems = try await test.store.schemaStatus().problems
            if problems.isEmpty { return }
            for problem in problems {
                let remedy = try #require(problem.hint?.split(separator: "`").dropFirst().first, "\(problem)")
                #expect(remedy.contains("ops.") == (test.engine.dialect == .postgres), "\(remedy)")
                for statement in remedy.split(separator: "; ").map(String.init) {
                    // In the file itself no table has the schema before its name; here it has.
                    try await test.prepare([statement.replacing("table \(table)", with: "table ops.\(table)")])
                }
            }
        }
        #expect(try await test.store.schemaStatus().problems.isEmpty, "\(table)")
    }

    @Test(
        "A table for others that lacks what can't be added is told, and made again once it is renamed",
        arguments: engines)
    func cannotBeAdded(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            try await test.prepare(["alter table ops.do_droplets drop column region"])
            let status = try await test.store.schemaStatus()
            let fault = try #require(status.problems.first)
            #expect(status.problems.count == 1 && status.obstacle == nil, "\(status.problems)")
            #expect(fault.code == "STORE-0021" && fault.message.contains("the column region is missing"), "\(fault)")
            let remedy = try #require(fault.hint?.split(separator: "`").dropFirst().first)
            #expect(remedy.contains("ops.") == (dialect == .postgres), "\(remedy)")
            try await test.prepare([String(remedy.replacing("table do_droplets", with: "table ops.do_droplets"))])
            #expect(try await test.store.migrate().applied.first?.hasPrefix("created ops.do_droplets") == true)
            #expect(try await test.store.schemaStatus().problems.isEmpty)
        }
    }

    @Test("What others have in another shape lacks nothing of ours", .enabled(if: PostgresServer.isInstalled))
    func others() async throws {
        try await TestStore.with(.postgres, migrated: false) { test in
            try await test.prepare([
                "create schema ops", "create table ops.deployments (id integer primary key, what text not null)",
            ])
            try await test.store.migrate()
            #expect(try await test.store.schemaStatus().problems.isEmpty)
        }
    }
}
