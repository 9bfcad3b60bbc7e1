import Basics
import DesiredState
import Formats
import TestKit
import Testing

/// What documents name in each other, and what leads nowhere.
@Suite struct CrossReferenceTests {
    private static let registry = """
        schema: ssot.secrets.v2
        secrets:
          mail_key: {purpose: p, vault_secret_name: mailgun_key}
        v2_entries:
          chat_token: {purpose: p}
        """

    private static func found(_ text: String, others: [String: String] = [:], listing: PathListing? = nil) -> [String] {
        var files = others
        files["ssot/a.yaml"] = text + "\n"
        let tree = SourceTree(
            revision: "r", files: files.map { SourceFile(path: $0.key, text: $0.value + "\n") }, branches: .none,
            listing: listing)
        return readDesiredState(tree).diagnostics.filter { $0.code.hasPrefix("SSOT-03") }.map {
            "\($0.code) \($0.mark?.description ?? "-")" + ($0.notes.first?.mark.map { " -> \($0.file)" } ?? "")
        }
    }

    @Test(arguments: [
        ("file: ssot/b.yaml", ["SSOT-0301 ssot/a.yaml:1:7 -> ssot/b.yaml"]),
        ("x: 1  # see ssot/b.yaml.", ["SSOT-0301 ssot/a.yaml:1:13 -> ssot/b.yaml"]),
        ("x: \"ssot/b.yaml\"\ny: (ssot/b.yaml)", ["SSOT-0301 ssot/a.yaml:1:5 -> ssot/b.yaml"]),
        ("x: store:ssot/b.yaml", ["SSOT-0301 ssot/a.yaml:1:10 -> ssot/b.yaml"]),
        ("x: ssot/a.yaml, ./ssot/a.yaml", []), ("x: ssot/b/", []), ("x: ssot/*.yaml", []),
        ("x: ssot/<id>.yaml", []), ("x: ssot/{id}.yaml", []), ("x: https://h.example/ssot/b.yaml", []),
        ("x: other/ssot/b.yaml", []), ("x: ssot/../b.yaml", []), ("x: ssot/v2.0", []), ("x: docs/b.md", []),
    ]) func aPathThatLeadsNowhereIsToldWithBothEnds(_ text: String, _ expected: [String]) {
        #expect(Self.found(text) == expected)
    }

    @Test(arguments: [
        ("x: docs/b.md", ["SSOT-0301 ssot/a.yaml:1:4 -> docs/b.md"]), ("x: docs/c.md", []), ("x: docs/d/e.md", []),
        ("x: elsewhere/b.md", []), ("x: ssot/listed.yaml", []),
    ]) func pathsOutsideOfTheRootsAreDecidedOnlyByAListing(_ text: String, _ expected: [String]) {
        let listing = PathListing(["docs/c.md", "docs/d/e.md", "ssot/a.yaml", "ssot/listed.yaml", "top.md"])
        #expect(Self.found(text, listing: listing) == expected)
    }

    /// From the folder of its document; `./` from the top as well.
    @Test(arguments: [
        ("x: ./b.yaml", ["SSOT-0301 ssot/a.yaml:1:4 -> ssot/b.yaml"]), ("x: ./a.yaml", []), ("x: ./c/d.yaml", []),
        ("x: ./ssot/c/d.yaml", []), ("x: ../ssot/a.yaml", []), ("x: ../docs/c.md", []), ("x: ../../x.yaml", []),
        ("x: ../docs/b.md", ["SSOT-0301 ssot/a.yaml:1:4 -> docs/b.md"]), ("x: ../elsewhere/b.md", []),
        ("x: ./c/e.yaml", ["SSOT-0301 ssot/a.yaml:1:4 -> c/e.yaml"]),
        ("x: ./docs/b.md", ["SSOT-0301 ssot/a.yaml:1:4 -> docs/b.md"]), ("x: ../top.yaml", []),
        ("x: ./.hidden", []), ("x: .../b.yaml", []),
        ("x: ./../ssot/b.yaml", ["SSOT-0301 ssot/a.yaml:1:4 -> ssot/b.yaml"]),
    ]) func relativePathsCountFromTheirDocument(_ text: String, _ expected: [String]) {
        let listing = PathListing(["docs/c.md", "ssot/a.yaml", "ssot/c/d.yaml", "c/d.yaml"])
        #expect(Self.found(text, others: ["ssot/c/d.yaml": "x: ../a.yaml"], listing: listing) == expected)
    }

