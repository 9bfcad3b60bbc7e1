import Basics
import DesiredState
import Formats
import Testing

/// Which pull requests have previews, by the documents alone.
@Suite struct PreviewPolicyTests {
    private static let template = "environments: {}\ntiers: {preview: {host: web, domain: \"{slug}.e.com\"}}\n"

    private static func pull(
        _ number: Int64, head: String = "feature/a", base: String = "main", labels: [String] = [], fork: Bool = false,
        draft: Bool = false, approved: String? = nil
    ) -> PullRequest {
        var pull = PullRequest(
            number: number, head: head, headCommit: "head-\(number)", base: base, labels: labels, isFork: fork,
            isDraft: draft, updatedAt: Timestamp(seconds: 1_772_000_000))
        pull.approvedCommit = approved
        return pull
    }

    private static func read(
        _ policies: String, _ pulls: PullRequestListing?, environments: String = template, branches: [String] = []
    ) -> DesiredState {
        var tree = SourceTree(
            revision: "r",
            files: [
                SourceFile(path: Paths.policies, text: policies),
                SourceFile(path: Paths.environments, text: environments),
                SourceFile(path: Paths.inventory, text: "droplets: [{name: web, region: sgp1, size: s, image: i}]\n"),
            ],
            branches: .known(branches.map { Branch(name: $0, commit: "c", committedAt: nil) }))
        tree.pullRequests = pulls
        return readDesiredState(tree)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let policy: String
        let pull: PullRequest
        /// A word of the reason; nil: there is a preview; empty: nobody speaks of it.
        let refusal: String?

        init(_ name: String, _ policy: String, _ pull: PullRequest, _ refusal: String? = nil) {
            self.name = name
            self.policy = policy
            self.pull = pull
            self.refusal = refusal
        }

        var testDescription: String { name }
    }

    private static let cases: [Case] = [
        Case("a label in another letter case", "allow: [{label: Preview}]", pull(7, labels: ["preview", "x"])),
        Case("no label", "allow: [{label: preview}]", pull(7, labels: ["previews"]), ""),
        Case("a pattern of the head", "allow: [{head: \"feature/*\"}]", pull(7)),
        Case("a star stays in its segment", "allow: [{head: \"feature/*\"}]", pull(7, head: "feature/a/b"), ""),
        Case("all that an entry names must hold", "allow: [{head: \"**\", base: main, label: p}]", pull(7), ""),
        Case("a later entry", "allow: [{base: other}, {base: main}]", pull(7)),
        Case("a fork", "allow: [{base: main}]", pull(7, fork: true, approved: "c"), "`never`"),
        Case(
            "a fork without a label", "allow: [{base: main}, {label: p}]\n  forks: labeled",
            pull(7, fork: true, approved: "c"), "no label"),
        Case(
            "a fork with a label", "allow: [{base: main}, {label: p}]\n  forks: labeled",
            pull(7, labels: ["p"], fork: true, approved: "c")),
        Case(
            "a fork of which nobody has seen a commit", "allow: [{label: p}]\n  forks: labeled",
            pull(7, labels: ["p"], fork: true), "let in"),
        Case("a draft", "allow: [{base: main}]", pull(7, draft: true)),
        Case("a draft that may not", "allow: [{base: main}]\n  drafts: false", pull(7, draft: true), "draft"),
        Case("no place", "allow: [{base: main}]\n  limit: 0", pull(7), "`limit` is 0"),
    ]

    @Test(arguments: cases) func whoHasAPreview(_ test: Case) {
        let state = Self.read("previews:\n  \(test.policy)\n", PullRequestListing(open: [test.pull]))
        #expect(state.diagnostics.filter { $0.severity == .error } == [])
        #expect(state.scopes == [])
        let environment = state.environment("pr-7")
        #expect((environment != nil) == (test.refusal == nil))
        switch (state.previews.first?.verdict, test.refusal) {
        case (.wanted?, nil):
            #expect(environment?.headCommit == (test.pull.isFork ? "c" : "head-7"))
            #expect(environment?.branch == "refs/pull/7/head" && environment?.tier == .preview)
            #expect(environment?.ttlClass == .ephemeral && environment?.domain == "pr-7.e.com")
        case (.refused(let reason)?, let word?): #expect(!word.isEmpty && reason.contains(word), "\(reason)")
        case (nil, ""?): break
        default: Issue.record("\(state.previews)")
        }
    }

    private static let broken = [
        "previews: []", "previews: {}", "previews: {allow: none}", "previews: {allow: [{}]}",
        "previews: {allow: [{labels: a}]}", "previews: {allow: [{head: \"^a$\"}]}",
        "previews: {allow: [{label: a}], forks: always}", "previews: {allow: [{label: a}], limit: -1}",
        "previews: {allow: [{label: a}], drafts: no}", "previews: {allow: [{label: a}], repository: acme}",
        "preview: {allow: [{label: a}]}", "previews: {allow: [{label: a}]}\nprevews: {}\nprevious: [",
    ]

