import Basics
import Testing

@testable import DesiredState

/// A document that was moved, or whose folder was renamed, is told, and nothing that it wanted goes for it.
@Suite struct MovedDocumentTests {
    private static let projects = "org: acme\nprojection: {project_slug: month-end, project_number: 3}\n"

    private static let shop = "{\"name\": \"shop\", \"framework\": \"nextjs\"}\n"
    private static let vercel = ["domain", "production", "project", "variable"].map { "kind vercel.\($0)" }
    private static let supabase = ["branch", "function", "secret"].map { "kind supabase.\($0)" }

    /// Where it stands, what it holds, where it should stand, and what is kept.
    private static let moves: [(path: String, text: String, place: String, kept: [String])] = [
        (
            "ssot/gh/org-policy.yaml", "org: acme\nsecurity: {two_factor: {desired: true}}\n", "github/org-policy.yaml",
            ["kind github.org_setting"]
        ),
        (
            "ssot/rules.yaml", "repo: acme/odoo\nbranches: {main: {enforce_admins: {desired: true}}}\n",
            "github/branch-protection.yaml", ["kind github.branch_protection", "kind github.ruleset"]
        ),
        (
            "ssot/gh/projects/month.yaml", projects, "github/projects/<name>.yaml",
            ["kind github.label", "kind github.project"]
        ),
        (
            "ssot/plan/projects/finops.yaml", "workspace_slug: acme\nproject: {key: FIN, name: Finance}\n",
            "plane/projects/<name>.yaml",
            [
                "kind plane.cycle", "kind plane.estimate", "kind plane.label", "kind plane.module",
                "kind plane.project",
                "kind plane.state",
            ]
        ),
        ("ssot/plan/taxonomy/states.yaml", "states: [Todo]\n", "plane/taxonomy/states.yaml", ["kind plane.state"]),
        (
            "ssot/integrations/slak/apps.yaml", "slack_apps: {bot: {socket_mode: false}}\n",
            "integrations/slack/<name>.yaml", ["kind slack.app", "kind slack.channel"]
        ),
        (
            "ssot/vercel/project/web.json", "{\"name\": \"web\", \"framework\": \"nextjs\"}",
            "vercel/projects/<name>.json",
            ["kind vercel.domain", "kind vercel.production", "kind vercel.project", "kind vercel.variable"]
        ),
        (
            "ssot/dns/acme.com.yaml", "apex: acme.com\ncanonical_subdomains: []\n", "domains/<name>.yaml",
            ["kind dns.record"]
        ),
        (
            "ssot/supbase/project.yaml", "project_ref: abc\n", "supabase/project.yaml",
            ["kind supabase.branch", "kind supabase.function", "kind supabase.secret"]
        ),
        (
            "ssot/source/plane/work_items.yaml", "source: {kind: plane}\ningest: {ref_format: x}\n",
            "sources/github/work_items.yaml", []
        ),
        ("ssot/advise/rulepacks/a.yaml", "id: a\npillar: b\nrules: []\n", "advisor/rulepacks/<name>.yaml", []),
        // Under another ending, or without one.
        ("ssot/supabase/project.json", "project_ref: abc\n", "supabase/project.yaml", supabase),
        ("ssot/supabase/project.json", "{\"project_ref\": \"abc\"}", "supabase/project.yaml", supabase),
        (
            "ssot/github/org_repos.json", "org: acme\n", "github/org_repos.yaml",
            ["kind github.label", "kind github.project", "kind github.repository", "kind github.webhook"]
        ),
        ("ssot/vercel/projects/shop.JSON", shop, "vercel/projects/<name>.json", vercel),
        ("ssot/vercel/projects/shop.yaml", shop, "vercel/projects/<name>.json", vercel),
        ("ssot/vercel/projects/shop.jsonc", "// a\n" + shop, "vercel/projects/<name>.json", vercel),
        ("ssot/vercel/projects/shop", shop, "vercel/projects/<name>.json", vercel),
        // The folder says better what it is than that it is called like another one.
        (
            "ssot/plane/projects/fin.json", "workspace_slug: acme\n", "plane/projects/<name>.yaml",
            [
                "kind plane.cycle", "kind plane.estimate", "kind plane.label", "kind plane.module",
                "kind plane.project", "kind plane.state",
            ]
        ),
        // By what it holds, whatever its name is.
        (
            "ssot/db/prod.yaml", "project_ref: abc\nsecrets: [{name: A, value_from: \"env:A\"}]\n",
            "supabase/project.yaml", supabase
        ),
        (
            "ssot/mail/gun.yaml", "mailgun: {domain: mg.example.com, webhook: {enabled: true}}\n",
            "integrations/mailgun.yaml", ["kind mailgun.domain", "kind mailgun.webhook"]
        ),
        // One that can't be read is known by its name.
        ("ssot/gh/org-policy.yaml", "org: [\n", "github/org-policy.yaml", ["kind github.org_setting"]),
    ]

