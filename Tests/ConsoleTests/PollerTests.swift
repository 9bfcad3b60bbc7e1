import Basics
import Console
import Diff
import Drivers
import Formats
import GitHubDriver
import HTTPClient
import MailgunDriver
import PlaneDriver
import Reconciler
import Simulator
import SimulatorKit
import Store
import TestKit
import Testing
import Web

/// GitHub's list of issues, over which a driver reads; it moves while it is read, as the real one does.
final class IssueServer: HTTPTransport {
    struct Issue: Sendable {
        let number: Int
        var title: String
        var updated: Timestamp
        var isPull = false
    }

    let issues = Locked<[Issue]>([])
    /// Done before a request is answered, with the number of that request.
    let meanwhile = Locked<(@Sendable (Int, inout [Issue]) -> Void)?>(nil)
    let queries = Locked<[String]>([])
    let status = Locked(200)

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        let status = status.withLock { $0 }
        guard status == 200 else {
            return HTTPResponse(status: status, headers: [], body: Array(#"{"message": "no"}"#.utf8))
        }
        let query = String(request.url.split(separator: "?").dropFirst().joined())
        let count = queries.withLock { queries in
            queries.append(query)
            return queries.count
        }
        func value(_ name: String) -> String? {
            query.split(separator: "&").first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
        }
        let since = Timestamp((value("since") ?? "").replacing("%3A", with: ":")) ?? Timestamp(seconds: 0)
        let size = value("per_page").flatMap { Int($0) } ?? 30
        let page = value("page").flatMap { Int($0) } ?? 1
        let meanwhile = meanwhile.withLock { $0 }
        let all = issues.withLock { issues in
            meanwhile?(count, &issues)
            return issues.filter { $0.updated >= since }.sorted { ($0.updated, $0.number) < ($1.updated, $1.number) }
        }
        let start = min(all.count, (page - 1) * size)
        let shown = all[start..<min(all.count, start + size)]
        let body = shown.map { issue in
            """
            {"number": \(issue.number), "title": "\(issue.title)", "state": "open", "assignee": null, \
            "html_url": "u", "repository_url": "https://api.github.com/repos/acme/odoo", \
            "updated_at": "\(issue.updated)"\(issue.isPull ? #", "pull_request": {}"# : "")}
            """
        }.joined(separator: ",")
        var headers: [HTTPHeader] = []
        if start + size < all.count {
            let rest = query.split(separator: "&").filter { !$0.hasPrefix("page=") }.joined(separator: "&")
            let url = request.url.split(separator: "?")[0]
            headers.append(HTTPHeader("Link", "<\(url)?\(rest)&page=\(page + 1)>; rel=\"next\""))
        }
        return HTTPResponse(status: 200, headers: headers, body: Array("[\(body)]".utf8))
    }

    func driver(_ time: SimulatedTime) -> GitHubDriver {
        GitHubDriver(
            token: Secret("ghp_test"), baseURL: "http://github.test", transport: self,
            budget: RequestBudget(.unlimited, time: time), time: time, random: RandomSource(seed: 1))
    }
}

@Suite("Lists that repair missed deliveries")
struct PollerTests {
    private static let begin = Timestamp(seconds: 1_771_000_000)

    private func poller(_ world: HookWorld, _ drivers: [any Driver], lines: Locked<[String]>? = nil) -> HookPoller {
        HookPoller(
            store: world.store, drivers: drivers, repositories: ["Acme/Odoo"], interval: .minutes(15),
            time: world.time, random: RandomSource(seed: 1),
            log: Log(write: { line in lines?.withLock { $0.append(line) } }), metrics: world.metrics, holder: "test")
    }

    private func titles(_ world: HookWorld) async throws -> [String] {
        try await world.rows(
            "select work_item_ref, title, status from ops.work_items order by work_item_ref"
        ).map { $0.joined(separator: " ") }
    }

