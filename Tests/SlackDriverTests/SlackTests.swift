import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Simulator
import SimulatorKit
import SlackDriver
import TestKit
import Testing

/// A workspace with a busy channel, one that the app is not in, and a driver over it.
struct SlackWorld {
    static let token = "xoxb-canary-0123456789"
    let time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
    let simulator: Simulator
    let driver: SlackDriver
    let traffic = Traffic()
    let context: DriverContext
    let engine: SmallEngine

    init(limits: RateLimits = .generous, scopes: [String]? = nil) throws {
        simulator = try Simulator(options: SimulatorOptions(time: time, limits: limits))
        let talk = (0..<250).map { Value.string("talk \($0)") }
        var document = Value.Object()
        document["user"] = "ops_agent"
        document["scopes"] = scopes.map { .strings($0) }
        let busy: Value.Object = ["name": "ops", "messages": .list(talk)]
        document["channels"] = .list([
            .object(busy), .object(["name": "closed", "is_member": false]),
            .object(["name": "old", "is_archived": true]),
            .object(["name": "secret", "is_private": true, "messages": ["hush"]]),
        ])
        try simulator.seed("slack", .object(document))
        driver = Self.driver(InProcessTransport(simulator), time)
        let traffic = traffic
        context = DriverContext(runID: "test", log: .none) { traffic.record($0) }
        engine = SmallEngine(driver, context, time)
    }

    static func driver(
        _ transport: any HTTPTransport, _ time: SimulatedTime, token: Secret = Secret(Self.token)
    ) -> SlackDriver {
        SlackDriver(
            token: token, baseURL: "http://slack.test/api", transport: transport,
            budget: RequestBudget(.slack, time: time), time: time, random: RandomSource(seed: 3))
    }

    /// What we posted, as the channel holds it.
    func posted(_ channel: String) -> [Value] {
        let channels = simulator.account("slack")["channels"]?.listValue ?? []
        let found = channels.first { $0["object"]?["name"]?.stringValue == channel }
        return (found?["messages"]?.listValue ?? []).filter { $0["bot_id"] != nil }
    }

    /// The lines that the specification can be held against: it knows refusals only under other statuses than 200.
    var lines: [String] { traffic.lines.filter { !$0.contains("\"ok\":false") } }
}

@Suite("Slack")
struct SlackTests {
    static let message = SlackMessage(channel: "#ops", key: "run/42/failed", text: "Run 42 failed: a < b & c > d")

    @Test("the driver passes the checks that all drivers have to pass")
    func conformance() async throws {
        let world = try SlackWorld()
        let checks = DriverConformance(
            request: ObserveRequest(kinds: [.slackApp, .slackChannel], names: [.slackApp: ["Ops Agent"]]), creations: []
        ) { transport, token in SlackWorld.driver(transport, world.time, token: token) }
        for breach in await checks.live(against: InProcessTransport(world.simulator)) { Issue.record("\(breach)") }
        for breach in await checks.fail() { Issue.record("\(breach)") }
    }

    @Test("an app with the scopes that are wanted is taken over as it is; one that lacks some needs a person")
    func scopes() async throws {
        let world = try SlackWorld()
        var wanted = [
            DesiredResource.wanting(
                .slackApp, "Ops Agent",
                [("bot_scopes", ["Chat:write", "channels:read"]), ("socket_mode", true), ("ack_within_ms", 2_500)])
        ]
        let plan = await world.engine.plan(wanted)
        #expect(plan.changes.map { "\($0.action) \($0.verdict) \($0.requests)" } == ["adopt allowed 0"])
        let inventory = await world.engine.apply(plan, wanted).inventory
        #expect(await world.engine.plan(wanted, inventory).changes.isEmpty)

        wanted = [.wanting(.slackApp, "Ops Agent", [("bot_scopes", ["files:write"])])]
        #expect(await world.engine.plan(wanted).changes.map { "\($0.action) \($0.verdict)" } == ["adopt blocked"])
        // Another app has another token.
        let both = wanted + [.wanting(.slackApp, "plane", [])]
        let mixed = await world.engine.plan(both)
        #expect(mixed.changes.allSatisfy { $0.action == .read && $0.verdict == .blocked })
        #expect(mixed.changes.first?.verdictReason?.contains("shows nothing of plane") == true)
        #expect(try Recordings.check(world.lines, name: "slack-scopes") == nil)
    }