    @Test(arguments: moves) func aMovedDocumentIsToldAndKeepsWhatItWants(
        _ move: (path: String, text: String, place: String, kept: [String])
    ) throws {
        let state = read([move.path: move.text, Paths.environments: "environments: {}\n"])
        let told = try #require(state.diagnostics.first { $0.code == "SSOT-0018" }, "\(state.faults)")
        #expect(told.severity == .warning && told.mark?.file == move.path)
        #expect(told.message.contains(move.place) && told.hint?.contains(move.place) == true, "\(told.message)")
        #expect(state.keptScopes == move.kept)
        #expect(state.scopes == [])
    }

    /// What says of which project it is, says so wherever it stands.
    @Test func aDocumentOfItsSchemaNamesItsProjectToo() {
        let text = "schema: ssot.supabase.project.v1\nproject_ref: abc\nsecrets: [{name: A, value_from: \"env:A\"}]\n"
        let home = read(["ssot/supabase/project.yaml": text])
        let moved = read(["ssot/supabase/projects/prod.yaml": text])
        #expect(home.resources.contains { $0.key.kind == .supabaseSecret })
        #expect(moved.resources.map(\.key) == home.resources.map(\.key))
    }

    /// What lies beside documents and is none: a text, a copy in another format, other keys.
    @Test(arguments: [
        ("ssot/plane/projects/README", "Projects of the teams\n"), ("ssot/plane/projects/notes.md", "a: 1\n"),
        ("ssot/vercel/projects/web.yaml", "{\"name\": \"web\"}"),
        ("ssot/vercel/projects/schema.yaml", "type: object\n"),
        ("ssot/plane/projects/schema.json", "{\"a\": 1}"), ("ssot/plane/projects/.gitkeep", ""),
        ("ssot/notes/mailgun_costs.yaml", "mailgun: {domain: mg.example.com}\n"),
    ]) func whatLiesBesideDocumentsIsNone(_ path: String, _ text: String) {
        let state = read([
            path: text, "ssot/vercel/projects/web.json": "{\"name\": \"web\"}",
            Paths.environments: "environments: {}\n",
        ])
        #expect(!state.diagnostics.contains { $0.code == "SSOT-0018" }, "\(state.faults)")
        #expect(!state.keptScopes.contains { !$0.contains("vercel") }, "\(state.keptScopes)")
    }

    /// Of documents of which there may be many, one may be moved and the others stay; a copy of one that stays was not.
    @Test(arguments: [
        ("old/vercel/projects/shop.json", true), ("examples/vercel/projects/web.json", false),
        ("old/plane/projects/fin.yaml", true), ("fixtures/plane/projects/ops.yml", false),
    ]) func oneOfManyIsMissedByItsName(_ path: String, _ isTold: Bool) {
        let project = "workspace_slug: acme\nproject: {key: OPS, name: Ops}\n"
        var tree = SourceTree(
            revision: "r",
            files: [
                SourceFile(path: "ssot/vercel/projects/web.json", text: "{\"name\": \"web\"}"),
                SourceFile(path: "ssot/plane/projects/ops.yaml", text: project),
            ], branches: branches("main"))
        tree.listing = PathListing([path] + tree.files.map(\.path))
        let told = readDesiredState(tree).diagnostics.filter { $0.code == "SSOT-0018" }
        #expect(told.compactMap(\.mark?.file) == (isTold ? [path] : []))
    }

    @Test func oneWithItsSchemaIsAnError() throws {
        let state = read([
            "ssot/foo/x.yaml": "schema: ssot.plane.project.v1\nname: x\n", Paths.environments: "environments: {}\n",
        ])
        #expect(state.faults == ["error SSOT-0018 ssot/foo/x.yaml:1:1"])
        #expect(state.keptScopes.contains("kind plane.project"))
        // Also where it is broken.
        let broken = read(["ssot/foo/x.yaml": "schema: ssot.plane.project.v1\nname: [\n"])
        #expect(broken.faults.contains("error SSOT-0018 ssot/foo/x.yaml:1:1"), "\(broken.faults)")
    }

