import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import TestKit
import Testing

@Suite("An approval that is stored")
struct StoredApprovalTests {
    /// A world whose next pass wants to delete a droplet that only a person may let go.
    static func waiting() async throws -> (World, RunReport, PlannedChange) {
        let world = try await World(World.tree(branches: ["main", "feature/crm"]))
        _ = await world.pass()
        let cluster = try #require(await world.cluster("shop-pg"))
        _ = await world.call("POST", "/v2/databases/\(cluster)/dbs", ["name": "odoo_feature_loyalty"])
        world.source.set(World.tree(revision: "b"))
        _ = await world.pass()
        _ = await world.pass()
        await world.age(by: .days(8))
        let report = await world.pass()
        let change = try #require(report.withheld.first { $0.verdict == .needsApproval }, "\(report.story)")
        return (world, report, change)
    }

    static func approve(_ change: PlannedChange, _ report: RunReport, in world: World) async throws {
        // As the command does it: from the document that the store kept.
        let document = try #require(try await world.store.plan(ofRun: report.run.id))
        let kept = try #require(try PlanDocument.parse(document).changes.first { $0.key == change.key })
        #expect(kept.approvalDigest == change.approvalDigest)
        _ = try await world.store.grant([
            ApprovalRecord(
                runID: report.run.id, key: kept.key, action: kept.action.rawValue, change: kept.approvalDigest,
                approvedBy: "ada", createdAt: world.time.now, expiresAt: world.time.now + .hours(1))
        ])
    }

    private static let database = "database shop-pg odoo_feature_loyalty"

    @Test("lets the next pass do exactly that, once")
    func counts() async throws {
        let (world, report, change) = try await Self.waiting()
        #expect(report.run.phase == .awaitingApproval)
        try await Self.approve(change, report, in: world)
        let dry = await world.pass(PassOptions(isDryRun: true))
        #expect(dry.withheld.contains { $0.key == change.key })
        #expect(await world.holdings().contains(Self.database))
        let done = await world.pass()
        #expect(done.withheld.isEmpty, "\(done.story)")
        #expect(await world.holdings().contains(Self.database) == false)
        #expect(try await world.store.standingApprovals().isEmpty)
        #expect(try await world.store.approvals(limit: 1).first?.usedBy == done.run.id)
    }

    @Test("counts to the last instant before its end and not at it; that it ended is told once", arguments: [-1, 0])
    func ends(_ microseconds: Int64) async throws {
        let (world, report, change) = try await Self.waiting()
        try await Self.approve(change, report, in: world)
        let end = try #require(try await world.store.standingApprovals().first).expiresAt
        world.time.jump(to: end + .microseconds(microseconds))
        for _ in 0..<2 { _ = await world.pass() }
        #expect(await world.holdings().contains(Self.database) == (microseconds == 0))
        let notices = try await world.store.notices(limit: 1_000)
        #expect(notices.count { $0.kind == .approvalLapsed } == (microseconds == 0 ? 1 : 0))
        #expect(notices.count { $0.kind == .approvalWaiting && $0.subject == change.key.description } == 1)
    }

    @Test("Each wait for one is told once: that of a thing which is taken out, put back and taken out again, too")
    func tellsEachWait() async throws {
        let world = try await World()
        _ = await world.pass()
        let key = Self.productionKey
        func told() async throws -> Int {
            try await world.store.notices(limit: 1_000).count { $0.kind == .approvalWaiting && $0.subject == key }
        }
        for round in 1...2 {
            world.source.set(Self.withoutProduction("b"))
            for _ in 0..<3 {
                world.time.advance(by: .minutes(1))
                let report = await world.pass()
                #expect(report.withheld.contains { $0.key.description == key }, "\(report.story)")
            }
            #expect(try await told() == round)
            world.source.set(World.tree(revision: "c"))
            _ = await world.pass()
        }
    }

    @Test("of a deletion is taken back where the thing is wanted again: the next deletion asks anew")
    func overtaken() async throws {
        let world = try await Self.withoutProductionApproved()
        world.source.set(World.tree(revision: "c"))
        // Neither a look nor a pass for something else takes anything back.
        _ = await world.pass(PassOptions(isDryRun: true))
        _ = await world.pass(PassOptions(targets: ["digitalocean.database/shop-pg/odoo_crm"]))
        #expect(try await world.store.standingApprovals().count == 1)
        let again = await world.pass()
        #expect(try await world.store.standingApprovals().isEmpty, "\(again.story)")
        let revoked = try #require(try await world.store.approvals(limit: 1).first)
        #expect(revoked.revokedBy == "run \(again.run.id)" && revoked.usedAt == nil)
        let audits = try await world.store.auditLog(limit: 100).filter { $0.action == "change.revoke" }
        #expect(audits.map(\.target) == [Self.productionKey])
        world.source.set(Self.withoutProduction("d"))
        world.time.advance(by: .minutes(1))
        let third = await world.pass()
        #expect(third.withheld.contains { $0.key.description == Self.productionKey }, "\(third.story)")
        #expect(await world.holdings().contains(Self.production))
    }

