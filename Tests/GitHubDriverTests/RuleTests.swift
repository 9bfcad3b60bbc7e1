import Basics
import DesiredState
import Diff
import Drivers
import Formats
import GitHubDriver
import HTTPClient
import SimulatorKit
import TestKit
import Testing

@Suite("What GitHub's answers and wishes mean")
struct RuleTests {
    /// Answers everything with one status.
    struct OneAnswer: HTTPTransport {
        let status: Int
        let body: String
        var headers: [HTTPHeader] = []

        func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
            HTTPResponse(
                status: status, headers: [HTTPHeader("Content-Type", "application/json")] + headers,
                body: Array(body.utf8))
        }
    }

    private static func driver(_ transport: any HTTPTransport) -> GitHubDriver {
        let time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
        return GitHubDriver(
            token: Secret("t"), baseURL: "http://github.test", transport: transport,
            budget: RequestBudget(.unlimited, time: time), retry: RetryPolicy(attempts: 2), time: time,
            random: RandomSource(seed: 1))
    }

    @Test(
        "each status has its own code, in a read and in a write",
        arguments: [
            (401, "Bad credentials", "GH-0001", "failed GH-0001"),
            (403, "Resource not accessible by integration", "GH-0002", "failed GH-0002"),
            (403, "You have exceeded a secondary rate limit", "GH-0006", "failed GH-0006"),
            (429, "Too many", "GH-0006", "failed GH-0006"), (404, "Not Found", "GH-0003", "failed GH-0003"),
            (404, "Branch not found", "GH-0003", "failed GH-0003"), (409, "Conflict", "GH-0004", "failed GH-0004"),
            (410, "Gone", "GH-0012", "failed GH-0012"), (422, "Validation Failed", "GH-0005", "failed GH-0005"),
            (451, "Blocked", "GH-0002", "failed GH-0002"), (502, "Bad gateway", "GH-0007", "unknown GH-0007"),
            (301, "Moved Permanently", "GH-0018", "failed GH-0018"),
        ])
    func codes(status: Int, message: String, read: String, write: String) async throws {
        let driver = Self.driver(OneAnswer(status: status, body: #"{"message":"\#(message)","errors":[]}"#))
        let context = DriverContext(runID: "test", log: .none)
        let life = GitHubLife.protection
        guard case .unknown(let fault) = await driver.look(at: life.key, context) else {
            Issue.record("something was seen")
            return
        }
        #expect(fault.code == read && fault.provider == "github" && fault.place?.hasPrefix("GET /repos/acme/") == true)
        let label = change(ResourceKey(.gitHubLabel, "acme/odoo/bug"), .create, wanted: [Attributes.Item("color", "0")])
        let step = try #require(driver.steps(for: label.change).first)
        #expect(await driver.perform(step, of: label, context).word == write)
        let seen = ObservedState(await driver.observe(GitHubLife.request, context))
        for kind in GitHubLife.request.kinds { #expect(seen.kinds[kind]?.completeness.isComplete == false, "\(kind)") }
    }

    @Test("only GitHub's own words say that a branch is not protected")
    func unprotected() async {
        let context = DriverContext(runID: "test", log: .none)
        let said = Self.driver(OneAnswer(status: 404, body: #"{"message":"Branch not protected"}"#))
        guard case .absent = await said.look(at: GitHubLife.protection.key, context) else {
            Issue.record("it is not absent")
            return
        }
    }

    private static let wishes: [(ResourceKind, String, seen: Value, wanted: Value, isSame: Bool)] = [
        (.gitHubLabel, "color", "d73a4a", "#D73A4A", true), (.gitHubLabel, "color", "d73a4a", "d73a4b", false),
        (.gitHubLabel, "description", "", .null, true), (.gitHubLabel, "description", "Mail", " Mail\n", true),
        (.gitHubHook, "insecure_ssl", "0", 0, true), (.gitHubHook, "insecure_ssl", "0", false, true),
        (.gitHubHook, "insecure_ssl", "1", 0, false), (.gitHubHook, "events", ["a", "b"], ["b", "a"], true),
        (.gitHubHook, "events", ["a", "b"], ["a"], false),
        (.repository, "visibility", "private", "Private", true), (.repository, "tier", "x", 0, true),
        (.branchProtection, "allowed_merge_methods", ["rebase", "squash"], ["Squash", "rebase"], true),
        (.branchProtection, "require_status_checks.required_checks", ["a", "b"], ["b"], true),
        (.branchProtection, "require_status_checks.required_checks", ["a"], ["a", "b"], false),
        (.ruleset, "target", ["branch", "default_branch"], "default_branch", true),
        (.ruleset, "target", ["branch", "default_branch"], "branch", true),
        (.ruleset, "target", ["branch"], "default_branch", false), (.ruleset, "target", ["tag"], "branch", false),
        (
            .ruleset, "conditions", .object(["ref_name": .object(["include": ["b", "a"], "exclude": []])]),
            .object(["ref_name": .object(["include": ["a", "b"]])]), true
        ),
        (
            .ruleset, "bypass_actors",
            [.object(["actor_id": 5, "actor_type": "Team", "bypass_mode": "always"])],
            [.object(["actor_type": "Team", "actor_id": 5])], true
        ),
        (.ruleset, "bypass_actors", [.object(["actor_id": 5, "actor_type": "Team"])], [], false),
        (
            .ruleset, "rules", [.object(["type": "deletion"]), .object(["type": "update"])],
            [.object(["type": "deletion"])], true
        ),
        (.ruleset, "rules", [.object(["type": "update"])], [.object(["type": "deletion"])], false),
        (
            .ruleset, "rules",
            [.object(["type": "pull_request", "parameters": .object(["count": 1, "other": true])])],
            [.object(["type": "pull_request", "parameters": .object(["count": 1])])], true
        ),
        (
            .ruleset, "rules", [.object(["type": "pull_request", "parameters": .object(["count": 2])])],
            [.object(["type": "pull_request", "parameters": .object(["count": 1])])], false
        ),
        (
            .ruleset, "rules",
            [
                .object([
                    "type": "c", "parameters": .object(["l": [.object(["context": "x", "integration_id": 9])]]),
                ])
            ],
            [
                .object([
                    "type": "c", "parameters": .object(["l": [.object(["context": "x", "integration_id": .null])]]),
                ])
            ], true
        ),
    ]

    @Test("what is written in another way is the same, and what is another thing is not", arguments: wishes.indices)
    func normalisers(index: Int) throws {
        let (kind, name, seen, wanted, isSame) = Self.wishes[index]
        let schema = try DriverTests.schema(kind)
        let found = schema.differences(
            wanted: Attributes([Attributes.Item(name, wanted)]), observed: Attributes([Attributes.Item(name, seen)]))
        #expect(found == (isSame ? [] : [name]), "\(kind) \(name)")
    }

    @Test(
        "a wish that contradicts itself, or that nobody may have from here, ends before anything is sent",
        arguments: [
            ["require_pull_request": false, "dismiss_stale_reviews": true] as KeyValuePairs<String, Value>,
            ["require_status_checks": false, "require_status_checks.required_checks": ["a"]],
            ["require_pull_request": "yes"], ["require_pull_request.required_approving_review_count": 7],
            ["require_status_checks.required_checks": [1]],
        ])
    func contradictions(wanted: KeyValuePairs<String, Value>) async throws {
        let world = try GitHubWorld()
        let life = GitHubLife.life(.branchProtection, "main", wanted)
        #expect(await world.engine.apply(life.create).word == "failed GH-0016")
        let other = GitHubLife.life(.branchProtection, "release/18", ["allowed_merge_methods": ["squash"]])
        let edit = change(
            other.key, .update, wanted: other.create.wanted.items, attributes: other.create.change.attributes)
        #expect(await world.engine.apply(edit).word == "failed GH-0016")
        #expect(world.writes(since: 0) == [])
    }

    @Test("repositories are neither made nor deleted nor shown to others, and what is only seen is never changed")
    func hindrances() throws {
        let repository = try DriverTests.schema(.repository)
        #expect(repository.hindrance(.create, []) != nil && repository.hindrance(.delete, []) != nil)
        #expect(repository.hindrance(.update, ["visibility"]) != nil)
        #expect(repository.hindrance(.update, ["description"]) == nil && repository.hindrance(.adopt, []) == nil)
        for kind in GitHubLife.seen {
            #expect(try DriverTests.schema(kind).hindrance(.delete, []) != nil, "\(kind)")
        }
        #expect(GitHubKinds.all.map(\.kind) == GitHubKinds.all.map(\.kind).sorted())
    }
}
