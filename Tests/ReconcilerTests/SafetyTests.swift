import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Simulator
import Store
import StoreSQLite
import Testing
import Web

@Suite("What is not forgiven")
struct SafetyTests {
    // MARK: Clocks

    @Test("A clock that jumps ahead by years ends no more environments than the cap lets go, and none when it is back")
    func survivesClockJumps() async throws {
        let branches = ["main"] + (1...6).map { "feature/team-\($0)" }
        let environments = World.environments.replacing("  crm: {", "  # crm: {")
        let world = try await World(World.tree(environments: environments, branches: branches))
        _ = await world.pass()
        let holdings = await world.holdings()
        #expect(holdings.count { $0.contains("team_") && $0.hasPrefix("database") } == 6)
        let now = world.time.now
        world.time.jump(to: now + .days(3_650))
        // First people are told, and then it is too much at once.
        _ = await world.pass()
        #expect(await world.holdings() == holdings)
        world.time.advance(by: .hours(13))
        let jumped = await world.pass()
        #expect(await world.holdings() == holdings, "\(jumped.story)")
        #expect(jumped.plan?.diagnostics.contains { $0.code == "PLAN-0004" } == true)
        world.time.jump(to: now + .hours(1))
        for _ in 0..<2 {
            let back = await world.pass()
            #expect(back.isSuccess, "\(back.story)")
            #expect(await world.holdings() == holdings, "\(back.story)")
        }
    }

    @Test("That the cap denies deletions is told once, with what helps; what it names helps, and its end is told")
    func tellsOfTheCap() async throws {
        let branches = ["main"] + (1...4).map { "feature/team-\($0)" }
        let environments = World.environments.replacing("  crm: {", with: "  # crm: {")
        let world = try await World(World.tree(environments: environments, branches: branches))
        _ = await world.pass()
        world.time.advance(by: .days(7) - .hours(13))
        _ = await world.pass()
        world.time.advance(by: .days(1))
        func told(_ kind: Notice.Kind) async throws -> [Notice] {
            try await world.store.notices(limit: 1_000).filter {
                $0.kind == kind && $0.subject == "limits.max_deletes"
            }
        }
        func count() async -> Int {
            await world.holdings().count { $0.contains("team_") && $0.hasPrefix("database") }
        }
        for _ in 0..<3 {
            let report = await world.pass()
            #expect(report.withheld.contains { $0.verdict == .denied }, "\(report.story)")
            world.time.advance(by: .hours(1))
        }
        #expect(await count() == 4)
        let summary = try await told(.findingOpened).map(\.summary)
        #expect(summary.count == 1 && summary.first?.contains("the cap is 8: none is deleted") == true, "\(summary)")
        #expect(summary.first?.hasSuffix("reconcile --target feature-team-1") == true, "\(summary)")
        let one = await world.pass(PassOptions(targets: ["feature-team-1"]))
        #expect(await count() == 3, "\(one.story)")
        // A pass over one environment says nothing of the rest.
        #expect(try await told(.findingResolved).isEmpty)
        _ = await world.pass(PassOptions(targets: ["feature-team-2"]))
        let rest = await world.pass()
        #expect(await count() == 0, "\(rest.story)")
        #expect(try await told(.findingResolved).count == 1)
        #expect(try await told(.findingOpened).count == 1)
    }

