import Basics
import DesiredState
import Diff
import Formats
import Store
import StoreSQLite
import TestKit
import Testing

@testable import Reconciler

@Suite("Several services share the work")
struct ShardTests {
    static let count = 3

    /// A service on a machine of its own.
    static func service(
        _ world: World, _ host: String, onWrite: (@Sendable () async -> Void)? = nil
    ) -> Reconciler {
        world.reconciler(process: 5_000_001, concurrency: 1, onWrite: onWrite, host: host, shards: Shards(count))
    }

    static var shared: PassOptions {
        var options = PassOptions(trigger: .schedule)
        options.isShared = true
        return options
    }

    /// Lets services be known to each other before the first of them works.
    static func announce(_ hosts: [String], in world: World) async throws {
        for host in hosts {
            let claim = try await world.store.claimShards(
                of: count, holder: "\(host)/5000001/none", service: "\(host)/5000001", lasting: .minutes(5),
                isOver: { _ in false }, choose: { _ in [] })
            try #require(claim.conflict == nil)
        }
    }

    /// Passes of both in turn, until neither has anything to do.
    static func settle(_ world: World, _ hosts: [String]) async throws {
        for _ in 0..<8 {
            var isQuiet = true
            for host in hosts {
                let report = await service(world, host).pass(shared)
                #expect(report.isSuccess, "\(report.story)")
                if !report.journal.isEmpty || report.plan?.allowedChanges.isEmpty != true { isQuiet = false }
            }
            if isQuiet { return }
        }
        Issue.record("it never comes to rest")
    }

    @Test("Every shard is one service's, each has as many as the others or one more, and all of them agree")
    func shares() {
        for count in [1, 2, 5, 16, 64] {
            for size in 1...6 {
                let services = (0..<size).map { "host-\($0):1a2b3c4d/\(100 + $0)" }
                let shares = services.map { Shards(count).share(of: $0, among: services.reversed()) }
                #expect(shares.flatMap { $0 }.sorted() == Array(0..<count))
                let sizes = shares.map(\.count)
                #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1, "\(count) \(size)")
            }
        }
        // Who wasn't counted in counts itself.
        #expect(Shards(3).share(of: "a", among: []) == [0, 1, 2])
        let spread = Set((1...200).map { Shards(16).shard(of: "pr-\($0)") })
        #expect(spread.count == 16 && Shards(16).shard(of: nil) == 0 && Shards(1).shard(of: "pr-1") == 0)
        // It must never be another in another version: environments would change hands without anybody's knowledge.
        #expect(["pr-1", "crm", "feature-loyalty"].map { Shards(64).shard(of: $0) } == [34, 0, 17])
    }

    @Test("Two that work at once do what one would have done, and nothing twice", arguments: 1...7)
    func interleaves(_ moment: Int) async throws {
        let undisturbed = try await World()
        _ = await undisturbed.pass()
        let world = try await World()
        try await Self.announce(["alpha", "beta"], in: world)
        let writes = Locked(0)
        let inner = Locked<RunReport?>(nil)
        let alpha = Self.service(world, "alpha") {
            let number = writes.withLock { writes in
                writes += 1
                return writes
            }
            guard number == moment else { return }
            let report = await Self.service(world, "beta").pass(Self.shared)
            inner.withLock { $0 = report }
        }
        var first = await alpha.pass(Self.shared)
        if inner.withLock({ $0 }) == nil {
            // The first had little to do: what the other makes calls for more.
            _ = await Self.service(world, "beta").pass(Self.shared)
            first = await alpha.pass(Self.shared)
        }
        #expect(first.isSuccess, "\(first.story)")
        if let second = inner.withLock({ $0 }) {
            #expect(second.isSuccess, "\(second.story)")
            #expect(Set(second.journal.map(\.key)).isDisjoint(with: first.journal.map(\.key)))
        }
        try await Self.settle(world, ["alpha", "beta"])
        #expect(await world.holdings() == undisturbed.holdings())
        for report in [first] + (inner.withLock { $0 }.map { [$0] } ?? []) {
            let held = (report.run.metadata["shards"]?["held"]?.listValue ?? []).compactMap(\.intValue)
            for entry in report.journal {
                #expect(held.contains(Int64(Shards(Self.count).shard(of: entry.environment))), "\(entry.stepID)")
            }
        }
        #expect(try await world.store.openEntries().isEmpty)
        #expect(try await world.store.openDrift().isEmpty)
        let rows = try await undisturbed.store.environments().map(\.slug)
        #expect(try await world.store.environments().map(\.slug) == rows)
        // One chain, whoever adds to it.
        let chain = try await world.store.evidenceChain(limit: 100)
        #expect(chain.map(\.sequence) == Array((1...chain.count).reversed()))
        let head = try #require(chain.first?.head)
        #expect(first.evidence != nil)
        #expect(alpha.evidence.verify(head).faults.isEmpty)
    }

