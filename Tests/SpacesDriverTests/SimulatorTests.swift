import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Simulator
import SimulatorKit
import Testing
import Web

@testable import SpacesDriver

@Suite("Against the simulator") struct SimulatorTests {
    let time: SimulatedTime
    let simulator: Simulator
    let driver: SpacesDriver
    let context = DriverContext(runID: "spaces-tests", log: .none)

    init() throws {
        let time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
        self.time = time
        simulator = try Self.simulator(secret: "s", time)
        driver = Self.driver(InProcessTransport(simulator), Secret("s"), time)
    }

    private static func simulator(secret: String, _ time: SimulatedTime) throws -> Simulator {
        var options = SimulatorOptions(time: time, limits: .generous)
        options.credentials["spaces"] = "AKIDEXAMPLE:\(secret)"
        return try Simulator(options: options)
    }

    private static func driver(
        _ transport: any HTTPTransport, _ secret: Secret, key: String = "AKIDEXAMPLE", _ time: SimulatedTime
    ) -> SpacesDriver {
        SpacesDriver(
            credential: SpacesCredential(accessKey: Secret(key), secretKey: secret),
            endpoint: SpacesEndpoint(configured: "http://do.test/spaces"), transport: transport,
            budget: RequestBudget(.unlimited, time: time), time: time, random: RandomSource(seed: 4))
    }

    private static let creation: ResolvedChange = {
        let rules: Value = [["prefix": "tmp/", "expiration_days": 7]]
        return ResolvedChange(
            change: PlannedChange(
                key: ResourceKey(.spacesBucket, "artifacts"), action: .create, reason: "test", cause: .unappliedCommit,
                attributes: [
                    AttributeChange(path: "lifecycle_rules", before: nil, after: rules),
                    AttributeChange(path: "region", before: nil, after: "sgp1"),
                ]),
            wanted: Attributes([.init("lifecycle_rules", rules), .init("region", "sgp1")]), current: nil)
    }()

    private static let request = ObserveRequest(
        kinds: [.spacesBucket], names: [.spacesBucket: ["artifacts"]])

    @Test("the driver passes the checks that all drivers have to pass")
    func conformance() async throws {
        let time = time
        let simulator = try Self.simulator(secret: DriverConformance.canary, time)
        let checks = DriverConformance(request: Self.request, creations: [Self.creation]) { transport, secret in
            Self.driver(transport, secret, time)
        }
        for breach in await checks.live(against: InProcessTransport(simulator)) { Issue.record("\(breach)") }
    }

    @Test("a simulator that was loaded from what was seen shows the same again")
    func rehearsal() async throws {
        #expect(await SmallEngine(driver, context, time).apply(Self.creation).word == "done")
        let seen = ObservedState(await driver.observe(Self.request, context))
        #expect(seen.kinds[.spacesBucket]?.resources.count == 1)
        try simulator.load(observation: Rehearsal.lines(seen))
        let again = ObservedState(await driver.observe(Self.request, context))
        #expect(Rehearsal.differences(seen, again, driver.schemas) == [])
    }

    @Test(
        "whatever goes wrong once, the bucket is there once in the end, as wanted",
        arguments: [
            "* ** 429 x3", "* ** 429=2 x3", "* ** 500-before x3", "PUT ** 500-after", "PUT ** drop-after x2",
            "PUT ** drop-before", "PUT ** 404-after-create=3", "GET ** truncated-json x2", "GET ** broken-transfer x2",
            "PUT ** html=502", "GET ** slow=1 x3", "GET ** slow-body=300 x2", "* ** slow-body=1 x3",
            "PUT ** late-effect=5", "GET ** stale-read=1",
        ])
    func faults(order: String) async throws {
        simulator.order(try FaultOrder(text: order))
        let schema = try #require(driver.schemas.first)
        for pass in 1...4 {
            var current: ObservedResource?
            var isFine = true
            for step in driver.steps(for: Self.creation.change) where isFine {
                switch await driver.look(at: step.key, context) {
                case .present(let found): current = found
                case .absent: break
                case .ambiguous, .unknown: isFine = false
                }
                if !isFine || step.creates && current != nil { continue }
                let input = ResolvedChange(
                    change: Self.creation.change, wanted: Self.creation.wanted, current: current)
                guard case .done(let object?) = await driver.perform(step, of: input, context) else {
                    isFine = false
                    continue
                }
                current = object
            }
            if isFine { break }
            // The next pass: it looks, and does what is left.
            if pass > 1 { simulator.clearFaults() }
            try await time.sleep(for: .minutes(2))
        }
        simulator.clearFaults()
        try await time.sleep(for: .minutes(2))
        let seen = try #require(await driver.observe(Self.request, context).first)
        #expect(seen.completeness == .complete && seen.resources.count == 1, "\(order)")
        let bucket = try #require(seen.resources.first)
        #expect(schema.differences(wanted: Self.creation.wanted, observed: bucket.attributes) == [], "\(order)")
    }

