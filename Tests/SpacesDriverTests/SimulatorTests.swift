import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Simulator
import SimulatorKit
import Testing

@testable import SpacesDriver

@Suite("Against the simulator") struct SimulatorTests {
    let time: SimulatedTime
    let simulator: Simulator
    let driver: SpacesDriver
    let context = DriverContext(runID: "spaces-tests", log: .none)

    init() throws {
        let time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
        self.time = time
        simulator = try Simulator(options: SimulatorOptions(time: time, limits: .generous))
        driver = Self.driver(InProcessTransport(simulator), Secret("s"), time)
    }

    private static func driver(
        _ transport: any HTTPTransport, _ secret: Secret, _ time: SimulatedTime
    ) -> SpacesDriver {
        SpacesDriver(
            credential: SpacesCredential(accessKey: "AKIDEXAMPLE", secretKey: secret),
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
    func conformance() async {
        let time = time
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
            "PUT ** html=502", "GET ** slow=1 x3", "PUT ** late-effect=5", "GET ** stale-read=1",
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
}
