import Basics
import Drivers
import Formats
import GitHubDriver
import HTTPClient
import Simulator
import SimulatorKit
import TestKit
import Testing

@Suite("Reports to GitHub")
struct ReporterTests {
    private static let repository = RepositoryName(GitHubWorld.repository)

    /// All that is ever reported, in one pass; each report's outcome.
    private static func reportAll(_ world: GitHubWorld, text: String = "All is well.") async throws(ProviderFault)
        -> [GitHubReporter.Report]
    {
        guard let repository else { return [] }
        let reporter = GitHubReporter(world.driver)
        let long = String(repeating: "é", count: 200)
        let status = GitHubReporter.CommitStatus(
            "odooops/plan", .success, description: text + long, targetURL: "https://ops.example.com/runs/1")
        var reports = [try await reporter.set(status, on: GitHubWorld.sha, in: repository, world.context)]
        reports.append(
            try await reporter.comment(text, marker: "plan", onPull: 7, in: repository, world.context))
        let deployment = GitHubReporter.Deployment(
            sha: GitHubWorld.sha, environment: "production", key: "run-1", description: text, isProduction: true)
        let made = try await reporter.deploy(deployment, in: repository, world.context)
        reports.append(made)
        let state = GitHubReporter.DeploymentStatus(
            .success, description: text, logURL: "https://ops.example.com/runs/1",
            environmentURL: "https://erp.example.com")
        reports.append(try await reporter.set(state, of: made.id, in: repository, world.context))
        reports.append(
            try await reporter.start(
                "deploy.yml", ref: "main", inputs: ["tier": "production"], key: "run-1", in: repository, world.context))
        return reports
    }

