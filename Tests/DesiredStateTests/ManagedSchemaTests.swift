import Basics
import DesiredState
import Formats
import TestKit
import Testing

/// Every document that a domain reads has a published schema, and fulfils it.
@Suite struct ManagedSchemaTests {
    /// A tree of files, and the folder in which they stand.
    private static let trees: [(name: String, directory: String, root: String)] =
        [
            ("ssot", "\(Places.packageRoot)/examples/ssot", ""),
            ("containers", "\(Places.packageRoot)/examples/containers", ""),
        ] + (corpusDirectory.map { [("corpus", $0, "ssot")] } ?? [])

    @Test(.enabled(if: SchemaCheck.isAvailable)) func eachManagedDocumentHasASchemaAndFulfilsIt() throws {
        var pairs: [(schema: String, file: String)] = []
        for tree in Self.trees {
            let state = readDesiredState(
                SourceTree(
                    revision: String(repeating: "a", count: 40),
                    files: try files(under: tree.directory, below: tree.root), branches: .known([])))
            let managed = state.documents.filter { $0.status == .managed }
            #expect(managed.count >= (tree.name == "corpus" ? 70 : 2), "\(tree.name): \(managed.count)")
            for document in managed {
                let below = document.path.hasPrefix("ssot/") ? String(document.path.dropFirst(5)) : document.path
                guard let schema = SchemaCheck.schema(of: below) else {
                    Issue.record("no schema is for \(document.path), which \(document.domain ?? "?") reads")
                    continue
                }
                let file = tree.root.isEmpty ? document.path : String(document.path.dropFirst(tree.root.utf8.count + 1))
                pairs.append((schema, "\(tree.directory)/\(file)"))
            }
        }
        let result = SchemaCheck.run(pairs)
        #expect(result.status == 0, "\(result.output)")
    }

    /// A small document of each form that no other test holds against its schema, and whether the schema takes it.
    private static let forms: [(schema: String, isSound: Bool, text: String)] = [
        ("convergence.v1", true, "environments: {prod: {deploy_target: main, required: {gates: [g]}}}"),
        ("convergence.v1", false, "environments: {prod: {thresholds: {max_commits_behind: few}}}"),
        ("convergence.v1", false, "environments: {prod: {required: {gate: [g]}}}"),
        ("convergence.v1", false, "security_settings: [{kind: k}]"),
        ("convergence.v1", false, "environment: {}"),
        ("integrations-index.v1", true, "integrations: [{id: a, file: f, status: active, x-note: 1}]"),
        ("integrations-index.v1", false, "integrations: [{file: f, status: active}]"),
        ("integrations-index.v1", false, "integrations: none"),
        ("integrations-index.v1", false, "integrations: [{id: a, file: f, status: active, colour: blue}]"),
        (
            "integrations.v1", true,
            "name: a\nrequired_secrets: [b, {id: c, required: false}]\nallowed_egress: [h.example]"
        ),
        ("integrations.v1", false, "name: a\nbaseline_allowed: yes"),
        ("integrations.v1", false, "name: a\nrequired_secrets: {b: c}"),
        ("integrations.v1", false, "name: a\nrequired_secrets: [{secret: c}]"),
        ("modules-oca_lock.v1", false, "repos: [{name: web, source: x, ref: \"19.0\"}]"),
        ("modules-oca_lock.v1", false, "repos: [{ref: 4ae1186942461cfcc2ee14952335020cfa42af49}]"),
        ("modules-oca_repos.v1", false, "repos: none"),
        ("modules-oca_repos.v1", false, "repos: [{name: web, modules: many}]"),
        ("modules-must_have.v1", false, "modules: [{name: queue}]"),
        ("modules-oca_p0_allowlist.v1", false, "modules: [{name: queue}]"),
        ("modules-orphan_addons.v1", false, "modules: [{module: queue}]"),
        ("modules-allowlist.v1", true, "install_order: [a]\npacks: {a: [m, n]}"),
        ("modules-allowlist.v1", true, "oca_modules: [m]"), ("modules-allowlist.v1", true, "modules: [{name: m}]"),
        ("modules-allowlist.v1", false, "packs: {a: m}"), ("modules-allowlist.v1", false, "names: [m]"),
        ("github-enterprise-cloud.v1", true, "advanced_security: {desired_state: {a: {desired: true}}}"),
        ("github-enterprise-cloud.v1", false, "advanced_security: {desired_state: {a: {desire: true}}}"),
        ("github-enterprise-cloud.v1", false, "advanced_security: {a: {desired: true}}"),
        ("github-project-template.v1", true, "project: {number: null, slug: a}\nlabels: [a]"),
        ("github-project-template.v1", false, "labels: a"),
        ("github-org_repos.v1", true, "org: o\nrepos: [{name: a, labels: [x, {name: y, color: '#D73A4A'}]}]"),
        ("github-org_repos.v1", false, "org: o\nrepos: [{name: a, labels: [{color: d73a4a}]}]"),
        ("github-project.v1", false, "org: o\nprojection: {project_slug: s}\nlabels: [{name: x, color: red}]"),
    ]