    @Test(
        "Who stood still past its lease writes nothing more, and what it left is done once by the others",
        arguments: 1...4)
    func fences(_ moment: Int) async throws {
        let undisturbed = try await World()
        _ = await undisturbed.pass()
        let world = try await World()
        try await Self.announce(["alpha"], in: world)
        let writes = Locked(0)
        let alpha = Self.service(world, "alpha") {
            let number = writes.withLock { writes in
                writes += 1
                return writes
            }
            guard number == moment else { return }
            // As when its leases ran out while it stood still.
            for shard in 0..<Self.count {
                guard let lease = try? await world.store.lease(name: Store.lease(ofShard: shard)) else { continue }
                try? await world.store.releaseLease(lease)
            }
            try? await world.store.endService("alpha/5000001")
            _ = await Self.service(world, "beta").pass(Self.shared)
        }
        let report = await alpha.pass(Self.shared)
        guard case .failed(let fault) = report.outcome else {
            Issue.record("\(report.story)")
            return
        }
        #expect(fault.code == "STORE-0028")
        #expect(writes.withLock { $0 } == moment)
        world.time.advance(by: .minutes(6))
        try await Self.settle(world, ["beta"])
        #expect(await world.holdings() == undisturbed.holdings())
        #expect(try await world.store.openEntries().isEmpty)
    }

    @Test("What needs a thing of another shard waits for it, and says so")
    func waits() async throws {
        let world = try await World()
        try await Self.announce(["alpha", "beta"], in: world)
        let record = try #require(ResourceKey("digitalocean.database/shop-pg/odoo_feature_loyalty"))
        let explained = try await Self.service(world, "alpha").explain(record.description)
        #expect(explained.environment.map { Shards(Self.count).shard(of: $0) != 0 } == true)
        #expect(explained.obstacle?.kind == .hold(.dependency), "\(String(describing: explained.obstacle))")
        #expect(explained.obstacle?.reason.contains("of shard 0 of 3") == true)
        #expect(explained.path.first == record && explained.path.count > 1)
        // Whoever doesn't hold the first shard can't begin before the other has made the cluster.
        let shares = ["alpha", "beta"].map { host in
            (host, Shards(Self.count).share(of: "\(host)/5000001", among: ["alpha/5000001", "beta/5000001"]))
        }
        let later = try #require(shares.first { !$0.1.contains(0) }?.0)
        let waiting = await Self.service(world, later).pass(Self.shared)
        #expect(waiting.isSuccess && waiting.waitsForOthers, "\(waiting.story)")
        #expect(waiting.skipped.contains { $0.reason.contains("of shard 0 of 3, which another service looks after") })
        #expect(waiting.journal.isEmpty && waiting.drift.isEmpty == false)
        // A person's pass does all of it.
        #expect(await Self.service(world, "person").pass(PassOptions()).isSuccess)
        #expect(try await Self.service(world, "alpha").explain(record.description).obstacle == nil)
        try await Self.settle(world, ["alpha", "beta"])
    }