    @Test(arguments: broken) func whatCantBeReadRemovesNoPreview(_ policies: String) {
        let state = Self.read(policies + "\n", PullRequestListing(open: [Self.pull(7, labels: ["a"])]))
        #expect(state.scopes.contains("environments"), "\(state.faults)")
        #expect(state.environment("pr-7") == nil)
    }

    @Test func whatIsNotKnownStays() {
        let policy = "previews: {allow: [{base: main}], limit: 2}\n"
        let unasked = Self.read(policy, nil)
        #expect(unasked.scopes == ["environments"] && unasked.faults == [])
        let state = Self.read(
            policy, PullRequestListing(open: [Self.pull(7), Self.pull(9)], uncertain: [8], fault: "time-out"))
        // The uncertain one keeps its place; who has none because of it may have one.
        #expect(state.scopes == ["environment pr-8", "environment pr-9"] && state.faults == ["warning SSOT-0042 -"])
        #expect(state.environments.map(\.slug) == ["pr-7"])
    }

    @Test(
        arguments: [
            // In the order of the numbers where nobody was there before.
            ([], [], ["pr-5", "pr-6"], []),
            // First come, first kept: a lower number doesn't displace who is there.
            ([9, 6], [], ["pr-6", "pr-9"], []),
            ([9], [], ["pr-5", "pr-9"], []),
            // A smaller limit: who came last goes.
            ([9, 6, 5], [], ["pr-6", "pr-9"], []),
            // Who may be there, and never was, costs nobody a place.
            ([5, 6], [7], ["pr-5", "pr-6"], ["environment pr-7", "environment pr-9"]),
            // Who was there and may be gone keeps its place, and nobody goes for it.
            ([7, 6, 5], [7], ["pr-6"], ["environment pr-5", "environment pr-7", "environment pr-9"]),
        ] as [([Int64], [Int64], [String], [String])])
    func whoCameFirstStays(_ living: [Int64], _ uncertain: [Int64], _ slugs: [String], _ unknown: [String]) {
        let state = Self.read(
            "previews: {allow: [{base: main}], limit: 2}\n",
            PullRequestListing(
                open: [Self.pull(5), Self.pull(6), Self.pull(9)], uncertain: uncertain,
                fault: uncertain.isEmpty ? nil : "502", living: living))
        #expect(state.environments.map(\.slug) == slugs && state.scopes == unknown)
    }

    @Test func namesBelongToPullRequests() {
        let policy = "previews: {allow: [{base: main}]}\nbranch_mappings: [{pattern: \"**\", tier: dev}]\n"
        let state = Self.read(
            policy, PullRequestListing(open: [Self.pull(7), Self.pull(8)]),
            environments: Self.template.replacing("{}", with: "{pr-8: {tier: dev}}"),
            branches: ["pr/7", "pr/07", "prx"])
        #expect(state.environments.map(\.slug) == ["pr-07", "pr-7", "pr-8", "prx"])
        #expect(state.environment("pr-7")?.branch == "refs/pull/7/head" && state.environment("pr-8")?.branch == nil)
        #expect(state.diagnostics.filter { $0.code == "SSOT-0038" }.count == 2)
        let bare = Self.read(policy, PullRequestListing(open: [Self.pull(7)]), environments: "environments: {}\n")
        #expect(bare.environment("pr-7") == nil)
        guard case .refused(let reason)? = bare.previews.first?.verdict else {
            Issue.record("\(bare.previews)")
            return
        }
        #expect(reason.contains("no template"))
    }

    @Test func aContainerNamesTheCommitThatItRuns() {
        let environments = """
            environments: {}
            runtimes: {docker: here}
            tiers:
              preview: {engine: here, containers: [{name: "odoo-{slug}", image: "ghcr.io/acme/odoo:{commit}"}]}

            """
        let state = Self.read(
            "previews: {allow: [{base: main}]}\n", PullRequestListing(open: [Self.pull(7)]), environments: environments)
        let container = state.resource("docker.container/odoo-pr-7")
        let image = container?.attributes.first { $0.name == "image" }
        #expect(image?.value == .literal(.string("ghcr.io/acme/odoo:head-7")), "\(state.faults)")
        // A name that changed with each push would bring about another database each time.
        let named = Self.read(
            "previews: {allow: [{base: main}]}\n", PullRequestListing(open: [Self.pull(7)]),
            environments: "environments: {}\ntiers: {preview: {domain: \"{commit}.e.com\"}}\n")
        #expect(named.diagnostics.contains { $0.code == "SSOT-0036" })
    }
}
