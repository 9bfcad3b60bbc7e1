import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Drivers
import Formats
import HTTPClient
import Simulator
import SimulatorKit
import TestKit
import Testing
import Web

@Suite("Against the simulator")
struct SimulatorTests {
    static let token = "dop_v1_canary0123456789abcdef"

    struct World {
        let simulator: Simulator
        let driver: DigitalOceanDriver
        let time: SimulatedTime
        let engine: SmallEngine
        let context = SpecTraffic.context

        init(
            retry: RetryPolicy = RetryPolicy(), limits: RateLimits = .generous,
            change: (inout SimulatorOptions) -> Void = { _ in }
        ) throws {
            time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
            var options = SimulatorOptions(time: time, limits: limits)
            change(&options)
            simulator = try Simulator(options: options)
            driver = DigitalOceanDriver(
                token: Secret(SimulatorTests.token), baseURL: "http://do.test",
                transport: InProcessTransport(simulator),
                budget: RequestBudget(.unlimited, time: time), retry: retry, time: time, random: RandomSource(seed: 3),
                keep: { _ in true })
            engine = SmallEngine(driver, context, time)
        }

        func observe() async -> ObservedState { ObservedState(await driver.observe(Life.request, context)) }
    }

    @Test("a token with the scopes that the page lists can do all that the driver does")
    func scopes() async throws {
        let path = "\(Places.packageRoot)/docs/providers/digitalocean.md"
        let page = String(decoding: try FileSystem.read(path), as: UTF8.self)
        let listed = page.split(separator: "Scopes of the token").last?.split(separator: "A call without").first ?? ""
        let verbs: Set = ["read", "create", "update", "delete"]
        let words = listed.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
        let scopes = Set(
            words.flatMap { word in
                word.contains(":") ? [word] : verbs.contains(word) ? [] : verbs.map { "\(word):\($0)" }
            })
        #expect(scopes.contains("project:assign_resource") && scopes.count > 60)
        let world = try World { $0.scopes = scopes }
        var objects: [(Life, ObservedResource?)] = []
        for life in Life.all {
            let made = await world.engine.apply(life.create)
            #expect(made.word == "done", "\(life.key): \(made)")
            objects.append((life, made.resource))
        }
        let seen = await world.observe()
        #expect(seen.kinds.values.filter { !$0.completeness.isComplete }.map(\.kind) == [])
        for index in objects.indices where !objects[index].0.changed.isEmpty {
            guard let object = objects[index].1 else { continue }
            let changed = await world.engine.apply(objects[index].0.update(from: object))
            #expect(changed.word == "done", "\(objects[index].0.key): \(changed)")
            objects[index].1 = changed.resource
        }
        for (life, object) in objects.reversed() {
            guard let object else { continue }
            let gone = await world.engine.apply(life.delete(object))
            #expect(gone.word == "done", "\(life.key): \(gone)")
        }
    }

    @Test("the driver passes the checks that all drivers have to pass")
    func conformance() async throws {
        let time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
        let simulator = try Simulator(options: SimulatorOptions(time: time, limits: .generous))
        let checks = DriverConformance(request: Life.request, creations: Life.all.map(\.create)) { transport, token in
            DigitalOceanDriver(
                token: token, baseURL: "http://do.test", transport: transport,
                budget: RequestBudget(.unlimited, time: time), time: time, random: RandomSource(seed: 4),
                keep: { _ in true })
        }
        for breach in await checks.live(against: InProcessTransport(simulator)) { Issue.record("\(breach)") }
        for breach in await checks.fail() { Issue.record("\(breach)") }
    }

    @Test(
        "an installation with a name puts it beside the mark, where it makes something and where it takes something over"
    )
    func installation() async throws {
        let world = try World()
        let driver = DigitalOceanDriver(
            token: Secret(Self.token), baseURL: "http://do.test", transport: InProcessTransport(world.simulator),
            budget: RequestBudget(.unlimited, time: world.time), time: world.time, random: RandomSource(seed: 3),
            installation: "emea", keep: { _ in true })
        let engine = SmallEngine(driver, world.context, world.time)
        var made: Set<ResourceKey> = []
        let marks: [Value] = ["odooops:managed", "odooops:by:emea"]
        for kind in [ResourceKind.droplet, .volume, .databaseCluster] {
            let life = try #require(Life.all.first { $0.key.kind == kind })
            for need in Life.all.prefix(while: { $0.key != life.key }) {
                guard [.tag, .droplet].contains(need.key.kind), made.insert(need.key).inserted else { continue }
                _ = await world.engine.apply(need.create)
            }
            made.insert(life.key)
            let tags = await engine.apply(life.create).resource?.attributes["tags"]?.listValue ?? []
            #expect(marks.allSatisfy(tags.contains), "\(kind): \(tags)")
            let steps = driver.steps(for: change(life.key, .adopt).change)
            #expect(steps.map(\.operation) == ["tag:odooops:managed", "tag:odooops:by:emea"])
            // An installation without a name leaves no other trace than before.
            #expect(world.driver.steps(for: change(life.key, .adopt).change).count == 1)
        }
    }

