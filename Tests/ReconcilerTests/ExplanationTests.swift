import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Simulator
import Store
import TestKit
import Testing

@Suite("The answer to why")
struct ExplanationTests {
    private static let record = "digitalocean.record/shop.example/A/erp"

    @Test("Nothing is in the way of what is wanted, and nothing of what comes next")
    func nothing() async throws {
        let world = try await World()
        let before = try await world.reconciler().explain(Self.record)
        #expect(before.obstacle == nil && before.change?.action == .create && before.nextWake.at == nil)
        _ = await world.pass()
        let after = try await world.reconciler().explain(Self.record)
        #expect(after.obstacle == nil && after.change == nil && after.path.map(\.description) == [Self.record])
        await #expect(throws: UnknownKeyFault.self) { try await world.reconciler().explain("digitalocean.record/none") }
    }

    @Test("A lease, a failed try and the service's next pass are told with their end")
    func outside() async throws {
        let world = try await World()
        let key = try #require(ResourceKey(Self.record))
        let next = world.time.now + .minutes(5)
        try await world.store.note(ServiceSign(holder: "other/1", nextPassAt: next, failures: 2, at: world.time.now))
        let runID = "01990000-0000-7000-8000-000000000001"
        try await world.store.beginRun(
            RunRecord(id: runID, trigger: .schedule, phase: .applying, isDryRun: false, startedAt: world.time.now))
        func step(_ state: JournalEntry.State, _ output: Value) -> JournalEntry {
            JournalEntry(
                runID: runID, stepID: "\(key)#0", key: key, action: .create, operation: "create", title: "create it",
                environment: nil, state: state, input: .null, output: output, intendedAt: world.time.now)
        }
        try await world.store.intend(step(.intended, .null))
        // Its process ended in the middle, or the answer was lost.
        for state in [JournalEntry.State.intended, .unknown] {
            if state == .unknown { try await world.store.settle(step(state, ["message": "no answer"])) }
            let open = try await world.reconciler().explain(Self.record).obstacle
            #expect(open?.kind == .backOff && open?.until == next)
            #expect(open?.reason.contains("nobody knows whether the last try") == true, "\(String(describing: open))")
            #expect(open?.reason.contains("no answer") == (state == .unknown))
        }
        try await world.store.settle(step(.failed, ["code": "DO-0005", "message": "no such zone"]))
        let failed = try await world.reconciler().explain(Self.record)
        #expect(failed.obstacle?.kind == .backOff && failed.obstacle?.until == next)
        #expect(
            failed.obstacle?.reason.hasSuffix(
                "DO-0005: no such zone; the service waits, and a pass by hand tries again") == true)
        #expect(failed.nextWake.at == next && failed.nextWake.reason.contains("2 failed"))
        let lease = try #require(
            try await world.store.acquireLease(name: "reconcile", holder: "other/1", lasting: .minutes(9)))
        let held = try await world.reconciler().explain(Self.record)
        #expect(held.obstacle?.kind == .lease && held.obstacle?.until == lease.expiresAt)
        #expect(held.nextWake.at == lease.expiresAt)
    }

    @Test("What waits for something that failed when it was tried last is told of that failure")
    func failedBefore() async throws {
        // The provider refuses so short a name.
        func short(_ text: String) -> String {
            text.replacing("name: shop-pg", with: "name: pg").replacing(
                "database_cluster: shop-pg", with: "database_cluster: pg")
        }
        let world = try await World(
            World.tree(
                inventory: short(World.inventory),
                environments: World.environments.split(separator: "\n").map { short(String($0)) }.joined(
                    separator: "\n") + "\n"))
        let report = await world.pass()
        let cluster = try #require(ResourceKey("digitalocean.database_cluster/pg"))
        #expect(report.journal.contains { $0.key == cluster && $0.state == .failed }, "\(report.story)")
        let database = "digitalocean.database/pg/odoo_crm"
        #expect(report.skipped.contains { $0.key.description == database })
        let told = try await world.reconciler().explain(database)
        #expect(told.change?.verdict == .allowed && told.obstacle?.kind == .backOff)
        #expect(told.obstacle?.key == cluster, "\(told.document.json)")
        #expect(told.obstacle?.reason.contains("failed at") == true && told.obstacle?.reason.contains("422") == true)
        #expect(told.path.first?.description == database && told.path.last == cluster)
        let whole = try await Self.environment(world)
        #expect(whole.standing.state == .blocked && whole.obstacle?.key == cluster, "\(whole.document.json)")
        // What failed itself stands at itself, and what waits for nothing that failed has nothing in its way.
        #expect(try await world.reconciler().explain(cluster.description).path == [cluster])
    }

    @Test("A suspended environment, an unreadable line and an unseen provider are told apart")
    func holds() async throws {
        let world = try await World()
        _ = await world.pass()
        let id = try #require(await world.record("erp"))
        _ = await world.call(
            "PATCH", "/v2/domains/shop.example/records/\(id)", ["type": "A", "data": "198.51.100.9"])
        let key = try #require(ResourceKey(Self.record))
        let resource = try #require(try await world.reconciler().look().desired.resources.first { $0.key == key })
        let slug = try #require(resource.environment)
        try await world.setSuspended(slug, true)
        let suspended = try await world.reconciler().explain(Self.record)
        #expect(suspended.obstacle?.kind == .hold(.suspended))
        #expect(suspended.obstacle?.command == "reconcile env resume \(slug)")
        // What was changed by hand is drift still, and nobody is told that it is well again.
        for isSuspended in [false, true] {
            try await world.setSuspended(slug, isSuspended)
            _ = await world.pass(PassOptions(isDryRun: true))
            #expect(try await world.store.openDrift().map(\.key.description) == [Self.record])
        }
        #expect(try await world.store.notices().allSatisfy { $0.kind != .findingResolved })
        try await world.setSuspended(slug, false)
        #expect(try await world.reconciler().explain(Self.record).obstacle == nil)
        world.source.set(
            World.tree(inventory: World.inventory.replacing("ttl: 1800", with: "ttl: often")))
        let broken = try await world.reconciler().explain("digitalocean.record/shop.example/A/@")
        #expect(broken.obstacle?.kind == .hold(.unknownWish))
        #expect(broken.obstacle?.source?.line == 8, "\(String(describing: broken.obstacle))")
    }

    @Test("A suspended environment of which one resource can't be read is told with that line as well")
    func suspendedAndUnread() async throws {
        let world = try await World()
        #expect(await world.pass().isSuccess)
        try await world.setSuspended("crm", true)
        #expect(try await Self.environment(world).others.isEmpty)
        let bad = "ttl: 1800}, {type: A, name: crm, data: 203.0.113.8, ttl: often}"
        world.source.set(World.tree(inventory: World.inventory.replacing("ttl: 1800}", with: bad)))
        let both = try await Self.environment(world)
        #expect(both.standing.state == .suspended, "\(both.document.json)")
        // What is in the way of the resource says the line where a change of it is planned.
        let source = both.obstacle?.kind == .hold(.unknownWish) ? both.obstacle?.source : both.others.first?.source
        #expect(source?.file.hasSuffix("inventory.yaml") == true && source?.line == 8, "\(both.document.json)")
    }

    @Test("What can't be seen of an environment is no change that can't be made")
    func unseen() async throws {
        let world = try await World()
        #expect(await world.pass().isSuccess)
        world.simulator.order(FaultOrder("GET", "/v2/domains/*/records", .serverErrorBefore, times: 1_000))
        let blind = try await Self.environment(world)
        #expect(
            blind.standing.state == .blocked && blind.obstacle?.kind == .hold(.unobserved), "\(blind.document.json)")
        #expect(blind.standing.reason == "1 resource of it can't be seen", "\(blind.standing.reason)")
    }

    @Test("A policy that can't be read is the line that holds a deletion back")
    func unreadPolicy() async throws {
        let world = try await World(World.tree(policies: World.plainPolicies + "prune: {grace: none}\n"))
        #expect(await world.pass().isSuccess)
        let key = "digitalocean.database/shop-pg/odoo_prod"
        world.source.set(
            World.tree(
                environments: World.environments.replacing("database: odoo_prod, ", with: ""),
                policies: World.plainPolicies + "prune: {grace: soon, guarded_grace: 24h}\n",
                revision: "b"))
        let held = try await world.reconciler().explain(key)
        #expect(held.change?.action == .delete && held.obstacle?.kind == .hold(.rule), "\(held.document.json)")
        #expect(held.obstacle?.source?.description == ".odooops/policies.yaml:5:16", "\(held.document.json)")
    }

    @Test("What waits for something else is told by what that one waits for, until a person has said yes")
    func approval() async throws {
        let (world, report, change) = try await StoredApprovalTests.waiting()
        let waiting = try await world.reconciler().explain(change.key.description)
        #expect(waiting.obstacle?.kind == .hold(.approval))
        #expect(waiting.obstacle?.command == "reconcile approve \(report.run.id) --key \(change.key)")
        for other in report.withheld where other.dependsOn.contains(change.key) && other.hold == .dependency {
            let explained = try await world.reconciler().explain(other.key.description)
            #expect(explained.obstacle?.key == change.key && explained.path.last == change.key)
        }
        // Who doesn't see where it stands learns where that is and of what sort, and not why.
        let answer = try await world.reconciler().answer(change.key.description)
        #expect(answer.document(showing: { _ in true }) == answer.document)
        let cut = answer.document(showing: { _ in false })["obstacle"]
        #expect(cut?["key"]?.stringValue == change.key.description && cut?["kind"] == "approval")
        #expect(cut?["command"] == .null && cut?["source"] == .null && cut?["path"] == [])
        let told = cut?["reason"]?.stringValue ?? ""
        #expect(told.contains("role viewer") && !told.contains(waiting.obstacle?.reason ?? "?"), "\(told)")
        try await StoredApprovalTests.approve(change, report, in: world)
        #expect(try await world.reconciler().explain(change.key.description).obstacle == nil)
    }

    private static let file = "ssot/infra/digitalocean/inventory.yaml"

    /// What nobody can read, and what is asked about all the same.
    struct Unread: Sendable, CustomTestStringConvertible {
        let key: String
        var inventory = World.inventory
        var environments = World.environments
        var file = ExplanationTests.file

        var testDescription: String { "\(key) of \(inventory.utf8.count) and \(environments.utf8.count) bytes" }
    }

    private static let unread: [Unread] = [
        Unread(
            key: "digitalocean.droplet/new",
            inventory: World.inventory.replacing(
                "databases:", with: "  - {name: new, region: [a], size: 3}\ndatabases:")),
        Unread(key: "digitalocean.droplet/new", inventory: World.inventory + "droplets: {{\n"),
        Unread(key: "digitalocean.record/shop.example/A/new", inventory: World.inventory + "droplets: {{\n"),
        Unread(
            key: "digitalocean.record/shop.example/A/crm",
            environments: World.environments.replacing("crm: {tier: dev,", with: "crm: {tier: [dev],"),
            file: "ssot/environments.yaml"),
        Unread(
            key: "digitalocean.record/shop.example/A/shop", environments: World.environments + "tiers: {{\n",
            file: "ssot/environments.yaml"),
    ]

    @Test("What can't be read is told with its line, and never that nothing is called so", arguments: unread)
    func unreadable(_ asked: Unread) async throws {
        let world = try await World(World.tree(inventory: asked.inventory, environments: asked.environments))
        let answer = try await world.reconciler().explain(asked.key)
        #expect(answer.resource == nil && answer.obstacle?.kind == .hold(.unknownWish), "\(answer.document.json)")
        #expect(answer.obstacle?.source?.file == asked.file && answer.obstacle?.source?.line ?? 0 > 0)
        #expect(answer.obstacle?.command == "reconcile validate")
        #expect(answer.document["wish"] == "unknown" && answer.document["action"] == "read")
        for stranger in ["nope", "nobody.knows/this"] {
            await #expect(throws: UnknownKeyFault.self) { try await world.reconciler().answer(stranger) }
        }
    }

    @Test("What no document says is told as a default, and what documents contradict each other on as that")
    func withoutLine() async throws {
        var tree = World.tree()
        tree.files += [
            SourceFile(path: "ssot/odoo/mail.yaml", text: "production: {smtp_server: a.example, smtp_port: 587}\n"),
            SourceFile(
                path: "ssot/runtime/prod_settings.yaml",
                text: "email: {config: {smtp_host: b.example, smtp_port: 587}}\n"),
        ]
        let world = try await World(tree)
        let record = try await world.reconciler().explain("digitalocean.record/shop.example/A/crm")
        let ttl = record.provenance?.origins.first { $0.attribute.name == "ttl" }
        #expect(ttl?.mark == nil && ttl?.commit == nil && ttl?.decider == "the default: no document says it")
        let attributes = record.document["attributes"]?.listValue ?? []
        #expect(attributes.first { $0["name"] == "ttl" }?["source"] == .null, "\(record.document.json)")
        let mail = try await world.reconciler().explain("mail.transport/production")
        let reason = mail.obstacle?.reason ?? ""
        #expect(reason.contains("mail.yaml:1:") && reason.contains("prod_settings.yaml:1:"), "\(reason)")
        #expect(!reason.contains("can't be read") && mail.obstacle?.kind == .hold(.unknownWish))
    }

    @Test("Of what is ours and can't be read it is not said that nothing wants it")
    func doubtful() async throws {
        let world = try await World()
        #expect(await world.pass().isSuccess)
        world.source.set(World.tree(inventory: World.inventory + "droplets: {{\n"))
        let answer = try await world.reconciler().explain("digitalocean.droplet/web")
        #expect(answer.doubt?.mark?.file == Self.file && answer.document["wish"] == "unknown")
        #expect(answer.obstacle?.kind == .hold(.unknownWish) && answer.obstacle?.source?.file == Self.file)
    }

    private static func environment(_ world: World, _ name: String = "crm") async throws -> EnvironmentExplanation {
        guard case .environment(let one) = try await world.reconciler().answer(name) else {
            throw TestFault()
        }
        return one
    }

    @Test("An environment is told by its state and by the first thing in the way of what it owns")
    func environments() async throws {
        let world = try await World()
        let before = try await Self.environment(world)
        #expect(before.standing.state == .pending && before.resources.count > 1, "\(before.document.json)")
        #expect(before.resources.allSatisfy { $0.change?.action == .create })
        #expect(await world.pass().isSuccess)
        let made = try await Self.environment(world, "feature/crm")
        #expect(made.slug == "crm" && made.standing.state == .asWanted && made.obstacle == nil && made.path.isEmpty)

        // What another process saw since this look is in the ledger, and no plan of ours has it.
        let outlook = made.outlook
        let difference = DriftItem(
            key: try #require(made.resources.first?.key), cause: .externalChange,
            attributes: [AttributeChange(path: "data", before: "a", after: "b")], environment: "crm", source: nil,
            summary: "data differs")
        let runs = try await world.store.runs(limit: 1)
        func record(_ items: [DriftItem]) async throws {
            _ = try await world.store.recordDrift(items, runID: runs[0].id, at: world.time.now) { _, _ in true }
        }
        try await record([difference])
        let differing = try await world.reconciler().explainEnvironment("crm", in: outlook)
        #expect(differing?.standing.state == .differs, "\(String(describing: differing?.standing))")
        #expect(differing?.standing.reason.contains("1 resource of it differs") == true)
        try await record([])
        #expect(try await world.reconciler().explainEnvironment("crm", in: outlook)?.standing.state == .asWanted)

        let id = try #require(await world.record("crm"))
        _ = await world.call(
            "PATCH", "/v2/domains/shop.example/records/\(id)", ["type": "A", "data": "198.51.100.9"])
        let until = world.time.now + .days(2)
        try await world.setSuspended("crm", true, reason: "a demo", until: until)
        let suspended = try await Self.environment(world)
        #expect(suspended.standing.state == .suspended && suspended.standing.until == until)
        #expect(suspended.standing.reason == "ann has it left alone: a demo")
        #expect(suspended.standing.command == "reconcile env resume crm")
        #expect(suspended.obstacle?.kind == .hold(.suspended), "\(suspended.document.json)")
        try await world.setSuspended("crm", false)

        // A freeze: the line of the policy, also of the resource that waits for its end.
        let freeze = "freeze: {all: {until: \"2027-01-01T00:00:00Z\", reason: audit}}\n"
        world.source.set(World.tree(policies: World.policies + freeze))
        let frozen = try await Self.environment(world)
        #expect(frozen.standing.state == .window && frozen.obstacle?.kind == .hold(.window), "\(frozen.document.json)")
        #expect(frozen.obstacle?.source?.file == ".odooops/policies.yaml", "\(frozen.document.json)")
        #expect(frozen.document["obstacle"]?["source"]?.stringValue?.hasPrefix(".odooops/policies.yaml:") == true)
        #expect(frozen.closure?.until?.description == "2027-01-01T00:00:00Z")
        #expect(frozen.document["state"] == "window" && frozen.document["type"] == "environment")

        world.source.set(
            World.tree(environments: World.environments.replacing("crm: {tier: dev,", with: "crm: {tier: [dev],")))
        let broken = try await Self.environment(world)
        #expect(broken.standing.state == .unknown && broken.standing.source?.file == "ssot/environments.yaml")
        #expect(broken.standing.command == "reconcile validate" && broken.others.isEmpty)

        // Suspended as well: mending the line alone would change nothing of it.
        try await world.setSuspended("crm", true, reason: "a demo", until: until)
        let both = try await Self.environment(world)
        #expect(both.standing == broken.standing)
        #expect(both.others == [suspended.standing], "\(both.document.json)")
        let also = try #require(both.document["also"]?[0])
        #expect(also["state"] == "suspended" && also["command"] == "reconcile env resume crm")
        #expect(also["reason"] == "ann has it left alone: a demo" && also["until"]?.stringValue == until.description)
        try await world.setSuspended("crm", false)

        world.source.set(World.tree())
        await world.age(by: .days(15))
        let ended = try await Self.environment(world)
        #expect(ended.standing.state == .expired, "\(ended.document.json)")
        #expect(ended.standing.command == "reconcile env extend crm --days 7")
        _ = await world.pass()
        world.source.set(World.tree(environments: World.environments.replacing("  crm:", with: "  # crm:")))
        _ = await world.pass()
        #expect(["gone", "unwanted"].contains(try await Self.environment(world).standing.state.rawValue))
        await #expect(throws: UnknownKeyFault.self) { try await world.reconciler().answer("pr-7") }
    }
}