    @Test("What changes its environment is handed over by whoever has it, before anybody else touches it")
    func handsOver() async throws {
        let world = try await World()
        #expect(await Self.service(world, "person").pass(PassOptions()).isSuccess)
        let entry = try #require(try await world.store.inventory().entries.first { $0.environment == "crm" })
        let shards = Shards(Self.count)
        let from = try #require(
            (1...50).map { "other-\($0)" }.first { shards.shard(of: $0) != shards.shard(of: "crm") })
        var moved = InventoryEntry(
            key: entry.key, providerID: entry.providerID, environment: from, lastApplied: entry.lastApplied,
            revision: entry.revision, isProtected: entry.isProtected, createdAt: entry.createdAt,
            isAdopted: entry.isAdopted)
        moved.echoes = entry.echoes
        try await world.store.changeInventory([.put(moved)])
        func environment() async throws -> String? {
            try await world.store.inventory().entries.first { $0.key == entry.key }?.environment
        }
        let desired = try #require(try await world.reconciler().look().desired.resources.first { $0.key == entry.key })
        let holder = Share(shards, held: [shards.shard(of: from)]).with(try await world.store.inventory())
        let other = Share(shards, held: [shards.shard(of: "crm")]).with(try await world.store.inventory())
        #expect(holder.owns(entry.key, wantedBy: "crm") && !other.owns(entry.key, wantedBy: "crm"))
        #expect(holder.moves(entry.key, to: desired.environment))
        #expect(holder.guarding?(from) == true && other.guarding?(from) == false)
        _ = await Self.service(world, "person").pass(PassOptions())
        #expect(try await environment() == "crm")
    }

    @Test("A person's pass wants all of it, and a service without a share makes no run")
    func refuses() async throws {
        let world = try await World()
        let held = try await world.store.claimShards(
            of: Self.count, holder: "beta/5000001/run", service: nil, lasting: .minutes(20), isOver: { _ in false },
            choose: { _ in [2] })
        let refused = await Self.service(world, "alpha").pass(PassOptions())
        guard case .failed(let fault) = refused.outcome else {
            Issue.record("\(refused.story)")
            return
        }
        // It has waited for the time of a lease, and gives back what it had got meanwhile.
        #expect(fault.code == "RUN-0008" && fault.message.contains("beta/5000001"))
        #expect(refused.duration >= .minutes(5) && refused.duration < .minutes(6))
        #expect(try await world.store.runs(limit: 5).isEmpty)
        #expect(try await world.store.shardStanding().leases.count == 1)
        // Beside it a service takes the rest, and looks again soon.
        let view = try await Self.service(world, "alpha").shardView()
        #expect(view.share == [0, 1, 2] && view.busy == [2] && view.left.isEmpty)
        let partial = await Self.service(world, "alpha").pass(Self.shared)
        #expect(partial.isSuccess && partial.waitsForOthers, "\(partial.story)")
        let others = await world.reconciler(host: "gamma", shards: Shards(2)).pass(PassOptions())
        guard case .failed(let conflict) = others.outcome else {
            Issue.record("\(others.story)")
            return
        }
        #expect(conflict.code == "RUN-0019", "\(conflict)")
        world.time.advance(by: .minutes(15))
        #expect(try await Self.service(world, "alpha").shardView().left == ["reconcile/2 beta/5000001/run"])
        #expect(held.leases.count == 1)
    }

    @Test("A person's pass keeps what is free, and begins when the service that is at work has ended")
    func waitsForAService() async throws {
        let world = try await World()
        let held = try await world.store.claimShards(
            of: Self.count, holder: "beta/5000001/run", service: "beta/5000001", lasting: .minutes(2),
            isOver: { _ in false }, choose: { _ in [1] })
        #expect(held.leases.count == 1)
        let notes = Locked<[String]>([])
        let report = await Self.service(world, "person").pass(PassOptions()) { progress in
            if case .note(let text) = progress { notes.withLock { $0.append(text) } }
        }
        #expect(report.isSuccess && report.duration >= .minutes(2), "\(report.story)")
        #expect(notes.withLock { $0 }.count { $0.contains("beta/5000001/run") } == 1)
        #expect(report.run.metadata["shards"]?["held"]?.listValue?.count == Self.count)
        #expect(try await world.store.shardStanding().leases.isEmpty)
    }

    /// Who holds the first of the shards, and who of two doesn't.
    static func roles() throws -> (keeper: String, other: String) {
        let names = ["alpha", "beta"]
        let all = names.map { "\($0)/5000001" }
        let keeper = try #require(names.first { Shards(count).share(of: "\($0)/5000001", among: all).contains(0) })
        return (keeper, try #require(names.first { $0 != keeper }))
    }

    @Test("What a person confirmed is not taken back by a service that had weighed before")
    func keepsOneLineage() async throws {
        let world = try await World()
        world.source.branchesOf.withLock { $0 = "github.com/acme/odoo" }
        #expect(await Self.service(world, "person").pass(PassOptions()).isSuccess)
        world.source.set(World.tree(branches: ["main", "feature/crm"], revision: "b"))
        world.source.branchesOf.withLock { $0 = "github.com/acme/infra" }
        let (keeper, other) = try Self.roles()
        try await Self.announce([keeper, other], in: world)
        let waiting = await Self.service(world, keeper).pass(Self.shared)
        #expect(waiting.run.phase == .awaitingApproval, "\(waiting.story)")
        let inner = Locked<RunReport?>(nil)
        let late = world.reconciler(
            seed: 77, process: 5_000_001, concurrency: 1, host: other, shards: Shards(Self.count),
            wrap: {
                Overtaken(inner: $0) {
                    let request = ApprovalRequest(run: waiting.run.id, keys: ["source.branches/ssot"], reason: "meant")
                    _ = try? await request.make(in: world.store, by: Actor("ada"), at: world.time.now)
                    let report = await Self.service(world, keeper).pass(Self.shared)
                    inner.withLock { $0 = report }
                }
            })
        let report = await late.pass(Self.shared)
        #expect(report.isSuccess, "\(report.story)")
        let counted = try #require(inner.withLock { $0 })
        #expect(counted.isSuccess, "\(counted.story)")
        #expect(try await world.store.lineage().branches == "github.com/acme/infra")
        #expect(try await world.store.standingApprovals().isEmpty)
        try await Self.settle(world, ["alpha", "beta"])
        #expect(await world.holdings().contains("database shop-pg odoo_feature_loyalty") == false)
    }

    @Test("Whoever keeps no records lets the approval stand by which it acts")
    func leavesTheApproval() async throws {
        let world = try await World()
        world.source.branchesOf.withLock { $0 = "github.com/acme/odoo" }
        #expect(await Self.service(world, "person").pass(PassOptions()).isSuccess)
        world.source.branchesOf.withLock { $0 = "github.com/acme/infra" }
        let (keeper, other) = try Self.roles()
        try await Self.announce([keeper, other], in: world)
        let waiting = await Self.service(world, keeper).pass(Self.shared)
        let request = ApprovalRequest(run: waiting.run.id, keys: ["source.branches/ssot"], reason: "meant")
        _ = try await request.make(in: world.store, by: Actor("ada"), at: world.time.now)
        #expect(await Self.service(world, other).pass(Self.shared).isSuccess)
        #expect(try await world.store.standingApprovals().count == 1)
        #expect(try await world.store.lineage().branches == "github.com/acme/odoo")
        #expect(await Self.service(world, keeper).pass(Self.shared).isSuccess)
        #expect(try await world.store.standingApprovals().isEmpty)
        #expect(try await world.store.lineage().branches == "github.com/acme/infra")
    }

    @Test("Why something stands as it does is told by the service that looks after it")
    func explainsByService() async throws {
        let world = try await World()
        let (keeper, other) = try Self.roles()
        try await Self.announce([keeper, other], in: world)
        let first = world.time.now + .minutes(5)
        let second = world.time.now + .minutes(9)
        for (host, next, failures) in [(keeper, first, 0), (other, second, 2)] {
            try await world.store.note(
                ServiceSign(holder: "\(host)/5000001", nextPassAt: next, failures: failures, at: world.time.now))
        }
        let services = try await world.store.shardStanding().shares(seenFrom: "here/1")
        let own = Set(try #require(services.first { $0.service.holder.hasPrefix(other) }).shards)
        let outlook = try await Self.service(world, "person").look()
        for resource in outlook.desired.resources {
            let isTheirs = own.contains(Shards(Self.count).shard(of: resource.environment))
            let told = try await Self.service(world, "person").explain([resource.key], in: outlook)[0]
            #expect(told.nextWake.at == (isTheirs ? second : first), "\(resource.key)")
            #expect(told.nextWake.reason.contains("2 failed") == isTheirs)
        }
        #expect(!own.contains(0) && !own.isEmpty)
    }

    @Test("Who is asked for a pass asks the others, and hears not itself; with one shard nobody is rung for")
    func asks() async throws {
        let world = try await World()
        let (keeper, other) = try Self.roles()
        try await Self.announce([keeper, other], in: world)
        let near = Service(reconciler: Self.service(world, other), interval: .minutes(1))
        let far = Service(reconciler: Self.service(world, keeper), interval: .minutes(1))
        for service in [near, far] { #expect(try await service.bell.look() == false) }
        let asked = world.time.now
        await near.ask(.manual)
        #expect(near.wakeup.isRaised && !far.wakeup.isRaised)
        #expect(try await near.bell.look() == false)
        #expect(try await far.bell.look() && far.wakeup.isRaised)
        // What was asked for is done when whoever keeps the records has made its pass.
        _ = await Self.service(world, other).pass(Self.shared)
        #expect(await near.recordsPass(since: asked) == nil)
        let report = await Self.service(world, keeper).pass(Self.shared)
        #expect(await near.recordsPass(since: asked) == .succeeded(receipt: report.run.id))
        #expect(await near.recordsPass(since: world.time.now + .seconds(1)) == nil)
        let rings = try await world.store.rings()
        await Service(reconciler: world.reconciler(), interval: .minutes(1)).ask(.webhook)
        #expect(try await world.store.rings() == rings)
    }
}
