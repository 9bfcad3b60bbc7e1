import Basics
import DesiredState
import Diff
import Formats
import Simulator
import Store
import TestKit
import Testing

@testable import Reconciler

/// What a pass tells of the world: as it left it, not as it found it.
@Suite struct OutlookTests {
    /// Asks why of everything that is wanted, by what the pass has told.
    private static func told(_ report: RunReport, _ world: World) async throws -> [Explanation] {
        let outlook = try #require(report.outlook)
        return try await world.reconciler().explain(outlook.desired.resources.map(\.key), in: outlook)
    }

    /// What a look made just now says of the same, with what it has of the plan.
    private static func same(_ report: RunReport, _ world: World) async throws {
        let look = try await world.reconciler().look()
        let outlook = try #require(report.outlook)
        #expect(outlook.plan.changes.map(\.key) == look.plan.changes.map(\.key))
        #expect(outlook.plan.requests == look.plan.requests)
        #expect(outlook.plan.drift.map(\.key) == look.plan.drift.map(\.key))
        #expect(outlook.inventory.entries.map(\.key) == look.inventory.entries.map(\.key))
        #expect(outlook.inventory.entries.map(\.providerID) == look.inventory.entries.map(\.providerID))
        // What providers make beside it by themselves is seen with the next look.
        let ours = Set(look.inventory.entries.map(\.key))
        for (kind, seen) in look.observed.kinds {
            let (told, there) = (
                outlook.observed.kinds[kind]?.resources.filter { ours.contains($0.key) },
                seen.resources.filter { ours.contains($0.key) }
            )
            #expect(
                told?.map(\.key) == there.map(\.key) && told?.map(\.providerID) == there.map(\.providerID), "\(kind)")
        }
    }

    @Test("What it made is there, what it deleted is not, and neither is to be done any more")
    func afterwards() async throws {
        let world = try await World(World.tree(branches: ["main"]))
        let first = await world.pass()
        #expect(first.plan?.changes.isEmpty == false, "the report has the whole plan")
        for one in try await Self.told(first, world) {
            #expect(one.observation.hasPrefix("there, provider id ") && one.entry != nil, "\(one.document.json)")
            #expect(one.change == nil && one.obstacle == nil && one.document["action"] == "noop")
        }
        try await Self.same(first, world)
        // A branch that is made later, and one that goes.
        world.source.set(World.tree(branches: ["main", "feature/loyalty"], revision: "b"))
        let second = await world.pass()
        let left = try #require(second.outlook)
        let made = try #require(try await world.reconciler().explainEnvironment("feature/loyalty", in: left))
        #expect(made.standing.state == .asWanted, "\(made.document.json)")
        try await Self.same(second, world)
        world.source.set(World.tree(branches: ["main"], revision: "c"))
        var deleted: Set<ResourceKey> = []
        for _ in 0..<6 where deleted.isEmpty {
            await world.age(by: .days(8))
            let report = await world.pass()
            deleted = Set(report.journal.filter { $0.action == .delete && $0.state == .done }.map(\.key))
            guard let outlook = report.outlook, !deleted.isEmpty else { continue }
            #expect(!outlook.plan.changes.contains { deleted.contains($0.key) })
            #expect(!outlook.inventory.entries.contains { deleted.contains($0.key) })
            #expect(!outlook.observed.kinds.values.contains { $0.resources.contains { deleted.contains($0.key) } })
            try await Self.same(report, world)
        }
        #expect(!deleted.isEmpty)
    }

    @Test("What failed is still to be done, with the failure in its way, and so is what waits for it")
    func failed() async throws {
        let world = try await World(World.tree(branches: ["main"]))
        world.simulator.order(FaultOrder("POST", "/v2/droplets", .html(status: 403), times: 9))
        let report = await world.pass()
        let left = try #require(report.outlook?.plan.changes)
        #expect(left.contains { $0.key.description == "digitalocean.droplet/web" }, "\(report.story)")
        #expect(
            left.count < report.plan?.changes.count ?? 0
                && left.allSatisfy { one in
                    report.plan?.changes.contains { $0.key == one.key } == true
                })
        let told = try await Self.told(report, world)
        for one in told where one.key.description == "digitalocean.droplet/web" {
            #expect(one.obstacle?.kind == .backOff && one.observation == "not there", "\(one.document.json)")
        }
        // What the plan no longer waits for is named by none of what is left.
        let keys = Set(left.map(\.key))
        #expect(left.allSatisfy { $0.dependsOn.allSatisfy(keys.contains) })
    }

    @Test("An approval counts in what is told as soon as it is given, but for a freeze", arguments: [false, true])
    func approvals(isFrozen: Bool) async throws {
        var (world, report, change) = try await StoredApprovalTests.waiting()
        if isFrozen {
            let freeze = "freeze: {all: {until: \"2027-01-01T00:00:00Z\", reason: audit}}\n"
            world.source.set(World.tree(policies: World.policies + freeze, revision: "b"))
            report = await world.pass()
            change = try #require(report.withheld.first { $0.key == change.key })
        }
        let outlook = try #require(report.outlook)
        func told() async throws -> Explanation {
            try #require(try await world.reconciler().explain([change.key], in: outlook).first)
        }
        #expect(try await told().obstacle?.kind == .hold(.approval))
        try await StoredApprovalTests.approve(change, report, in: world)
        let approved = try await told()
        let look = try await world.reconciler().explain(change.key.description)
        #expect(approved.obstacle?.kind == (isFrozen ? .hold(.window) : nil), "\(approved.document.json)")
        #expect(approved.change?.verdict == look.change?.verdict && approved.obstacle?.kind == look.obstacle?.kind)
        #expect(approved.change?.verdictReason == look.change?.verdictReason)
        #expect(approved.outlook.plan.requests == look.outlook.plan.requests)
    }
}