    @Test(
        "whom an alert tells in Slack is seen by channel, never by the address of its hook, and stays when it is changed"
    )
    func slack() async throws {
        let world = try World()
        let life = try #require(Life.all.first { $0.key.name == "odoo-staging/disk_utilization/crit" })
        for need in Life.all.prefix(while: { $0.key != life.key }) { _ = await world.engine.apply(need.create) }
        let made = try #require(await world.engine.apply(life.create).resource)
        #expect(made.attributes["slack_channels"] == [])
        let path = "/v2/monitoring/alerts/\(made.providerID)"
        func call(_ method: String, _ body: Value? = nil) async throws -> Value {
            let answer = await world.simulator.answer(
                WebRequest(
                    method: method, path: path, query: [],
                    headers: [("Authorization", "Bearer any"), ("Host", "digitalocean.test")],
                    body: body.map { Array(JSON.write($0).utf8) } ?? []))
            #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
            return try JSON.parse(answer.body)["policy"] ?? .null
        }
        let hooks: Value = [
            ["url": "https://hooks.example.com/canary-hook-1", "channel": "Ops"],
            ["url": "https://hooks.example.com/canary-hook-2", "channel": "https://hooks.example.com/canary-hook-2"],
        ]
        // Somebody adds them in the control panel.
        var policy = try #require(try await call("GET").objectValue)
        policy["alerts"] = ["email": ["ops@example.com"], "slack": hooks]
        _ = try await call("PUT", .object(policy))
        let seen = try #require(
            await world.observe().kinds[.alertPolicy]?.resources.first { $0.key == life.key })
        #expect(seen.attributes["slack_channels"] == ["", "Ops"], "\(seen)")
        let changed = await world.engine.apply(life.update(from: seen))
        #expect(changed.word == "done" && changed.resource?.attributes["slack_channels"] == ["", "Ops"])
        #expect(!"\(seen) \(changed)".contains("canary"))
        #expect(try await call("GET")["alerts"]?["slack"] == hooks)
        // A copy of what was seen tells in the same channels, by addresses that nobody knows.
        let copy = try World()
        try copy.simulator.load(observation: Rehearsal.lines(await world.observe()))
        let again = await copy.observe().kinds[.alertPolicy]?.resources.first { $0.key == life.key }
        #expect(again?.attributes["slack_channels"] == ["", "Ops"])
    }

    @Test("a list whose pages shift is read again; one that keeps shifting proves nothing")
    func shiftingPages() async throws {
        for (order, isComplete) in [
            ("GET /v2/droplets shifted-pages=1 +1", true), ("GET /v2/droplets shifted-pages=-1 +1", true),
            ("GET /v2/droplets shifted-pages=1 x99", false),
        ] {
            let world = try World()
            world.simulator.seedDroplets(count: 450)
            world.simulator.order(try FaultOrder(text: order))
            let seen = await world.observe()
            #expect(seen.kinds[.droplet]?.completeness.isComplete == isComplete, "\(order)")
            if isComplete { #expect(seen.kinds[.droplet]?.resources.count == 450, "\(order)") }
        }
    }

    @Test(
        "whatever goes wrong once, everything is there once in the end, and then nothing is left to do",
        arguments: [
            "* ** 429 x3", "* ** 429=2 x3", "* ** 500-before x3", "POST ** 500-after", "PUT ** 500-after",
            "DELETE ** 500-after",
            "POST ** drop-before", "POST ** drop-after", "PUT ** drop-after x2", "DELETE ** drop-after",
            "PATCH ** drop-after",
            "POST ** drop-after +1", "POST ** timeout-after=60", "GET ** truncated-json x2",
            "GET ** broken-transfer x2", "POST ** truncated-json",
            "POST ** 404-after-create=3", "GET /v2/droplets stale-read=1", "POST ** html=502", "GET ** slow=1 x3",
            "GET ** slow-body=300 x2", "* ** slow-body=1 x3",
            "* /v2/databases/** 412 x2", "POST ** action-errors", "GET ** stale-read=1 x99",
        ])
    func faults(order: String) async throws {
        let found = try FaultOrder(text: order)
        for life in Life.all where life.key.kind != .databaseCluster || order.hasPrefix("POST") {
            let world = try World()
            // What it needs is there before the fault comes.
            for need in Life.all.prefix(while: { $0.key != life.key }) { _ = await world.engine.apply(need.create) }
            world.simulator.order(found)
            let first = await world.engine.apply(life.create)
            var made = first.resource
            if first.word != "done" {
                // The next pass: it looks, and does what is left.
                world.simulator.clearFaults()
                try await world.time.sleep(for: .hours(2))
                made = await world.engine.apply(life.create).resource
            }
            let object = try #require(made, "\(life.key) under \(order): \(first)")
            if !life.changed.isEmpty {
                let updated = await world.engine.apply(life.update(from: object))
                if updated.word != "done" {
                    world.simulator.clearFaults()
                    #expect(
                        await world.engine.apply(life.update(from: object)).word == "done", "\(life.key) under \(order)"
                    )
                }
            }
            world.simulator.clearFaults()
            let seen = await world.observe()
            let same = seen.kinds[life.key.kind]?.resources.filter { $0.key == life.key } ?? []
            #expect(same.count == 1, "\(life.key) under \(order)")
            let schema = try #require(world.driver.schemas.first { $0.kind == life.key.kind })
            #expect(
                same.first.map { schema.differences(wanted: life.later, observed: $0.attributes) } == [],
                "\(life.key) under \(order)")
        }
    }
}