    @Test("channels are read by cursor to the end, as far as the app sees them")
    func channels() async throws {
        let world = try SlackWorld()
        let more = (0..<450).map { Value.object(["name": .string("channel-\($0)")]) }
        try world.simulator.seed("slack", .object(["channels": .list(more)]))
        let seen = await world.driver.observe(
            ObserveRequest(kinds: [.slackChannel], names: [.slackChannel: ["#Ops"]]), world.context)
        let kind = try #require(seen.first)
        #expect(kind.completeness == .complete && kind.resources.count == 455)
        let ops = try #require(kind.resources.first { $0.key.name == "#Ops" })
        #expect(ops.attributes["is_member"] == true && ops.attributes["is_private"] == false)
        #expect(try Recordings.check(world.lines, name: "slack-channels") == nil)
    }

    @Test("a simulator that was loaded from what was seen shows the same again")
    func rehearsal() async throws {
        let world = try SlackWorld(scopes: ["chat:write", "channels:read", "groups:read"])
        let request = ObserveRequest(kinds: [.slackApp, .slackChannel], names: [.slackChannel: ["#Ops"]])
        let seen = ObservedState(await world.driver.observe(request, world.context))
        #expect(seen.kinds[.slackChannel]?.resources.count == 5)
        try world.simulator.load(observation: Rehearsal.lines(seen))
        let again = ObservedState(await world.driver.observe(request, world.context))
        #expect(Rehearsal.differences(seen, again, world.driver.schemas, but: [.slackApp]) == [])
        #expect(
            again.kinds[.slackApp]?.resources.first?.attributes["bot_scopes"]
                == seen.kinds[.slackApp]?.resources.first?.attributes["bot_scopes"])
    }

    // MARK: Messages

    @Test("a message is posted once, changed in place, and left alone when it is as wanted")
    func messages() async throws {
        let world = try SlackWorld()
        var message = Self.message
        let first = try await world.driver.put(message, world.context).get()
        #expect(first.effect == .posted)
        #expect(try await world.driver.put(message, world.context).get().effect == .unchanged)
        message.text = "Run 42 is well again"
        let second = try await world.driver.put(message, world.context).get()
        #expect(second.effect == .updated && second.ts == first.ts)
        message.text = "Run 42 is done"
        #expect(try await world.driver.update(message, at: second, world.context).get().ts == first.ts)
        #expect(world.posted("ops").map { $0["text"]?.stringValue } == ["Run 42 is done"])
        #expect(try Recordings.check(world.lines, name: "slack-messages") == nil)
    }

    @Test(
        "whatever goes wrong once, the message stands once in its channel",
        arguments: [
            "POST ** drop-after", "POST ** drop-before", "POST ** 500-after", "POST ** 500-before",
            "POST ** truncated-json", "POST ** soft-failure", "GET ** soft-failure", "POST ** 429=2 x2",
            "GET ** 429=1 x2", "GET ** drop-after x2", "POST ** html=502", "POST ** timeout-after=60",
            "GET ** truncated-json x2", "GET ** broken-transfer x2", "GET ** slow=1 x3", "GET ** slow-body=300 x2",
            "* ** slow-body=1 x3", "POST ** slow=1",
        ])
    func faults(order: String) async throws {
        let world = try SlackWorld()
        world.simulator.order(try FaultOrder(text: order))
        let first = await world.driver.put(Self.message, world.context)
        world.simulator.clearFaults()
        if case .failure(let fault) = first { #expect(fault.disposition != .stop, "\(order): \(fault)") }
        _ = try await world.driver.put(Self.message, world.context).get()
        #expect(world.posted("ops").count == 1, "under \(order)")
    }

    @Test("the same message from many sides is posted once")
    func crowd() async throws {
        let world = try SlackWorld()
        let effects = await (0..<8).mapBounded(limit: 8) { _ in
            try? await world.driver.put(Self.message, world.context).get().effect
        }
        #expect(effects.filter { $0 == .posted }.count == 1 && effects.filter { $0 == .unchanged }.count == 7)
        #expect(world.posted("ops").count == 1)
    }

    @Test("a message is found behind all that was said after it")
    func farBack() async throws {
        let world = try SlackWorld()
        let posted = try await world.driver.put(Self.message, world.context).get()
        for number in 0..<450 {
            let request = HTTPRequest(
                "POST", "http://slack.test/api/chat.postMessage",
                headers: [
                    HTTPHeader("Authorization", "Bearer person"), HTTPHeader("Content-Type", "application/json"),
                ],
                body: Array(#"{"channel":"\#(posted.channel)","text":"more \#(number)"}"#.utf8))
            _ = try await InProcessTransport(world.simulator).send(request)
        }
        let again = try await world.driver.put(Self.message, world.context).get()
        #expect(again.effect == .unchanged && again.ts == posted.ts)
    }

    @Test("under the published limits no call is refused: a channel gets a message a second")
    func limits() async throws {
        let world = try SlackWorld(limits: RateLimits())
        let start = world.time.now
        for number in 0..<30 {
            let message = SlackMessage(channel: "ops", key: "n/\(number)", text: "Number \(number)")
            _ = try await world.driver.put(message, world.context).get()
        }
        #expect(world.simulator.requestLog.allSatisfy { $0.status != 429 })
        #expect(world.time.now - start > .seconds(29))
        #expect(world.posted("ops").count == 30)
    }

    @Test(
        "what Slack refuses under a status of 200 is refused, with a code and a way out",
        arguments: [
            ("closed", "SL-0002", "/invite"), ("old", "SL-0004", "unarchive"), ("nowhere", "SL-0003", "invite"),
        ])
    func refusals(channel: String, code: String, hint: String) async throws {
        let world = try SlackWorld()
        let message = SlackMessage(channel: channel, key: "k", text: "Hello")
        guard case .failure(let fault) = await world.driver.put(message, world.context) else {
            Issue.record("a message to \(channel) was accepted")
            return
        }
        #expect(fault.code == code && fault.hint?.contains(hint) == true, "\(fault)")
    }

    @Test(
        "every error that Slack names has a code and says what follows",
        arguments: [
            ("invalid_auth", "SL-0001", Disposition.stop), ("token_revoked", "SL-0001", .stop),
            ("missing_scope", "SL-0002", .stop), ("msg_too_long", "SL-0005", .waitForNewCommit),
            ("fatal_error", "SL-0007", .retry(after: nil)), ("something_new", "SL-0005", .waitForNewCommit),
        ])
    func errors(error: String, code: String, disposition: Disposition) async {
        let time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
        let transport = ClosureTransport { _, _ throws(HTTPFault) in .json(200, #"{"ok":false,"error":"\#(error)"}"#) }
        guard case .failure(let fault) = await SlackWorld.driver(transport, time).checkAccess() else {
            Issue.record("\(error) was taken for a success")
            return
        }
        #expect(fault.code == code && fault.disposition == disposition && fault.providerCode == error)
    }

    @Test("a missing scope is named")
    func missingScope() async throws {
        let world = try SlackWorld(scopes: ["channels:read", "channels:history"])
        guard case .failure(let fault) = await world.driver.put(Self.message, world.context) else {
            Issue.record("a message was posted without the scope")
            return
        }
        #expect(fault.code == "SL-0002" && fault.message.contains("chat:write"))
        #expect(try await world.driver.checkAccess().get() == "workspace Simulated, app ops_agent, 2 scopes")
    }

    @Test("one thing written in two ways is the same")
    func normal() {
        #expect(SlackNormal.app("Ops Agent") == SlackNormal.app("ops-agent"))
        #expect(SlackNormal.app("ops1") != SlackNormal.app("ops2"))
        #expect(SlackNormal.channel("#Ops") == "ops")
        #expect(SlackNormal.text("a &lt; b &amp; c") == "a < b & c")
        #expect(SlackNormal.names(["Chat:Write "]) == ["chat:write"])
    }

    @Test("the account outlives the simulator")
    func persistence() async throws {
        let directory = try TemporaryDirectory()
        let time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
        let options = SimulatorOptions(time: time, statePath: directory.path("state.json"))
        let first = try Simulator(options: options)
        _ = try await SlackWorld.driver(InProcessTransport(first), time)
            .put(SlackMessage(channel: "general", key: "k", text: "Kept"), DriverContext(runID: "t", log: .none)).get()
        #expect(try Simulator(options: options).account("slack") == first.account("slack"))
    }
}
