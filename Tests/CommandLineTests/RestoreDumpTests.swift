import Basics
import Formats
import Glibc
import TestKit
import Testing

private let hasPrograms = Shell.run("command -v pg_dump && command -v pg_restore && command -v psql").status == 0

/// A backup of a store in PostgreSQL is brought in again as docs/operating.md says, by PostgreSQL's own programs.
@Suite("Restore with PostgreSQL", .enabled(if: PostgresServer.isInstalled && hasPrograms))
struct RestoreDumpTests {
    /// The commands of one section that begin so, with the dump where this test keeps it.
    private static func commands(_ section: String, _ programs: [String], dump: String) throws -> String {
        let text = String(
            decoding: try FileSystem.read("\(Places.packageRoot)/docs/operating.md"), as: UTF8.self)
        let part = try #require(text.split(separator: "\n## ").first { $0.hasPrefix("\(section)\n") })
        let lines = part.split(separator: "\n").filter { line in
            programs.contains { line.hasPrefix("$ \($0) ") }
        }
        #expect(!lines.isEmpty)
        return lines.map { $0.dropFirst(2).replacing("/backup/ops.dump", with: dump) }.joined(separator: " && ")
    }

    /// A store with one pass in it, its dump, and how to look at it.
    private struct Filled {
        let site: Site
        let server: PostgresServer
        let uri: String
        let dump: String

        var name: String { String(uri.split(separator: "/").last ?? "") }

        init(_ prefix: String) async throws {
            site = try Site()
            server = try #require(PostgresServer.shared)
            uri = try #require(server.makeDatabase(prefix))
            dump = site.directory.path("ops.dump")
            let pass = await site.run("--store", uri)
            #expect(pass.status == 0, "\(pass.story)")
            // A row in each, so that each can be there twice.
            let rows = server.execute(
                """
                insert into ops.convergence_findings (env, kind, key) values ('lab', 'k', 'x');
                insert into ops.integrations_catalog (key, name, category, provider) values ('x', 'X', 'devtools', 'direct');
                insert into ops.integrations_installations (key) values ('x')
                """, database: name)
            #expect(rows.status == 0, "\(rows.output)")
            shell(try RestoreDumpTests.commands("Backup", ["pg_dump"], dump: dump))
        }

        @discardableResult
        func shell(_ command: String, at database: String? = nil) -> Int32 {
            let result = Shell.run("export DATABASE_URL=\(Shell.quote(database ?? uri)); \(command) 2>&1")
            return result.status
        }

        /// All keys, indexes and views of ours, and how many rows are in each table that others read.
        ///
        /// Conditions of indexes are left out: PostgreSQL writes the same one otherwise when it has read it back.
        func shape(of database: String? = nil) -> String {
            let tables = ["artifacts", "convergence_findings", "integrations_catalog", "integrations_installations"]
            let counts = tables.map { "select '\($0)', count(*)::text from ops.\($0)" }.joined(separator: " union all ")
            return server.execute(
                """
                select split_part(indexdef, ' WHERE ', 1), '' from pg_indexes where schemaname = 'ops'
                union all select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint
                  where connamespace = 'ops'::regnamespace
                union all select schemaname || '.' || viewname, definition from pg_views
                  where schemaname in ('ops', 'public')
                union all \(counts) order by 1, 2
                """, database: database ?? name
            ).output
        }
    }