    @Test(arguments: [
        ("odoo_module: acme_sale", []), ("odoo_module: acme_listed", []), ("oca_modules: [web_a, acme_sale]", []),
        ("odoo_module: acme_sael", ["SSOT-0307 ssot/a.yaml:1:14 -> addons/"]),
        ("oca_modules: [web_a, web_c]", ["SSOT-0307 ssot/a.yaml:1:22 -> addons/"]),
        // Odoo's own come with it, and so does a sentence.
        ("odoo_module: account", []), ("odoo_module: none of them", []), ("module: acme_sael", []),
    ]) func aModuleThatIsNowhereIsTold(_ text: String, _ expected: [String]) {
        let others = ["ssot/oca/must_have_base.yaml": "modules: [{technical_name: acme_listed, repo: web}]"]
        let listing = PathListing([
            "addons/acme/acme_sale/__manifest__.py", "addons/oca/web/web_a/__manifest__.py",
            "addons/acme/acme_sael/README.md", "ssot/a.yaml", "ssot/oca/must_have_base.yaml",
        ])
        #expect(Self.found(text, others: others, listing: listing) == expected)
        // Without the modules nobody can tell.
        #expect(Self.found(text, others: others, listing: PathListing(["addons/README.md"])) == [])
        #expect(Self.found(text, others: others) == [])
    }

    @Test func aPathUnderARootThatMovedIsFoundAgain() {
        let tree = SourceTree(
            revision: "r",
            files: [
                SourceFile(path: "infra/ssot/a.yaml", text: "x: ssot/b.yaml\n"),
                SourceFile(path: "infra/ssot/b.yaml", text: "x: 1\n"),
            ], branches: .none)
        let state = readDesiredState(tree)
        #expect(state.faults == ["warning SSOT-0301 infra/ssot/a.yaml:1:4"])
        #expect(state.diagnostics.first?.hint == "It is at infra/ssot/b.yaml now: name that.")
    }

    @Test(arguments: [
        ("secret_ref: mail_key", []), ("secrets: [chat_token, mailgun_key, MAIL_KEY]", []),
        ("required_secrets: [mail_kye]", ["SSOT-0302 ssot/a.yaml:1:20 -> ssot/secrets/registry.yaml"]),
        ("supabase_vault: [mail_kye]", ["SSOT-0302 ssot/a.yaml:1:18 -> ssot/secrets/registry.yaml"]),
        ("storage_verified: {supabase_vault: unknown}", []),
        ("secret_ref: <from keychain>", []), ("secret_ref: [{a: b}]", []), ("oca_repo: OCA/web", []),
        ("oca_repo: OCA/wep", ["SSOT-0304 ssot/a.yaml:1:11 -> ssot/odoo/oca_repos.yaml"]),
        ("environments: [prod, ci, lab]", []),
        ("environments: [labb]", ["SSOT-0303 ssot/a.yaml:1:16 -> ssot/environments.yaml"]),
        ("environments: {prod: {a: 1}, lab: {}, x-note: {}}", []),
        ("a: {environments: {lba: {b: 1}}}", ["SSOT-0303 ssot/a.yaml:1:20 -> ssot/environments.yaml"]),
        ("environment: {lba: 1}", []), ("ipai_bridge: nothing", []),
    ]) func aNameThatNobodyDeclaresIsTold(_ text: String, _ expected: [String]) {
        let others = [
            "ssot/secrets/registry.yaml": Self.registry,
            "ssot/odoo/oca_repos.yaml": "repos: [{name: web, source: s, status: ok}]",
            "ssot/environments.yaml": "environments: {lab: {tier: dev}}",
        ]
        #expect(Self.found(text, others: others) == expected)
    }

