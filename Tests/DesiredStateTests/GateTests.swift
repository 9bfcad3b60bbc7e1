import Basics
import DesiredState
import TestKit
import Testing

/// What each policy gate passes, fails and leaves unknown.
@Suite struct GateTests {
    private static func evaluate(
        _ name: String, _ files: [String: String], _ variables: [String: String] = [:], now: String? = nil,
        listing: PathListing? = nil
    ) -> GateResult? {
        let tree = SourceTree(
            revision: "r", files: files.map { SourceFile(path: $0.key, text: $0.value + "\n") }, branches: .none,
            listing: listing)
        return evaluateGates(tree, GateInputs(variables: variables, now: now.flatMap { Timestamp(date: $0) }))
            .first { $0.name == name }
    }

    /// `fail 1 GATE-0030`.
    private static func text(_ result: GateResult?) -> String {
        guard let result else { return "-" }
        return ([result.verdict.rawValue, String(result.exitStatus)] + result.codes).joined(separator: " ")
    }

    @Test func withoutAnyInputNothingPasses() {
        let results = evaluateGates(SourceTree(revision: "r", files: [], branches: .none), GateInputs())
        #expect(results.count == 12)
        #expect(results.allSatisfy { $0.verdict == .unknown && $0.exitStatus == 2 && !$0.why.isEmpty })
        #expect(results.allSatisfy { $0.findings.allSatisfy { $0.hint?.isEmpty == false } })
        #expect(results.map(\.name) == results.map(\.name).sorted())
    }

    /// With a root, so that something is known of what is used: which gates are not asked, and what makes one asked.
    @Test(
        arguments: [
            ("ssot/notes.yaml", "a: 1", [], [:]),
            ("ssot/vercel/projects.yaml", "a: 1", ["vercel_monorepo"], [:]),
            ("infra/vercel/projects/a.json", "{}", ["vercel_monorepo"], [:]),
            ("ssot/supabase/feature_adoption.yaml", "a: 1", ["supabase_bucket_env"], [:]),
            ("ssot/notes.yaml", "a: 1", ["supabase_bucket_env"], ["SUPABASE_STORAGE_BUCKET": "a"]),
            ("ssot/secrets/inventory.yaml", "a: 1", ["secrets_inventory", "secrets_registry"], [:]),
            ("ssot/a.yaml", "api: {secret_ref: mail_key}", ["secrets_inventory", "secrets_registry"], [:]),
            (
                "ssot/integrations/_index.yaml", "integrations: [{id: supabase_core, file: f, status: active}]",
                ["supabase_bucket_env"], [:]
            ),
            (
                "ssot/integrations/_index.yaml", "integrations: [{id: a, file: f, status: planned, vendor: Vercel}]",
                [], [:]
            ),
            (
                "ssot/integrations/_index.yaml", "integrations: [",
                ["cloudflare_dns_drift", "oca_allowlist", "supabase_bucket_env", "vercel_monorepo"], [:]
            ),
            (
                "ssot/maintenance/convergence.yaml", "environments: {prod: {required: {gates: [prod_settings]}}}",
                ["prod_settings"], [:]
            ),
            (
                "ssot/maintenance/convergence.yaml", "environments: {prod: {required: {vercel_env: [A], dns: []}}}",
                ["vercel_monorepo"], [:]
            ),
            ("ssot/oca/must_have_base.yaml", "modules: []", ["oca_allowlist"], [:]),
            ("ssot/runtime/other.yaml", "a: 1", ["prod_settings"], [:]),
            ("ssot/bridges/catalog.yaml", "a: 1", ["parity_matrices"], [:]),
            ("ssot/odoo/addon_allowlist.yaml", "a: 1", ["addon_allowlist", "oca_allowlist"], [:]),
            ("ssot/odoo/orphan_addons_allowlist.yaml", "modules: 1", ["oca_allowlist", "orphan_addons"], [:]),
        ] as [(String, String, [String], [String: String])])
    func whatNobodyUsesIsNotAsked(_ path: String, _ text: String, _ asked: [String], _ variables: [String: String]) {
        var files = [SourceFile(path: path, text: text + "\n")]
        if !path.hasPrefix("ssot/") { files.append(SourceFile(path: "ssot/notes.yaml", text: "a: 1\n")) }
        let tree = SourceTree(revision: "r", files: files, branches: .none)
        let results = evaluateGates(tree, GateInputs(variables: variables))
        #expect(results.filter { $0.verdict != .notAsked }.map(\.name) == asked)
        #expect(results.allSatisfy { $0.verdict != .pass || asked.contains($0.name) })
        // By its name each is asked.
        for result in results where result.verdict == .notAsked {
            #expect(result.findings == [] && result.exitStatus == 0)
            let again = evaluateGates(tree, GateInputs(variables: variables), named: [result.name])
            #expect(again.first { $0.name == result.name }?.verdict == .unknown)
        }
    }

