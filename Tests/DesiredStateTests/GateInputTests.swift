import Basics
import DesiredState
import TestKit
import Testing

/// No gate passes whose input is missing, can't be read, is misspelt or says two things: each case is one edit of
/// documents with which the gate passes.
@Suite struct GateInputTests {
    private static let convergence = "ssot/maintenance/convergence.yaml"
    private static let domain = "ssot/domains/a.yaml"
    private static let registry = "ssot/secrets/registry.yaml"
    private static let inventory = "ssot/secrets/inventory.yaml"
    private static let repositories = "ssot/odoo/oca_repos.yaml"
    private static let lock = "ssot/odoo/oca_lock.yaml"
    private static let base = "ssot/oca/must_have_base.yaml"
    private static let vercel = "ssot/vercel/projects.yaml"
    private static let settings = "ssot/runtime/prod_settings.yaml"
    private static let names = "ssot/dns/subdomain-registry.yaml"
    private static let matrix = "ssot/parity/ee_to_oca_matrix.yaml"
    private static let features = "ssot/parity/odoo_enterprise.yaml"
    private static let bridges = "ssot/bridges/catalog.yaml"
    private static let orphans = "ssot/odoo/orphan_addons_allowlist.yaml"
    private static let addons = "ssot/odoo/addon_allowlist.yaml"

    /// Documents with which every gate passes that needs nothing from outside.
    private static let files: [String: String] = [
        convergence: """
        environments:
          prod:
            required: {dns: [erp.shop.example], gates: [domains, diagrams]}
        """,
        domain: """
        apex: shop.example
        prohibited_domains: [old.example, "*.vercel.app"]
        canonical_subdomains:
          - {host: erp, service: s, stack: t, resolves_to: 192.0.2.7}
        """,
        registry: """
        schema: ssot.secrets.v2
        schema_rules:
          required_fields: [purpose, consumers]
          consumer_stores: [scripts]
        secrets:
          a:
            purpose: p
            consumers: ["scripts:a"]
        """,
        inventory: """
        schema: ssot.secrets.inventory.v1
        inventory:
          a: {status: {value: working, evidence: [{kind: ci_run}]}, rotation: {rotate_now: false}}
        """,
        repositories: """
        target_version: "19.0"
        repos:
          - {name: web, branch: "19.0", status: ok}
        """,
        lock: "repos:\n  - {name: web, ref: 0123456789abcdef0123456789abcdef01234567}",
        base: "modules:\n  - {technical_name: m, repo: web}",
        "ssot/oca/must_have_accounting.yaml": "modules:\n  - {technical_name: n, repo: web}",
        vercel: """
        schema: ssot.vercel.projects.v1
        monorepo: {repo: a/b, workspace_manager: pnpm, apps_root: apps, turborepo: true}
        projects:
          - name: console
            root_directory: apps/console
            framework: nextjs
            build: {command: c}
            env_strategy: e
            uses_packages: true
            include_files_outside_root: true
            turborepo: true
            ignored_build: {strategy: turbo_ignore}
        policy:
          include_files_outside_root_required: true
          ignored_build_required: true
        """,
        settings: """
        schema: ssot.runtime.prod_settings.v1
        email: {secrets_refs: [a]}
        ocr: {secrets_refs: []}
        odoo: {secrets_refs: [a]}
        urls: {active_required: [{url: "https://erp.shop.example"}]}
        """,
        GateDocuments.canonicalURLs: "| ERP | https://erp.shop.example |",
        names: """
        domain: shop.example
        subdomains:
          - name: erp
            lifecycle: active
            provider_claim: {provider: cloudflare, status: claimed, claimed_at: 2026-01-02, claim_ref: T-1}
        """,
        matrix: """
        schema: ssot.parity.v1
        schema_rules: {required_fields: [name], status_values: [open]}
        entries: [{name: a, status: open, gap_type: ipai_bridge, ipai_bridge: b}]
        """,
        "ssot/parity/ee_to_oca_proof_matrix.yaml": """
        schema: ssot.parity.v1
        schema_rules: {required_fields: [name]}
        entries: [{name: a}]
        """,
        features: "features: [{id: a, status: met, required: true}]",
        bridges: """
        schema: ssot.bridges.v1
        schema_rules: {required_fields: [name]}
        bridges: [{name: b, secrets: [a]}]
        """,
        orphans: """
        schema: ssot.odoo.orphan_addons_allowlist.v1
        version: "1.0"
        modules: [{name: ipai_a, reason: r}]
        """,
        addons: "modules: [a]",
    ]

