import Basics
import DesiredState
import Diff
import Drivers
import Formats
import GitHubDriver
import HTTPClient
import Simulator
import SimulatorKit
import TestKit
import Testing

@Suite("Pull requests at GitHub")
struct PullRequestTests {
    private static let name = GitHubWorld.repository

    private static func pull(_ number: Int64, _ more: KeyValuePairs<String, Value> = [:]) -> Value {
        var object = Value.Object()
        object["number"] = .int(number)
        object["title"] = "Points"
        object["head"] = "feature/points"
        object["base"] = "main"
        object["head_sha"] = .string(GitHubWorld.sha)
        for member in more { object[member.key] = member.value }
        return .object(object)
    }

    private static func world(_ pulls: [Value]) throws -> GitHubWorld {
        try GitHubWorld(
            seed: ["login": "odooops-bot", "repositories": [["name": .string(name), "pulls": .list(pulls)]]])
    }

    @Test("What is open is listed with labels, fork and draft; one is shown whether or not it is open")
    func reads() async throws {
        let closed: KeyValuePairs<String, Value> = [
            "state": "closed", "closed_at": "2026-02-25T10:00:00Z", "merged_at": "2026-02-25T10:00:00Z",
            "updated_at": "2026-02-25T10:00:00Z",
        ]
        let world = try Self.world([
            Self.pull(7, ["labels": ["preview", "area: ü"]]), Self.pull(8, ["fork": "mallory/odoo", "draft": true]),
            Self.pull(9, closed),
        ])
        let list = await world.driver.openPullRequests(of: Self.name, world.context)
        #expect(list.completeness == .complete)
        let found = list.items.sorted { $0.number < $1.number }
        #expect(found.map(\.number) == [7, 8] && found.map(\.isFork) == [false, true])
        #expect(found[0].labels == ["area: ü", "preview"] && found[0].headCommit == GitHubWorld.sha)
        #expect(found[1].isDraft && found[0].head == "feature/points" && found[0].base == "main")
        let merged = try await world.driver.pullRequest(9, of: Self.name, world.context)
        #expect(merged.state == .merged && merged.pullRequest.updatedAt == Timestamp("2026-02-25T10:00:00Z"))
        #expect(try await world.driver.pullRequest(7, of: Self.name, world.context).state == .open)
        let missing = await #expect(throws: ProviderFault.self) {
            _ = try await world.driver.pullRequest(10, of: Self.name, world.context)
        }
        #expect(missing?.status == 404)
        #expect(try Recordings.check(world.lines, name: "github-pull-requests") == nil)
    }

    @Test("A token in the branch, a label or the title is hidden before anything is made of it")
    func hidesTokens() async throws {
        let token = "ghp_" + "Q7mV2xK9pR4tW6yB8nD3fH5jL1sZ0c"
        let world = try Self.world([
            Self.pull(
                7, ["labels": [.string(token)], "head": .string("feature/\(token)"), "title": .string("use \(token)")])
        ])
        let list = await world.driver.openPullRequests(of: Self.name, world.context)
        #expect(list.items.map(\.head) == ["feature/<redacted>"] && list.items.first?.labels == ["<redacted>"])
        let seen = await world.observe(
            ObserveRequest(kinds: [.gitHubPullRequest], names: [.repository: [Self.name]]))
        #expect(!"\(seen)".contains("Q7mV2xK9") && "\(seen)".contains("use <redacted>"), "\(seen)")
    }

    @Test("Hundreds are all read; a page that is lost makes the list partial, and the first makes it unknown")
    func pages() async throws {
        let world = try Self.world((1...230).map { Self.pull($0) })
        let list = await world.driver.openPullRequests(of: Self.name, world.context)
        #expect(list.items.count == 230 && list.completeness.isComplete)
        world.simulator.order(
            FaultOrder("GET", "/github/repos/acme/odoo/pulls", .serverErrorBefore, times: 50, skip: 1))
        let broken = try await other(world).openPullRequests(of: Self.name, world.context)
        guard case .partial = broken.completeness else {
            Issue.record("\(broken.completeness)")
            return
        }
        #expect(broken.items.count == 100)
        let unknown = await world.driver.openPullRequests(of: "acme/nothing", world.context)
        #expect(unknown.items.isEmpty && !unknown.completeness.isComplete)
        #expect(await !world.driver.openPullRequests(of: "no name", world.context).completeness.isComplete)
    }

    /// Another process, which has none of the answers.
    private func other(_ world: GitHubWorld) throws -> GitHubDriver {
        GitHubDriver(
            token: Secret(GitHubWorld.token), baseURL: "http://github.test",
            transport: InProcessTransport(world.simulator),
            budget: RequestBudget(.init(windows: [], rates: .gitHub), time: world.time), time: world.time,
            random: RandomSource(seed: 4))
    }

    @Test("Comment and check are said once, by whatever process")
    func says() async throws {
        let world = try Self.world([Self.pull(7)])
        let check = CommitCheck("odooops/preview", .success, "The preview is ready.", address: "https://pr-7.e.com")
        for driver in [world.driver, world.driver, try other(world)] {
            try await driver.say("all is well", onPullRequest: 7, of: Self.name, isThere: false, world.context)
            try await driver.set(check, on: GitHubWorld.sha, of: Self.name, world.context)
        }
        try await world.driver.say("now better", onPullRequest: 7, of: Self.name, isThere: true, world.context)
        let lists = world.simulator.account("github")["repositories"]?.listValue?.first?["lists"]
        let comments = lists?["comments"]?.listValue ?? []
        #expect(comments.count == 1)
        #expect(comments.first?["body"]?.stringValue?.hasSuffix("\nnow better") == true)
        #expect(lists?["statuses"]?.listValue?.count == 1)
    }
}
