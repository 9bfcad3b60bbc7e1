import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import TestKit
import Testing
import Web

@testable import ConsolePages

/// The page of Odoo's modules, from documents and from what a look has found.
@Suite struct ModulesPageTests {
    /// One environment with two waves, of which one module is blocked.
    private struct Documents: Source {
        func read(_ log: Log) async throws -> SourceSnapshot {
            let files = [
                "ssot/environments.yaml": """
                schema: ssot.environments.v1
                environments:
                  lab: {tier: dev, branch: main}
                  live: {tier: production, branch: main, database_cluster: pg, database: odoo_live}

                """,
                "ssot/infra/digitalocean/inventory.yaml": """
                schema: ssot.infra.digitalocean.inventory.v1
                databases:
                  - {name: pg, engine: pg, version: "16", region: sgp1, size: db-s-1vcpu-1gb, num_nodes: 1}

                """,
                "ssot/odoo/install_manifest.yaml": """
                db: odoo_prod
                waves:
                  - {wave: 1, modules: [{name: queue_job, source: OCA/queue}]}
                  - {wave: 2, gate: finance_approval, modules: [{name: mis_builder, source: OCA/mis-builder}]}

                """,
                "ssot/odoo/module_allowlist.yaml": "modules: [queue_job, mis_builder, web_responsive]\n",
            ]
            return SourceSnapshot(
                tree: SourceTree(
                    revision: String(repeating: "a", count: 40),
                    files: files.map { SourceFile(path: $0.key, text: $0.value) }, branches: .known([])))
        }
    }

    private let store: Store
    private let pages: ConsolePages
    private let database = ResourceKey(.database, "pg/odoo_live")

    init() async throws {
        let (store, time) = try await Stores.empty()
        let directory = try TemporaryDirectory.inMemory()
        let reconciler = Reconciler(
            source: Documents(), drivers: [], store: store,
            evidence: EvidenceStore(directory: "\(directory.path)/evidence"), time: time,
            random: RandomSource(seed: 1), log: .none, metrics: Metrics(), holder: "test/1")
        let knowledge = Knowledge()
        knowledge.learn(await reconciler.pass(PassOptions()))
        self.store = store
        pages = ConsolePages(
            store: store, evidence: EvidenceStore(directory: "/nonexistent"), reconciler: reconciler,
            knowledge: knowledge, time: time)
    }

    private func html(_ query: String = "environment=live") async throws -> String {
        try await PagesTests.html(pages, "/modules?\(query)")
    }

    @Test("Before anybody has looked nothing is missing, and it is said why nobody looks")
    func unlooked() async throws {
        let live = try await html()
        for text in [
            "Nobody has looked yet what is installed", "No PostgreSQL server is configured: set POSTGRES_ADMIN_URL",
            "queue_job", "Wave 1", "Wave 2", "finance_approval", "not looked",
        ] { #expect(live.contains(text), "\(text)") }
        for text in ["missing", "Not as the documents have it"] { #expect(!live.contains(">\(text)<"), "\(text)") }
        #expect(try await html("environment=lab").contains("No document names a database for it."))
        // A name that nobody knows shows nobody's modules.
        let nobody = try await html("environment=nobody")
        #expect(nobody.contains("There is no environment nobody") && !nobody.contains("queue_job"), "\(nobody)")
    }

    @Test("What is wanted, allowed and installed stands side by side, and each standing is a filter")
    func threeWay() async throws {
        try await store.keepModules(
            .census(
                .modules([
                    InstalledModule(name: "backdoor", state: .installed),
                    InstalledModule(name: "base", state: .toUpgrade, version: "19.0.1.3", origin: .odoo),
                    InstalledModule(
                        name: "queue_job", state: .installed, version: "19.0.2.0", origin: .community("queue")),
                ])), of: "live", in: database)
        let all = try await html()
        for text in [
            "1 module to upgrade: base", "1 module installed that no document allows: backdoor",
            "1 module of wave 2 missing: mis_builder", "19.0.2.0", "Installed, and wanted by no document",
            "Database pg/odoo_live", "not allowed",
        ] { #expect(all.contains(text), "\(text)") }
        let missing = try await html("environment=live&standing=missing")
        #expect(missing.contains("class=\"key\">mis_builder<") && !missing.contains("class=\"key\">queue_job<"))
        let none = try await html("environment=live&standing=extra")
        #expect(none.contains("No module stands so"))
    }

    @Test("A database without Odoo is not initialised, and what could not be read is told with its reason")
    func unreadable() async throws {
        try await store.keepModules(.census(.notInitialised), of: "live", in: database)
        let empty = try await html()
        #expect(empty.contains("Not initialised") && empty.contains("The database pg/odoo_live has no Odoo in it yet."))
        #expect(empty.contains("1 module of wave 1 missing: queue_job"))
        try await store.keepModules(.problem("POSTGRES-0016: no"), of: "live", in: database)
        let blind = try await html()
        #expect(blind.contains("The last look showed nothing") && blind.contains("POSTGRES-0016: no"))
        #expect(blind.contains("What is shown is what was seen before."))
    }
}
