import Basics
import DesiredState
import Diff
import Drivers
import Formats
import GitHubDriver
import Reconciler
import Simulator
import Store
import TestKit
import Testing
import Web

@Suite("What can't be seen for a while, or deleted at all, costs nothing")
struct HeldThingsTests {
    private static func volume(_ size: Int, _ revision: Character) -> SourceTree {
        World.tree(
            inventory: World.inventory
                + "volumes: [{name: files, region: sgp1, size_gb: \(size), droplet: web}]\n", revision: revision)
    }

    /// The droplets to which the only volume is attached.
    private static func attached(_ world: World) async throws -> [Int64] {
        let list = try JSON.parse(await world.call("GET", "/v2/volumes").body)["volumes"]?.listValue ?? []
        return (list.first?["droplet_ids"]?.listValue ?? []).compactMap(\.intValue)
    }

    private static func moves(_ report: RunReport) -> [String] {
        report.journal.filter { $0.key.kind == .volume }.map(\.operation)
    }

    @Test("A volume stays on a droplet that no list shows", arguments: [true, false])
    func unseen(isOutage: Bool) async throws {
        let world = try await World(Self.volume(10, "a"))
        #expect(await world.pass().isSuccess)
        let web = try #require(await world.droplet("web"))
        #expect(try await Self.attached(world) == [web])
        world.time.advance(by: .minutes(5))
        if isOutage {
            world.simulator.order(FaultOrder("GET", "/v2/droplets", .html(status: 503), times: 60))
        } else {
            let renaming = await world.call(
                "POST", "/v2/droplets/\(web)/actions", ["type": "rename", "name": "web-old"])
            #expect(renaming.status < 300)
        }
        for _ in 0..<3 {
            let report = await world.pass()
            #expect(Self.moves(report).isEmpty, "\(report.story)")
            #expect(report.plan?.allowedChanges.contains { $0.key.kind == .volume } == false)
            #expect(try await Self.attached(world) == [web])
            world.time.advance(by: .minutes(10))
        }
        // Once it can be told again, what is wanted is done.
        if isOutage {
            world.simulator.clearFaults()
        } else {
            _ = await world.call("POST", "/v2/droplets/\(web)/actions", ["type": "rename", "name": "web"])
        }
        world.source.set(Self.volume(20, "b"))
        world.time.advance(by: .minutes(10))
        let last = await world.pass()
        #expect(last.isSuccess && Self.moves(last) == ["resize"], "\(last.story)")
        #expect(try await Self.attached(world) == [web])
    }

    @Test("What its provider keeps is forgotten where nothing wants it any more, and no pass fails for it")
    func forgotten() async throws {
        func tree(_ repositories: String, _ revision: Character) -> SourceTree {
            var tree = World.tree(
                inventory: "schema: ssot.infra.digitalocean.inventory.v1\n", environments: "", branches: [],
                revision: revision)
            tree.files = [
                SourceFile(path: ".odooops/policies.yaml", text: World.policies),
                SourceFile(path: "ssot/github/org_repos.yaml", text: "org: acme\nrepos: [\(repositories)]\n"),
            ]
            return tree
        }
        let world = try await World(tree("{name: odoo, description: ERP}, {name: infra, description: Machines}", "a"))
        try world.simulator.seed(
            "github", ["repositories": [["name": "acme/odoo"], ["name": "acme/infra"]]])
        let random = RandomSource(seed: 1)
        let reconciler = Reconciler(
            source: world.source,
            drivers: [
                GitHubDriver(
                    token: Secret("any"), baseURL: "http://simulator.test/github",
                    transport: SimulatorTransport(simulator: world.simulator, fuse: Fuse()), time: world.time,
                    random: random)
            ], store: world.store, evidence: EvidenceStore(directory: "\(world.directory.path)/evidence"),
            time: world.time, random: random, log: .none, metrics: Metrics(), holder: "test/1")
        #expect(await reconciler.pass(PassOptions()).isSuccess)
        world.time.advance(by: .minutes(5))
        world.source.set(tree("{name: odoo, description: ERP}", "b"))
        let forgetting = await reconciler.pass(PassOptions())
        #expect(forgetting.isSuccess, "\(forgetting.story)")
        let left = try await world.store.inventory().entries.map(\.key.name)
        #expect(left.contains("acme/odoo") && !left.contains("acme/infra"), "\(left)")
        let quiet = await reconciler.pass(PassOptions())
        #expect(quiet.isSuccess && quiet.plan?.changes.isEmpty == true, "\(quiet.story)")
    }
}