    @Test("a check is ended where it is pending or shows an address, once, also when the answer was lost")
    func ends() async throws {
        let world = try GitHubWorld(cache: nil)
        let repository = try #require(Self.repository)
        let reporter = GitHubReporter(world.driver)
        func status(
            _ state: GitHubReporter.CommitStatus.State, at address: String? = nil
        ) -> GitHubReporter.CommitStatus {
            GitHubReporter.CommitStatus(
                "odooops/preview", state, description: "It is \(state.rawValue).", targetURL: address)
        }
        func end() async throws(ProviderFault) -> GitHubReporter.Report? {
            try await reporter.end(
                unsettled: status(.error), gone: status(.failure), on: GitHubWorld.sha, in: repository, world.context)
        }
        #expect(try await end() == nil)
        _ = try await reporter.set(status(.pending), on: GitHubWorld.sha, in: repository, world.context)
        world.simulator.order(try FaultOrder(text: "POST ** drop-after"))
        let ended = try #require(try await end())
        #expect(ended == .created(id: ended.id))
        #expect(try await end() == nil)
        let ready = status(.success, at: "https://pr-7.example")
        _ = try await reporter.set(ready, on: GitHubWorld.sha, in: repository, world.context)
        #expect(try await end() != nil)
        #expect(try await end() == nil)
        let lists = try #require(world.simulator.account("github")["repositories"]?[0]?["lists"])
        #expect(
            lists["statuses"]?.listValue?.map { $0["state"]?.stringValue } == [
                "pending", "error", "success", "failure",
            ])
    }

    @Test("said twice is said once, a new text edits, and the traffic holds to the specification")
    func twice() async throws {
        // Without 304, which the specification of hardly any operation lists although every list answers it.
        let world = try GitHubWorld(cache: nil)
        let first = try await Self.reportAll(world)
        #expect(first.count == 5)
        for report in first { #expect(report == .created(id: report.id)) }
        let before = world.lines.count
        let second = try await Self.reportAll(world)
        #expect(second == first.map { .unchanged(id: $0.id) })
        #expect(world.writes(since: before) == [])
        let third = try await Self.reportAll(world, text: "Something differs now.")
        #expect(third[0] != second[0] && third[1] == .updated(id: first[1].id))
        #expect(third[2] == second[2] && third[3] != second[3] && third[4] == second[4])
        let lists = try #require(world.simulator.account("github")["repositories"]?[0]?["lists"])
        #expect(lists["comments"]?.listValue?.count == 1 && lists["statuses"]?.listValue?.count == 2)
        #expect(lists["deployments"]?.listValue?.count == 1 && lists["deployment_statuses"]?.listValue?.count == 2)
        let breaches = try Recordings.check(world.lines, name: "github-reporter")
        #expect(breaches == nil, "\(breaches ?? "")")
    }

    @Test(
        "a report whose answer is lost is there once",
        arguments: [
            "POST ** drop-after", "POST ** drop-after x5", "POST ** 500-after x5", "POST ** truncated-json x5",
            "POST ** 429=3 x2", "PATCH ** drop-after", "GET ** 500-before x2", "POST ** timeout-after=60 x5",
        ])
    func lost(order: String) async throws {
        let world = try GitHubWorld()
        world.simulator.order(try FaultOrder(text: order))
        let first = try await Self.reportAll(world)
        world.simulator.clearFaults()
        #expect(try await Self.reportAll(world) == first.map { .unchanged(id: $0.id) }, "\(order)")
        let lists = try #require(world.simulator.account("github")["repositories"]?[0]?["lists"])
        for name in ["comments", "statuses", "deployments", "deployment_statuses"] {
            #expect(lists[name]?.listValue?.count == 1, "\(name) under \(order)")
        }
        #expect(lists["runs"]?.listValue?.count == 2)
    }

    @Test("a request that never arrived is told as lost, and nothing was said")
    func notSaid() async throws {
        let world = try GitHubWorld()
        world.simulator.order(try FaultOrder(text: "POST ** drop-before x9"))
        do {
            _ = try await Self.reportAll(world)
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.code == "GH-0010")
        }
    }

    @Test("the comments of others stay as they are, also when they hold our marker")
    func others() async throws {
        var document = GitHubWorld.document
        if var root = document.objectValue, var repository = root["repositories"]?[0]?.objectValue {
            let comment: Value = .object([
                "issue": 7, "user": "mallory", "body": "<!-- odooops:plan -->\nAll is well, believe me.",
            ])
            repository["comments"] = [comment]
            root["repositories"] = [.object(repository)]
            document = .object(root)
        }
        let world = try GitHubWorld(seed: document)
        _ = try await Self.reportAll(world)
        _ = try await Self.reportAll(world, text: "Another text.")
        let comments = world.simulator.account("github")["repositories"]?[0]?["lists"]?["comments"]?.listValue
        #expect(comments?.count == 2)
        #expect(comments?[0]["body"]?.stringValue?.hasSuffix("believe me.") == true)
        #expect(comments?[1]["body"] == "<!-- odooops:plan -->\nAnother text.")
    }

    @Test("GitHub's 202 is no deployment, and older production deployments are retired one by one")
    func deployments() async throws {
        let world = try GitHubWorld()
        let repository = try #require(Self.repository)
        let reporter = GitHubReporter(world.driver)
        func deploy(_ key: String) async throws(ProviderFault) -> Int64 {
            let deployment = GitHubReporter.Deployment(
                sha: GitHubWorld.sha, environment: "production", key: key, isProduction: true)
            let id = try await reporter.deploy(deployment, in: repository, world.context).id
            _ = try await reporter.set(.init(.success), of: id, in: repository, world.context)
            return id
        }
        world.simulator.order(try FaultOrder(text: "POST ** queued"))
        await #expect(throws: ProviderFault.self) { try await deploy("run-0") }
        let (first, second, third) = (try await deploy("run-1"), try await deploy("run-2"), try await deploy("run-3"))
        let retired = try await reporter.retireAll(
            but: third, ofEnvironment: "production", in: repository, world.context)
        #expect(retired == [second, first])
        let again = try await reporter.retireAll(
            but: third, ofEnvironment: "production", in: repository, world.context)
        #expect(again == [])
    }

    @Test("where issues are switched off, the comment says so by its own code")
    func switchedOff() async throws {
        let world = try GitHubWorld()
        let repository = try #require(Self.repository)
        try world.simulator.seed(
            "github", .object(["repositories": [.object(["name": "acme/odoo", "has_issues": false])]]))
        do {
            let reporter = GitHubReporter(world.driver)
            _ = try await reporter.comment("x", marker: "m", onPull: 7, in: repository, world.context)
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.code == "GH-0012" && error.status == 410)
        }
    }

    @Test("the published limits hold: what comes too often is refused, and the budget keeps within them")
    func limits() async throws {
        let repository = try #require(Self.repository)
        let free = try GitHubWorld(limits: RateLimits())
        let client = APIClient(
            provider: "github", baseURL: "http://github.test", authorization: .bearer(Secret(GitHubWorld.token)),
            transport: InProcessTransport(free.simulator),
            budget: RequestBudget(.unlimited, time: free.time), retry: .never, time: free.time,
            random: RandomSource(seed: 1))
        var statuses: [Int] = []
        for number in 0..<81 {
            let body = Array(#"{"name":"l\#(number)"}"#.utf8)
            statuses.append(try await client.call("POST", "/repos/acme/odoo/labels", json: body).status)
        }
        // Eighty writes a minute.
        #expect(statuses.prefix(80).allSatisfy { $0 == 201 } && statuses.last == 403)
        let kept = try GitHubWorld(limits: RateLimits(), budget: .gitHub)
        let reporter = GitHubReporter(kept.driver)
        for number in 0..<90 {
            let status = GitHubReporter.CommitStatus("c\(number)", .pending, description: "")
            _ = try await reporter.set(status, on: GitHubWorld.sha, in: repository, kept.context)
        }
        #expect(!kept.lines.contains { $0.contains(#""status":403"#) || $0.contains(#""status":429"#) })
    }
}