    @Test("of a deletion stands where an older commit wants the thing: that may be a stale copy of the repository")
    func stale() async throws {
        let world = try await Self.withoutProductionApproved(history: ["a", "b"])
        world.source.set(World.tree(revision: "a"))
        let older = await world.pass()
        #expect(try await world.store.standingApprovals().count == 1, "\(older.story)")
        world.source.set(Self.withoutProduction("b"))
        let last = await world.pass()
        #expect(await world.holdings().contains(Self.production) == false, "\(last.story)")
    }

    private static let production = "database shop-pg odoo_prod"
    private static let productionKey = "digitalocean.database/shop-pg/odoo_prod"

    /// Documents that want the database of production no more.
    private static func withoutProduction(_ revision: Character) -> SourceTree {
        World.tree(environments: World.environments.replacing("database: odoo_prod, ", with: ""), revision: revision)
    }

    /// A world in which a person has said that it may go, a second ago.
    private static func withoutProductionApproved(history: [String]? = nil) async throws -> World {
        let world = try await World()
        world.source.history.withLock { $0 = history?.map { String(repeating: $0, count: 40) } }
        _ = await world.pass()
        world.source.set(withoutProduction("b"))
        let report = await world.pass()
        let change = try #require(report.withheld.first { $0.key.description == productionKey }, "\(report.story)")
        try await approve(change, report, in: world)
        world.time.advance(by: .seconds(1))
        return world
    }

    @Test("is worth nothing when it ends between the plan and its change: that is not begun")
    func endsMeanwhile() async throws {
        let (world, report, change) = try await Self.waiting()
        try await Self.approve(change, report, in: world)
        let end = try #require(try await world.store.standingApprovals().first).expiresAt
        let time = world.time
        let late = await world.reconciler(seed: 99).pass(PassOptions()) { progress in
            if case .planned = progress { time.jump(to: end) }
        }
        #expect(await world.holdings().contains(Self.database), "\(late.story)")
        #expect(late.skipped.contains { $0.key == change.key && $0.reason.contains("its approval ended") })
        #expect(!late.journal.contains { $0.key == change.key })
    }

