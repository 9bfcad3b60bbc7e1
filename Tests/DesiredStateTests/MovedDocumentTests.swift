import Basics
import Testing

@testable import DesiredState

/// A document that was moved, or whose folder was renamed, is told, and nothing that it wanted goes for it.
@Suite struct MovedDocumentTests {
    private static let projects = "org: acme\nprojection: {project_slug: month-end, project_number: 3}\n"

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
        let home = "ssot/" + path.split(separator: "/").suffix(2).joined(separator: "/")
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