    @Test("A store that was lost takes everything over again, and every life begins anew")
    func survivesALostStore() async throws {
        let world = try await World()
        _ = await world.pass()
        let holdings = await world.holdings()
        world.time.advance(by: .days(6))
        try await world.engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            for table in ["reconcile_inventory", "deployments", "environments", "reconcile_state"] {
                _ = try db.run("delete from ops.\(table)", [])
            }
        }
        let began = world.time.now
        let report = await world.pass()
        #expect(report.isSuccess, "\(report.story)")
        #expect(report.plan?.summary.create == 0 && report.plan?.summary.delete == 0)
        #expect(await world.holdings() == holdings)
        world.time.advance(by: .days(3))
        #expect(await world.pass().plan?.changes.isEmpty == true)
        let row = try await world.store.environments().first { $0.slug == "feature-loyalty" }
        #expect(row?.createdAt.map { $0 >= began } == true)
    }

    // MARK: Other people's things

    @Test("A database that was there before us outlives its environment until a person says otherwise")
    func asksForAdopted() async throws {
        let world = try await World(World.tree(branches: ["main", "feature/crm"]))
        _ = await world.pass()
        let cluster = try #require(await world.cluster("shop-pg"))
        _ = await world.call("POST", "/v2/databases/\(cluster)/dbs", ["name": "odoo_feature_loyalty"])
        world.source.set(World.tree(revision: "b"))
        #expect(await world.pass().plan?.summary.adopt == 1)
        _ = await world.pass()
        await world.age(by: .days(8))
        let ended = await world.pass()
        let holdings = await world.holdings()
        #expect(holdings.contains("database shop-pg odoo_feature_loyalty"), "\(ended.story)")
        #expect(!holdings.contains("record shop.example A feature-loyalty"))
        let withheld = try #require(ended.withheld.first { $0.key.kind == .database })
        #expect(withheld.verdict == .needsApproval && withheld.verdictReason?.contains("before us") == true)
        _ = await world.pass(PassOptions(approvals: [withheld.key.description]))
        #expect(await world.holdings().contains("database shop-pg odoo_feature_loyalty") == false)
    }

    @Test("A branch whose name is that of a record made by hand doesn't get it before a person says so, nor deletes it")
    func leavesOthersRecords() async throws {
        let world = try await World(World.tree(branches: ["main"]))
        _ = await world.pass()
        _ = await world.call(
            "POST", "/v2/domains/shop.example/records",
            ["type": "A", "name": "feature-loyalty", "data": "203.0.113.25", "ttl": 300])
        world.source.set(World.tree(branches: ["main", "feature/loyalty"], revision: "b"))
        let held = await world.pass()
        let change = try #require(held.withheld.first { $0.key.kind == .record })
        #expect(change.action == .adopt && change.verdict == .needsApproval, "\(held.story)")
        #expect(change.verdictReason?.contains("data would be overwritten") == true, "\(held.story)")
        #expect(await world.address("feature-loyalty") == "203.0.113.25")
        // Once a person has said yes it is taken over, and nobody is asked a second time.
        let approved = await world.pass(PassOptions(approvals: [change.key.description]))
        #expect(approved.withheld.isEmpty, "\(approved.story)")
        #expect(await world.address("feature-loyalty") != "203.0.113.25")
        #expect(await world.pass().plan?.changes.isEmpty == true)
        // That it pointed to the environment makes it no more ours to delete.
        world.source.set(World.tree(branches: ["main"], revision: "c"))
        for _ in 1...2 { _ = await world.pass() }
        #expect(await world.holdings().contains("record shop.example A feature-loyalty"))
        #expect(await world.holdings().contains("database shop-pg odoo_feature_loyalty") == false)
    }

    @Test("A database user that was there before us outlives the environment that names it, and the administrator any")
    func leavesOthersUsers() async throws {
        let world = try await World(World.tree(branches: ["main", "feature/crm"]))
        _ = await world.pass()
        let cluster = try #require(await world.cluster("shop-pg"))
        _ = await world.call("POST", "/v2/databases/\(cluster)/users", ["name": "app"])
        func lab(_ user: String) -> String {
            World.environments.replacing(
                "tiers:", "  lab: {tier: dev, database_cluster: shop-pg, database: lab, database_user: \(user)}\ntiers:"
            )
        }
        var revision = UInt8(ascii: "b")
        for user in ["app", "doadmin"] {
            for environments in [lab(user), World.environments] {
                let letter = Character(UnicodeScalar(revision))
                world.source.set(
                    World.tree(environments: environments, branches: ["main", "feature/crm"], revision: letter))
                revision += 1
                let report = await world.pass()
                #expect(await world.holdings().contains("user shop-pg \(user)"), "\(report.story)")
                let withheld = report.withheld.filter { $0.key.kind == .databaseUser && $0.key.name.hasSuffix(user) }
                let asks = user == "app" && environments == World.environments
                #expect(withheld.map(\.verdict) == (asks ? [.needsApproval] : []), "\(report.story)")
            }
        }
        #expect(try await world.store.inventory().entries.contains { $0.key.name == "shop-pg/doadmin" } == false)
        _ = await world.pass(PassOptions(approvals: ["digitalocean.database_user/shop-pg/app"]))
        #expect(await world.holdings().contains("user shop-pg app") == false)
    }

    @Test("A droplet that somebody renamed is neither made twice nor taken for a stranger")
    func knowsRenamedDroplets() async throws {
        let world = try await World()
        _ = await world.pass()
        let id = try #require(await world.droplet("web"))
        _ = await world.call("POST", "/v2/droplets/\(id)/actions", ["type": "rename", "name": "web-old"])
        let holdings = await world.holdings()
        #expect(holdings.contains("droplet web-old s-1vcpu-2gb"))
        let report = await world.pass()
        #expect(await world.holdings() == holdings, "\(report.story)")
        let change = try #require(report.withheld.first { $0.key.description == "digitalocean.droplet/web" })
        #expect(change.verdictReason?.contains("web-old") == true)
        #expect(await world.pass(PassOptions(approvals: ["all"])).plan?.summary.delete == 0)
        #expect(await world.holdings() == holdings)
    }

    @Test("A firewall that somebody renamed isn't left in force beside a second one")
    func knowsRenamedFirewalls() async throws {
        func inventory(_ name: String, _ address: String) -> String {
            World.inventory + """
                firewalls:
                  - name: \(name)
                    droplets: [web]
                    inbound_rules: [{protocol: tcp, ports: 22, addresses: [\(address)]}]

                """
        }
        let world = try await World(World.tree(inventory: inventory("office", "203.0.113.40")))
        #expect(await world.pass().isSuccess)
        let (id, body) = try #require(await world.firewall("office"))
        var renamed = body
        renamed["name"] = "office-old"
        #expect(await world.call("PUT", "/v2/firewalls/\(id)", .object(renamed)).status == 200)
        let holdings = await world.holdings()
        // Git takes the old address out: the one that lets it in is still there, under another name.
        world.source.set(World.tree(inventory: inventory("office", "198.51.100.9"), revision: "b"))
        let held = await world.pass()
        #expect(await world.holdings() == holdings, "\(held.story)")
        let change = try #require(held.withheld.first { $0.key.kind == .firewall })
        #expect(change.verdictReason?.contains("is named office-old at the provider now") == true, "\(held.story)")
        // Nor is it forgotten where nothing wants it any more.
        world.source.set(World.tree(revision: "c"))
        let unwanted = await world.pass()
        #expect(await world.holdings() == holdings, "\(unwanted.story)")
        #expect(unwanted.withheld.contains { $0.key.kind == .firewall }, "\(unwanted.story)")
        world.time.advance(by: .minutes(3))
        // Wanted under its new name it is taken over, with what git says of it.
        world.source.set(World.tree(inventory: inventory("office-old", "198.51.100.9"), revision: "d"))
        let followed = await world.pass()
        #expect(followed.isSuccess && followed.withheld.isEmpty, "\(followed.story)")
        let rules = try #require(await world.firewall("office-old")).body["inbound_rules"]?.json ?? ""
        #expect(rules.contains("198.51.100.9") && !rules.contains("203.0.113.40"), "\(rules)")
        #expect(await world.holdings() == holdings)
        #expect(await world.pass().plan?.changes.isEmpty == true)
    }

    @Test("A second record of one name leaves both alone, wanted or not")
    func leavesAmbiguousRecords() async throws {
        let world = try await World()
        _ = await world.pass()
        _ = await world.call(
            "POST", "/v2/domains/shop.example/records",
            ["type": "A", "name": "feature-loyalty", "data": "198.51.100.1", "ttl": 300])
        for tree in [World.tree(revision: "b"), World.tree(branches: ["main", "feature/crm"], revision: "c")] {
            world.source.set(tree)
            let report = await world.pass()
            #expect(
                await world.holdings().count { $0 == "record shop.example A feature-loyalty" } == 2, "\(report.story)")
        }
    }

    @Test("An environment that moves to another cluster leaves its data where it is until a person has looked")
    func asksBeforeMovedDataGoes() async throws {
        let inventory = World.inventory.replacing(
            "domains:",
            "  - {name: new-pg, engine: pg, version: \"16\", region: sgp1, size: db-s-1vcpu-1gb, num_nodes: 1}\ndomains:"
        ).replacing(
            "databases:", "  - {name: web2, region: sgp1, size: s-1vcpu-2gb, image: ubuntu-24-04-x64}\ndatabases:")
        let world = try await World(World.tree(inventory: inventory))
        _ = await world.pass()
        let crm = "crm: {tier: dev, branch: feature/crm, host: web, database_cluster: shop-pg"
        #expect(World.environments.contains(crm))
        world.source.set(
            World.tree(
                inventory: inventory,
                environments: World.environments.replacing(
                    crm, "crm: {tier: dev, branch: feature/crm, host: web2, database_cluster: new-pg"), revision: "b"))
        let report = await world.pass()
        let holdings = await world.holdings()
        #expect(holdings.contains("database new-pg odoo_crm"), "\(report.story)")
        #expect(holdings.contains("database shop-pg odoo_crm"), "\(report.story)")
        #expect(
            report.withheld.map(\.key.description).sorted() == [
                "digitalocean.database/shop-pg/odoo_crm", "digitalocean.database_user/shop-pg/odoo_crm",
            ])
        #expect(report.plan?.changes.contains { $0.key.name == "shop.example/A/crm" && $0.action == .update } == true)
    }

    @Test("What was just made and isn't listed yet is neither made twice nor forgotten", arguments: [true, false])
    func waitsForLists(_ isWanted: Bool) async throws {
        let inventory = """
            schema: ssot.infra.digitalocean.inventory.v1
            droplets:
              - {name: web, region: sgp1, size: s-1vcpu-2gb, image: ubuntu-24-04-x64}

            """
        func tree(_ inventory: String, _ revision: Character) -> SourceTree {
            var tree = World.tree(inventory: inventory, revision: revision)
            tree.files.removeAll { $0.path == "ssot/environments.yaml" }
            tree.branches = .none
            return tree
        }
        let world = try await World(tree(inventory, "a"))
        #expect(await world.pass().isSuccess)
        let other = inventory.replacing("name: web", "name: other")
        if !isWanted { world.source.set(tree(other, "b")) }
        world.simulator.order(FaultOrder("GET", "/v2/droplets", .staleRead(writes: 8), times: 4))
        let report = await world.pass()
        let reason = report.withheld.first { $0.key.name == "web" }?.verdictReason ?? ""
        #expect(reason.contains("isn't listed"), "\(report.story)")
        world.simulator.clearFaults()
        #expect(await world.holdings().count { $0.hasPrefix("droplet web") } == 1, "\(report.story)")
        #expect(try await world.store.inventory().entries.contains { $0.key.name == "web" })
        world.time.advance(by: .minutes(3))
        let after = await world.pass(PassOptions(approvals: ["all"]))
        #expect(after.isSuccess, "\(after.story)")
        #expect(await world.holdings().count { $0.hasPrefix("droplet web") } == (isWanted ? 1 : 0))
    }

    @Test("An approval is bound to the plan that was saved")
    func bindsApprovals() async throws {
        let inventory = World.inventory.replacing(
            "databases:", "  - {name: old, region: sgp1, size: s-1vcpu-1gb, image: ubuntu-24-04-x64}\ndatabases:")
        let world = try await World(World.tree(inventory: inventory))
        _ = await world.pass()
        world.source.set(World.tree(revision: "b"))
        let dry = await world.pass(PassOptions(isDryRun: true))
        let plan = try #require(dry.plan)
        let document = PlanDocument.json(plan, runID: dry.run.id, plannedAt: dry.plannedAt)
        let saved = try PlanDocument.parse(try JSON.parse(Array(document.json.utf8)))
        // Somebody puts another machine in its place.
        let id = try #require(await world.droplet("old"))
        _ = await world.call("DELETE", "/v2/droplets/\(id)")
        _ = await world.call(
            "POST", "/v2/droplets",
            ["name": "old", "region": "sgp1", "size": "s-4vcpu-8gb", "image": "ubuntu-24-04-x64"])
        let report = await world.pass(
            PassOptions(saved: saved, approvals: ["digitalocean.droplet/old"], by: Actor("ann")))
        guard case .stale = report.outcome else {
            Issue.record("\(report.story)")
            return
        }
        // What was refused was approved by nobody.
        #expect(try await world.store.auditLog(limit: 9).isEmpty)
        #expect(await world.holdings().contains("droplet old s-4vcpu-8gb"))
        _ = await world.pass(PassOptions(approvals: ["digitalocean.droplet/old"]))
        #expect(await world.holdings().contains("droplet old s-4vcpu-8gb"))
    }
}

