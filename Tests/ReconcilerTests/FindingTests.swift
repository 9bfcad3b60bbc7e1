import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Simulator
import Store
import TestKit
import Testing
import Web

@Suite("What a policy wants otherwise")
struct FindingTests {
    private static func tree(_ policy: String) -> SourceTree {
        var tree = World.tree()
        tree.files.append(SourceFile(path: "ssot/infra/digitalocean/policy.yaml", text: policy))
        return tree
    }

    private static let policy = """
        allowed_surfaces:
          volumes: {allowed: true, conditions: [{must_be_attached: true}]}
        backups: {snapshots: {retention: {weekly: 1, monthly: 1}}}

        """

    @Test("A loose volume is told and remembered as drift until it is gone; nothing of it is changed, whoever's it is")
    func looseVolume() async throws {
        let world = try await World(Self.tree(Self.policy))
        #expect(await world.pass().isSuccess)
        // It even carries our mark; but nobody wanted volumes to be looked after, so it is nobody's to delete.
        _ = await world.call("POST", "/v2/tags", ["name": "odooops:managed"])
        let made = await world.call(
            "POST", "/v2/volumes",
            [
                "name": "loose", "region": "sgp1", "size_gigabytes": 10, "tags": ["odooops:managed"],
            ])
        let id = try #require(try JSON.parse(made.body)["volume"]?["id"]?.stringValue, "\(made)")
        world.simulator.clearRequestLog()
        let told = await world.pass()
        #expect(told.isSuccess, "\(told.story)")
        #expect(told.plan?.changes.isEmpty == true, "\(told.plan?.changes ?? [])")
        #expect(told.plan?.diagnostics.contains { $0.code == "PLAN-0011" } == true)
        #expect(world.simulator.requestLog.allSatisfy { $0.method == "GET" })
        let drift = try await world.store.openDrift()
        #expect(drift.map(\.key.description) == ["digitalocean.volume/loose"])
        #expect(drift.first?.detail["summary"]?.stringValue?.hasPrefix("PLAN-0011: ") == true)
        #expect(drift.first?.detail["source"]?["file"]?.stringValue == "ssot/infra/digitalocean/policy.yaml")

        // A list that can't be read resolves nothing.
        world.simulator.order(FaultOrder("GET", "/v2/volumes", .html(status: 403)))
        let blind = await world.pass()
        #expect(blind.observationFaults == [])
        #expect(blind.plan?.diagnostics.contains { $0.code == "PLAN-0011" && $0.severity == .note } == true)
        #expect(try await world.store.openDrift().count == 1)

        _ = await world.call("DELETE", "/v2/volumes/\(id)", nil)
        #expect(await world.pass().plan?.drift.isEmpty == true)
        #expect(try await world.store.openDrift().isEmpty)
    }

    @Test("Without such a rule neither volumes nor snapshots are asked for")
    func asksForNothing() async throws {
        let world = try await World(Self.tree("allowed_surfaces:\n  volumes: {allowed: true}\n"))
        #expect(await world.pass().isSuccess)
        #expect(!world.simulator.requestLog.contains { $0.path.contains("/volumes") || $0.path.contains("/snapshots") })
    }

    @Test("A droplet is made in the network that the inventory names, after it, and a second plan is empty")
    func network() async throws {
        let inventory = World.inventory.replacing(
            "image: ubuntu-24-04-x64,", with: "image: ubuntu-24-04-x64, vpc: ops,")
        let world = try await World(
            World.tree(inventory: inventory + "vpcs:\n  - {name: ops, region: sgp1, ip_range: 10.20.0.0/20}\n"))
        let first = await world.pass()
        #expect(first.isSuccess, "\(first.story)")
        let droplet = try JSON.parse(await world.call("GET", "/v2/droplets").body)["droplets"]?[0]
        let networks = try JSON.parse(await world.call("GET", "/v2/vpcs").body)["vpcs"]?.listValue ?? []
        let network = try #require(networks.first { $0["name"] == "ops" })
        #expect(droplet?["vpc_uuid"] == network["id"] && network["id"] != nil)
        let second = await world.pass()
        #expect(second.plan?.changes.isEmpty == true, "\(second.plan?.changes.map(\.reason) ?? [])")
    }
}