    @Test(.enabled(if: SchemaCheck.isAvailable)) func theNewestSchemasRefuseWhatIsNotOfTheirForm() throws {
        let directory = try TemporaryDirectory(prefix: "odooops-forms")
        for (number, form) in Self.forms.enumerated() { try directory.write(form.text + "\n", to: "\(number).yaml") }
        let result = SchemaCheck.run(
            Self.forms.enumerated().map { ($0.element.schema, directory.path("\($0.offset).yaml")) })
        for (number, form) in Self.forms.enumerated() {
            let isRefused = result.output.contains("\(directory.path("\(number).yaml"))::")
            #expect(isRefused != form.isSound, "\(form.schema): \(form.text)\n\(result.output)")
        }
    }

    /// What nobody but people and other programs need has a type as well: reader and schema refuse the same.
    private static let typed: [(schema: String, path: String, text: String, other: String)] = [
        (
            "modules-oca_p0_allowlist.v1", "odoo/parity/oca_p0_allowlist.yaml",
            "modules: [{module: a, dependencies: %}]",
            "[b]"
        ),
        (
            "modules-oca_p0_allowlist.v1", "odoo/parity/oca_p0_allowlist.yaml",
            "modules: [{module: a, install_order: %}]", "2"
        ),
        (
            "modules-oca_lock.v1", "odoo/oca_lock.yaml",
            "repos: [{name: a, ref: 4ae1186942461cfcc2ee14952335020cfa42af49, target_path: %}]", "addons/a"
        ),
        (
            "mail.v1", "odoo/mail.yaml", "production: {smtp_server: a.example, smtp_port: 587, email_from: %}",
            "a@b.example"
        ),
        ("mailgun.v1", "integrations/mailgun.yaml", "mailgun: {smtp: {policy: {port_25_forbidden: %}}}", "true"),
        ("github-enterprise-cloud.v1", "github/enterprise-cloud.yaml", "enterprise: %", "{org: a}"),
        (
            "github-enterprise-cloud.v1", "github/enterprise-cloud.yaml", "advanced_security: {desired_state: %}",
            "{a: true}"
        ),
        ("vercel-projects.v1", "vercel/projects.yaml", "projects: []\nmonorepo: %", "{apps_root: apps}"),
        (
            "mappings-plane_github.v1", "mappings/plane_github.yaml", "mappings: []\ndefaults: {writeback_enabled: %}",
            "true"
        ),
        (
            "vuln-policy.v1", "security/vuln_policy.yaml",
            "thresholds: {a: {b: 1}}\nexceptions: [{id: a, scope: a, severity: b, expires_on: \"2027-01-01\", "
                + "tracking_issue: x, rationale: y, count_at_creation: %}]", "2"
        ),
        (
            "release-contract.v1", "runtime/release_contract.yaml",
            "required_fields: [{field: a, type: text, description: {x: y}}]\noptional_fields: [{field: b, type: %}]",
            "text"
        ),
    ]

    @Test(.enabled(if: SchemaCheck.isAvailable)) func readerAndSchemaRefuseTheSameTypes() throws {
        let directory = try TemporaryDirectory(prefix: "odooops-types")
        var pairs: [(schema: String, file: String)] = []
        for (number, one) in Self.typed.enumerated() {
            for (kind, value) in [("wrong", "[{x: 1.5}]"), ("right", one.other)] {
                let text = one.text.replacing("%", with: value) + "\n"
                try directory.write(text, to: "\(number)-\(kind).yaml")
                pairs.append((one.schema, directory.path("\(number)-\(kind).yaml")))
                let told = read(["ssot/\(one.path)": text]).diagnostics.filter { $0.severity != .note }
                #expect(told.isEmpty == (kind == "right"), "\(text): \(told)")
            }
        }
        let result = SchemaCheck.run(pairs)
        for pair in pairs {
            #expect(
                result.output.contains("\(pair.file)::") == pair.file.hasSuffix("-wrong.yaml"),
                "\(pair): \(result.output)")
        }
    }

    /// What the reader reports of a document's form is what the schema refuses.
    @Test(arguments: [
        (Paths.convergence, "environments: {prod: {thresholds: {max_commits_behind: few}}}"),
        (Paths.index, "integrations: [{file: f, status: active}]"),
        ("ssot/odoo/oca_lock.yaml", "repos: [{name: web, source: x, ref: \"19.0\"}]"),
        ("ssot/oca/must_have_base.yaml", "modules: [{name: queue}]"),
        ("ssot/odoo/parity/oca_p0_allowlist.yaml", "modules: [{name: queue}]"),
        ("ssot/odoo/orphan_addons_allowlist.yaml", "modules: [{module: queue}]"),
        ("ssot/github/enterprise-cloud.yaml", "advanced_security: {a: {desired: true}}"),
    ]) func theReaderTellsOfTheSameForms(_ path: String, _ text: String) {
        #expect(!read([path: text]).unknown.isEmpty)
    }

    @Test func eachSchemaFileIsNamedByTheManual() throws {
        let manual = String(
            decoding: try FileSystem.read("\(Places.packageRoot)/docs/desired-state.md"), as: UTF8.self)
        for name in Places.files(under: "\(Places.packageRoot)/schemas", endingWith: ".json") {
            #expect(manual.contains("schemas/\(name)"), "docs/desired-state.md doesn't name schemas/\(name)")
        }
    }
}
