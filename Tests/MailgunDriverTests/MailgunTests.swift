import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import MailgunDriver
import Simulator
import SimulatorKit
import TestKit
import Testing

/// An account with one domain, one event of which has a URL of others, and a driver over it.
struct MailgunWorld {
    static let start = Timestamp(seconds: 1_772_000_000)
    let time = SimulatedTime(now: MailgunWorld.start, advancesBySleeping: true)
    let simulator: Simulator
    let driver: MailgunDriver
    let traffic = Traffic()
    let context: DriverContext
    let engine: SmallEngine

    init(limits: RateLimits = .generous, events: [Value] = []) throws {
        simulator = try Simulator(options: SimulatorOptions(time: time, limits: limits))
        let hooks: Value = ["delivered": ["https://others.example.com/hook"]]
        let domain = Value.object([
            "name": "mg.example.com", "webhooks": hooks, "events": .list(events),
        ])
        let broken = Value.object(["name": "new.example.com", "dns_valid": false])
        try simulator.seed("mailgun", .object(["domains": .list([domain, broken])]))
        driver = Self.driver(InProcessTransport(simulator), time, isLimited: limits != .generous)
        let traffic = traffic
        context = DriverContext(runID: "test", log: .none) { traffic.record($0) }
        engine = SmallEngine(driver, context, time)
    }

    static func driver(
        _ transport: any HTTPTransport, _ time: SimulatedTime, key: Secret = Secret("key-canary-0123456789"),
        isLimited: Bool = false
    ) -> MailgunDriver {
        MailgunDriver(
            apiKey: key, baseURL: "http://mailgun.test/v3", transport: transport,
            budget: RequestBudget(isLimited ? .mailgun : .unlimited, time: time), time: time,
            random: RandomSource(seed: 3))
    }

    static let ours = "https://Ops.example.com:443/hooks/mailgun"

    static let wanted: [DesiredResource] = [
        .wanting(.mailgunDomain, "mg.example.com", [("state", "active"), ("sending_dns", "valid")]),
        .wanting(.mailgunWebhook, "mg.example.com/delivered/\(ours)"),
        .wanting(.mailgunWebhook, "mg.example.com/permanent_fail/\(ours)"),
    ]

    func urls(_ event: String) -> [String] {
        let hooks = simulator.account("mailgun")["domains"]?[0]?["webhooks"]?[event]?.listValue ?? []
        return hooks.compactMap(\.stringValue)
    }
}

@Suite("Mailgun")
struct MailgunTests {
    @Test("a simulator that was loaded from what was seen shows the same again")
    func rehearsal() async throws {
        let world = try MailgunWorld()
        _ = await world.engine.apply(await world.engine.plan(MailgunWorld.wanted), MailgunWorld.wanted)
        let request = ObserveRequest(
            kinds: [.mailgunDomain, .mailgunWebhook],
            names: [
                .mailgunDomain: ["mg.example.com", "new.example.com"],
                .mailgunWebhook: Set(MailgunWorld.wanted.dropFirst().map(\.key.name)),
            ])
        let seen = ObservedState(await world.driver.observe(request, world.context))
        #expect(seen.kinds[.mailgunDomain]?.resources.count == 2 && seen.kinds[.mailgunWebhook]?.resources.count == 3)
        try world.simulator.load(observation: Rehearsal.lines(seen))
        let again = ObservedState(await world.driver.observe(request, world.context))
        #expect(Rehearsal.differences(seen, again, world.driver.schemas) == [])
    }

    @Test("the driver passes the checks that all drivers have to pass")
    func conformance() async throws {
        let world = try MailgunWorld()
        let creations = MailgunWorld.wanted.filter { $0.key.kind == .mailgunWebhook }.map(\.creation)
        let checks = DriverConformance(
            request: ObserveRequest(
                kinds: [.mailgunDomain, .mailgunWebhook],
                names: [.mailgunDomain: ["mg.example.com"], .mailgunWebhook: Set(creations.map(\.change.key.name))]),
            creations: creations
        ) { transport, token in MailgunWorld.driver(transport, world.time, key: token) }
        for breach in await checks.live(against: InProcessTransport(world.simulator)) { Issue.record("\(breach)") }
        for breach in await checks.fail() { Issue.record("\(breach)") }
        #expect(world.urls("delivered") == ["https://others.example.com/hook"], "what others put there is as it was")
        #expect(world.urls("permanent_fail") == [])
    }

