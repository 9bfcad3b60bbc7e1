import Basics
import ConsoleAccess
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import TestKit
import Testing

/// What the API tells of Odoo's modules.
@Suite("Modules in the API")
struct ModuleRouteTests {
    private struct Documents: Source {
        func read(_ log: Log) async throws -> SourceSnapshot {
            let files = [
                "ssot/environments.yaml":
                    "schema: ssot.environments.v1\nenvironments: {staging: {tier: staging, branch: main}}\n",
                "ssot/odoo/install_manifest.yaml": """
                db: odoo_stage
                waves:
                  - {wave: 1, modules: [{name: queue_job}, {name: web_responsive}]}

                """,
                "ssot/odoo/module_allowlist.yaml": "modules: [queue_job, web_responsive]\n",
            ]
            return SourceSnapshot(
                tree: SourceTree(
                    revision: String(repeating: "a", count: 40),
                    files: files.map { SourceFile(path: $0.key, text: $0.value) }, branches: .known([])))
        }
    }

    /// After a pass, with what a look has found in two environments, of which documents know one.
    private func looked() async throws -> APIWorld {
        let directory = try TemporaryDirectory.inMemory()
        let world = try await APIWorld { store, time in
            Reconciler(
                source: Documents(), drivers: [], store: store,
                evidence: EvidenceStore(directory: "\(directory.path)/evidence"), time: time,
                random: RandomSource(seed: 1), log: .none, metrics: Metrics(), holder: "test/1")
        }
        try await world.fill()
        let found = ["backdoor", "base", "queue_job"].map { name in
            InstalledModule(
                name: name, state: name == "base" ? .toUpgrade : .installed, version: "19.0.1.0",
                origin: name == "backdoor" ? .unknown : .odoo)
        }
        for (environment, database) in [("staging", "odoo_staging"), ("feature-a", "odoo_a")] {
            try await world.store.keepModules(
                .census(.modules(found)), of: environment, in: ResourceKey(.serverDatabase, database))
        }
        let reconciler = try #require(world.reconciler)
        let report = await reconciler.pass(PassOptions(isDryRun: true))
        world.outlook.withLock { $0 = report.outlook }
        return world
    }

    @Test("Each module stands with what wants it, whether lists allow it, and what is installed")
    func rows() async throws {
        let world = try await looked()
        let answer = try await world.send("GET", "/modules?environment=staging", as: "viewer")
        #expect(answer.status == 200, "\(answer.body)")
        let rows = answer.data.listValue ?? []
        func text(_ row: Value, _ name: String) -> String { row[name]?.stringValue ?? "-" }
        #expect(
            rows.map { "\(text($0, "module")) \(text($0, "standing")) \(text($0, "permission")) \(text($0, "state"))" }
                == [
                    "backdoor not_allowed - installed", "base pending - to upgrade",
                    "queue_job installed allowed installed",
                    "web_responsive missing allowed -",
                ])
        #expect(rows.map { $0["wanted"] } == [false, false, true, true])
        #expect(rows.last?["wave"] == 1 && rows.last?["observed_at"] == .null)
        #expect(rows.last?["wanted_at"]?[0]?.stringValue?.hasPrefix("ssot/odoo/install_manifest.yaml:3:") == true)
        let missing = try await world.send("GET", "/modules?standing=missing", as: "viewer").data.listValue ?? []
        #expect(missing.map { text($0, "module") } == ["web_responsive"])
        // Of an environment that no document knows it can't be said what is wanted.
        let other = try await world.send("GET", "/modules?environment=feature-a", as: "viewer").data.listValue ?? []
        #expect(other.map { text($0, "standing") } == ["-", "pending", "-"])
        #expect(other.allSatisfy { $0["wanted"] == .null })
        #expect(try await world.send("GET", "/modules?standing=none", as: "viewer").status == 400)
    }

    @Test("A cursor goes on where the part before ended, also from one environment to the next", arguments: 1...8)
    func parts(limit: Int) async throws {
        let world = try await looked()
        var seen: [String] = []
        var cursor: String?
        for _ in 0..<20 {
            let after = cursor.map { "&cursor=\($0)" } ?? ""
            let answer = try await world.send("GET", "/modules?limit=\(limit)\(after)", as: "viewer")
            let rows = answer.data.listValue ?? []
            #expect(rows.count <= limit)
            seen += rows.map { "\($0["environment"]?.stringValue ?? "") \($0["module"]?.stringValue ?? "")" }
            cursor = answer.body["meta"]?["next_cursor"]?.stringValue
            if cursor == nil { break }
        }
        #expect(
            seen == [
                "feature-a backdoor", "feature-a base", "feature-a queue_job", "staging backdoor", "staging base",
                "staging queue_job", "staging web_responsive",
            ])
    }

    @Test("Whose role holds at one environment gets what is that one's")
    func part() async throws {
        let world = try await looked()
        for path in ["/modules", "/modules/summary"] {
            let answer = try await world.send("GET", path, as: "developer@staging")
            #expect(answer.status == 200)
            #expect(!JSON.write(answer.body).contains("feature-a"), "\(path)")
            #expect(answer.data.listValue?.isEmpty == false, "\(path)")
        }
        // As a path that names it: an empty list would say that all is well there.
        #expect(try await world.send("GET", "/modules?environment=feature-a", as: "developer@staging").status == 403)
    }

    @Test("The summary counts by environment and says what came of looking")
    func summary() async throws {
        let world = try await looked()
        try await world.store.keepModules(
            .problem("POSTGRES-0016: no"), of: "feature-a", in: ResourceKey(.serverDatabase, "odoo_a"))
        let rows = try await world.send("GET", "/modules/summary", as: "viewer").data.listValue ?? []
        let first = try #require(rows.first)
        #expect(rows.count == 2 && first["environment"] == "feature-a" && first["problem"] == "POSTGRES-0016: no")
        #expect(first["outcome"] == "modules" && first["wanted"] == .null)
        let staging = try #require(rows.last)
        #expect(staging["database"] == "postgres.database/odoo_staging" && staging["wanted"] == 2)
        #expect(
            staging["counts"]
                == ["pending": 1, "missing": 1, "not_allowed": 1, "extra": 0, "installed": 1])
        #expect(staging["notes"]?.listValue?.count == 3)
        // No document names a database for it, so that nobody looks any more.
        #expect(staging["problem"] == "no document names a database for it")
    }
}