    @Test func withoutARegistryNothingIsMissingFromIt() {
        #expect(Self.found("secret_ref: mail_key") == [])
        #expect(Self.found("secret_ref: mail_key", others: ["ssot/secrets/registry.yaml": "a: [\n"]) == [])
    }

    /// The history holds the source of truth alone: what its documents name elsewhere can't be decided by it.
    @Test(.enabled(if: Corpus.isAvailable)) func theHistoryHoldsNothingButTheSourceOfTruth() throws {
        #expect(Corpus.history.topFolders() == ["ssot"])
        let files = try Corpus.history.files()
        func dangling(_ listed: [String]) -> [Diagnostic] {
            readDesiredState(
                SourceTree(
                    revision: "c", files: files, branches: .none,
                    listing: PathListing(files.map(\.path) + listed))
            ).diagnostics.filter { $0.code == "SSOT-0301" }
        }
        func targets(_ diagnostics: [Diagnostic]) -> Set<String> {
            Set(diagnostics.compactMap { $0.notes.first?.mark?.file })
        }
        // With folders that hold nothing else, each path into them leads nowhere: so many are decided by a real listing.
        let folders = [".github", "apps", "docs", "infra", "scripts", "spec", "supabase"]
        let all = dangling(folders.map { "\($0)/.keep" })
        #expect(targets(all).filter { !$0.hasPrefix("ssot/") }.count == 286)
        #expect(targets(all).filter { $0.hasPrefix("ssot/") }.count == 13)
        // What is known of one folder of the real commit decides the paths into it.
        let known = dangling(["deploy/odoo.conf"])
        #expect(targets(known).filter { !$0.hasPrefix("ssot/") } == ["deploy/odoo-prod.compose.yml"])
    }

    @Test(.enabled(if: Corpus.isAvailable)) func theRealDocumentsLeadNowhereWhereTheyAreKnownTo() throws {
        let files = try Corpus.history.files()
        let listings: [PathListing?] = [nil, PathListing(files.map(\.path))]
        for listing in listings {
            let state = readDesiredState(
                SourceTree(revision: "c", files: files, branches: .none, listing: listing))
            let dangling = state.diagnostics.filter { $0.code == "SSOT-0301" }
            let targets = Set(dangling.compactMap { $0.notes.first?.mark?.file })
            #expect(
                targets.sorted() == [
                    "ssot/databricks/agents.yaml", "ssot/databricks/warehouse.yaml", "ssot/github/rulesets.yaml",
                    "ssot/infra/digitalocean/spaces.yaml", "ssot/integrations/slack/allowed_channels.yaml",
                    "ssot/mappings/plane_sentry.yaml", "ssot/mappings/plane_slack_channels.yaml",
                    "ssot/mcp/registry.yaml", "ssot/n8n/self_hosted.yaml",
                    "ssot/providers/ai/docker_model_runner.yaml", "ssot/providers/exec/docker_offload.yaml",
                    "ssot/runtimes/agentstack.yaml", "ssot/skills/superclaude-manifest.json",
                ])
            let names = state.diagnostics.filter { ("SSOT-0302"..."SSOT-0306").contains($0.code) }
            #expect(
                names.map { "\($0.code) \($0.mark?.description ?? "")" } == [
                    "SSOT-0304 ssot/ee_parity/replacements.yaml:132:19",
                    "SSOT-0304 ssot/ee_parity/replacements.yaml:325:19", "SSOT-0302 ssot/github/apps.yaml:112:23",
                    "SSOT-0302 ssot/integrations/plane_sentry_sync.yaml:84:5",
                    "SSOT-0302 ssot/integrations/prismaconsulting.yaml:69:5",
                    "SSOT-0304 ssot/odoo/parity/erp_saas.yaml:324:19",
                    "SSOT-0304 ssot/odoo/parity/erp_saas.yaml:339:19",
                    "SSOT-0304 ssot/parity/ee_to_oca_execution_map.yaml:33:19",
                    "SSOT-0304 ssot/parity/ee_to_oca_proof_matrix.yaml:107:15",
                ])
        }
    }
}
