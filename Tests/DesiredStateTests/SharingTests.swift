import Basics
import DesiredState
import Testing

/// Nothing is shared between two owners, and what leads to something leads to what is there.
@Suite struct SharingTests {
    private static let inventory = """
        spaces: [{name: files, region: sgp1}]
        databases:
          - name: pg
            engine: pg
            version: 16
            region: sgp1
            size: s
            num_nodes: 1
            dbs: [metabase]
            users: [metabase]
            pools:
              - {name: p, db: DB, user: USER, mode: session, size: 5}
        """
    private static let mappings = "branch_mappings: [{pattern: \"feature/*\", tier: dev}]\n"

    private static func state(
        _ environments: String, _ inventory: String = "spaces: [{name: files, region: sgp1}]",
        policies: String = mappings
    ) -> DesiredState {
        read(
            [Paths.environments: environments, Paths.inventory: inventory, Paths.policies: policies],
            branches: branches("main", "staging", "feature/a", "feature/b"))
    }

    @Test(
        arguments: [
            ("files/production", "note", ""), ("spaces://sgp1/files/production", "note", ""),
            ("fiels/production", "warning", "Did you mean `files`?"), ("file/x", "warning", "Did you mean `files`?"),
            // It may be somebody else's.
            ("attachments/production", "note", "unless somebody else looks after it"),
        ])
    func `a bucket that no document declares is told`(filestore: String, severity: String, hint: String) {
        let environments = "environments: {live: {tier: production, filestore: \"\(filestore)\"}}\n"
        let found = Self.state(environments).diagnostics.filter { $0.code == "SSOT-0031" }
        #expect(found.map(\.severity.rawValue) == (hint.isEmpty ? [] : [severity]))
        #expect(found.allSatisfy { $0.hint?.contains(hint) == true })
        // Whoever declares no bucket keeps them elsewhere.
        #expect(Self.state(environments, "spaces: []").diagnostics.allSatisfy { $0.code != "SSOT-0031" })
    }

    @Test(
        arguments: [
            ("files/production", "files/staging", ""), ("files/production", "files/production", "staging"),
            ("files/production", "spaces://sgp1/files/production/", "staging"),
            ("files/production", "files/production/old", "staging"), ("files/production", "files", "staging"),
            ("files/production/new", "files/production", "staging"), ("files/production", "files/production2", ""),
            ("files/production", "others/production", ""),
        ])
    func `two environments share no files`(first: String, second: String, told: String) {
        let state = Self.state(
            """
            environments:
              production: {tier: production, branch: main, filestore: "\(first)"}
              staging: {tier: staging, branch: staging, filestore: "\(second)"}
            """)
        let found = state.diagnostics.filter { $0.code == "SSOT-0037" }
        #expect(found.map { $0.mark?.line } == (told.isEmpty ? [] : [3]), "\(state.diagnostics)")
        #expect(found.allSatisfy { $0.severity == .error && $0.notes.first?.mark?.line == 2 })
        #expect(state.scopes == (told.isEmpty ? [] : ["environment staging"]))
    }

