import Basics
import DesiredState
import Testing

/// Documents of which a part seems to be missing: what they don't name any more may not go for that.
@Suite struct UnfinishedTests {
    private static let taxonomy = "ssot/plane/taxonomy/labels.yaml"
    private static let zone = "ssot/domains/example.com.yaml"
    private static let inventoryKinds =
        [
            "database", "database_cluster", "database_firewall", "database_pool", "database_user", "domain", "droplet",
            "firewall", "project", "record", "snapshot", "spaces_key", "tag", "volume", "vpc",
        ].map { "kind digitalocean.\($0)" } + ["kind spaces.bucket"]

    private static func state(_ file: String, _ text: String, others: [String: String] = [:]) -> DesiredState {
        readDesiredState(
            SourceTree(
                revision: "r",
                files: [SourceFile(path: file, text: text)] + others.map { SourceFile(path: $0.key, text: $0.value) },
                branches: branches("main")))
    }

    @Test(arguments: [
        (taxonomy, "labels:\n  - A\n  - B", ["SSOT-0015 3:6"], ["kind plane.label"]),
        (zone, "apex: example.com\n# a comme", ["SSOT-0015 2:10"], ["kind dns.record"]),
        (
            Paths.inventory, "droplets: []\nspaces:\n", ["SSOT-0015 2:1"],
            inventoryKinds.filter { $0 != "kind spaces.bucket" }
        ),
        (Paths.inventory, "droplets: []\nspaces: []\n", [], []),
        (Paths.inventory, "droplets: []\n# the end", ["SSOT-0015 2:10"], inventoryKinds),
        (
            Paths.inventory,
            "droplets:\n  - {name: a, region: r, size: s, image: i}\n  - name: b\n    region: r\n    size: s\n",
            ["SSOT-0005 3:5"], inventoryKinds
        ),
        (Paths.inventory, "droplets: [{name: a, region: r, size: s}]\n", ["SSOT-0005 1:12"], []),
        (
            Paths.inventory,
            "databases:\n  - {name: a, engine: pg, version: 16, region: r, size: s, num_nodes: 1}\n"
                + "  - name: b\n    dbs: [odoo]\ndomains: []\n",
            ["SSOT-0005 3:5", "SSOT-0005 3:5", "SSOT-0005 3:5", "SSOT-0005 3:5", "SSOT-0005 3:5"],
            ["kind digitalocean.database"]
        ),
        ("ssot/qa/notes.yaml", "notes: of other people", [], []),
    ]) func whatMayHaveBeenCutOffIsKept(_ file: String, _ text: String, _ faults: [String], _ kept: [String]) {
        let state = Self.state(file, text)
        #expect(
            state.diagnostics.map { "\($0.code) \($0.mark?.line ?? 0):\($0.mark?.column ?? 0)" } == faults,
            "\(state.diagnostics)")
        #expect(state.keptScopes == kept)
    }

    @Test func whatACutDocumentNamesIsStillWanted() throws {
        let state = Self.state(
            Self.zone, "apex: example.com\ncanonical_subdomains:\n  - {host: a, resolves_to: 192.0.2.1}")
        #expect(state.resource("dns.record/example.com/A/a") != nil)
        #expect(state.scopes == [])
        #expect(state.keptScopes == ["kind dns.record"])
    }

    /// Each was found by damaging real documents.
    @Test(arguments: [
        (Self.taxonomy, "labels:\n  - A\n    - B\n", "kind plane.label"),
        (Self.taxonomy, "labels:\n  - A\u{202E}\n", "kind plane.label"),
        (Paths.protection, "repo: o/r\nbranches: {}\nrulesets:\n    target: branch\n", "kind github.ruleset"),
        (Paths.protection, "repo: o/r\nbranches: {}\nrulset: {}\n", "kind github.ruleset"),
        (
            Paths.protection, "repo: o/r\nbranches: {}\nrulesets: {\"a\u{200B}\": {target: t, enforcement: active}}\n",
            "kind github.ruleset"
        ),
        (
            "ssot/github/enterprise-cloud.yaml",
            "advanced_security:\n  secret_scanning: {desired: true}\n  desired_state: {}\n", "kind github.org_setting"
        ),
        ("ssot/github/enterprise-cloud.yaml", "advanced_securty: {}\n", "kind github.org_setting"),
        (
            Paths.monitoring,
            "alert_policies:\n  a:\n    droplet_name: d\n    cpu_utilization:\n      rit: {threshold_pct: 90, duration_min: 5}\n",
            "resource digitalocean.alert_policy/d/cpu_utilization/crit"
        ),
        (Self.zone, "apex: example.com\ncanonical_subdomain: []\n", "kind dns.record"),
        ("ssot/odoo/mail.yaml", "prodution: {}\n", "resource mail.transport/production"),
        (Paths.registry, "secrets: {a: {aproved_stores: [os_keychain]}}\n", "kind secrets.presence"),
        (
            Paths.registry, "secrets:\n  a: {approved_stores: [os_keychain], purpose: p, purpose: q}\n",
            "kind secrets.presence"
        ),
        (
            Paths.registry, "secrets: {a: {storage: [{kind: true, name: n}, {kind: vault, name: m}]}}\n",
            "kind secrets.presence"
        ),
        (
            Paths.monitoring,
            "alert_policies:\n  a:\n    droplet_name: d\n    crit: {threshold_pct: 90, duration_min: 5}\n",
            "kind digitalocean.alert_policy"
        ),
        (
            "ssot/github/org-policy.yaml",
            "org: o\nmembers:\n  a: {desired: true}\n  security:\n    b: {desired: true}\n", "kind github.org_setting"
        ),
        (
            Paths.environments, "environments:\n  a:\n    tier: dev\n  b:\n    tier: dev\n  a:\n    host: h\n",
            "environments"
        ),
        (Paths.convergence, "environments: [", "kind supabase.function"),
        (Paths.environments, "environments:\n    tier: production\n", "environments"),
    ]) func whatAFaultHidesIsUnknown(_ file: String, _ text: String, _ scope: String) {
        let state = Self.state(file, text)
        #expect(state.scopes.contains(scope), "\(state.scopes) \(state.diagnostics)")
        #expect(state.diagnostics.contains { $0.severity != .note })
    }

    @Test(arguments: [
        ("estimates", "plane/taxonomy/nowhere.yaml", "kind plane.estimate"),
        ("labels", "plane/projects/a.yaml", "kind plane.label"),
        ("cyles", "plane/taxonomy/cycles.yaml", "kind plane.cycle"),
    ]) func aListThatAContractCannotFindIsUnknown(_ list: String, _ path: String, _ scope: String) {
        let state = Self.state(
            "ssot/plane/contracts/a.yaml",
            "contract: {project_ref: ssot/plane/projects/a.yaml, taxonomy_refs: {\(list): ssot/\(path)}}\n",
            others: [
                "ssot/plane/projects/a.yaml": "workspace_slug: w\nproject: {key: A, name: a}\n",
                "ssot/plane/taxonomy/cycles.yaml": "cycles: [C]\n",
            ])
        #expect(state.scopes.contains(scope), "\(state.scopes) \(state.diagnostics)")
    }

    @Test(arguments: ["", "limits: {max_deletes: 100}\nbranch_mappings: [", "ttl_policies: {}\n# li"])
    func policiesThatAreCutOffAllowNoDelete(_ text: String) {
        #expect(Self.state(Paths.policies, text).policy.maximumDeletes == 0)
    }
}