    @Test(arguments: [
        "ssot/dns/subdomain-registry.yaml", "ssot/infra/dns/subdomain-registry.yaml", GateDocuments.subdomainRegistry,
    ])
    func theRegistryOfNamesIsReadWhereverItLies(_ path: String) {
        let files = [path: "subdomains: [{name: erp, provider_claim: {status: unclaimed}}]", "ssot/notes.yaml": "a: 1"]
        let result = Self.evaluate("dns_provider_claims", files)
        #expect(result?.verdict == .fail)
        #expect(result?.findings.allSatisfy { $0.mark?.file == path } == true)
    }

    @Test(
        arguments: [
            (nil, nil, "unknown 2 GATE-0001"), ("", "prod-a", "unknown 2 GATE-0001"), ("preview", nil, "pass 0"),
            (" Development\n", "prod-a", "pass 0"), ("dev", ",", "pass 0"), ("prod", "prod-a", "unknown 2 GATE-0007"),
            ("stage", "staging-a", "unknown 2 GATE-0007"), ("staging", nil, "unknown 2 GATE-0001"),
            ("staging", "staging-a, staging-b", "pass 0"), ("staging", "prod-a", "fail 1 GATE-0020"),
            ("PRODUCTION", "prod-a,,", "pass 0"), ("production", "prod-a,b", "fail 1 GATE-0020"),
            ("production", "Prod-a", "fail 1 GATE-0020"), ("production", ",", "unknown 2 GATE-0001"),
            ("production", " , ", "unknown 2 GATE-0001"),
        ] as [(String?, String?, String)])
    func bucketsCarryThePrefixOfTheirEnvironment(_ environment: String?, _ buckets: String?, _ expected: String) {
        var variables: [String: String] = [:]
        variables["DEPLOY_ENV"] = environment
        variables["SUPABASE_STORAGE_BUCKET"] = buckets
        #expect(Self.text(Self.evaluate("supabase_bucket_env", [:], variables)) == expected)
    }

    private static let rules = """
        schema: ssot.secrets.v2
        schema_rules:
          required_fields: [purpose, approved_stores, consumers]
          consumer_stores: [vercel_env, scripts]
        secrets:

        """

    @Test(arguments: [
        ("  a: {purpose: p, approved_stores: [x], consumers: ['scripts:b']}", "pass 0"),
        ("  a: {approved_stores: [x], consumers: ['scripts:b']}", "fail 1 GATE-0006"),
        ("  a: {purpose: p, approved_stores: [x], consumers: []}", "fail 1 GATE-0030"),
        ("  a: {purpose: p, approved_stores: [x], consumers: ['scripts:']}", "fail 1 GATE-0030"),
        ("  a: {purpose: p, approved_stores: [x], consumers: ['Scripts:b']}", "fail 1 GATE-0030"),
        ("  a: {purpose: p, approved_stores: [x], consumers: ['odoo:b']}", "fail 1 GATE-0030"),
        ("  a: {purpose: p, approved_stores: [x], consumers: ['scripts:b']}\n  a: {}", "fail 1 GATE-0008"),
        ("  a: {purpose: p, approved_stores: [x]}", "fail 1 GATE-0006"),
        ("  {}", "unknown 2 GATE-0001"), ("  a: [", "unknown 2 GATE-0002"),
    ]) func secretsHaveTheirFieldsAndConsumers(_ secrets: String, _ expected: String) {
        let files = ["ssot/secrets/registry.yaml": Self.rules + secrets]
        #expect(Self.text(Self.evaluate("secrets_registry", files)) == expected)
    }