    @Test("Issues of GitHub that no hook told of come in, changes are read from where it ended, what is gone is buried")
    func gitHub() async throws {
        let world = try await HookWorld.make()
        let server = IssueServer()
        server.issues.withLock { issues in
            issues = [
                .init(number: 1, title: "one", updated: Self.begin),
                .init(number: 2, title: "two", updated: Self.begin),
                .init(number: 3, title: "a pull", updated: Self.begin, isPull: true),
            ]
        }
        let poller = poller(world, [server.driver(world.time)])
        #expect(try await poller.poll() == 2)
        #expect(try await titles(world) == ["github:acme/odoo#1 one open", "github:acme/odoo#2 two open"])
        #expect(try await poller.poll() == 0, "nothing changed")
        #expect(server.queries.withLock { $0.count } == 2)
        #expect(server.queries.withLock { $0[1] }.contains("since=2026-02-13T16%3A26%3A40Z"))

        server.issues.withLock { issues in
            issues[0].title = "uno"
            issues[0].updated = Self.begin + .minutes(5)
            issues.remove(at: 1)
        }
        #expect(try await poller.poll() == 1)
        #expect(try await titles(world) == ["github:acme/odoo#1 uno open", "github:acme/odoo#2 two open"])
        world.time.advance(by: .hours(25))
        #expect(try await poller.poll() == 1)
        #expect(try await titles(world) == ["github:acme/odoo#1 uno open", "github:acme/odoo#2 two deleted"])
        await world.close()
    }

    @Test("No issue is passed over while others move from page to page", arguments: UInt64(0)..<6)
    func moves(_ seed: UInt64) async throws {
        let world = try await HookWorld.make()
        let server = IssueServer()
        let random = Locked(RandomSource(seed: seed))
        server.issues.withLock { issues in
            // A burst of one second is longer than a page.
            issues = (1...350).map { number in
                .init(
                    number: number, title: "n\(number)",
                    updated: Self.begin + .seconds(number < 240 ? number / 20 : 100))
            }
        }
        server.meanwhile.withLock { meanwhile in
            meanwhile = { count, issues in
                guard count < 6 else { return }
                for _ in 0..<5 {
                    let place = random.withLock { Int($0.unit() * Double(issues.count - 1)) }
                    issues[place].updated = Self.begin + .hours(count)
                }
            }
        }
        let list = await server.driver(world.time).issues(
            in: "acme/odoo", since: nil, DriverContext(runID: "t", log: .none))
        #expect(list.completeness.isComplete)
        #expect(Set(list.items.compactMap { $0["number"]?.intValue }).count == 350)
        await world.close()
    }

    @Test("A list that can't be read changes nothing, is counted, and is told")
    func unreadable() async throws {
        let world = try await HookWorld.make()
        let server = IssueServer()
        server.issues.withLock { $0 = [.init(number: 1, title: "one", updated: Self.begin)] }
        let lines = Locked<[String]>([])
        let poller = poller(world, [server.driver(world.time)], lines: lines)
        #expect(try await poller.poll() == 1)
        world.time.advance(by: .hours(25))
        server.status.withLock { $0 = 404 }
        #expect(try await poller.poll() == 0)
        #expect(try await titles(world) == ["github:acme/odoo#1 one open"])
        #expect(world.metrics.value("reconciler_hook_polls_total", ["provider": "github", "outcome": "failed"]) == 1)
        #expect(lines.withLock { $0.contains { $0.contains("a list can't be read") } })
        // A token that lost its right sees no issue at all.
        server.status.withLock { $0 = 200 }
        server.issues.withLock { $0 = [] }
        #expect(try await poller.poll() == 0)
        #expect(try await titles(world) == ["github:acme/odoo#1 one open"])
        await world.close()
    }

    @Test("Two services don't read at once; a contested item makes the next round begin before it")
    func leaseAndContest() async throws {
        let world = try await HookWorld.make()
        let server = IssueServer()
        server.issues.withLock { $0 = [.init(number: 1, title: "one", updated: Self.begin)] }
        let poller = poller(world, [server.driver(world.time)])
        let lease = try #require(
            try await world.store.acquireLease(name: "hooks.poll", holder: "other", lasting: .minutes(10)))
        #expect(try await poller.poll() == 0)
        #expect(server.queries.withLock { $0.isEmpty })
        try await world.store.releaseLease(lease)
        #expect(try await poller.poll() == 1)
        server.issues.withLock { $0.append(.init(number: 2, title: "two", updated: Self.begin + .hours(1))) }
        #expect(try await poller.poll() == 1)
        let contested = WorkItemRecord(
            reference: "github:acme/odoo#1", system: "github", externalID: "1", project: "acme/odoo", title: "other",
            status: "open", assignee: nil, url: "u", updatedAt: Self.begin)
        _ = try await world.store.putWorkItems([contested], listedAt: world.time.now)
        #expect(try await poller.poll() == 0, "it lies before where reading ended")
        await poller.lookAgain(at: contested)
        #expect(try await poller.poll() == 1)
        #expect(try await titles(world) == ["github:acme/odoo#1 one open", "github:acme/odoo#2 two open"])
        await world.close()
    }

