import Basics
import DesiredState
import Formats
import Testing

/// A slip in a ruleset never opens it: what can't be read of it leaves it as it is at GitHub.
@Suite struct RulesetTests {
    private static let whole = """
        repo: o/r
        branches: {}
        rulesets:
          guard:
            target: branch
            enforcement: active
            conditions:
              ref_name:
                include: ["~DEFAULT_BRANCH", "refs/heads/release/*"]
                exclude: []
            bypass_actors:
              - actor_id: 5
                actor_type: RepositoryRole
                bypass_mode: pull_request
            rules:
              - type: deletion
              - type: pull_request
                parameters:
                  required_approving_review_count: 2
                  dismiss_stale_reviews_on_push: true
              - type: required_status_checks
                parameters:
                  strict_required_status_checks_policy: true
                  required_status_checks:
                    - {context: ci, integration_id: null}

        """

    private static func state(_ text: String) -> DesiredState { read([Paths.protection: text]) }

    @Test func aWholeOneIsWantedAsItIsWritten() throws {
        let state = Self.state(Self.whole)
        #expect(state.faults == [] && state.unknown.isEmpty, "\(state.diagnostics)")
        let ruleset = try #require(state.resource("github.ruleset/o/r/guard"))
        let actor: Value = .object(["actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "pull_request"])
        #expect(ruleset["bypass_actors"]?.value == .literal(.list([actor])))
        let names: Value = .object(["include": ["~DEFAULT_BRANCH", "refs/heads/release/*"], "exclude": []])
        #expect(ruleset["conditions"]?.value == .literal(.object(["ref_name": names])))
        guard case .literal(.list(let items))? = ruleset["rules"]?.value else {
            Issue.record("no rules")
            return
        }
        #expect(items.map { $0["type"]?.stringValue } == ["deletion", "pull_request", "required_status_checks"])
        #expect(items[1]["parameters"]?["required_approving_review_count"] == 2)
    }

    /// Each line is lost alone, and each key gets two of its letters swapped.
    @Test func noLostLineAndNoMisspeltKeyOpensIt() throws {
        let lines = Self.whole.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        let good = try #require(Self.state(Self.whole).resource("github.ruleset/o/r/guard"))
        // What is missing as a whole stays as it is at GitHub, and an item of a list may have been taken out.
        let free = [
            "exclude:", "- type: deletion", "required_approving", "dismiss_stale", "strict_required", "- {context",
        ]
        for index in lines.indices where index > 3 && !lines[index].isEmpty {
            var lost = lines
            let line = lost.remove(at: index)
            if !free.contains(where: { line.contains($0) }) { Self.expectHeld(lost, good, "without \(line)") }
            guard let colon = line.firstIndex(of: ":"), !line.contains("{") else { continue }
            var slipped = lines
            var letters = Array(line[..<colon])
            letters.swapAt(letters.count - 1, letters.count - 2)
            slipped[index] = String(letters) + line[colon...]
            Self.expectHeld(slipped, good, "\(slipped[index])")
        }
    }

    private static func expectHeld(_ lines: [String], _ good: DesiredResource, _ comment: Comment) {
        let state = state(lines.joined(separator: "\n"))
        #expect(!state.diagnostics.isEmpty, comment)
        #expect(state.resource("github.ruleset/o/r/guard") == nil, comment)
        #expect(state.covers(good.key, of: nil), "\(comment.rawValue): \(state.unknown)")
    }

    @Test(arguments: [
        ("include: [\"~DEFAULT_BRANCH\", \"refs/heads/release/*\"]", "include: \"~DEFAULT_BRANCH, a\"", "SSOT-0004", 9),
        ("\"~DEFAULT_BRANCH\", \"refs/heads/release/*\"", "\"~DEFAULT_BRANCH, a\"", "SSOT-0008", 9),
        ("\"~DEFAULT_BRANCH\", \"refs/heads/release/*\"", "\"~DEFAULT_BRNCH\"", "SSOT-0008", 9),
        ("\"refs/heads/release/*\"", "\"refs/heads/a refs/heads/b\"", "SSOT-0020", 9),
        ("include: [\"~DEFAULT_BRANCH\", \"refs/heads/release/*\"]", "include: []", "SSOT-0005", 9),
        ("include: [\"~DEFAULT_BRANCH\", \"refs/heads/release/*\"]", "include:", "SSOT-0005", 9),
        ("exclude: []", "exclude: refs/heads/a", "SSOT-0004", 10), ("exclude: []", "exclude:", "SSOT-0015", 10),
        ("target: branch", "target: brnch", "SSOT-0008", 5), ("target: branch", "target: repository", "SSOT-0008", 5),
        ("mode: pull_request", "mode: pull_requests", "SSOT-0008", 14),
        ("mode: pull_request", "mode: null", "SSOT-0005", 14),
        ("RepositoryRole", "RepositoryRoles", "SSOT-0008", 13), ("actor_id: 5", "actor_id: null", "SSOT-0005", 12),
        ("actor_id: 5", "actor_id: \"5\"", "SSOT-0004", 12), ("type: deletion", "type: deletoin", "SSOT-0008", 16),
        ("type: deletion", "deletion", "SSOT-0004", 16), ("count: 2", "count: two", "SSOT-0004", 19),
        ("count: 2", "count: 20", "SSOT-0014", 19), ("context: ci", "contxt: ci", "SSOT-0005", 25),
        ("{context: ci, integration_id: null}", "ci", "SSOT-0004", 25),
    ]) func aValueThatCannotBeReadLeavesItAlone(_ part: String, _ slip: String, _ code: String, _ line: Int) {
        let state = Self.state(Self.whole.replacing(part, with: slip))
        #expect(
            state.diagnostics.contains { $0.code == code && $0.mark?.line == line && $0.severity != .note },
            "\(state.faults)")
        #expect(state.resource("github.ruleset/o/r/guard") == nil)
        #expect(state.scopes.contains("resource github.ruleset/o/r/guard"), "\(state.scopes)")
    }

    @Test(arguments: [
        "conditions: {}", "conditions: []", "conditions: [main]", "conditions: {ref_nam: {include: [a]}}",
    ])
    func conditionsWithoutNamesLeaveItAlone(_ conditions: String) {
        let state = Self.state(
            "repo: o/r\nbranches: {}\nrulesets: {guard: {target: branch, enforcement: active, \(conditions)}}\n")
        #expect(state.scopes == ["resource github.ruleset/o/r/guard"], "\(state.faults)")
    }

    /// The forms of GitHub's interface, and what is for people.
    @Test(arguments: [
        "target: default_branch, enforcement: active, rules: []", "target: tag, enforcement: evaluate, notes: of mine",
        "target: push, enforcement: active, conditions: {}, rules: [{type: max_file_size, parameters: {max_file_size: 9}}]",
        "target: branch, enforcement: disabled, conditions: null, bypass_actors: [], x-owner: {a: b}",
        "target: branch, enforcement: active, conditions: {ref_name: {include: [\"~ALL\"]}}",
        "target: branch, enforcement: active, conditions: {repository_name: {include: [a*], protected: true}, "
            + "ref_name: {include: [\"~ALL\"], exclude: [refs/heads/x]}}",
        "target: branch, enforcement: active, conditions: {repository_id: {repository_ids: [1]}, "
            + "ref_name: {include: [\"~ALL\"]}}",
        "target: branch, enforcement: active, bypass_actors: "
            + "[{actor_type: OrganizationAdmin, bypass_mode: exempt}, {actor_type: DeployKey, actor_id: null, bypass_mode: always}]",
        "target: branch, enforcement: active, rules: [{type: merge_queue, parameters: {merge_method: SQUASH, "
            + "max_entries_to_build: 5}}, {type: commit_message_pattern, parameters: {operator: regex, pattern: \"^x\"}}]",
        "id: 7, name: guard, source_type: Repository, source: o/r, target: branch, enforcement: active, _links: {self: {href: h}}",
    ]) func validOnesStayValid(_ text: String) {
        let state = Self.state("repo: o/r\nbranches: {}\nrulesets: {guard: {\(text)}}\n")
        #expect(state.faults == [] && state.unknown.isEmpty, "\(state.diagnostics)")
        #expect(state.resource("github.ruleset/o/r/guard") != nil)
    }

    @Test(
        "Nothing of rulesets goes while the document that would name them says nothing",
        arguments: [
            "{}\n", "null\n", "repo: o/r\n", "branches: {}\n",
        ]) func aDocumentThatLostItsHead(_ text: String)
    {
        let state = Self.state(text)
        #expect(state.covers(ResourceKey(.ruleset, "o/r/guard"), of: nil), "\(state.unknown) \(state.faults)")
    }
}
