import Basics
import DesiredState
import Formats
import HTTPClient
import Reconciler
import Simulator
import SimulatorKit
import Store
import TestKit
import Testing

/// Who is told, how often, and what happens when nobody answers.
@Suite("Notices")
struct NoticeTests {
    typealias World = NoticeWorld

    @Test("each channel gets what it is told, once, in its own form and escaped for it")
    func forms() async throws {
        let world = try await World()
        let settings = try World.settings([World.slack, World.hook, World.mail])
        let service = world.service(settings)
        try await world.post("droplet/<!channel>", fault: "a & b\r\nBcc: evil@example.com")
        try await world.turn(service, settings)
        try await world.turn(service, settings)

        let slack = try #require(world.slackTexts.first)
        #expect(world.slackTexts.count == 1 && slack.contains("&lt;!channel&gt;") && !slack.contains("<"))
        #expect(
            slack.split(separator: "\n").count == 2
                && slack.contains("since 2026-02-25 06:00 UTC, 3 attempts: a &amp; b  Bcc:"))

        #expect(world.mails.map(\.to) == ["a@example.com", "b@example.com"])
        #expect(world.mails[0].subject == "[odooops] critical: deletion is stuck, droplet/<!channel>")
        #expect(!world.mails[0].text.contains("\r") && world.mails[0].text.contains("a & b  Bcc:"))