    /// A copy of a document that can be there once, and that is where it should be, is none that was moved.
    @Test func whatIsInItsPlaceIsNotMissed() {
        let text = "org: acme\nsecurity: {two_factor: {desired: true}}\n"
        let state = read(["ssot/github/org-policy.yaml": text, "ssot/notes/org-policy.yaml": text])
        #expect(!state.diagnostics.contains { $0.code == "SSOT-0018" }, "\(state.faults)")
        #expect(state.keptScopes == [])
    }

    /// A slip in the name of a document lets nothing go either.
    @Test func aMisnamedDocumentKeepsWhatItWants() {
        let state = read(["ssot/maintenence/convergence.yml": "a: 1\n"])
        #expect(state.faults == ["warning SSOT-0049 ssot/maintenence/convergence.yml:1:1"])
        #expect(state.keptScopes.contains("kind supabase.function"))
    }

    /// Of what lies below no root only the path is known.
    @Test(
        arguments: [
            ("old/github/org-policy.yaml", ["kind github.org_setting"]),
            (
                "docs/old/supabase/project.yml",
                ["kind supabase.branch", "kind supabase.function", "kind supabase.secret"]
            ),
            ("old/plane/taxonomy/states.yaml", ["kind plane.state"]),
            (".github/org-policy.yaml", ["kind github.org_setting"]), (".github/workflows/org-policy.yaml", []),
            ("old/ssot/domains/acme.com.yaml", ["kind dns.record"]),
            ("old/domains/acme.com.yaml", []), ("ssot/github/README.md", []), ("addons/policy.yaml", []),
        ] as [(String, [String])]) func aDocumentOutsideOfTheRootsIsToldByItsPath(_ path: String, _ kept: [String])
    {
        var tree = SourceTree(
            revision: "r", files: [SourceFile(path: Paths.environments, text: "environments: {}\n")],
            branches: branches("main"))
        tree.listing = PathListing([path, Paths.environments])
        let state = readDesiredState(tree)
        #expect(state.faults == (kept.isEmpty ? [] : ["warning SSOT-0018 \(path):1:1"]))
        #expect(state.keptScopes == kept)
        // At its place it is read.
        let home =
            "ssot/" + path.split(separator: "/").suffix(2).joined(separator: "/").replacing(".github", with: "github")
        tree.files.append(SourceFile(path: home, text: "a: 1\n"))
        if !kept.isEmpty, !path.contains("taxonomy") {
            #expect(!readDesiredState(tree).diagnostics.contains { $0.code == "SSOT-0018" })
        }
    }

    /// Whatever wants something in the real documents and in the example may be moved or have its folder renamed: what is
    /// wanted no more is kept.
    @Test(.enabled(if: Corpus.isAvailable)) func nothingOfTheRealDocumentsGoesWhereOneIsMoved() throws {
        let roots = try [Corpus.history.files(), exampleTree().files]
        for files in roots {
            let cache = DocumentCache()
            let tree = SourceTree(revision: "r", files: files, branches: branches("main"))
            let before = readDesiredState(tree, cache: cache)
            #expect(!before.diagnostics.contains { $0.code == "SSOT-0018" }, "\(before.faults)")
            for document in before.documents where document.status == .managed && document.path.hasPrefix("ssot/") {
                for path in Self.places(of: document.path) {
                    var moved = tree
                    moved.files = files.map {
                        $0.path == document.path ? SourceFile(path: path, content: $0.content) : $0
                    }
                    let after = readDesiredState(moved, cache: cache)
                    let wanted = Set(after.resources.map(\.key))
                    let lost = before.resources.filter {
                        !wanted.contains($0.key) && !after.covers($0.key, of: $0.environment)
                    }
                    let isTold = after.diagnostics.contains { !before.diagnostics.contains($0) }
                    #expect(
                        lost.isEmpty && isTold,
                        "\(document.path) at \(path): \(isTold ? "told" : "not told"), lost \(lost.prefix(3).map(\.key))"
                    )
                }
            }
        }
    }

    /// A folder below the root under another name, with a letter less, and one more in between.
    private static func places(of path: String) -> [String] {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count > 2 else { return ["ssot/old/\(parts[1])"] }
        var (renamed, slipped) = (parts, parts)
        renamed[1] = "former"
        slipped[1] = String(parts[1].dropLast())
        return [renamed, slipped, ["ssot", "old"] + parts.dropFirst()].map { $0.joined(separator: "/") }
    }
}