    @Test(arguments: [
        ("{purpose: p}", "fail 1 GATE-0030"), ("{purpose: p, consumers: }", "fail 1 GATE-0030"),
        ("{purpose: p, consumers: scripts:b}", "fail 1 GATE-0030"),
        ("{purpose: p, consumers: ['scripts:b']}", "pass 0"),
    ]) func aSecretHasAConsumerThoughNoRuleAsksForTheField(_ secret: String, _ expected: String) {
        let rules = Self.rules.replacing("[purpose, approved_stores, consumers]", with: "[purpose]")
        let files = ["ssot/secrets/registry.yaml": "\(rules)  a: \(secret)"]
        #expect(Self.text(Self.evaluate("secrets_registry", files)) == expected)
    }

    @Test(arguments: [
        ("ssot.parity.v1", "status: open", "ssot.bridges.v1", "pass 0"),
        ("foo.bar", "status: open", "ssot.bridges.v1", "fail 1 GATE-0005"),
        ("ssot.parity.v1", "status: open", "foo.bar", "fail 1 GATE-0005"),
        ("ssot.parity.v1", "status: shut", "ssot.bridges.v1", "fail 1 GATE-0007"),
        ("ssot.parity.v1", "status: [open]", "ssot.bridges.v1", "fail 1 GATE-0007"),
        // Whatever `…_values` there is holds for the field of that name.
        ("ssot.parity.v1", "status: open, colour: blue", "ssot.bridges.v1", "fail 1 GATE-0007"),
        ("ssot.parity.v1", "status: open, colour: red", "ssot.bridges.v1", "pass 0"),
    ]) func paritySaysWhatItIsInWordsOfItsOwn(
        _ schema: String, _ entry: String, _ bridges: String, _ expected: String
    ) {
        let rules = "schema_rules: {required_fields: [name], status_values: [open], colour_values: [red]}\n"
        let files = [
            "ssot/parity/ee_to_oca_matrix.yaml": "schema: \(schema)\n\(rules)entries: [{name: a, \(entry)}]",
            "ssot/parity/ee_to_oca_proof_matrix.yaml": "schema: ssot.parity.v1\n\(rules)entries: [{name: a}]",
            "ssot/parity/odoo_enterprise.yaml": "features: [{id: a, status: met, required: true}]",
            "ssot/bridges/catalog.yaml": "schema: \(bridges)\n\(rules)bridges: [{name: b, status: open}]",
            "ssot/secrets/registry.yaml": Self.rules + "  a: {}",
        ]
        #expect(Self.text(Self.evaluate("parity_matrices", files)) == expected)
    }

