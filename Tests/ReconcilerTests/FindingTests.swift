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
        // Nor is what was written down of it forgotten by whoever asks why.
        world.simulator.order(FaultOrder("GET", "/v2/volumes", .html(status: 403)))
        let unseen = try await world.reconciler().explain("digitalocean.volume/loose")
        #expect(unseen.findings.map(\.code) == ["PLAN-0011"], "\(unseen.document.json)")
        #expect(unseen.findings.first?.source?.file == "ssot/infra/digitalocean/policy.yaml")

        _ = await world.call("DELETE", "/v2/volumes/\(id)", nil)
        #expect(
            try await world.reconciler().explain("digitalocean.volume/loose").findings.isEmpty, "it is seen to be gone")
        #expect(await world.pass().plan?.drift.isEmpty == true)
        #expect(try await world.store.openDrift().isEmpty)
    }

    @Test("Without such a rule neither volumes nor snapshots are asked for")
    func asksForNothing() async throws {
        let world = try await World(Self.tree("allowed_surfaces:\n  volumes: {allowed: true}\n"))
        #expect(await world.pass().isSuccess)
        #expect(!world.simulator.requestLog.contains { $0.path.contains("/volumes") || $0.path.contains("/snapshots") })
    }

    /// An account with sandboxes for pull requests that nobody wants, and a policy that allows none of them so.
    private static func sandboxes(_ rules: String) async throws -> World {
        var tree = World.tree(
            inventory: "schema: ssot.infra.digitalocean.inventory.v1\n", environments: "", branches: [])
        // What can't be read elsewhere holds no finding open.
        tree.files = [
            SourceFile(path: "ssot/infra/digitalocean/policy.yaml", text: rules),
            SourceFile(path: "ssot/integrations/_index.yaml", text: "integrations: [\n"),
        ]
        let world = try await World(tree)
        for name in ["pr-7", "pr-8"] {
            let made = await world.call(
                "POST", "/v2/droplets",
                [
                    "name": .string(name), "region": "nyc3", "size": "s-2vcpu-4gb", "image": "ubuntu-24-04-x64",
                    "backups": true, "tags": ["pr-sandbox"],
                ])
            #expect(made.status == 202, "\(made)")
        }
        world.simulator.clearRequestLog()
        return world
    }

    private static let rules = """
        allowed_surfaces:
          droplets: {allowed: true, max_count: 1, required_tags: ["project:ipai"], regions_allowed: [sgp1]}
        backups: {droplet_backups: {allowed: false}}

        """

    @Test(
        "Sandboxes that the policy doesn't allow are told, looked at once an hour, and remembered until they are gone")
    func sandbox() async throws {
        let world = try await Self.sandboxes(Self.rules)
        for _ in 0..<2 {
            let report = await world.pass()
            #expect(report.isSuccess, "\(report.story)")
            let codes = report.plan?.diagnostics.map(\.code).filter { $0.hasPrefix("PLAN-0") } ?? []
            #expect(codes.sorted() == ["PLAN-0005", "PLAN-0023", "PLAN-0023"], "\(codes)")
            #expect(report.plan?.changes.contains { $0.key.kind == .droplet } == false)
            world.time.advance(by: .minutes(10))
        }
        #expect(world.simulator.requestLog.allSatisfy { $0.method == "GET" })
        let open = try await world.store.openDrift()
        #expect(
            open.map(\.key.description) == [
                "digitalocean.droplet/pr-7", "digitalocean.droplet/pr-8", "digitalocean.surface/droplets",
            ])
        #expect(open.first?.detail["finding"] == "PLAN-0023")

        // Gone at the provider, they are gone with the next look, and no sooner.
        let droplets = try JSON.parse(await world.call("GET", "/v2/droplets").body)["droplets"]?.listValue ?? []
        let id = try #require(droplets.first { $0["name"] == "pr-7" }?["id"]?.intValue)
        _ = await world.call("DELETE", "/v2/droplets/\(id)")
        _ = await world.pass()
        #expect(try await world.store.openDrift().count == 3)
        world.time.advance(by: .minutes(61))
        _ = await world.pass()
        #expect(try await world.store.openDrift().map(\.key.description) == ["digitalocean.droplet/pr-8"])
    }

    @Test(
        "The command that is proposed for a finding says the rule, its line and what people can do",
        arguments: [
            ("digitalocean.droplet/pr-7", "PLAN-0023", "there, provider id"),
            ("digitalocean.surface/droplets", "PLAN-0005", "a rule of the policy"),
        ])
    func explained(name: String, code: String, observation: String) async throws {
        let world = try await Self.sandboxes(Self.rules)
        _ = await world.pass()
        let record = try #require(try await world.store.openDrift().first { $0.key.description == name })
        let told = try #require(try await world.store.findings().first { $0.identity.key == name })
        #expect(told.suggestedAction == "reconcile explain \(name)")
        let it = try await world.reconciler().explain(name)
        #expect(it.change == nil && it.obstacle == nil && it.drift?.firstSeen == record.firstSeen)
        #expect(it.observation.hasPrefix(observation), "\(it.observation)")
        let finding = try #require(it.findings.first)
        #expect(it.findings.count == 1 && finding.code == code, "\(it.document.json)")
        #expect(record.detail["summary"] == .string("\(code): \(finding.message)"))
        #expect(finding.source?.file == "ssot/infra/digitalocean/policy.yaml" && finding.hint != nil)
        let document = it.document
        #expect(document["action"] == "noop" && document["reason"] == .string(finding.message), "\(document.json)")
        #expect(document["findings"]?[0]?["command"] == .string("reconcile explain \(code)"), "\(document.json)")
        // Something that nobody has told of is still nothing.
        await #expect(throws: UnknownKeyFault.self) {
            try await world.reconciler().explain("digitalocean.droplet/pr-77")
        }
    }

    @Test("What a rule alone wants otherwise is called a finding wherever its cause is told")
    func causes() async throws {
        let world = try await Self.sandboxes(Self.rules)
        let reconciler = world.reconciler()
        let report = await reconciler.pass(PassOptions())
        let drift = try #require(report.plan?.drift)
        #expect(drift.count == 3 && drift.allSatisfy { PlanDocument.json($0)["cause"] == "finding" })
        let lines = reconciler.metrics.exposition().split(separator: "\n").filter { $0.contains("drift_items{") }
        #expect(lines.contains("reconciler_drift_items{cause=\"finding\"} 3"), "\(lines)")
        #expect(lines.contains("reconciler_drift_items{cause=\"external_change\"} 0"), "\(lines)")
        let findings = try await world.store.findings()
        #expect(findings.count == 3 && findings.allSatisfy { $0.evidence["cause"] == "finding" }, "\(findings)")
        let notices = try await world.store.notices(limit: 100).filter { $0.kind == .findingOpened }
        #expect(notices.allSatisfy { $0.payload["why"] == "finding" }, "\(notices)")
    }

    @Test("A look that can't be made resolves nothing")
    func blindSandbox() async throws {
        let world = try await Self.sandboxes(Self.rules)
        _ = await world.pass()
        #expect(try await world.store.openDrift().count == 3)
        world.time.advance(by: .minutes(61))
        world.simulator.order(FaultOrder("GET", "/v2/droplets", .html(status: 403), times: 9))
        let blind = await world.pass()
        #expect(blind.observationFaults == [])
        #expect(try await world.store.openDrift().count == 3)
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
