import Basics
import Testing

@testable import DesiredState

/// A folder of documents that is a link or a submodule: what lies below it is unknown, and never gone.
@Suite struct ClosedFolderTests {
    private static func state(_ paths: [String], besides files: [String: String] = [:]) -> DesiredState {
        let files = [Paths.environments: "environments: {}\n"].merging(files) { _, new in new }
        return readDesiredState(
            SourceTree(
                revision: "r",
                files: files.map { SourceFile(path: $0.key, text: $0.value) }
                    + paths.map { SourceFile(path: $0, content: .unreadable(reason: "it is a submodule")) },
                branches: branches("main")))
    }

    @Test(
        arguments: [
            ("ssot/vercel", ["vercel.project", "vercel.domain", "vercel.variable"]),
            ("ssot/vercel/projects", ["vercel.project", "vercel.domain"]), ("infra/vercel", ["vercel.project"]),
            ("ssot/supabase", ["supabase.secret", "supabase.branch", "supabase.function"]),
            ("ssot/github", ["github.branch_protection", "github.ruleset", "github.label", "github.repository"]),
            ("ssot/plane", ["plane.label", "plane.state", "plane.project"]),
            ("ssot/plane/taxonomy", ["plane.label", "plane.module"]), ("ssot/plane/projects/old", ["plane.project"]),
            ("ssot/infra", ["digitalocean.droplet", "digitalocean.record", "digitalocean.alert_policy"]),
            ("ssot/slack", ["slack.channel"]), ("infra/ssot/supabase", ["supabase.secret"]),
        ] as [(String, [String])]) func whatMayStandBelowItIsUnknown(_ path: String, _ kinds: [String])
    {
        let state = Self.state([path])
        for kind in kinds { #expect(state.scopes.contains("kind \(kind)"), "\(state.scopes)") }
        #expect(state.faults == ["error SSOT-0002 \(path):1:1"])
    }

    /// Without a root nothing is known, whatever stands under the others.
    @Test(arguments: ["ssot", "infra/ssot", ".odooops"]) func aRootIsEverything(_ path: String) {
        let files = path == "ssot" ? ["infra/ssot/environments.yaml": "environments: {}\n"] : [:]
        var tree = SourceTree(
            revision: "r", files: [SourceFile(path: path, content: .unreadable(reason: "it is a submodule"))],
            branches: branches("main"))
        tree.files +=
            files.isEmpty
            ? [SourceFile(path: Paths.environments, text: "environments: {}\n")]
            : files.map { SourceFile(path: $0.key, text: $0.value) }
        let state = readDesiredState(tree)
        #expect(state.unknown.contains { $0.extent == .everything && !$0.isAboutRemovals }, "\(state.unknown)")
        #expect(state.faults.contains("error SSOT-0002 \(path):1:1"), "\(state.faults)")
    }

    /// Where no document can stand, and where one stands that goes before, nothing is doubted.
    @Test(arguments: [
        "ssot/docs", "ssot/x.txt", "ssot/plane/projects/README.md", "ssot/advisor/rulepacks", "docs", "addons",
    ])
    func elsewhereItSaysNothing(_ path: String) {
        let state = Self.state([path])
        #expect(state.unknown.isEmpty, "\(state.unknown)")
        #expect(!state.diagnostics.contains { $0.severity == .error }, "\(state.faults)")
    }

    @Test func whatStandsUnderARootBeforeIsKnown() {
        let state = Self.state(
            ["infra/ssot/supabase"], besides: ["ssot/supabase/project.yaml": "project_ref: abc\n"])
        #expect(!state.scopes.contains("kind supabase.secret"), "\(state.scopes)")
        // The other way round the first root wins, and nobody knows what it says.
        let other = Self.state(
            ["ssot/supabase"], besides: ["infra/ssot/supabase/project.yaml": "project_ref: abc\n"])
        #expect(other.scopes.contains("kind supabase.secret"), "\(other.scopes)")
    }

    /// What is kept from one commit to the next doesn't hide it.
    @Test func itIsSeenAlsoWhereOtherCommitsWereReadBefore() {
        let cache = DocumentCache()
        let file = SourceFile(path: Paths.environments, text: "environments: {}\n")
        func read(_ content: SourceFile.Content) -> DesiredState {
            readDesiredState(
                SourceTree(
                    revision: "r", files: [file, SourceFile(path: "ssot/supabase", content: content)],
                    branches: branches("main")), cache: cache)
        }
        #expect(read(.bytes([])).unknown.isEmpty)
        #expect(read(.unreadable(reason: "it is a submodule")).scopes.contains("kind supabase.secret"))
        #expect(read(.bytes([])).unknown.isEmpty)
    }
}
