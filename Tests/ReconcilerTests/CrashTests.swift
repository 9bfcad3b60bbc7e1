import Basics
import Diff
import Reconciler
import Store
import TestKit
import Testing

/// What may be cut at any effect: each scenario brings a world from one wish to another.
enum CrashScenario: String, CaseIterable, Sendable {
    case created, resized, branchGone, expired

    /// Prepares the world and makes the wish whose fulfilment is interrupted.
    func prepare() async throws -> World {
        let world = try await World()
        guard self != .created else { return world }
        let report = await world.pass()
        #expect(report.isSuccess, "\(report.story)")
        switch self {
        case .created: break
        case .resized:
            world.source.set(
                World.tree(inventory: World.inventory.replacing("s-1vcpu-2gb", "s-2vcpu-4gb"), revision: "b"))
        case .branchGone: world.source.set(World.tree(branches: ["main", "feature/crm"], revision: "b"))
        case .expired: world.time.advance(by: .days(8))
        }
        return world
    }
}

@Suite("A crash at any point")
struct CrashTests {
    @Test("is recovered from: same end, no duplicate, no orphan, empty journal", arguments: CrashScenario.allCases)
    func recovers(_ scenario: CrashScenario) async throws {
        let undisturbed = try await scenario.prepare()
        let counting = Fuse()
        let report = await undisturbed.reconciler(fuse: counting).pass(PassOptions())
        #expect(report.isSuccess, "\(report.story)")
        let expected = await undisturbed.holdings()
        #expect(counting.burned > 10)

        for point in 0..<counting.burned {
            let world = try await scenario.prepare()
            let fuse = Fuse(after: point)
            _ = await world.reconciler(fuse: fuse).pass(PassOptions())
            guard fuse.isBlown else { continue }
            // The process is gone; another one takes over, after what was invisible has had time to appear.
            world.time.advance(by: .minutes(3))
            for _ in 0..<3 {
                let again = await world.reconciler(seed: UInt64(point) + 7, process: 5_000_002).pass(PassOptions())
                if again.isSuccess, again.plan?.changes.isEmpty == true { break }
            }
            let place = "\(scenario) cut at \(point) (\(fuse.place))"
            #expect(await world.holdings() == expected, "\(place)")
            #expect(try await world.store.openEntries().isEmpty, "\(place)")
            #expect(try await world.store.runs(limit: 100).allSatisfy { $0.phase.isTerminal }, "\(place)")
            let last = await world.reconciler(seed: 99, process: 5_000_003).pass(PassOptions())
            #expect(last.isSuccess && last.plan?.changes.isEmpty == true, "\(place): \(last.story)")
            let head = try #require(try await world.store.evidenceHead())
            #expect(
                EvidenceStore(directory: "\(world.directory.path)/evidence").verify(head, known: [:]).isWhole,
                "\(place)")
        }
    }
}