    @Test func `an environment has no domain that is an alias`() {
        let inventory = """
            droplets: [{name: web, region: sgp1, size: s, image: u}]
            domains: [{name: example.com, records: [{type: CNAME, name: erp, data: web.example.net.}]}]
            """
        func state(_ domain: String) -> DesiredState {
            Self.state("environments: {live: {tier: dev, host: web, domain: \(domain)}}\n", inventory)
        }
        let found = state("erp.example.com").diagnostics.filter { $0.code == "SSOT-0054" }
        #expect(found.map { $0.mark?.file } == [Paths.environments] && found.first?.notes.first?.mark?.line == 2)
        #expect(
            state("erp.example.com").scopes == ["environment live", "resource digitalocean.record/example.com/A/erp"])
        #expect(state("other.example.com").diagnostics.allSatisfy { $0.severity != .error })
    }

    @Test(arguments: ["www", "\"@\""])
    func `an address that was turned into an alias beside others, or into one of the domain itself, is not let go`(
        name: String
    ) {
        func state(_ records: String) -> DesiredState {
            Self.state("environments: {}\n", "domains: [{name: example.com, records: [\(records)]}]\n")
        }
        let proof = "{type: TXT, name: \(name), data: proof}"
        let slip = state("{type: CNAME, name: \(name), data: web.example.net.}, \(proof)")
        #expect(slip.diagnostics.contains { $0.code == "SSOT-0054" })
        #expect(slip.keptScopes.contains("kind digitalocean.record"), "\(slip.keptScopes)")
        #expect(state("{type: A, name: \(name), data: 203.0.113.7}, \(proof)").keptScopes.isEmpty)
    }

    @Test func `one that holds those of many branches is told once`() {
        let state = Self.state(
            """
            environments: {lab: {tier: dev, branch: main, filestore: files/dev}}
            tiers: {dev: {filestore: "files/dev/{slug}"}}
            """)
        let found = state.diagnostics.filter { $0.code == "SSOT-0037" }
        #expect(found.count == 1 && found[0].message.contains("\"feature-a\" and 1 other"), "\(found)")
        #expect(state.scopes == ["environment lab"])
    }

    @Test(
        arguments: [
            ("database_cluster: pg, database: odoo_branch", ["2:47"]),
            ("database_cluster: pg, database: \"odoo_{slug_underscored}\"", []),
            ("database_cluster: pg, database: \"odoo_{slug_underscored}\", database_user: odoo", ["2:89"]),
            ("filestore: files/dev", ["2:26"]), ("filestore: \"files/dev/{slug}\"", []),
        ] as [(String, [String])])
    func `a template gives each branch its own`(template: String, places: [String]) {
        let text = "environments: {}\ntiers: {dev: {\(template)}}\n"
        let inventory = Self.inventory.replacing("DB", with: "metabase").replacing("USER", with: "metabase")
        let state = Self.state(text, inventory)
        let found = state.diagnostics.filter { $0.severity == .error }
        #expect(
            found.map { "\($0.code) \($0.mark?.line ?? 0):\($0.mark?.column ?? 0)" } == places.map { "SSOT-0037 \($0)" }
        )
        let unknown = ["environment feature-a", "environment feature-b"]
        #expect(state.scopes.filter { $0.hasPrefix("environment") } == (places.isEmpty ? [] : unknown))
        // One branch alone shares it with nobody.
        let one = Self.state(text, inventory, policies: "branch_mappings: [{pattern: feature/a, tier: dev}]\n")
        #expect(one.diagnostics.allSatisfy { $0.severity != .error }, "\(one.diagnostics)")
    }

    @Test(
        arguments: [
            ("metabase", "metabase", ""), ("metabse", "metabase", "Did you mean `metabase`?"),
            ("metabase", "metabse", "Did you mean `metabase`?"), ("other", "metabase", "Add it to `dbs`"),
            // What comes with the cluster, and what an environment brings.
            ("defaultdb", "doadmin", ""), ("odoo_live", "odoo_live", ""),
            ("odoo_lvie", "metabase", "Did you mean `odoo_live`?"),
        ])
    func `a pool leads to what its cluster has`(database: String, user: String, hint: String) throws {
        let inventory = Self.inventory.replacing("DB", with: database).replacing("USER", with: user)
        let environments = "environments: {live: {tier: production, database_cluster: pg, database: odoo_live}}\n"
        let state = Self.state(environments, inventory)
        let found = state.diagnostics.filter { $0.severity == .error }
        #expect(found.map(\.code) == (hint.isEmpty ? [] : ["SSOT-0031"]), "\(found)")
        #expect(found.allSatisfy { $0.hint?.contains(hint) == true && $0.mark?.line == 12 })
        #expect(state.scopes == (hint.isEmpty ? [] : ["resource digitalocean.database_pool/pg/p"]))
        let pool = state.resource("digitalocean.database_pool/pg/p")
        #expect((pool == nil) == !hint.isEmpty)
        let needsOwned = pool?.dependsOn.contains(ResourceKey(.database, "pg/odoo_live")) == true
        #expect(needsOwned == (database == "odoo_live"))
        // A cluster that lists none leaves them to somebody else.
        let unlisted = inventory.replacing("    dbs: [metabase]\n", with: "").replacing(
            "    users: [metabase]\n", with: "")
        #expect(Self.state(environments, unlisted).scopes == [])
    }
}