    @Test("As documented it leaves the same tables, keys and views, in the same database and in an empty one")
    func documented() async throws {
        let filled = try await Filled("restore")
        let (site, uri) = (filled.site, filled.uri)
        let before = filled.shape()
        #expect(before.contains("public.ops.artifacts|") && before.contains("public.integrations_view"))
        let restoring = try Self.commands("Restore", ["pg_restore", "psql"], dump: filled.dump)
        #expect(restoring.contains("drop schema") && !restoring.contains("--clean"))
        let empty = try #require(filled.server.makeDatabase("restore_empty"))
        for database in [uri, empty] {
            #expect(filled.shell(restoring, at: database) == 0)
            let missing = await site.run("doctor", "--store", database)
            #expect(
                missing.output.contains(#"is missing: public."integrations_view", public."ops."#), "\(missing.story)")
            let restored = await site.run("store", "restore", "--store", database)
            #expect(restored.status == 0 && restored.output.contains("created public."), "\(restored.story)")
            #expect(filled.shape(of: String(database.split(separator: "/").last ?? "")) == before)
            let whole = await site.run("doctor", "--store", database)
            #expect(whole.output.contains("✓ store:"), "\(whole.story)")
            let pass = await site.run("--store", database)
            #expect(pass.status == 0 && !pass.story.contains("STORE-"), "\(pass.story)")
        }
        // What is dropped later is made again too, and nothing is done where nothing is missing.
        filled.server.execute(#"drop view public."ops.artifacts""#, database: filled.name)
        let made = await site.run("migrate", "--store", uri)
        #expect(made.status == 0 && made.output.contains(#"created public."ops.artifacts""#), "\(made.story)")
        #expect(await site.run("migrate", "--store", uri).output.contains("is up to date"))
        let refused = await site.run("store", "restore", "ops.dump", "--store", uri)
        #expect(refused.error.contains("drop schema") && !refused.error.contains("--clean"), "\(refused.story)")
    }

    @Test("One that left tables there twice is told by doctor, migrate and store restore, each with what mends it")
    func twice() async throws {
        let filled = try await Filled("restore_twice")
        let (site, uri) = (filled.site, filled.uri)
        let before = filled.shape()
        let bad = #"pg_restore --clean --if-exists --dbname="$DATABASE_URL" \#(Shell.quote(filled.dump))"#
        #expect(filled.shell(bad) == 1)
        let lost = ["artifacts", "convergence_findings", "integrations_catalog", "integrations_installations"]
        let restored = await site.run("store", "restore", "--store", uri)
        #expect(restored.status == 1 && restored.error.contains("STORE-0055"), "\(restored.story)")
        #expect(restored.output.contains("Taken back"), "made safe all the same: \(restored.story)")
        let migrated = await site.run("migrate", "--store", uri)
        #expect(migrated.status == 1 && migrated.error.contains("STORE-0055"), "\(migrated.story)")
        // Others read these: the work goes on.
        #expect(await site.run("--store", uri).status == 0)
        let doctor = await site.run("doctor", "--store", uri, "--json")
        let checks = doctor.json?["checks"]?.listValue ?? doctor.json?.listValue ?? []
        let told = checks.filter { $0["detail"]?.stringValue?.contains("STORE-0055") == true }
        #expect(doctor.status == 1 && told.count == lost.count, "\(doctor.story)")
        for (check, table) in zip(told, lost) {
            let remedy = check["remedy"]?.stringValue ?? ""
            #expect(check["detail"]?.stringValue?.contains("ops.\(table) has lost primary key") == true)
            let parts = remedy.split(separator: "`")
            #expect(parts.count > 1, "\(remedy)")
            let mended = filled.server.execute(String(parts.count > 1 ? parts[1] : ""), database: filled.name)
            #expect(mended.status == 0, "\(remedy)\n\(mended.output)")
        }
        // Of the keys that are there again one has to be named again.
        let warned = await site.run("migrate", "--store", uri, "--json")
        let remedy = warned.json?["problems"]?[0]?["hint"]?.stringValue?.split(separator: "`").dropFirst().first
        #expect(warned.json?["problems"]?.listValue?.map { $0["code"] } == ["STORE-0057"], "\(warned.story)")
        let named = filled.server.execute(String(remedy ?? ""), database: filled.name)
        #expect(warned.status == 0 && named.status == 0, "\(warned.story)\n\(named.output)")
        let whole = await site.run("migrate", "--store", uri)
        #expect(whole.status == 0 && whole.output.contains("is up to date"), "\(whole.story)")
        #expect(await site.run("doctor", "--store", uri).output.contains("✓ store:"))
        let again = await site.run("--store", uri)
        #expect(again.status == 0 && !again.story.contains("STORE-"), "\(again.story)")
        // And the documented way makes it what it was.
        #expect(filled.shell(try Self.commands("Restore", ["pg_restore", "psql"], dump: filled.dump)) == 0)
        #expect(await site.run("store", "restore", "--store", uri).status == 0)
        #expect(filled.shape() == before)
    }
}