extension World {
    private func id(_ path: String, _ member: String, _ name: String) async -> Value? {
        let answer = await call("GET", path)
        let list = (try? JSON.parse(answer.body))?[member]?.listValue
        return list?.first { $0["name"]?.stringValue == name }?["id"]
    }

    /// The id of a cluster.
    func cluster(_ name: String) async -> String? { await id("/v2/databases", "databases", name)?.stringValue }

    /// The id of a droplet.
    func droplet(_ name: String) async -> Int64? { await id("/v2/droplets", "droplets", name)?.intValue }

    /// The id of a firewall, and all that the provider says of it.
    func firewall(_ name: String) async -> (id: String, body: Value.Object)? {
        let list = (try? JSON.parse(await call("GET", "/v2/firewalls").body))?["firewalls"]?.listValue
        guard let found = list?.first(where: { $0["name"]?.stringValue == name })?.objectValue,
            let id = found["id"]?.stringValue
        else { return nil }
        return (id, found)
    }

    /// Where a name of shop.example leads.
    func address(_ name: String) async -> String? {
        let answer = await call("GET", "/v2/domains/shop.example/records")
        let list = (try? JSON.parse(answer.body))?["domain_records"]?.listValue
        return list?.first { $0["name"]?.stringValue == name }?["data"]?.stringValue
    }
}