        let post = try #require(world.receiver.all.first)
        #expect(world.receiver.all.count == 1)
        func header(_ name: String) -> String { post.request.headers.first { $0.name == name }?.value ?? "" }
        let stamp = header("X-OdooOps-Timestamp")
        let code = Hex.encode(hmacSHA256(key: World.secret.utf8, Array("\(stamp).".utf8) + post.request.body))
        #expect(header("X-OdooOps-Signature") == "sha256=\(code)" && stamp == String(world.time.now.seconds))
        #expect(header("Idempotency-Key") == header("X-OdooOps-Delivery"))
        let body = try JSON.parse(post.request.body)
        #expect(body["count"] == 1 && body["severity"] == "critical" && body["id"]?.stringValue == post.id)
        #expect(body["notices"]?[0]?["payload"]?["fault"]?["message"] == "a & b\r\nBcc: evil@example.com")
        await world.close()
        // Slack's own description has no empty history.
        let lines = world.traffic.lines.filter { !$0.contains("conversations.history") }
        #expect(try Recordings.check(lines, name: "notices") == nil)
    }

    @Test("routes choose by severity, kind and environment")
    func routes() async throws {
        let world = try await World()
        var settings = try World.settings([World.slack, World.hook])
        var all = NotificationSettings.Route(to: ["n8n"])
        all.severity = .info
        all.kinds = ["environment.*"]
        var production = NotificationSettings.Route(to: ["ops"])
        production.environments = [try GlobPattern("prod*")]
        settings.routes = [all, production]
        let at = world.time.now
        try await world.store.post([
            Notice(.environmentPinned, of: "pr-7", environment: "pr-7", at: at, dedupe: "1"),
            Notice(.environmentPinned, of: "production", environment: "production", at: at, dedupe: "1"),
            Notice(.approvalWaiting, of: "production", environment: "production", at: at, dedupe: "1"),
            Notice(.approvalWaiting, of: "x", environment: nil, at: at, dedupe: "1"),
        ])
        try await world.service(settings).route()
        let messages = try await world.store.noticeMessages(limit: 9).reversed()
        #expect(
            messages.map { "\($0.channel) \($0.group) \($0.count)" } == [
                "n8n pr-7 1", "n8n production 1", "ops production 1",
            ])
        await world.close()
    }

    @Test(
        "whatever goes wrong, the message arrives, and once wherever that can be known",
        arguments: [
            "POST ** drop-after", "POST ** drop-before", "POST ** 500-after", "POST ** 500-before", "POST ** 429=2 x3",
            "POST ** truncated-json", "POST ** timeout-after=60", "POST ** html=502",
        ])
    func faults(order: String) async throws {
        let world = try await World()
        let settings = try World.settings([World.slack, World.mail])
        let service = world.service(settings)
        try await world.post()
        world.simulator.order(try FaultOrder(text: order))
        try await world.turn(service, settings)
        world.simulator.clearFaults()
        for _ in 0..<60 {
            world.time.advance(by: .minutes(1))
            try await world.turn(service, settings)
        }
        #expect(world.slackTexts.count == 1, "Slack under \(order)")
        #expect(world.mails.count == 2, "mail to two under \(order)")
        let states = try await world.store.noticeMessages(limit: 9).map(\.state)
        #expect(states == [.sent, .sent], "under \(order)")
        await world.close()
    }

    @Test("a process that dies after sending and before writing it down has told once; another finds it there")
    func crash() async throws {
        let world = try await World()
        let settings = try World.settings([World.slack, World.mail, World.hook])
        try await world.post()
        let first = world.service(settings)
        try await first.route()
        // What the first process did: it took each message, sent it, and was gone.
        let dying = world.senders(settings)
        for channel in settings.channels {
            let claim = try #require(
                try await world.store.claimNoticeMessage(
                    of: channel.name, rate: nil, holder: "dying", lasting: .minutes(15)))
            _ = await dying[channel.name]?.send(claim)
        }
        #expect(world.slackTexts.count == 1 && world.mails.count == 2)
        let second = world.service(settings, holder: "two")
        for _ in 0..<30 {
            world.time.advance(by: .minutes(2))
            try await world.turn(second, settings)
        }
        #expect(world.slackTexts.count == 1 && world.mails.count == 2)
        // The receiver of a webhook tells by the key that it is the same.
        #expect(world.receiver.all.count == 2 && Set(world.receiver.all.map(\.id)).count == 1)
        #expect(try await world.store.noticeMessages(limit: 9).allSatisfy { $0.state == .sent })
        await world.close()
    }

    @Test("a receiver that is down is tried with growing pauses, then given up, and brought back by hand")
    func back() async throws {
        let world = try await World()
        let settings = try World.settings([World.hook]) { $0.attempts = 4 }
        let service = world.service(settings)
        try await world.post()
        world.receiver.answer([
            .failure(World.unreached), .success(503), .failure(World.lost), .success(500), .success(500),
        ])
        var instants: [Duration] = []
        for second in 0..<4_000 {
            let before = world.receiver.all.count
            try await world.turn(service, settings)
            if world.receiver.all.count > before { instants.append(.seconds(second)) }
            world.time.advance(by: .seconds(1))
        }
        #expect(instants.count == 4 && instants[0] == .zero)
        let pauses = zip(instants.dropFirst(), instants).map { $0 - $1 }
        #expect(pauses[0] >= .seconds(30) && pauses[0] <= .seconds(46))
        // The receiver asked for five minutes.
        #expect(pauses[1] >= .minutes(5) && pauses[1] <= .seconds(302))
        #expect(pauses[2] >= .minutes(2) && pauses[2] <= .seconds(182))
        let dead = try #require(try await world.store.noticeMessages(limit: 9, states: [.dead]).first)
        #expect(dead.errorCode == "NOTICE-0003" && dead.attempts == 4)
        #expect(world.metrics.value("reconciler_notice_messages_total", ["channel": "n8n", "outcome": "dead"]) == 1)
        let audit = AuditRecord(at: world.time.now, action: "notices.retry", target: dead.id, actor: "ada", detail: [:])
        world.receiver.answer([])
        #expect(try await world.store.retryNoticeMessage(dead.id, audit: audit))
        try await world.turn(service, settings)
        #expect(try await world.store.noticeMessages(limit: 9).map(\.state) == [.sent])
        await world.close()
    }

    @Test("what the receiver refuses for good is dead at once; a channel without a secret says so and waits")
    func refused() async throws {
        let world = try await World()
        let bare = (
            "bare", NotificationSettings.Target.webhook(url: "https://x.example.com", secret: .environment("NONE"))
        )
        let settings = try World.settings([World.hook, bare, ("void", .slack(channel: "#nowhere"))])
        try await world.post()
        world.receiver.answer([.success(400)])
        try await world.turn(world.service(settings), settings)
        let messages = try await world.store.noticeMessages(limit: 9)
        let states = Dictionary(messages.map { ($0.channel, "\($0.state) \($0.errorCode ?? "")") }) { a, _ in a }
        #expect(states == ["n8n": "dead NOTICE-0002", "bare": "waiting NOTICE-0001", "void": "waiting SL-0003"])
        #expect(messages.first { $0.channel == "bare" }?.reason?.contains("env:NONE") == true)
        await world.close()
    }

    @Test("a storm becomes few messages: grouped by environment, held to the rate, and told of as a whole")
    func storm() async throws {
        let world = try await World()
        let settings = try World.settings([World.slack]) { $0.rate = NoticeRate(limit: 2, per: .seconds(60)) }
        let service = world.service(settings)
        for number in 0..<300 {
            try await world.post("droplet/n\(number)", environment: "pr-\(number % 3)")
        }
        for _ in 0..<10 {
            try await world.turn(service, settings)
            world.time.advance(by: .seconds(20))
        }
        #expect(world.slackTexts.count == 3)
        #expect(world.slackTexts.allSatisfy { $0.contains("100 notices of pr-") && $0.utf8.count <= 2_900 })
        #expect(world.slackTexts.allSatisfy { $0.contains("more: reconcile notices show ") })
        let sent = try await world.store.noticeMessages(limit: 9, states: [.sent]).compactMap(\.finishedAt).sorted()
        #expect(sent[2] - sent[0] >= .seconds(60))
        await world.close()
    }

    @Test("templates name fields, and nothing else")
    func templates() async throws {
        let world = try await World()
        let settings = try World.settings([World.slack]) { (channel: inout NotificationSettings.Channel) throws in
            channel.templates.title = try NoticeTemplate(
                "{{{channel}}} *{headline}*", fields: NoticeTemplates.messageFields)
            channel.templates.line = try NoticeTemplate(
                "{kind} {payload.attempts} {payload.none}", fields: NoticeTemplates.noticeFields)
            channel.templates.footer = try NoticeTemplate("{count} {group}", fields: NoticeTemplates.messageFields)
        }
        try await world.post()
        try await world.turn(world.service(settings), settings)
        #expect(world.slackTexts == ["{ops} *deletion is stuck, digitalocean.droplet/x*\ndeletion.stuck 3 \n1 pr-7"])
        for (text, fault) in [
            ("{", NoticeTemplate.Fault.brace), ("}", .brace), ("{x}", .unknownField("x")),
            ("{payload.a}", .unknownField("payload.a")),
        ] {
            #expect(throws: fault) { try NoticeTemplate(text, fields: NoticeTemplates.messageFields) }
        }
        await world.close()
    }

    @Test("the loops run by themselves; a channel that hangs holds up neither the others nor who posts")
    func loops() async throws {
        let world = try await World(advancesBySleeping: false)
        let settings = try World.settings([World.hook, ("stuck", .slack(channel: "#ops"))])
        let gate = Gate()
        let service = NoticeService(
            store: world.store, settings: settings,
            senders: ["n8n": HookOnly(world: world), "stuck": Hanging(gate: gate)],
            time: world.time, random: RandomSource(seed: 1), log: .none, metrics: world.metrics, holder: "one")
        let running = Task { await service.run() }
        try await world.post()
        service.notice()
        #expect(await eventually { world.receiver.all.count == 1 })
        #expect(
            try await within(.seconds(20)) {
                await gate.waitForOne(); return true
            })
        try await world.post("another")
        service.notice()
        #expect(await eventually { world.receiver.all.count == 2 })
        service.requestStop()
        gate.open()
        await running.value
        #expect(try await world.store.noticeMessages(limit: 9, channel: "stuck", states: [.sent]).count >= 1)
        await world.close()
    }
}

private struct HookOnly: NoticeSender {
    let world: NoticeWorld

    func send(_ claim: NoticeClaim) async -> NoticeAnswer {
        await WebhookSender(
            url: "https://n8n.example.com", secret: Secret("k"), transport: world.receiver, time: world.time
        ).send(claim)
    }
}

private struct Hanging: NoticeSender {
    let gate: Gate

    func send(_ claim: NoticeClaim) async -> NoticeAnswer {
        await gate.pass()
        return .sent(receipt: nil)
    }
}