    @Test("what it holds outlives it as a document, and pages of objects fit together")
    func objects() async throws {
        let document: Value = ["buckets": [["name": "filled", "region": "fra1"]], "taken": ["elsewhere"]]
        try simulator.seed("spaces", document)
        let objects = driver.objects(in: "filled", region: "fra1", context)
        let keys = ["a b/é", "a&<b>", "x/1", "x/2", "x/3"]
        for key in keys { _ = try await objects.put(key, Array(key.utf8)) }
        #expect(try await objects.list(prefix: "", pageSize: 2).map(\.key) == keys.sorted { $0.precedesByBytes($1) })
        #expect(try await objects.get("a&<b>") == Array("a&<b>".utf8))
        #expect(try await objects.get("none") == nil)
        let held = simulator.account("spaces")["buckets"]?.listValue?.first
        #expect(held?["objects"]?.listValue?.count == 5 && held?["region"] == "fra1")
        // Somebody else's name.
        let step = Step(key: ResourceKey(.spacesBucket, "elsewhere"), index: 1, operation: "create", title: "create")
        guard case .failed(let fault) = await driver.perform(step, of: Self.creation, context) else {
            throw Problem("it was made")
        }
        #expect(fault.code == "SPACES-0004")
    }

    /// The code of the fault that reading and writing an object ends in; empty where it doesn't.
    private func codes(_ key: String, _ secret: String, in bucket: String = "filled") async -> [String] {
        let driver = Self.driver(InProcessTransport(simulator), Secret(secret), key: key, time)
        let objects = driver.objects(in: bucket, region: "fra1", context)
        var codes: [String] = []
        do throws(ProviderFault) {
            _ = try await objects.list()
            codes.append("")
        } catch {
            codes.append(error.code)
        }
        do throws(ProviderFault) {
            _ = try await objects.put("a b/é+", [1])
            codes.append("")
        } catch {
            codes.append(error.code)
        }
        return codes
    }

    @Test("a request is held to its key, its secret and its clock")
    func credentials() async throws {
        try simulator.seed("spaces", ["buckets": [["name": "filled", "region": "fra1"]]])
        #expect(await codes("AKIDEXAMPLE", "s") == ["", ""])
        #expect(await codes("AKIDEXAMPLE", "S") == ["SPACES-0001", "SPACES-0001"])
        #expect(await codes("AKIDOTHER", "s") == ["SPACES-0001", "SPACES-0001"])
        simulator.advance(by: .minutes(16))
        #expect(await codes("AKIDEXAMPLE", "s") == ["SPACES-0008", "SPACES-0008"])
    }

    @Test("without a credential of its own the simulator lets in what it hands out, and nothing else")
    func handedOut() async throws {
        let simulator = try Simulator(options: SimulatorOptions(time: time, limits: .generous))
        let pairs = Dictionary(
            simulator.environment(at: "http://do.test").map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        let (key, secret) = (pairs["SPACES_ACCESS_KEY_ID"] ?? "", pairs["SPACES_SECRET_ACCESS_KEY"] ?? "")
        for (given, isComplete) in [(secret, true), (secret + "s", false), (key, false)] {
            let driver = Self.driver(InProcessTransport(simulator), Secret(given), key: key, time)
            let seen = try #require(await driver.observe(Self.request, context).first)
            #expect(seen.completeness.isComplete == isComplete)
        }
    }

    @Test("a key that DigitalOcean's API made is held to its secret and its grants, and ends with it")
    func issuedKeys() async throws {
        try simulator.seed(
            "spaces", ["buckets": [["name": "filled", "region": "fra1"], ["name": "other", "region": "fra1"]]])
        func call(_ method: String, _ path: String, _ body: Value? = nil) async throws -> Value {
            let answer = await simulator.answer(
                WebRequest(
                    method: method, path: "/v2/spaces/keys" + path, headers: [("Authorization", "Bearer t")],
                    body: body.map { Array(JSON.write($0).utf8) } ?? []))
            return answer.body.isEmpty ? .null : try JSON.parse(answer.body)
        }
        func grants(_ permission: String) -> Value {
            [["bucket": "filled", "permission": .string(permission)]]
        }
        let made = try await call("POST", "", ["name": "files", "grants": grants("read")])
        let key = try #require(made["key"]?["access_key"]?.stringValue)
        let secret = try #require(made["key"]?["secret_key"]?.stringValue)
        #expect(await codes(key, secret) == ["", "SPACES-0002"])
        #expect(await codes(key, "s") == ["SPACES-0001", "SPACES-0001"])
        _ = try await call("PATCH", "/\(key)", ["grants": grants("readwrite")])
        #expect(await codes(key, secret) == ["", ""])
        #expect(await codes(key, secret, in: "other") == ["SPACES-0002", "SPACES-0002"])
        // It outlives the program with its secret, in the state, and is never shown.
        let kept = try Simulator(options: SimulatorOptions(time: time, limits: .generous))
        try kept.seed(world: simulator.snapshot())
        #expect(kept.snapshot() == simulator.snapshot() && kept.snapshot()["spaces_secrets"]?[key] == .string(secret))
        let shown = try await call("GET", "/\(key)")
        #expect(!JSON.write(shown).contains(secret))
        _ = try await call("DELETE", "/\(key)")
        #expect(await codes(key, secret) == ["SPACES-0001", "SPACES-0001"])
    }
}
