import Basics
import DesiredState
import Diff
import Formats
import HTTPClient
import Reconciler
import SpacesDriver
import Store
import Testing

/// Says whom it asks, as every client does: what is signed covers it.
private struct Addressed: HTTPTransport {
    let transport: SimulatorTransport

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        var request = request
        request.headers.append(HTTPHeader("Host", "simulator.test"))
        return try await transport.send(request)
    }
}

@Suite("What a bucket lets go")
struct BucketTests {
    private static let bucket = ResourceKey(.spacesBucket, "shop-files")

    private static func pass(_ world: World, _ seed: UInt64, approving keys: [String] = []) async -> RunReport {
        let plain = world.reconciler(seed: seed)
        let spaces = SpacesDriver(
            credential: SpacesCredential(
                accessKey: Secret("DO00SIMULATED"), secretKey: Secret("secret-of-the-simulator")),
            endpoint: SpacesEndpoint(configured: "http://simulator.test/spaces"),
            transport: Addressed(transport: SimulatorTransport(simulator: world.simulator, fuse: Fuse())),
            budget: RequestBudget(.unlimited, time: world.time), time: world.time, random: RandomSource(seed: seed))
        let reconciler = Reconciler(
            source: plain.source, drivers: plain.drivers + [spaces], store: plain.store, evidence: plain.evidence,
            time: plain.time, random: plain.random, log: .none, metrics: plain.metrics, shards: Shards(1),
            holder: plain.holder)
        return await reconciler.pass(PassOptions(approvals: keys))
    }

    private static func tree(_ rules: String, filestore: String, revision: Character) -> SourceTree {
        World.tree(
            inventory: World.inventory + "spaces:\n  - {name: shop-files, region: sgp1\(rules)}\n",
            environments: World.environments.replacing("domain: erp", "\(filestore)domain: erp"),
            branches: ["main", "feature/crm"], revision: revision)
    }

    @Test("A rule by which files go isn't set while environments.yaml is missing, nor before a person says yes")
    func keepsFiles() async throws {
        let world = try await World(
            Self.tree("", filestore: "filestore: shop-files/production, ", revision: "a"))
        let first = await Self.pass(world, 1)
        #expect(first.isSuccess && first.withheld.isEmpty, "\(first.story)")

        func change(_ report: RunReport) throws -> PlannedChange {
            #expect(!report.journal.contains { $0.key == Self.bucket }, "\(report.story)")
            return try #require(report.withheld.first { $0.key == Self.bucket }, "\(report.story)")
        }
        let rules = ", lifecycle_rules: [{expiration_days: 30}]"
        // The guard that knows where files are holds it.
        world.source.set(Self.tree(rules, filestore: "filestore: shop-files/production, ", revision: "b"))
        #expect(try change(await Self.pass(world, 2)).hold == .unknownWish)
        // So it does where the place of the files is written as places in object storage are.
        world.source.set(
            Self.tree(rules, filestore: "filestore: \"spaces://sgp1/shop-files/production\", ", revision: "c"))
        #expect(try change(await Self.pass(world, 3)).hold == .unknownWish)
        // Without environments nobody knows of files: nothing is let go meanwhile.
        var without = Self.tree(rules, filestore: "", revision: "d")
        without.files.removeAll { $0.path == "ssot/environments.yaml" }
        world.source.set(without)
        for seed in 4...5 {
            let denied = try change(await Self.pass(world, UInt64(seed), approving: [Self.bucket.description]))
            #expect(denied.verdict == .denied && denied.verdictReason?.contains("has vanished") == true)
        }
        // A line that is lost is a wish like any other: a person is asked.
        world.source.set(Self.tree(rules, filestore: "", revision: "e"))
        let asked = try change(await Self.pass(world, 6))
        #expect(asked.verdict == .needsApproval)
        #expect(
            asked.verdictReason?.contains("after 30 days all objects go by its lifecycle_rules (ssot/infra") == true,
            "\(asked.verdictReason ?? "")")
        let approved = await Self.pass(world, 7, approving: [Self.bucket.description])
        #expect(approved.journal.contains { $0.key == Self.bucket && $0.state == .done }, "\(approved.story)")
        #expect(await Self.pass(world, 8).plan?.changes.isEmpty == true)
    }
}