    /// Passes answers on, and does something before each.
    private final class Meanwhile: HTTPTransport {
        let server: IssueServer
        let happens = Locked<(@Sendable () async -> Void)?>(nil)

        init(_ server: IssueServer) { self.server = server }

        func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
            let answer = try await server.send(request)
            await happens.withLock { $0 }?()
            return answer
        }
    }

    @Test("Who asks to look again while the list is read is heard by the next round")
    func contestMeanwhile() async throws {
        let world = try await HookWorld.make()
        let server = IssueServer()
        server.issues.withLock {
            $0 = [
                .init(number: 1, title: "one", updated: Self.begin),
                .init(number: 2, title: "two", updated: Self.begin + .hours(1)),
            ]
        }
        let transport = Meanwhile(server)
        let driver = GitHubDriver(
            token: Secret("ghp_test"), baseURL: "http://github.test", transport: transport,
            budget: RequestBudget(.unlimited, time: world.time), time: world.time, random: RandomSource(seed: 1))
        let poller = poller(world, [driver])
        #expect(try await poller.poll() == 2)
        let contested = WorkItemRecord(
            reference: "github:acme/odoo#1", system: "github", externalID: "1", project: "acme/odoo", title: "other",
            status: "open", assignee: nil, url: "u", updatedAt: Self.begin)
        _ = try await world.store.putWorkItems([contested], listedAt: world.time.now)
        transport.happens.withLock { $0 = { await poller.lookAgain(at: contested) } }
        #expect(try await poller.poll() == 0, "it lies before where reading ended")
        transport.happens.withLock { $0 = nil }
        #expect(try await poller.poll() == 1)
        #expect(try await titles(world) == ["github:acme/odoo#1 one open", "github:acme/odoo#2 two open"])
        // Heard once: the round after goes on from where reading had ended.
        #expect(try await poller.poll() == 0)
        #expect(server.queries.withLock { $0.last }?.contains("since=2026-02-13T17%3A26%3A40Z") == true)
        await world.close()
    }

    @Test("A row that the store refuses holds up no other row and no other list, is told and is counted")
    func refused() async throws {
        let time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000))
        let world = try await HookWorld.make(time: time)
        let server = IssueServer()
        server.issues.withLock {
            $0 = (1...9).map { .init(number: $0, title: $0 == 4 ? #"a\u0000b"# : "n\($0)", updated: Self.begin) }
        }
        let simulator = try Simulator(options: SimulatorOptions(time: time, limits: .generous))
        let events: [Value] = (0..<3).map { number in
            [
                "id": .string("e\(number)"), "event": "delivered", "timestamp": .number("\(1_771_990_000 + number).25"),
                "recipient": "bob@example.com",
                "message": [
                    "headers": [
                        "message-id": .string("m\(number)@mg.example.com"),
                        "subject": number == 1 ? "a\u{0}b" : "hello",
                    ]
                ],
            ]
        }
        try simulator.seed(
            "mailgun", ["domains": [["name": "mg.example.com", "events": .list(events)]]])
        let mail = MailgunDriver(
            apiKey: Secret("key-test"), baseURL: "http://mailgun.test", transport: InProcessTransport(simulator),
            budget: RequestBudget(.unlimited, time: time), time: time, random: RandomSource(seed: 3))
        let lines = Locked<[String]>([])
        let poller = poller(world, [server.driver(time), mail], lines: lines)
        #expect(try await poller.poll() == 10)
        #expect(try await titles(world).count == 8)
        #expect(try await world.rows("select message_id from ops.mail_events").count == 2)
        for provider in ["github", "mailgun"] {
            let labels: KeyValuePairs = ["provider": provider, "outcome": "failed"]
            #expect(world.metrics.value("reconciler_hook_polls_total", labels) == 1)
        }
        for table in ["work_items", "mail_events"] {
            let labels: KeyValuePairs = ["table": table, "outcome": "refused"]
            #expect(world.metrics.value("reconciler_hook_mirror_total", labels) == 1)
        }
        let told = lines.withLock { $0.filter { $0.contains("the store refuses what a list says") } }
        #expect(told.count == 2 && told.contains { $0.contains("github:acme/odoo#4") }, "\(told)")
        #expect(try await poller.poll() == 0)
        // The list brings an event once: what was refused is kept as a delivery, tried for a while, and told by that.
        for _ in 0..<20 {
            _ = try await world.processor.work()
            time.advance(by: .hours(1))
        }
        let kept = try await world.deliveries()
        #expect(kept.map(\.deliveryID) == ["list:e1"] && kept.map(\.state) == [.dead], "\(kept)")
        #expect(kept[0].attempts == HookProcessor.attemptLimit && kept[0].errorCode == "STORE-0034", "\(kept)")
        #expect(kept[0].scope == "mg.example.com" && kept[0].event == "delivered")
        #expect(try await poller.poll() == 0)
        #expect(try await world.deliveries().count == 1)
        await world.close()
    }

    @Test("Work items of Plane come in with the names of their states, page by page")
    func plane() async throws {
        let time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000))
        let world = try await HookWorld.make(time: time)
        let simulator = try Simulator(options: SimulatorOptions(time: time, limits: .generous))
        var project = Value.Object()
        project["identifier"] = "OPS"
        project["name"] = "Operations"
        project["work_items"] = .list((1...120).map { .object(["name": .string("item \($0)")]) })
        try simulator.seed(
            "plane", .object(["workspaces": .object(["acme": .object(["projects": [.object(project)]])])]))
        let driver = PlaneDriver(
            apiKey: Secret("plane_api_test"), workspace: "acme", baseURL: "http://plane.test/api/v1/",
            transport: InProcessTransport(simulator), budget: RequestBudget(.unlimited, time: time), time: time,
            random: RandomSource(seed: 3))
        let poller = poller(world, [driver])
        #expect(try await poller.poll() == 120)
        let rows = try await world.rows("select system, title, status from ops.work_items where title = 'item 120'")
        #expect(rows.map { $0[0] } == ["plane"])
        #expect(try await poller.poll() == 0)
        await world.close()
    }

    @Test("Mail events that no hook told of come in once, however the hook and the list divide them")
    func mailgun() async throws {
        let time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000))
        let world = try await HookWorld.make(time: time)
        let simulator = try Simulator(options: SimulatorOptions(time: time, limits: .generous))
        let events: [Value] = (0..<5).map { number in
            var headers = Value.Object()
            headers["message-id"] = .string("m\(number % 2)@mg.example.com")
            var object = Value.Object()
            object["id"] = .string("e\(number)")
            object["event"] = "delivered"
            object["timestamp"] = .number("\(1_771_990_000 + number * 60).25")
            object["recipient"] = "bob@example.com"
            object["message"] = .object(["headers": .object(headers)])
            return .object(object)
        }
        var domain = Value.Object()
        domain["name"] = "mg.example.com"
        domain["events"] = .list(events)
        try simulator.seed("mailgun", .object(["domains": [.object(domain)]]))
        let driver = MailgunDriver(
            apiKey: Secret("key-test"), baseURL: "http://mailgun.test", transport: InProcessTransport(simulator),
            budget: RequestBudget(.unlimited, time: time), time: time, random: RandomSource(seed: 3))
        // One of them came by its hook.
        #expect(await world.post(.mailgun, world.mail(events[1].json, token: "t")).status == 202)
        try await world.processor.work()
        let poller = poller(world, [driver])
        #expect(try await poller.poll() == 4)
        #expect(try await poller.poll() == 0)
        let rows = try await world.rows("select message_id, raw from ops.mail_events order by message_id")
        #expect(rows.map { $0[0] } == ["m0@mg.example.com", "m1@mg.example.com"])
        let counts = try rows.map { try JSON.parse($0[1])["events"]?.listValue?.count }
        #expect(counts == [3, 2])
        await world.close()
    }
}
