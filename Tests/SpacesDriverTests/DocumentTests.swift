import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Simulator
import SimulatorKit
import SpacesDriver
import Testing

/// From the inventory to the provider, and nothing left to do.
@Suite("What the inventory wants of Spaces") struct DocumentTests {
    private static func inventory(_ rules: String) -> [String: String] {
        ["ssot/infra/digitalocean/inventory.yaml": "spaces:\n  - {name: files-of-shop, region: sgp1\(rules)}\n"]
    }

    private static func world() throws -> (simulator: Simulator, engine: SmallEngine) {
        let time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
        var options = SimulatorOptions(time: time, limits: .generous)
        options.credentials["spaces"] = "AKIDEXAMPLE:s"
        let simulator = try Simulator(options: options)
        let driver = SpacesDriver(
            credential: SpacesCredential(accessKey: Secret("AKIDEXAMPLE"), secretKey: Secret("s")),
            endpoint: SpacesEndpoint(configured: "http://do.test/spaces"), transport: InProcessTransport(simulator),
            budget: RequestBudget(.unlimited, time: time), time: time, random: RandomSource(seed: 4))
        return (simulator, SmallEngine(driver, DriverContext(runID: "test", log: .none), time))
    }

    private static let earlier =
        "<LifecycleConfiguration><Rule><ID>ops</ID><Filter><Prefix>ops/</Prefix></Filter><Status>Enabled</Status>"
        + "<Expiration><Days>30</Days></Expiration></Rule></LifecycleConfiguration>"

    /// How long copies stay is for rules of the bucket to say, and for the server to carry out.
    @Test("Whatever documents want of a bucket, no object in it is deleted or replaced")
    func objects() async throws {
        let (simulator, engine) = try Self.world()
        try simulator.seed(
            "spaces",
            [
                "buckets": [
                    [
                        "name": "files-of-shop", "region": "sgp1",
                        "objects": ["ops/monday.sqlite": "copy", "a.txt": "theirs"],
                        // What wants more to go, or earlier, would ask a person first.
                        "lifecycle": .string(Self.earlier),
                    ]
                ]
            ])
        var inventory: [InventoryEntry] = []
        let rules = ", lifecycle_rules: [{prefix: ops/, expiration_days: 90}]"
        for rules in [rules, rules, ", lifecycle_rules: []"] {
            let result = await engine.converge(Self.inventory(rules), inventory)
            #expect(result.failures.isEmpty, "\(result.failures)")
            inventory = result.inventory
        }
        #expect(!inventory.isEmpty)
        _ = await engine.converge(["ssot/infra/digitalocean/inventory.yaml": "spaces: []\n"], inventory)
        let writes = simulator.requestLog.filter { !["GET", "HEAD"].contains($0.method) }
        #expect(!writes.isEmpty && writes.allSatisfy { $0.path.hasPrefix("/spaces/files-of-shop?") }, "\(writes)")
        #expect(simulator.account("spaces")["buckets"]?[0]?["objects"]?.listValue?.count == 2)
    }

    @Test("Rules of a bucket are set, changed and taken away as they are written, and left alone where they aren't")
    func rules() async throws {
        let (_, engine) = try Self.world()
        var inventory: [InventoryEntry] = []
        for (rules, action) in [
            (", lifecycle_rules: [{prefix: tmp/, expiration_days: 7}]", "create"),
            (", lifecycle_rules: [{expiration_days: 7, enabled: true, prefix: tmp/}]", nil),
            (", lifecycle_rules: [{prefix: tmp/, expiration_days: 9}, {abort_incomplete_upload_days: 1}]", "update"),
            ("", nil), (", lifecycle_rules: []", "update"), (", lifecycle_rules: []", nil),
        ] {
            let result = await engine.converge(Self.inventory(rules), inventory)
            #expect(
                SmallEngine.Convergence.lines(result.first)
                    == (action.map { ["\($0) spaces.bucket/files-of-shop allowed"] } ?? []), "\(rules)")
            #expect(result.failures.isEmpty, "\(result.failures)")
            #expect(SmallEngine.Convergence.lines(result.second) == [], "\(rules)")
            inventory = result.inventory
        }
    }
}