    private static let paths = ["apps/console/package.json", "addons/ipai/a/x.py", "addons/ipai_a/x.py"]

    private static let gates = [
        "addon_allowlist", "dns_provider_claims", "domains", "oca_allowlist", "orphan_addons", "parity_matrices",
        "prod_settings", "secrets_inventory", "secrets_registry", "vercel_monorepo",
    ]

    private static func results(_ files: [String: String]) -> [GateResult] {
        let tree = SourceTree(
            revision: "r", files: files.map { SourceFile(path: $0.key, text: $0.value + "\n") }, branches: .none,
            listing: PathListing(paths))
        return evaluateGates(tree, GateInputs(now: Timestamp(date: "2026-03-06")))
    }

    /// `unknown 2 GATE-0008`.
    private static func text(_ gate: String, _ files: [String: String]) -> String {
        guard let result = results(files).first(where: { $0.name == gate }) else { return "-" }
        return ([result.verdict.rawValue, String(result.exitStatus)] + result.codes).joined(separator: " ")
    }

    @Test(arguments: gates) func allOfItPasses(_ gate: String) { #expect(Self.text(gate, Self.files) == "pass 0") }

    /// One edit of one document: what stands there, what is written in its place, and what comes of the gate.
    struct Slip: Sendable, CustomTestStringConvertible {
        let gate: String
        let file: String
        let edits: [(old: String, new: String)]
        let expected: String

        init(_ gate: String, _ file: String, _ old: String, _ new: String, _ expected: String) {
            self.init(gate, file, [(old, new)], expected)
        }

        init(_ gate: String, _ file: String, _ edits: [(old: String, new: String)], _ expected: String) {
            self.gate = gate
            self.file = file
            self.edits = edits
            self.expected = expected
        }

        var testDescription: String { "\(gate): \(edits.map { "\($0.old) → \($0.new)" })" }
    }

    @Test(arguments: domainSlips + settingSlips + listSlips + secretSlips + claimSlips)
    func whatIsNotSaidPassesNothing(_ slip: Slip) throws {
        var files = Self.files
        var text = try #require(files[slip.file])
        for edit in slip.edits {
            try #require(text.contains(edit.old))
            text = text.replacing(edit.old, with: edit.new)
        }
        files[slip.file] = text
        #expect(Self.text(slip.gate, files) == slip.expected)
        for result in Self.results(files) {
            #expect(result.findings.allSatisfy { $0.hint?.isEmpty == false })
            #expect(Set(result.findings).count == result.findings.count, "\(result.findings)")
        }
    }

    static let domainSlips = [
        Slip("domains", convergence, "environments:", "x: [\nenvironments:", "unknown 2 GATE-0001 GATE-0002"),
        Slip("domains", convergence, "dns: [erp.shop.example]", "dns: old.example", "unknown 2 GATE-0001 GATE-0002"),
        Slip("domains", convergence, "dns: [", "dsn: [", "unknown 2 GATE-0001 GATE-0007"),
        Slip("domains", convergence, "dns: [", "dnsx: [", "unknown 2 GATE-0001 GATE-0007"),
        Slip("domains", convergence, "dns: [", "names: [", "unknown 2 GATE-0001"),
        Slip("domains", convergence, "dns: [erp.shop.example]", "dns: []", "pass 0"),
        Slip(
            "domains", convergence, "dns: [erp.shop.example]", "dns: [old.example], dns: []",
            "unknown 2 GATE-0001 GATE-0008"),
        Slip("domains", convergence, "required: {", "requires: {", "unknown 2 GATE-0001 GATE-0007"),
        Slip("domains", convergence, "required: {", "wants: {", "unknown 2 GATE-0001"),
        Slip("domains", convergence, "environments:", "stages:", "unknown 2 GATE-0001"),
        Slip("domains", convergence, "erp.shop.example", "ERP.Old.Example.", "fail 1 GATE-0070"),
        Slip("domains", convergence, "erp.shop.example", "a.vercel.app.", "fail 1 GATE-0070"),
        Slip("domains", domain, "prohibited_domains:", "prohibited_domain:", "unknown 2 GATE-0007"),
        Slip("domains", domain, "prohibited_domains:", "forbidden:", "unknown 2 GATE-0001"),
        Slip("domains", domain, "[old.example, \"*.vercel.app\"]", "[]", "unknown 2 GATE-0001"),
        Slip("domains", domain, "[old.example, \"*.vercel.app\"]", "", "unknown 2 GATE-0001 GATE-0002"),
        Slip("domains", domain, "[old.example, \"*.vercel.app\"]", "old.example", "unknown 2 GATE-0001 GATE-0002"),
        Slip("domains", domain, "[old.example,", "[erp.shop.example.,", "fail 1 GATE-0070"),
        Slip("domains", domain, "apex:", "prohibited_domains: [erp.shop.example]\napex:", "unknown 2 GATE-0008"),
        Slip("domains", domain, "resolves_to: 192.0.2.7", "status: actve", "unknown 2 GATE-0007"),
        Slip(
            "domains", domain, "resolves_to: 192.0.2.7", "resolves_to: 192.0.2.7, resolves_to: tbd",
            "unknown 2 GATE-0008"),
        Slip(
            "domains", domain, "resolves_to: 192.0.2.7}",
            "resolves_to: 192.0.2.7}\n  - {host: ERP., service: s, stack: t, cname: a.example}", "fail 1 GATE-0008"),
    ]

    static let settingSlips = [
        Slip(
            "vercel_monorepo", vercel, "include_files_outside_root: true", "include_files_outside_root: false",
            "fail 1 GATE-0050"),
        Slip(
            "vercel_monorepo", vercel,
            [("root_required: true", "root_required: yes"), ("outside_root: true", "outside_root: no")],
            "fail 1 GATE-0050"),
        Slip(
            "vercel_monorepo", vercel,
            [("uses_packages: true", "uses_packages: Yes"), ("outside_root: true", "outside_root: off")],
            "fail 1 GATE-0050"),
        Slip(
            "vercel_monorepo", vercel, "ignored_build_required: true", "ignored_build_required: \"true\"",
            "unknown 2 GATE-0007"),
        Slip(
            "vercel_monorepo", vercel, "ignored_build_required: true", "ignored_build_required:", "unknown 2 GATE-0007"),
        Slip(
            "vercel_monorepo", vercel, "ignored_build_required: true", "ignored_bild_required: true",
            "unknown 2 GATE-0007"),
        Slip("vercel_monorepo", vercel, "uses_packages: true", "uses_package: true", "unknown 2 GATE-0007"),
        Slip("vercel_monorepo", vercel, "policy:", "polcy:", "unknown 2 GATE-0007"),
        Slip("vercel_monorepo", vercel, "policy:", "rules:", "unknown 2 GATE-0001"),
        Slip("vercel_monorepo", vercel, "policy:", "policy: {}\npolicy:", "unknown 2 GATE-0008"),
        Slip(
            "vercel_monorepo", vercel, "strategy: turbo_ignore", "strateg: turbo_ignore", "fail 1 GATE-0007 GATE-0050"),
        Slip("vercel_monorepo", vercel, "apps/console", "apps/../other", "fail 1 GATE-0009 GATE-0050"),
        Slip("vercel_monorepo", vercel, "name: console", "name: console\n    name: other", "unknown 2 GATE-0008"),
        Slip("prod_settings", settings, "email: {secrets_refs", "email: {secret_refs", "unknown 2 GATE-0007"),
        Slip("prod_settings", settings, "secrets_refs:", "uses:", "unknown 2 GATE-0001"),
        Slip("prod_settings", settings, "odoo: {secrets_refs: [a]", "odoo: {secrets_refs: nope", "unknown 2 GATE-0002"),
        Slip("prod_settings", settings, "urls:", "ocr: {secrets_refs: [nope]}\nurls:", "unknown 2 GATE-0008"),
        Slip("prod_settings", settings, "active_required:", "actve_required:", "unknown 2 GATE-0007"),
        Slip("prod_settings", settings, "https://erp", "https://ERP", "pass 0"),
        Slip("prod_settings", GateDocuments.canonicalURLs, "example |", "example.ph |", "fail 1 GATE-0040"),
        Slip("prod_settings", GateDocuments.canonicalURLs, "https", "not-https", "fail 1 GATE-0040"),
        Slip("prod_settings", GateDocuments.canonicalURLs, "example |", "example:8443 |", "fail 1 GATE-0040"),
        Slip("prod_settings", GateDocuments.canonicalURLs, "example |", "example@evil.example |", "fail 1 GATE-0040"),
        Slip(
            "prod_settings", GateDocuments.canonicalURLs, "| https://erp.shop.example |", "(https://erp.shop.example).",
            "pass 0"),
        Slip("prod_settings", GateDocuments.canonicalURLs, "example |", "example.", "pass 0"),
    ]

    static let listSlips = [
        Slip("oca_allowlist", lock, "repos:", "repoz:", "unknown 2 GATE-0007"),
        Slip("oca_allowlist", lock, "repos:", "pins:", "unknown 2 GATE-0001"),
        Slip("oca_allowlist", lock, "repos:", "repos: []\nrepos:", "unknown 2 GATE-0008"),
        Slip("oca_allowlist", lock, "ref: 0", "ref: main, ref: 0", "unknown 2 GATE-0008"),
        Slip("oca_allowlist", base, "modules:", "moduls:", "unknown 2 GATE-0007"),
        Slip("oca_allowlist", base, "\n  - {technical_name: m, repo: web}", " []", "unknown 2 GATE-0001"),
        Slip("oca_allowlist", base, "repo: web", "repo: web, repo: wep", "unknown 2 GATE-0008"),
        Slip("oca_allowlist", repositories, "branch: \"19.0\"", "brnch: \"17.0\"", "unknown 2 GATE-0007"),
        Slip("oca_allowlist", repositories, "branch: \"19.0\", ", "", "unknown 2 GATE-0001"),
        Slip("oca_allowlist", repositories, "status: ok", "status: ok, status: blocked", "unknown 2 GATE-0008"),
        Slip(
            "oca_allowlist", repositories, "target_version:", "target_version: \"18.0\"\ntarget_version:",
            "unknown 2 GATE-0008"),
        Slip(
            "oca_allowlist", repositories, "status: ok}", "status: ok}\n  - {name: web, branch: \"19.0\", status: ok}",
            "fail 1 GATE-0008"),
        Slip("addon_allowlist", addons, "[a]", "[a]\nmodules: [b]", "unknown 2 GATE-0008"),
        Slip("orphan_addons", orphans, "modules:", "modules: []\nmodules:", "unknown 2 GATE-0008"),
        Slip("parity_matrices", matrix, "status_values", "status_value", "unknown 2 GATE-0007"),
        Slip("parity_matrices", matrix, "status: open,", "status: open, status: shut,", "unknown 2 GATE-0008"),
        Slip(
            "parity_matrices", matrix, "required_fields: [name]", "required_fields: [name], required_fields: [owner]",
            "unknown 2 GATE-0008"),
        Slip("parity_matrices", matrix, "ipai_bridge: b", "ipai_bridge: b, ipai_bridge: c", "unknown 2 GATE-0008"),
        Slip("parity_matrices", bridges, "secrets: [a]", "secrets: nope", "unknown 2 GATE-0002"),
        Slip("parity_matrices", bridges, "secrets: [a]", "secrets: [a], secrets: [nope]", "unknown 2 GATE-0008"),
        Slip("parity_matrices", features, "required: true", "required: yes", "pass 0"),
        Slip(
            "parity_matrices", features, [("status: met", "status: missing"), ("required: true", "required: yes")],
            "fail 1 GATE-0060"),
        Slip("parity_matrices", features, "required: true", "required: false, required: true", "unknown 2 GATE-0008"),
    ]

    static let secretSlips = [
        Slip(
            "secrets_registry", registry, "    consumers: [\"scripts:a\"]",
            "    consumers: [\"scripts:a\"]\n    consumers: [\"nostore:a\"]", "unknown 2 GATE-0008"),
        Slip(
            "secrets_registry", registry, "  consumer_stores:",
            "  required_fields: [purpose, owner]\n  consumer_stores:", "unknown 2 GATE-0001 GATE-0008"),
        Slip("secrets_registry", registry, "secrets:\n", "secrets: {}\nsecrets:\n", "unknown 2 GATE-0008"),
        Slip("secrets_registry", registry, "purpose: p", "purpos: p", "fail 1 GATE-0006 GATE-0007"),
        Slip("secrets_registry", registry, "  consumer_stores", "  consumer_store", "unknown 2 GATE-0001 GATE-0007"),
        Slip("secrets_inventory", inventory, "rotate_now: false", "rotate_now: no", "pass 0"),
        Slip("secrets_inventory", inventory, "rotate_now: false", "rotate_now: \"false\"", "fail 1 GATE-0032"),
        Slip("secrets_inventory", inventory, "value: working", "value: working, value: fine", "unknown 2 GATE-0008"),
        Slip(
            "secrets_inventory", inventory, "evidence: [{kind: ci_run}]", "evidences: [{kind: hearsay}]",
            "unknown 2 GATE-0007"),
        Slip("secrets_inventory", registry, "secrets:\n", "secrets: {}\nsecrets:\n", "unknown 2 GATE-0008"),
        Slip("secrets_inventory", registry, "secrets:\n", "secret:\n", "unknown 2 GATE-0007"),
    ]

    static let claimSlips = [
        Slip(
            "dns_provider_claims", names, "lifecycle: active", "lifecycle: planned\n    lifecycle: active",
            "unknown 2 GATE-0008"),
        Slip("dns_provider_claims", names, "lifecycle: active", "lifecycle: actve", "unknown 2 GATE-0007"),
        Slip("dns_provider_claims", names, "lifecycle: active", "lifecycle: Active", "unknown 2 GATE-0007"),
        Slip("dns_provider_claims", names, "lifecycle: active", "lifecycle:", "unknown 2 GATE-0007"),
        Slip("dns_provider_claims", names, "lifecycle: active", "lifecyle: planned", "unknown 2 GATE-0007"),
        Slip(
            "dns_provider_claims", names, "status: claimed", "status: claimed, status: unclaimed", "unknown 2 GATE-0008"
        ),
        Slip("dns_provider_claims", names, "domain:", "subdomains: [{name: b}]\ndomain:", "unknown 2 GATE-0008"),
        Slip("dns_provider_claims", names, "claim_ref: T-1", "claim_ref: \"\\t\"", "fail 1 GATE-0080"),
        Slip("dns_provider_claims", names, "claim_ref: T-1", "claim_ref: \"\u{A0}\"", "fail 1 GATE-0080"),
        Slip("dns_provider_claims", names, "claim_ref: T-1", "claim_ref: \"\u{2003}\"", "fail 1 GATE-0080"),
        Slip("dns_provider_claims", names, "claimed_at: 2026-01-02", "claimed_at: soon", "unknown 2 GATE-0002"),
        Slip(
            "dns_provider_claims", names, "claim_ref: T-1", "claim_ref: T-1, expire_at: 2026-01-02",
            "unknown 2 GATE-0007"),
        Slip("dns_provider_claims", names, "provider_claim:", "provider_clam:", "unknown 2 GATE-0007"),
    ]

    // MARK: What is required, where that can't be told

    /// A document that isn't there, is empty, or is no plain file.
    @Test(arguments: [nil, "", "# nothing", "a link"])
    func namesThatNobodyRequiresAreNotHeldAgainstAnything(_ text: String?) {
        var files = Self.files.filter { $0.key != Self.convergence }.map { SourceFile(path: $0.key, text: $0.value) }
        switch text {
        case nil: break
        case "a link":
            files.append(SourceFile(path: Self.convergence, content: .unreadable(reason: "it is a symbolic link")))
        case let text?: files.append(SourceFile(path: Self.convergence, text: text))
        }
        let tree = SourceTree(revision: "r", files: files, branches: .none)
        #expect(evaluateGates(tree, GateInputs()).first { $0.name == "domains" }?.verdict == .unknown)
    }

    /// Each slip, and whether the names of the gates can still be seen in the text.
    @Test(arguments: [
        ("environments:", "x: [\nenvironments:", true), ("required: {", "requires: {", true),
        ("gates: [domains, diagrams]", "gates: domains, gates: [diagrams]", true), ("gates: [", "gaets: [", false),
        ("environments:", "stages:", true),
        ("required: {dns: [erp.shop.example], gates: [domains, diagrams]}", "required: [", false),
        (
            "required: {dns: [erp.shop.example], gates: [domains, diagrams]}",
            "required:\n      gates: # those\n        - domains\n        # none\n        - \"diagrams\"\n      dns: [",
            true
        ),
    ]) func gatesOfWhichItIsNotKnownWhetherTheyAreRequiredAreListed(_ old: String, _ new: String, _ isSeen: Bool) throws
    {
        var files = [Self.convergence: try #require(Self.files[Self.convergence]), "ssot/notes.yaml": "a: 1"]
        #expect(Self.results(files).first { $0.name == "required_gates" } == nil)
        let before = Set(Self.results(files).filter { $0.verdict != .notAsked }.map(\.name))
        files[Self.convergence] = files[Self.convergence]?.replacing(old, with: new)
        let results = Self.results(files)
        let row = results.first { $0.name == "required_gates" }
        #expect(row?.verdict == .unknown && row?.findings.isEmpty == false && row?.exitStatus == 2)
        // Any may be required: none is left out, and none passes.
        #expect(results.allSatisfy { $0.verdict == .unknown })
        #expect(before.subtracting(isSeen ? [] : ["diagrams"]).isSubset(of: results.map(\.name)))
        #expect(results.contains { $0.name == "diagrams" } == isSeen)
    }
}
