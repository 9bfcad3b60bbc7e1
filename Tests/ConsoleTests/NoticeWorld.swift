import Basics
import DesiredState
import Drivers
import Formats
import HTTPClient
import MailgunDriver
import PlaneDriver
import Reconciler
import Simulator
import SimulatorKit
import SlackDriver
import Store
import StoreSQLite

/// A store, the providers' simulators, a receiver of webhooks, and the service that tells people; all under one clock.
struct NoticeWorld {
    static let start = Timestamp(seconds: 1_772_000_000)
    static let secret = "s3cret-of-the-hook"

    let time: SimulatedTime
    let store: Store
    let engine: any SQLEngine
    let simulator: Simulator
    let receiver: Receiver
    let metrics = Metrics()
    let traffic = Traffic()

    /// Keeps what is posted to it, and answers as it is told.
    final class Receiver: HTTPTransport {
        struct Post: Sendable {
            let id: String
            let request: HTTPRequest
        }

        private let posts = Locked<[Post]>([])
        private let answers = Locked<[Result<Int, HTTPFault>]>([])

        var all: [Post] { posts.withLock { $0 } }

        /// What the next posts get; 200 after that.
        func answer(_ next: [Result<Int, HTTPFault>]) { answers.withLock { $0 = next } }

        func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
            let id = request.headers.first { $0.name == "Idempotency-Key" }?.value ?? ""
            posts.withLock { $0.append(Post(id: id, request: request)) }
            let next = answers.withLock { $0.isEmpty ? .success(200) : $0.removeFirst() }
            return HTTPResponse(status: try next.get(), headers: [HTTPHeader("Retry-After", "300")])
        }
    }

    static let lost = HTTPFault(.lost, code: "HTTP-0005", message: "the connection ended", place: nil)
    static let unreached = HTTPFault(.notSent, code: "HTTP-0001", message: "nobody listens", place: nil)

    init(advancesBySleeping: Bool = true) async throws {
        time = SimulatedTime(now: Self.start, advancesBySleeping: advancesBySleeping)
        engine = try await SQLiteEngine.open(path: ":memory:")
        store = Store(engine: engine, time: time)
        _ = try await store.migrate()
        simulator = try Simulator(options: SimulatorOptions(time: time, limits: .generous))
        try simulator.seed("slack", ["channels": [["name": "ops"]]] as Value)
        try simulator.seed("mailgun", ["domains": [["name": "mg.example.com"]]] as Value)
        var project: Value.Object = ["identifier": "OPS", "name": "Operations"]
        project["states"] = [
            ["name": "Todo", "group": "unstarted", "color": "#60646c", "default": true],
            ["name": "Doing", "group": "started", "color": "#f59e0b"],
            ["name": "Done", "group": "completed", "color": "#16a34a"],
        ]
        project["labels"] = [["name": "drift", "color": "#ff0000"]]
        try simulator.seed("plane", ["workspaces": ["acme": ["projects": [.object(project)]]]] as Value)
        receiver = Receiver()
    }

    func close() async { await engine.close() }

    /// Slack, Mailgun and Plane.
    var drivers: [any Driver] {
        let transport = InProcessTransport(simulator)
        let random = RandomSource(seed: 7)
        return [
            SlackDriver(
                token: Secret("xoxb-test"), baseURL: "http://slack.test/api", transport: transport,
                budget: RequestBudget(.unlimited, time: time), time: time, random: random),
            MailgunDriver(
                apiKey: Secret("key-test"), baseURL: "http://mailgun.test/v3", transport: transport,
                budget: RequestBudget(.unlimited, time: time), time: time, random: random),
            PlaneDriver(
                apiKey: Secret("plane-test"), workspace: "acme", baseURL: "http://plane.test/api/v1",
                transport: transport, budget: RequestBudget(.unlimited, time: time), time: time, random: random),
        ]
    }

    func senders(_ settings: NotificationSettings) -> [String: any NoticeSender] {
        NoticeService.senders(
            settings, drivers: drivers, transport: receiver, environment: ["HOOK": Self.secret], time: time,
            DriverContext(runID: "notices", log: .none) { [traffic] in traffic.record($0) }, store: store)
    }

    /// A service as one process has it.
    func service(_ settings: NotificationSettings, holder: String = "one") -> NoticeService {
        NoticeService(
            store: store, settings: settings, senders: senders(settings), time: time, random: RandomSource(seed: 7),
            log: .none, metrics: metrics, holder: holder)
    }

    static func settings(
        _ targets: [(String, NotificationSettings.Target)],
        _ change: (inout NotificationSettings.Channel) throws -> Void = { _ in }
    ) throws -> NotificationSettings {
        var settings = NotificationSettings()
        for (name, target) in targets {
            var channel = NotificationSettings.Channel(name: name, target: target)
            try change(&channel)
            settings.channels.append(channel)
        }
        settings.routes = [NotificationSettings.Route(to: targets.map(\.0))]
        return settings
    }

    static let slack = ("ops", NotificationSettings.Target.slack(channel: "#ops"))
    static let hook = (
        "n8n", NotificationSettings.Target.webhook(url: "https://n8n.example.com/hook", secret: .environment("HOOK"))
    )
    static let mail = (
        "mail",
        NotificationSettings.Target.email(
            domain: "mg.example.com", from: "OdooOps <ops@mg.example.com>", to: ["a@example.com", "b@example.com"])
    )

    static let plane = (
        "work",
        NotificationSettings.Target.plane(
            {
                var items = NotificationSettings.Items(project: "OPS", state: "Todo", doneState: "Done")
                items.labels = ["drift"]
                return items
            }())
    )

    private func planeObjects(_ member: String) -> [Value] {
        simulator.account("plane")["projects"]?[0]?[member]?.listValue ?? []
    }

    /// The items of work that are in Plane.
    var workItems: [Value] { planeObjects("work-items") }

    /// Of each its matter, state and priority.
    var items: [String] {
        workItems.map { item in
            let state = planeObjects("states").first { $0["id"] == item["state"] }?["name"]?.stringValue
            let words = [item["external_id"]?.stringValue, state, item["priority"]?.stringValue]
            return words.map { $0 ?? "?" }.joined(separator: " ")
        }.sorted()
    }

    /// What a person does to the one item.
    func change(_ state: String, title: String) async throws {
        let driver = drivers.lazy.compactMap { $0 as? PlaneDriver }.first
        let context = DriverContext(runID: "person", log: .none)
        let project = try await driver?.issueProjects(context).get()?.first ?? ""
        let item = workItems.first?["id"]?.stringValue ?? ""
        var body = Value.Object()
        body["state"] = planeObjects("states").first { $0["name"]?.stringValue == state }?["id"]
        body["name"] = .string(title)
        let answer = try await InProcessTransport(simulator).send(
            HTTPRequest(
                "PATCH", "http://plane.test/api/v1/workspaces/acme/projects/\(project)/work-items/\(item)/",
                headers: [HTTPHeader("X-API-Key", "plane-test")], body: Array(JSON.write(.object(body)).utf8)))
        guard answer.status == 200 else { throw NoticeWorld.lost }
    }

    /// A notice of something that stands still, which waits for no window.
    func post(_ subject: String = "digitalocean.droplet/x", environment: String? = "pr-7", fault: String = "409")
        async throws
    {
        try await store.post([
            Notice(
                .deletionStuck, of: subject, environment: environment, at: time.now,
                payload: ["since": "2026-02-25T06:00:00Z", "attempts": 3, "fault": ["message": .string(fault)]],
                dedupe: "\(time.now)")
        ])
    }

    /// Routes, and sends what is due now.
    func turn(_ service: NoticeService, _ settings: NotificationSettings) async throws {
        try await service.route()
        for channel in settings.channels { try await service.send(channel) }
    }

    /// The texts that we posted to Slack.
    var slackTexts: [String] {
        let channels = simulator.account("slack")["channels"]?.listValue ?? []
        let messages = channels.flatMap { $0["messages"]?.listValue ?? [] }
        return messages.filter { $0["bot_id"] != nil }.compactMap { $0["text"]?.stringValue }
    }

    /// The mails that Mailgun took: subject and text, one for each recipient.
    var mails: [(subject: String, text: String, to: String)] {
        let events = simulator.account("mailgun")["domains"]?[0]?["events"]?.listValue ?? []
        return events.map { event in
            (
                event["message"]?["headers"]?["subject"]?.stringValue ?? "", event["text"]?.stringValue ?? "",
                event["recipient"]?.stringValue ?? ""
            )
        }
    }
}
