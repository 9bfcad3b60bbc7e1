import Basics
import DesiredState
import Testing

/// What a repository keeps outside of its roots, and the desired state is read from all the same.
@Suite struct BesideDocumentsTests {
    private static let manifest = """
        instance: erp.shop.example
        db: odoo_prod
        waves:
          - wave: 1
            gate: none
            modules: [{name: stock_quality, source: already_present, status: pending}]
          - wave: 2
            gate: finance_approval
            modules:
              - {name: sheet_report, source: oca/reporting-engine, status: pending, installed_version: null}
              - {name: left_out, source: oca/web, status: skipped}
        not_available: [{name: tiers}]
        """

    private static let files = [
        "docs/oca/install_manifest.yaml": manifest,
        "config/oca/module_allowlist.yml": "install_order: [base]\npacks:\n  base:\n    - sheet_report\n    - queue\n",
        "odoo/ssot/oca_installed_allowlist.yaml": "oca_modules:\n  - stock_quality\n",
        Paths.environments: "environments:\n  live: {tier: production}\n  lab: {tier: dev}\n",
    ]

    /// Of what no domain reads a slip is a warning; a pasted secret is one wherever it stands.
    @Test func aSlipInWhatNobodyReadsIsNoError() {
        let state = read([
            "ssot/misc/q.yaml": "a: 1\na: 2\n", Paths.environments: "environments:\n  lab: {tier: dev, tier: dev}\n",
            "ssot/misc/t.yaml": "k: ghp" + "_0123456789abcdefghijABCDEFGHIJ012345\n",
        ])
        func severities(_ file: String) -> [String] {
            state.diagnostics.filter { $0.mark?.file == file && $0.severity != .note }
                .map { "\($0.severity.rawValue) \($0.code)" }
        }
        #expect(severities("ssot/misc/q.yaml") == ["warning FMT-0003"])
        #expect(severities(Paths.environments) == ["error FMT-0003"])
        #expect(severities("ssot/misc/t.yaml") == ["error SSOT-0300"])
    }

    /// What a document names and isn't there is never meant to be the document itself.
    @Test func nobodyMeansTheDocumentItself() throws {
        let state = read(["ssot/misc/a.yaml": "see: ssot/misc/b.yaml\n"])
        let told = try #require(state.diagnostics.first { $0.message.contains("ssot/misc/b.yaml") })
        #expect(told.hint?.contains("Did you mean") == false, "\(told)")
        let other = read(["ssot/misc/a.yaml": "see: ssot/misc/b.yaml\n", "ssot/misc/c.yaml": "x: 1\n"])
        #expect(other.diagnostics.contains { $0.hint?.contains("`ssot/misc/c.yaml`") == true })
        let pattern = read([".odooops/policies.yaml": "branch_mappings: [{pattern: \"release/.*\", tier: staging}]\n"])
        #expect(pattern.diagnostics.contains { $0.hint?.hasPrefix("`.*` belongs to regular expressions.") == true })
    }

    @Test func theWavesAndListsOfModulesCount() throws {
        let state = read(Self.files)
        #expect(state.faults == [])
        let live = try #require(state.modulePlans.first { $0.environment == "live" })
        #expect(
            live.modules.map { "\($0.name) \($0.wave ?? 0) \($0.permission)" } == [
                "stock_quality 1 allowed", "sheet_report 2 allowed",
            ])
        #expect(live.modules.last?.gate == "finance_approval")
        #expect(live.allowedModules == ["queue", "sheet_report", "stock_quality"])
        #expect(state.modulePlans.first { $0.environment == "lab" }?.modules == [])
        let managed = state.documents.filter { $0.domain == "modules" }
        #expect(managed.map(\.path).sorted() == Self.files.keys.filter { $0 != Paths.environments }.sorted())
        #expect(managed.allSatisfy { $0.status == .managed })
        // They are no root: a commit that holds nothing else is one whose roots vanished.
        #expect(read(["docs/oca/install_manifest.yaml": Self.manifest]).scopes.contains("everything"))
    }

    @Test func aManifestThatIsBrokenMakesItsKindUnknown() {
        var files = Self.files
        files["docs/oca/install_manifest.yaml"] = "waves: ["
        #expect(read(files).scopes.contains("kind odoo.module_entry"), "\(read(files).scopes)")
    }

    @Test func eachOfThemIsFetched() {
        let paths = Set(BesideDocuments.paths(nil))
        for path in Self.files.keys where path != Paths.environments { #expect(paths.contains(path), "\(path)") }
        #expect(paths.contains("config/odoo/mail_settings.yaml"))
    }

    private static let mail = """
        production: {provider: relay, smtp_server: smtp.relay.example, smtp_port: 2525, smtp_password_secret: a}
        non_production: {provider: catcher, smtp_server: smtp.relay.example, smtp_port: 2525, smtp_password_secret: b}
        """

    @Test(arguments: [
        // For all tiers, for one by the key above it, for one by what it says itself, and in a list.
        ("mail: {smtp_host: smtp.other.example, smtp_port: 587}", 4),
        ("environments: {dev: {mail: {smtp_host: smtp.other.example, smtp_port: 587}}}", 1),
        ("servers: [{name: out, environment: prod, host: smtp.other.example, port: 587}]", 1),
        ("servers: [{name: out, environment: prod, host: smtp.relay.example, port: 587}]", 1),
        ("servers: [{name: out, host: smtp.relay.example, port: 2525}, {imap_host: imap.other.example}]", 0),
    ])
    func whatOdooIsSetUpWithContradictsTheOthers(_ settings: String, _ contradicted: Int) {
        let state = read(["ssot/odoo/mail.yaml": Self.mail, "config/odoo/mail_settings.yaml": settings])
        let told = state.diagnostics.filter { $0.code == "SSOT-0120" || $0.code == "SSOT-0121" }
        #expect(told.isEmpty == (contradicted == 0), "\(state.diagnostics.map(\.message))")
        #expect(told.allSatisfy { $0.mark?.file == "config/odoo/mail_settings.yaml" })
        #expect(Self.transports(state) == 4 - contradicted, "\(state.scopes)")
        // Alone it wants nothing.
        let alone = read(["config/odoo/mail_settings.yaml": settings, Paths.environments: "environments: {}\n"])
        #expect(Self.transports(alone) == 0)
    }

    private static func transports(_ state: DesiredState) -> Int {
        state.resources.count { $0.key.kind == .mailTransport }
    }
}
