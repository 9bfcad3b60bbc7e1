import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Simulator
import Store
import TestKit
import Testing

/// What may be cut at any effect: each scenario brings a world from one wish to another.
enum CrashScenario: String, CaseIterable, Sendable {
    case created, guarded, resized, branchGone, expired, adopted, replaced

    /// The world of before, and the wish whose fulfilment is interrupted.
    func prepare() async throws -> World.Prepared {
        let world = try await World(self == .guarded ? World.tree(inventory: World.guarded) : World.tree())
        switch self {
        case .created: return try await world.freeze()
        case .guarded:
            world.source.change { tree in
                tree.files.removeAll { $0.path == "ssot/environments.yaml" }
                tree.branches = .none
            }
            return try await world.freeze()
        case .adopted:
            try world.simulator.seed(world: Self.othersThings)
            return try await world.freeze()
        case .resized, .branchGone, .expired, .replaced: break
        }
        let report = await world.pass()
        #expect(report.isSuccess, "\(report.story)")
        switch self {
        case .resized:
            world.source.set(
                World.tree(inventory: World.inventory.replacing("s-1vcpu-2gb", "s-2vcpu-4gb"), revision: "b"))
        case .replaced:
            world.source.set(
                World.tree(inventory: World.inventory.replacing("ubuntu-24-04-x64", "ubuntu-22-04-x64"), revision: "b"))
        case .branchGone: world.source.set(World.tree(branches: ["main", "feature/crm"], revision: "b"))
        case .expired: world.time.advance(by: .days(8))
        case .created, .guarded, .adopted: break
        }
        return try await world.freeze()
    }

    /// What a person says yes to, in every pass.
    var options: PassOptions { PassOptions(approvals: self == .replaced ? ["digitalocean.droplet/web"] : []) }

    /// A machine, a domain and a cluster that are there before anybody wants them.
    private static let othersThings: Value = [
        "droplets": [["name": "web", "region": "sgp1", "size": "s-1vcpu-2gb", "image": "ubuntu-24-04-x64"]],
        "domains": [
            [
                "name": "shop.example",
                "records": [["type": "A", "name": "erp", "data": "198.51.100.7", "ttl": 60]],
            ]
        ],
        "databases": [
            [
                "name": "shop-pg", "engine": "pg", "version": "16", "region": "sgp1", "size": "db-s-1vcpu-1gb",
                "num_nodes": 1, "dbs": [["name": "odoo_prod"]],
            ]
        ],
    ]
}

@Suite("A crash at any point")
struct CrashTests {
    @Test("is recovered from: same end, no duplicate, no orphan, empty journal", arguments: CrashScenario.allCases)
    func recovers(_ scenario: CrashScenario) async throws {
        let prepared = try await scenario.prepare()
        let undisturbed = try await World(prepared)
        let counting = Fuse()
        let report = await undisturbed.reconciler(fuse: counting).pass(scenario.options)
        #expect(report.isSuccess, "\(report.story)")
        let second = await undisturbed.reconciler().pass(scenario.options)
        #expect(second.plan?.changes.map { "\($0.action) \($0.key) \($0.attributes)" } == [])
        let expected = await undisturbed.holdings()
        #expect(Set(expected).count == expected.count)
        #expect(counting.burned > 10)

        try await withThrowingTaskGroup { group in
            for lane in 0..<2 {
                group.addTask {
                    for point in stride(from: lane, to: counting.burned, by: 2) {
                        try await Self.cut(scenario, prepared, at: point, expected)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private static func cut(
        _ scenario: CrashScenario, _ prepared: World.Prepared, at point: Int, _ expected: [String]
    ) async throws {
        let world = try await World(prepared)
        let fuse = Fuse(after: point)
        _ = await world.reconciler(fuse: fuse).pass(scenario.options)
        guard fuse.isBlown else { return }
        // The process is gone; another one takes over, after what was invisible has had time to appear.
        world.time.advance(by: .minutes(3))
        let place = "\(scenario) cut at \(point) (\(fuse.place))"
        var story = ""
        var isSettled = false
        for attempt in 0..<4 where !isSettled {
            let again = await world.reconciler(seed: UInt64(point * 5 + attempt) + 7, process: 5_000_002 + attempt)
                .pass(scenario.options)
            isSettled = again.isSuccess && again.plan?.changes.isEmpty == true
            let changes = again.plan?.changes.map { "\($0.action) \($0.key): \($0.reason)" } ?? []
            story += "\n\(again.story) \(changes)"
        }
        // The last pass had nothing to do, and what there is then is what there should be.
        #expect(isSettled, "\(place): \(story)")
        #expect(await world.holdings() == expected, "\(place): \(story)")
        #expect(try await world.store.openEntries().isEmpty, "\(place)")
        let head = try #require(try await world.store.evidenceHead())
        #expect(
            EvidenceStore(directory: "\(world.directory.path)/evidence").verify(head, known: [:]).isWhole, "\(place)")
    }
}