    @Test(
        arguments: [
            ("apps/console", "pass"), ("apps/console/", "pass"), ("./apps/console", "pass"), ("apps", "pass"),
            ("apps/consle", "fail"), ("apps/console/src", "fail"),
            // Nothing of a submodule or a link is listed, nor what lies at the top and is no folder.
            ("apps/vendored", "pass"), ("apps/vendored/console", "unknown"), ("web/console", "unknown"),
            ("README.md", "unknown"), ("/", "unknown"),
        ] as [(String, String)])
    func aPathIsMissingOnlyWhereItCouldBeSeen(_ path: String, _ expected: String) {
        let files = [
            "ssot/vercel/projects.yaml": """
            schema: ssot.vercel.projects.v1
            monorepo: {repo: a/b, workspace_manager: pnpm, apps_root: apps}
            projects:
              - {name: a, root_directory: apps/console, framework: b, build: {command: c}, env_strategy: {kind: d}}
            packages: [{path: \(path)}]
            policy: {}
            """
        ]
        let listing = PathListing(["apps/console/package.json", "apps/vendored", "README.md"])
        let result = Self.evaluate("vercel_monorepo", files, listing: listing)
        #expect(result?.verdict.rawValue == expected)
        #expect(result?.codes == (expected == "pass" ? [] : [expected == "fail" ? "GATE-0009" : "GATE-0004"]))
        if expected == "unknown" { #expect(result?.why.contains("is not known: ") == true) }
    }

    @Test(arguments: [
        ("a: {status: {value: working, evidence: [{kind: ci_run}]}, rotation: {rotate_now: false}}", "pass 0"),
        ("a: {status: {value: fine}, rotation: {rotate_now: false}}", "fail 1 GATE-0007"),
        ("a: {status: {value: stale, evidence: [{kind: hearsay}]}, rotation: {rotate_now: true}}", "fail 1 GATE-0007"),
        ("a: {status: {value: stale, evidence: none}, rotation: {rotate_now: true}}", "fail 1 GATE-0007"),
        ("a: {status: {value: stale, evidence: [ci_run]}, rotation: {rotate_now: true}}", "fail 1 GATE-0007"),
        ("a: {status: {value: stale, evidence: [{at: 2026-01-02}]}, rotation: {rotate_now: true}}", "pass 0"),
        ("a: {status: {value: stale}, rotation: {rotate_now: maybe}}", "fail 1 GATE-0032"),
        ("a: {status: working, rotation: {rotate_now: true}}", "fail 1 GATE-0007"),
        ("a: {status: {value: stale}, rotation: true}", "fail 1 GATE-0032"),
        ("b: {status: {value: stale}, rotation: {rotate_now: true}}", "fail 1 GATE-0031"),
        ("{}", "unknown 2 GATE-0001"),
    ]) func theInventoryKnowsTheRegistry(_ entries: String, _ expected: String) {
        let files = [
            "ssot/secrets/registry.yaml": "secrets: {a: {purpose: p}}",
            "ssot/secrets/inventory.yaml": "schema: ssot.secrets.inventory.v1\ninventory:\n  \(entries)",
        ]
        #expect(Self.text(Self.evaluate("secrets_inventory", files)) == expected)
    }

    @Test(arguments: [
        ("{provider: vercel, status: claimed, claimed_at: 2026-01-02, claim_ref: T-1}", "pass 0"),
        (
            "{provider: other, status: claimed, claimed_at: '2026-01-02', claim_ref: T-1, expires_at: 2026-03-06}",
            "pass 0"
        ),
        (
            "{provider: vercel, status: claimed, claimed_at: 2026-01-02, claim_ref: T-1, expires_at: 2026-03-05}",
            "fail 1 GATE-0080"
        ),
        ("{provider: vercel, status: unclaimed, claimed_at: 2026-01-02, claim_ref: T-1}", "fail 1 GATE-0080"),
        ("{provider: aws, status: claimed, claimed_at: 2026-01-02, claim_ref: T-1}", "fail 1 GATE-0080"),
        ("{provider: vercel, status: claimed, claim_ref: T-1}", "fail 1 GATE-0080"),
        ("{provider: vercel, status: claimed, claimed_at: 2026-01-02, claim_ref: ' '}", "fail 1 GATE-0080"),
        ("{provider: vercel, status: claimed, claimed_at: soon, claim_ref: T-1}", "unknown 2 GATE-0002"),
        ("none", "fail 1 GATE-0080"),
    ]) func activeNamesAreClaimed(_ claim: String, _ expected: String) {
        let files = [GateDocuments.subdomainRegistry: "subdomains:\n  - {name: erp, provider_claim: \(claim)}"]
        #expect(Self.text(Self.evaluate("dns_provider_claims", files, now: "2026-03-06")) == expected)
    }

    @Test(arguments: [
        ("", "pass 0"), (", provider_claim: {status: unclaimed}", "pass 0"),
        (", provider_claim: {provider: aws}", "fail 1 GATE-0080"),
        (", provider_claim: {claimed_at: soon}", "unknown 2 GATE-0002"),
    ]) func plannedNamesMayBeClaimed(_ claim: String, _ expected: String) {
        let files = [
            GateDocuments.subdomainRegistry: "subdomains:\n  - {name: erp, lifecycle: planned\(claim)}"
        ]
        #expect(Self.text(Self.evaluate("dns_provider_claims", files, now: "2026-03-06")) == expected)
    }

    @Test func anExpiryWithoutADateOfTodayIsUnknown() {
        let claim = "{provider: vercel, status: claimed, claimed_at: 2026-01-02, claim_ref: T, expires_at: 2030-01-01}"
        let files = [GateDocuments.subdomainRegistry: "subdomains:\n  - {name: erp, provider_claim: \(claim)}"]
        #expect(Self.text(Self.evaluate("dns_provider_claims", files)) == "unknown 2 GATE-0004")
    }

    @Test(arguments: [
        ("repos: []", "unknown 2 GATE-0001"), ("repos: [{name: web, branch: '19.0', status: ok}]", "pass 0"),
        ("repos: [{name: web, branch: _git_aggregated, status: ok}]", "pass 0"),
        ("repos: [{name: web, branch: '18.0', status: ok}]", "fail 1 GATE-0090"),
        ("repos: [{name: web, status: blocked}]", "fail 1 GATE-0090"),
        ("repos: [{name: web, status: empty}]", "fail 2 GATE-0090"),
        ("repos: [{name: wep, branch: '19.0', status: ok}]", "fail 1 GATE-0091"),
    ]) func modulesComeFromRepositoriesThatAreReady(_ repositories: String, _ expected: String) {
        let files = [
            "ssot/odoo/oca_repos.yaml": repositories,
            "ssot/odoo/oca_lock.yaml": "repos: [{name: web, ref: 0123456789abcdef0123456789abcdef01234567}]",
            "ssot/oca/must_have_base.yaml": "modules: [{technical_name: m, repo: web}]",
            "ssot/oca/must_have_accounting.yaml": "modules: [{technical_name: n, repo: (odoo)}]",
        ]
        #expect(Self.text(Self.evaluate("oca_allowlist", files)) == expected)
    }

    @Test func requiredGatesThatNobodyEvaluatesAreListed() {
        let files = [
            "ssot/maintenance/convergence.yaml":
                "environments: {prod: {required: {gates: [json_only_contract, domains]}}}"
        ]
        let result = Self.evaluate("json_only_contract", files)
        #expect(Self.text(result) == "unknown 2 GATE-0003")
        #expect(result?.requiredAt.map(\.description) == ["ssot/maintenance/convergence.yaml:1:42"])
        #expect(Self.evaluate("domains", files)?.requiredAt.count == 1)
    }

    @Test func whatIsRequiredMayNotBeProhibited() {
        let files = [
            "ssot/domains/a.yaml":
                "apex: a.example\nprohibited_domains: ['*.b.example']\ncanonical_subdomains: [{host: h, service: s, stack: t, resolves_to: x}]",
            "ssot/maintenance/convergence.yaml": "environments: {prod: {required: {dns: [c.b.example]}}}",
        ]
        let result = Self.evaluate("domains", files)
        #expect(Self.text(result) == "fail 1 GATE-0070")
        #expect(result?.findings.first?.notes.first?.mark?.description == "ssot/domains/a.yaml:2:22")
        // Without a document that requires anything nothing was held against it.
        #expect(Self.evaluate("domains", files.filter { $0.key.contains("domains") })?.verdict == .unknown)
    }

    @Test(arguments: [
        ("migrations", "no program evaluates it"),
        ("github_push_protection_enabled", "no document says it: a pass asks the repository at GitHub"),
    ]) func aGateOfNobodyIsUnknown(_ name: String, _ why: String) {
        let files = ["ssot/maintenance/convergence.yaml": "environments: {prod: {required: {gates: [\(name)]}}}"]
        let result = Self.evaluate(name, files)
        #expect(result?.verdict == .unknown)
        #expect(result?.findings.map(\.message) == [why])
    }

    @Test(.enabled(if: Corpus.isAvailable)) func theRealDocumentsAreJudgedAsByTheirScripts() throws {
        let tree = SourceTree(revision: "c", files: try Corpus.history.files(), branches: .none)
        let results = evaluateGates(tree, GateInputs())
        let table = results.map { result in
            "\(result.name) \(Self.text(result)) \(result.findings.count { $0.severity == .error })"
        }
        #expect(
            table == [
                // Nothing of the commit speaks of what the script holds in its own text.
                "addon_allowlist not_asked 0 0", "cloudflare_dns_drift unknown 2 GATE-0001 0",
                "diagram_drift unknown 2 GATE-0003 0", "dns_provider_claims unknown 2 GATE-0001 0",
                "domains fail 1 GATE-0070 1", "github_push_protection_enabled unknown 2 GATE-0003 0",
                "json_only_contract unknown 2 GATE-0003 0", "oca_allowlist fail 2 GATE-0090 GATE-0091 9",
                "orphan_addons unknown 2 GATE-0004 0",
                // Nobody listed the paths of the commit.
                "parity_matrices unknown 2 GATE-0004 GATE-0061 0", "prod_settings unknown 2 GATE-0001 0",
                "secrets_inventory pass 0 GATE-0031 0",
                // The three that a reader of the last one never sees.
                "secrets_registry fail 1 GATE-0008 3", "supabase_bucket_env unknown 2 GATE-0001 0",
                "vercel_monorepo unknown 2 GATE-0004 0",
            ])
        func warnings(_ gate: String, _ code: String) -> Int? {
            results.first { $0.name == gate }?.findings.count { $0.code == code }
        }
        #expect(warnings("secrets_inventory", "GATE-0031") == 14)
        #expect(warnings("parity_matrices", "GATE-0061") == 7)
    }
}