    @Test("that ends before a window opens says so, with the time that it would take", arguments: [false, true])
    func windows(isLongEnough: Bool) async throws {
        let window = "sync_windows: [{kind: deny, schedule: \"0 0 * * *\", duration: 12h, tiers: [production]}]\n"
        let policies = World.plainPolicies + window
        let world = try await World(World.tree(policies: policies))
        let midnight = Timestamp(seconds: world.time.now.seconds / 86_400 * 86_400) + .days(1)
        world.time.jump(to: midnight + .hours(13))
        #expect(await world.pass().isSuccess)
        world.source.set(
            World.tree(
                environments: World.environments.replacing("database: odoo_prod, ", with: ""), policies: policies,
                revision: "b"))
        _ = await world.pass()
        world.time.jump(to: midnight + .days(2) + .minutes(90))
        let report = await world.pass(PassOptions(trigger: .schedule))
        let change = try #require(report.withheld.first { $0.verdict == .needsApproval }, "\(report.story)")
        let opening = midnight + .days(2) + .hours(12)
        #expect(change.blockedUntil == opening && change.heldAt?.line == 5)
        let explained = try await world.reconciler().explain(change.key.description).obstacle
        #expect(
            explained?.kind == .hold(.approval) && explained?.until == nil, "no instant says yes in a person's place")
        let outcome = try await ApprovalRequest(
            run: report.run.id, keys: [change.key.description], lasting: .hours(isLongEnough ? 12 : 1)
        ).make(in: world.store, by: Actor("ada"), at: world.time.now)
        let closed = try #require(outcome.closed.first)
        #expect(closed.key == change.key && closed.opensAt == opening && closed.place == ".odooops/policies.yaml:5")
        #expect(closed.hours == (isLongEnough ? nil : 12))
        _ = await world.pass(PassOptions(trigger: .schedule))
        let name = "database shop-pg odoo_prod"
        #expect(await world.holdings().contains(name))
        world.time.jump(to: opening)
        _ = await world.pass(PassOptions(trigger: .schedule))
        #expect(await world.holdings().contains(name) == !isLongEnough)
    }

    @Test("of a run without keys is none of what the plan rests on, and of whatever run is the latest there is none")
    func leavesDeparturesOut() async throws {
        let (world, _, change) = try await Self.waiting()
        let fallen = World.environments.replacing("tier: production", with: "tier: dev")
        world.source.set(World.tree(environments: fallen, revision: "c"))
        world.time.advance(by: .minutes(1))
        let report = await world.pass()
        let care = "source.care/ssot"
        #expect(report.withheld.contains { $0.key.description == care }, "\(report.story)")
        func approve(_ run: String, _ keys: [String] = []) async throws -> ApprovalRequest.Outcome {
            try await ApprovalRequest(run: run, keys: keys).make(
                in: world.store, by: Actor("ada"), at: world.time.now)
        }
        let unseen = await #expect(throws: RequestFault.self) { _ = try await approve("latest") }
        #expect(unseen?.hint?.contains("reconcile approve \(report.run.id)") == true, "\(String(describing: unseen))")
        #expect(try await world.store.standingApprovals().isEmpty)

        let outcome = try await approve(report.run.id)
        #expect(outcome.changes.map(\.key) == [change.key])
        #expect(outcome.leftOut.map(\.key.description) == [care])
        var next = await world.pass()
        #expect(await world.holdings().contains(Self.database) == false, "\(next.story)")
        #expect(next.plan?.diagnostics.contains { $0.code == "PLAN-0024" } == true, "\(next.story)")

        // Alone it waits for its name, and by its name it is approved: also of the latest run.
        let alone = await #expect(throws: RequestFault.self) { _ = try await approve(next.run.id) }
        #expect(alone?.hint?.contains("--key \(care)") == true, "\(String(describing: alone))")
        #expect(try await approve("latest", [care]).changes.map(\.key.description) == [care])
        next = await world.pass()
        #expect(next.plan?.diagnostics.contains { $0.code == "PLAN-0024" } == false, "\(next.story)")
    }

    @Test("of the latest run is that of the plan that was kept last, whatever was looked at or failed since")
    func latestIsThatOfTheLastPlan() async throws {
        let (world, report, change) = try await Self.waiting()
        world.time.advance(by: .minutes(1))
        let look = await world.pass(PassOptions(isDryRun: true))
        world.time.advance(by: .minutes(1))
        #expect(try await world.store.runs(limit: 1).first?.id == look.run.id)
        let outcome = try await ApprovalRequest(run: "latest", keys: [change.key.description]).make(
            in: world.store, by: Actor("ada"), at: world.time.now)
        #expect(outcome.approvals.map(\.runID) == [report.run.id] && outcome.changes.map(\.key) == [change.key])
    }

    @Test("is worth nothing when its giver's access was taken back")
    func endsWithItsGiversAccess() async throws {
        let (world, report, change) = try await Self.waiting()
        let audit = AuditRecord(
            at: world.time.now, action: "access.user.revoke", target: "ada", actor: "bob", detail: .object([:]))
        try await world.store.putUser("ada", passwordHash: nil, grants: ["admin"], audit: audit)
        try await Self.approve(change, report, in: world)
        let loss = try await world.store.disableUser("ada", audit: audit)
        #expect(loss?.approvals == [change.key.description])
        let after = await world.pass()
        #expect(after.run.phase == .awaitingApproval && after.withheld.contains { $0.key == change.key })
        #expect(await world.holdings().contains(Self.database), "\(after.story)")
    }

    @Test(
        "is worth nothing when it is over, revoked, or the object is another one",
        arguments: ["over", "revoked", "moved"])
    func doesNotCount(_ how: String) async throws {
        let (world, report, change) = try await Self.waiting()
        try await Self.approve(change, report, in: world)
        switch how {
        case "over": world.time.advance(by: .hours(2))
        case "revoked":
            _ = try await world.store.revokeApprovals(
                of: change.key.description,
                audit: AuditRecord(
                    at: world.time.now, action: "change.revoke", target: change.key.description, actor: "bob",
                    detail: .object([:])))
        default:
            _ = try await world.store.revokeApprovals(
                of: change.key.description,
                audit: AuditRecord(
                    at: world.time.now, action: "change.revoke", target: change.key.description, actor: "bob",
                    detail: .object([:])))
            _ = try await world.store.grant([
                ApprovalRecord(
                    runID: report.run.id, key: change.key, action: "delete", change: Digest(of: "another"),
                    approvedBy: "ada", createdAt: world.time.now, expiresAt: world.time.now + .hours(1))
            ])
        }
        let after = await world.pass()
        #expect(after.run.phase == .awaitingApproval)
        #expect(await world.holdings().contains(Self.database), "\(after.story)")
    }
}