    @Test("a URL is put beside those of others and taken away from between them; then nothing is left to do")
    func webhooks() async throws {
        let world = try MailgunWorld()
        let plan = await world.engine.plan(MailgunWorld.wanted)
        #expect(
            plan.changes.map { "\($0.action) \($0.key.kind) \($0.verdict)" }.sorted() == [
                "adopt mailgun.domain allowed", "create mailgun.webhook allowed", "create mailgun.webhook allowed",
            ])
        let (inventory, failures) = await world.engine.apply(plan, MailgunWorld.wanted)
        #expect(failures == [])
        #expect(world.urls("delivered") == ["https://others.example.com/hook", MailgunWorld.ours])
        let second = await world.engine.plan(MailgunWorld.wanted, inventory)
        #expect(second.changes.map { "\($0.action) \($0.key)" } == [])

        let fewer = Array(MailgunWorld.wanted.prefix(1))
        let removal = await world.engine.plan(fewer, inventory)
        #expect(removal.changes.map { "\($0.action) \($0.verdict)" } == ["delete allowed", "delete allowed"])
        #expect(await world.engine.apply(removal, fewer, inventory).failures == [])
        #expect(world.urls("delivered") == ["https://others.example.com/hook"])
        #expect(world.urls("permanent_fail") == [])
        #expect(
            world.traffic.lines.allSatisfy { line in !world.simulator.issuedSecrets.contains { line.contains($0) } })
        #expect(try Recordings.check(world.traffic.lines, name: "mailgun-webhooks") == nil)
    }

    @Test("taking over a URL that is there sends nothing")
    func adoption() async throws {
        let world = try MailgunWorld()
        let wanted = [
            DesiredResource.wanting(.mailgunWebhook, "MG.example.com/delivered/https://OTHERS.example.com/hook")
        ]
        let plan = await world.engine.plan(wanted)
        #expect(plan.changes.map { "\($0.action) \($0.requests)" } == ["adopt 0"])
        let before = world.simulator.account("mailgun")
        let inventory = await world.engine.apply(plan, wanted).inventory
        #expect(world.simulator.account("mailgun") == before)
        #expect(await world.engine.plan(wanted, inventory).changes.isEmpty)
    }

    @Test("a fourth URL is refused before anything is sent, and says which three are there")
    func full() async throws {
        let world = try MailgunWorld()
        let names = ["a", "b", "c"].map { "mg.example.com/delivered/https://\($0).example.com/" }
        var words: [String] = []
        for name in names {
            let outcome = await world.engine.apply(DesiredResource.wanting(.mailgunWebhook, name).creation)
            words.append(outcome.word)
            if case .failed(let fault) = outcome {
                #expect(fault.hint?.contains("https://others.example.com/hook") == true)
            }
        }
        #expect(words == ["done", "done", "failed MG-0004"])
        #expect(world.urls("delivered").count == 3)
    }

    @Test(
        "whatever goes wrong once, every URL is there once in the end, and those of others too",
        arguments: [
            "* ** 429 x2", "* ** 500-before x3", "POST ** 500-after", "PUT ** 500-after", "POST ** drop-before",
            "POST ** drop-after", "PUT ** drop-after x2", "GET ** truncated-json x2", "POST ** truncated-json",
            "POST ** html=502", "GET ** stale-read=1 x99", "GET ** broken-transfer x2", "GET ** slow=1 x3",
            "GET ** slow-body=300 x2", "* ** slow-body=1 x3",
            "POST ** timeout-after=60", "* ** 429=2 x2",
        ])
    func faults(order: String) async throws {
        let world = try MailgunWorld()
        world.simulator.order(try FaultOrder(text: order))
        var inventory: [InventoryEntry] = []
        for _ in 0..<3 {
            let plan = await world.engine.plan(MailgunWorld.wanted, inventory)
            inventory = await world.engine.apply(plan, MailgunWorld.wanted, inventory).inventory
            world.simulator.clearFaults()
            try await world.time.sleep(for: .minutes(5))
        }
        #expect(await world.engine.plan(MailgunWorld.wanted, inventory).changes.map { "\($0.action)" } == [])
        #expect(world.urls("delivered") == ["https://others.example.com/hook", MailgunWorld.ours], "under \(order)")
        #expect(world.urls("permanent_fail") == [MailgunWorld.ours])
    }

    @Test("a list of domains that shifts is read again; one that keeps shifting proves nothing")
    func shiftingDomains() async throws {
        for (order, isComplete) in [
            ("GET /mailgun/v4/domains shifted-pages=1 +1", true),
            ("GET /mailgun/v4/domains shifted-pages=1 x99", false),
        ] {
            let world = try MailgunWorld()
            let more = (0..<1_100).map { Value.object(["name": .string("d\($0).example.com")]) }
            try world.simulator.seed("mailgun", ["domains": .list(more)])
            world.simulator.order(try FaultOrder(text: order))
            let seen = await world.driver.observe(ObserveRequest(kinds: [.mailgunDomain]), world.context)
            #expect(seen.first?.completeness.isComplete == isComplete, "\(order)")
        }
    }

    @Test("what is wrong with a domain's DNS is seen and left to people; a domain of another region is unknown")
    func domains() async throws {
        let world = try MailgunWorld()
        let wanted: [DesiredResource] = [
            .wanting(.mailgunDomain, "new.example.com", [("sending_dns", "valid")]),
            .wanting(.mailgunWebhook, "elsewhere.example.com/opened/https://ops.example.com/"),
        ]
        let plan = await world.engine.plan(wanted)
        #expect(
            plan.changes.map { "\($0.action) \($0.verdict)" }.sorted() == ["adopt blocked", "read blocked"])
        let seen = await world.driver.observe(
            ObserveRequest(kinds: [.mailgunDomain], names: [.mailgunDomain: ["new.example.com"]]), world.context)
        let domain = try #require(seen.first?.resources.first { $0.key.name == "new.example.com" })
        #expect(domain.attributes["unverified_records"]?.listValue?.contains("TXT new.example.com") == true)
        #expect(try Recordings.check(world.traffic.lines, name: "mailgun-domains") == nil)
    }

    // MARK: Mail

    @Test("a mail is sent once, found again by its tag when it has settled, and the traffic holds")
    func mail() async throws {
        let world = try MailgunWorld()
        let since = world.time.now
        func sent(_ tag: String) async throws -> String? {
            try await world.driver.sentMail(tag: tag, domain: "mg.example.com", since: since, world.context).get()
        }
        let mail = OutgoingMail(
            domain: "mg.example.com", from: "ops@mg.example.com", to: ["a@example.com", "b@example.com"],
            subject: "Drift", text: "Something differs.", tag: "notice-42")
        let id = try await world.driver.send(mail, world.context).get()
        try await world.time.sleep(for: world.driver.mailSettling)
        let found = try #require(try await sent("notice-42"))
        #expect(!found.isEmpty && id.contains(found))
        #expect(try await sent("notice-43") == nil)
        #expect(!world.traffic.lines.contains { $0.contains("key-canary") })
        #expect(try Recordings.check(world.traffic.lines, name: "mailgun-mail") == nil)
    }

    // MARK: Events

    /// An event every minute for three hours; every third is seen twenty minutes late.
    static let events: [Value] = (0..<180).map { minute -> Value in
        let at = start.seconds + Int64(minute) * 60
        var event: Value.Object = [
            "id": .string("event-\(minute)"), "event": "delivered", "timestamp": .number("\(at).25"),
            "recipient": "somebody@example.com",
        ]
        if minute % 3 == 0 { event["visible_at"] = .int(at + 1_200) }
        return .object(event)
    }

    static let start = MailgunWorld.start

    @Test("events that come late and out of order are read once each, in order, when they have settled")
    func settledEvents() async throws {
        let world = try MailgunWorld(events: Self.events)
        var cursor = MailgunEventCursor(since: Self.start)
        var read: [MailgunEvent] = []
        for _ in 0..<60 {
            try await world.time.sleep(for: .minutes(4))
            let batch = try await world.driver.events(of: "mg.example.com", after: cursor, world.context).get()
            #expect(batch.events.allSatisfy { $0.at <= world.time.now - MailgunDriver.settling })
            read += batch.events
            cursor = batch.next
        }
        #expect(read.map(\.id) == (0..<180).map { "event-\($0)" })
        #expect(try Recordings.check(world.traffic.lines, name: "mailgun-events") == nil)
    }

    @Test("many events are read by page, and a reading that was cut short goes on where it was")
    func pagedEvents() async throws {
        let many = (0..<1_000).map { number -> Value in
            // Four at each instant: the cursor has to remember which of them it read.
            let at = Self.start.seconds + Int64(number / 4)
            return .object(["id": .string("event-\(number)"), "event": "opened", "timestamp": .int(at)])
        }
        let world = try MailgunWorld(events: many)
        try await world.time.sleep(for: .hours(3))
        var cursor = MailgunEventCursor(since: Self.start)
        var ids: [String] = []
        for _ in 0..<10 {
            let batch = try await world.driver.events(of: "mg.example.com", after: cursor, pages: 1, world.context)
                .get()
            ids += batch.events.map(\.id)
            cursor = batch.next
            if !batch.hasMore { break }
        }
        #expect(ids.count == 1_000 && Set(ids).count == 1_000)
    }

    @Test("a page with something too young ends the reading, and a page of another origin is never asked for")
    func untrustedPages() async throws {
        let now = Self.start + .hours(2)
        let time = SimulatedTime(now: now, advancesBySleeping: true)
        func item(_ id: String, _ age: Duration) -> String {
            #"{"id":"\#(id)","event":"delivered","timestamp":\#((now - age).seconds)}"#
        }
        let first = [item("a", .minutes(50)), item("b", .minutes(40))].joined(separator: ",")
        let second = [item("c", .minutes(31)), item("d", .minutes(5))].joined(separator: ",")
        let transport = ClosureTransport { request, count throws(HTTPFault) in
            let items = count == 0 ? first : second
            let next = count < 2 ? "http://mailgun.test/v3/mg.example.com/events/W3siYSI6" : "https://evil.example/x"
            return .json(200, #"{"items":[\#(items)],"paging":{"next":"\#(next)","previous":"x"}}"#)
        }
        let driver = MailgunWorld.driver(transport, time)
        let context = DriverContext(runID: "test", log: .none)
        let batch = try await driver.events(
            of: "mg.example.com", after: MailgunEventCursor(since: Self.start), context
        ).get()
        #expect(batch.events.map(\.id) == ["a", "b"])
        #expect(batch.next.since == now - .minutes(40))
        #expect(transport.requests.count == 2)

        let straying = ClosureTransport { _, _ throws(HTTPFault) in
            .json(200, #"{"items":[\#(first)],"paging":{"next":"https://evil.example/v3/events"}}"#)
        }
        let result = await MailgunWorld.driver(straying, time).events(
            of: "mg.example.com", after: MailgunEventCursor(since: Self.start), context)
        guard case .failure(let fault) = result else {
            Issue.record("it followed a page to another origin")
            return
        }
        #expect(fault.code == "MG-0010" && straying.requests.count == 1)
    }

    // MARK: The rest

    @Test("under the published limit no request is refused, and a refusal's seconds are kept to")
    func limits() async throws {
        let world = try MailgunWorld(limits: RateLimits())
        let request = ObserveRequest(
            kinds: [.mailgunWebhook], names: [.mailgunWebhook: ["mg.example.com/opened/https://x.example.com/"]])
        for _ in 0..<400 { _ = await world.driver.observe(request, world.context) }
        #expect(world.simulator.requestLog.allSatisfy { $0.status != 429 })
        #expect(world.time.now - MailgunWorld.start > .seconds(60))
        world.simulator.order(try FaultOrder(text: "GET ** 429=7"))
        let before = world.time.now
        _ = await world.driver.observe(request, world.context)
        #expect(world.time.now - before >= .seconds(7))
    }

    @Test(
        "one thing written in two ways is the same",
        arguments: [
            ("https://Ops.example.com", "https://ops.example.com:443/", true),
            ("http://a.example.com:80/x", "http://a.example.com/x", true),
            ("https://a.example.com/X", "https://a.example.com/x", false),
            ("https://a.example.com/x?y=1", "https://a.example.com/x", false),
            ("https://a.example.com:8443/", "https://a.example.com/", false),
        ])
    func normal(a: String, b: String, isSame: Bool) {
        #expect((MailgunNormal.url(.string(a)) == MailgunNormal.url(.string(b))) == isSame)
    }

    @Test(
        "an address may be written with its version, and a region by its name",
        arguments: [
            ("https://api.mailgun.net/v3/", "https://api.mailgun.net"), ("eu", "https://api.eu.mailgun.net"),
            ("US", "https://api.mailgun.net"), ("http://127.0.0.1:8080/mailgun", "http://127.0.0.1:8080/mailgun"),
        ])
    func addresses(text: String, root: String) { #expect(MailgunDriver.rootURL(text) == root) }

    @Test("a key that is refused in plain words is refused with a code and a way out")
    func refusal() async throws {
        let time = SimulatedTime(now: Self.start, advancesBySleeping: true)
        let transport = ClosureTransport { _, _ throws(HTTPFault) in
            HTTPResponse(
                status: 401, headers: [HTTPHeader("Content-Type", "text/plain")], body: Array("Forbidden".utf8))
        }
        guard case .failure(let fault) = await MailgunWorld.driver(transport, time).checkAccess() else {
            Issue.record("a wrong key was accepted")
            return
        }
        #expect(fault.code == "MG-0001" && fault.message.contains("Forbidden"))
        #expect(fault.hint?.contains("MAILGUN_API_KEY") == true)
        let world = try MailgunWorld()
        #expect(try await world.driver.checkAccess().get() == "2 domains")
    }
}
