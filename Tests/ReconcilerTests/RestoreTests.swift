import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import TestKit
import Testing

@Suite("A store of yesterday")
struct RestoreTests {
    /// A world of which the store is from before some changes, settled as `reconcile store restore` does.
    private static func restored(
        before prepare: (World) async throws -> Void = { _ in }, after change: (World) async throws -> Void
    ) async throws -> (world: World, holdings: [String]) {
        let first = try await World()
        #expect(await first.pass().isSuccess)
        try await prepare(first)
        let backup = try await first.freeze()
        let later = try await World(backup)
        try await change(later)
        let holdings = await later.holdings()
        let world = try await World(try await later.freeze(), restoring: backup)
        _ = try await world.store.settleRestored(by: "ann")
        return (world, holdings)
    }

    @Test("What was made since is taken over and not made twice, and nothing that is wanted is deleted")
    func takesOver() async throws {
        let (world, holdings) = try await Self.restored { world in
            world.source.set(
                World.tree(branches: ["main", "feature/crm", "feature/loyalty", "feature/new"], revision: "b"))
            let report = await world.pass()
            #expect(report.isSuccess, "\(report.story)")
        }
        #expect(holdings.contains { $0.contains("odoo_feature_new") })
        for _ in 1...3 {
            let report = await world.pass()
            #expect(report.isSuccess, "\(report.story)")
            #expect(report.journal.allSatisfy { $0.action == .adopt }, "\(report.journal.map(\.title))")
        }
        #expect(await world.holdings() == holdings)
        let last = await world.pass()
        #expect(last.plan?.changes.isEmpty == true, "\(last.plan?.changes.map(\.reason) ?? [])")
        #expect(try await world.store.verifyAuditLog().isWhole)
        let head = try #require(try await world.store.evidence(ofRun: last.run.id)?.head)
        let evidence = EvidenceStore(directory: "\(world.directory.path)/evidence")
        #expect(evidence.verify(head).isWhole)
    }

    @Test("An environment that was extended since is not swept by the store that doesn't know of it")
    func keepsWhatWasExtended() async throws {
        let (world, holdings) = try await Self.restored { world in
            // Two days before its end it is given a month.
            world.time.advance(by: .days(5))
            try await world.store.extendEnvironment(
                "feature-loyalty", days: 30,
                audit: AuditRecord(
                    at: world.time.now, action: "env.extend", target: "feature-loyalty", actor: "ann", detail: .null))
            world.time.advance(by: .days(3))
            #expect(await world.pass().isSuccess)
        }
        let report = await world.pass()
        #expect(report.journal.isEmpty, "\(report.journal.map(\.title))")
        #expect(await world.holdings() == holdings)
        // What nobody extends meanwhile goes after that.
        await world.age(by: .days(4))
        _ = await world.pass()
        #expect(await world.holdings().count < holdings.count)
    }

    @Test("An environment whose pin was made longer since is kept, though it was warned of the end of the shorter one")
    func keepsWhatWasPinnedForLonger() async throws {
        func pin(_ world: World, _ days: Int) async throws {
            try await world.store.setPinned(
                "feature-loyalty", true, reason: "demo", until: World.start + .days(days),
                audit: AuditRecord(
                    at: world.time.now, action: "env.pin", target: "feature-loyalty", actor: "ann", detail: .null))
        }
        let (world, holdings) = try await Self.restored { world in
            try await pin(world, 9)
            world.time.advance(by: .hours(8 * 24 + 6))
            #expect(await world.pass().isSuccess)
            #expect(try await world.store.environment("feature-loyalty")?.warnedFor == World.start + .days(9))
        } after: { world in
            try await pin(world, 60)
            world.time.advance(by: .days(2))
            #expect(await world.pass().isSuccess)
        }
        #expect(holdings.contains { $0.contains("odoo_feature_loyalty") })
        for _ in 1...2 {
            let report = await world.pass()
            #expect(report.journal.isEmpty, "\(report.journal.map(\.title))")
            world.time.advance(by: .days(1))
        }
        #expect(await world.holdings() == holdings)
        #expect(try await world.store.environment("feature-loyalty")?.isPinned(at: world.time.now) == true)
        // What nobody pins meanwhile goes after that, warned anew.
        await world.age(by: .days(2))
        _ = await world.pass()
        #expect(await world.holdings().count < holdings.count)
    }

    @Test("An environment whose suspension was made longer since is neither changed nor ended")
    func leavesAloneWhatWasSuspendedForLonger() async throws {
        let (world, holdings) = try await Self.restored { world in
            try await world.setSuspended("feature-loyalty", true, until: World.start + .days(2))
            #expect(await world.pass().isSuccess)
        } after: { world in
            try await world.setSuspended("feature-loyalty", true, until: World.start + .days(60))
            world.time.advance(by: .days(8))
            #expect(await world.pass().isSuccess)
        }
        for _ in 1...5 {
            let report = await world.pass()
            #expect(report.journal.isEmpty, "\(report.journal.map(\.title))")
            #expect(try await world.store.environment("feature-loyalty")?.isSuspended(at: world.time.now) == true)
            world.time.advance(by: .hours(12))
        }
        #expect(await world.holdings() == holdings)
    }

    @Test("What was deleted since is not deleted again, and an approval of before is not used twice")
    func forgets() async throws {
        let (world, holdings) = try await Self.restored { world in
            world.source.set(World.tree(branches: ["main", "feature/crm"], revision: "b"))
            for _ in 1...3 {
                _ = await world.pass()
                world.time.advance(by: .days(2))
            }
        }
        #expect(!holdings.contains { $0.contains("loyalty") })
        for _ in 1...3 {
            let report = await world.pass()
            #expect(report.isSuccess, "\(report.story)")
            #expect(
                !report.journal.contains { $0.action == .delete || $0.action == .create },
                "\(report.journal.map(\.title))")
            world.time.advance(by: .days(2))
        }
        #expect(await world.holdings() == holdings)
        #expect(try await world.store.standingApprovals().isEmpty)
    }
}
