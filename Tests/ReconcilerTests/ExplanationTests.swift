import Basics
import DesiredState
import Diff
import Formats
import Reconciler
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
        try await world.store.settle(step(.failed, ["code": "DO-0005", "message": "no such zone"]))
        let failed = try await world.reconciler().explain(Self.record)
        #expect(failed.obstacle?.kind == .backOff && failed.obstacle?.until == next)
        #expect(failed.obstacle?.reason.contains("DO-0005: no such zone") == true)
        #expect(failed.nextWake.at == next && failed.nextWake.reason.contains("2 failed"))
        let lease = try #require(
            try await world.store.acquireLease(name: "reconcile", holder: "other/1", lasting: .minutes(9)))
        let held = try await world.reconciler().explain(Self.record)
        #expect(held.obstacle?.kind == .lease && held.obstacle?.until == lease.expiresAt)
        #expect(held.nextWake.at == lease.expiresAt)
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
        func suspend(_ isSuspended: Bool) async throws {
            try await world.store.setSuspended(
                slug, isSuspended,
                audit: AuditRecord(
                    at: world.time.now, action: "env.suspend", target: slug, actor: "ann", detail: .null))
        }
        try await suspend(true)
        let suspended = try await world.reconciler().explain(Self.record)
        #expect(suspended.obstacle?.kind == .hold(.suspended))
        #expect(suspended.obstacle?.command == "reconcile env resume \(slug)")
        try await suspend(false)
        #expect(try await world.reconciler().explain(Self.record).obstacle == nil)
        world.source.set(
            World.tree(inventory: World.inventory.replacing("ttl: 1800", with: "ttl: often")))
        let broken = try await world.reconciler().explain("digitalocean.record/shop.example/A/@")
        #expect(broken.obstacle?.kind == .hold(.unknownWish))
        #expect(broken.obstacle?.source?.line == 8, "\(String(describing: broken.obstacle))")
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
        try await StoredApprovalTests.approve(change, report, in: world)
        #expect(try await world.reconciler().explain(change.key.description).obstacle == nil)
    }
}
