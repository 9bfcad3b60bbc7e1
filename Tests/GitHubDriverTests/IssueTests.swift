import Basics
import Diff
import Drivers
import Formats
import GitHubDriver
import HTTPClient
import Simulator
import SimulatorKit
import TestKit
import Testing

@Suite("Issues of a repository")
struct IssueTests {
    private static let begin = Timestamp(seconds: 1_771_000_000)

    /// Issues 1…n, each two hours after the one before, and a pull request that changed between.
    private static func world(_ count: Int) throws -> GitHubWorld {
        let issues = (1...count).map { number -> Value in
            let instant = Value.string((begin + .hours(2 * number)).description)
            return .object([
                "title": .string("issue \(number)"), "updated_at": instant, "created_at": .string(begin.description),
                "labels": ["bug"], "assignees": number == 2 ? ["ada"] : [],
                "state": number == 3 ? "closed" : "open",
            ])
        }
        var repository = Value.Object()
        repository["name"] = .string(GitHubWorld.repository)
        repository["branches"] = ["main": .string(GitHubWorld.sha)]
        repository["labels"] = [.object(["name": "bug", "color": "d73a4a"])]
        repository["issues"] = .list(issues)
        repository["pulls"] = [
            .object([
                "title": "a pull", "head": "main", "base": "main",
                "updated_at": .string((begin + .hours(5)).description),
            ])
        ]
        return try GitHubWorld(seed: .object(["repositories": [.object(repository)]]))
    }

    private func numbers(_ list: IssueList) -> [Int64] { list.items.compactMap { $0["number"]?.intValue } }

    @Test("they come page after page, oldest change first, without pull requests, and the traffic holds")
    func pages() async throws {
        let world = try Self.world(230)
        let all = await world.driver.issues(in: "Acme/Odoo", since: nil, world.context)
        #expect(all.completeness.isComplete)
        #expect(numbers(all) == Array(1...230))
        #expect(all.items.count { $0["state"] == "closed" } == 1)
        #expect(all.items[1]["assignee"]?["login"] == "ada" && all.items[0]["assignee"] == .null)
        let since = await world.driver.issues(in: "acme/odoo", since: Self.begin + .hours(440), world.context)
        #expect(numbers(since) == Array(220...230))
        let breaches = try Recordings.check(world.lines, name: "github-issues")
        #expect(breaches == nil, "\(breaches ?? "")")
    }

    @Test("what a person does to one shows in the next list: closed, named anew, spoken of")
    func changes() async throws {
        let world = try Self.world(3)
        let last = Self.begin + .hours(7)
        #expect(numbers(await world.driver.issues(in: "acme/odoo", since: last, world.context)) == [])
        let transport = InProcessTransport(world.simulator)
        func send(_ method: String, _ path: String, _ body: Value) async throws -> Int {
            try await transport.send(
                HTTPRequest(
                    method, "http://github.test/repos/acme/odoo/\(path)",
                    headers: [
                        HTTPHeader("Authorization", "Bearer \(GitHubWorld.token)"), HTTPHeader("User-Agent", "person"),
                    ], body: Array(body.json.utf8))
            ).status
        }
        #expect(try await send("PATCH", "issues/1", ["state": "closed", "title": "done"]) == 200)
        world.time.advance(by: .seconds(90))
        #expect(try await send("POST", "issues/2/comments", ["body": "still so"]) == 201)
        #expect(try await send("PATCH", "issues/3", ["state": "gone"]) == 422)
        #expect(try await send("PATCH", "issues/9", ["state": "closed"]) == 404)
        let seen = await world.driver.issues(in: "acme/odoo", since: last, world.context)
        #expect(numbers(seen) == [1, 2])
        #expect(seen.items[0]["title"] == "done" && seen.items[0]["closed_at"]?.stringValue != nil)
        #expect(seen.items[1]["comments"] == 1)

        world.simulator.order(try FaultOrder(text: "GET /github/repos/acme/odoo/issues 500-before x9"))
        let broken = await world.driver.issues(in: "acme/odoo", since: last, world.context)
        #expect(broken.items.isEmpty && !broken.completeness.isComplete)
    }
}
