import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import Testing

@Suite("What became of a step and isn't known")
struct UnsettledTests {
    @Test(
        "Is told as that and not as a wish that nobody knows, with the run that did it and until when it is left alone")
    func isNoUnknownWish() async throws {
        let world = try await World()
        _ = await world.pass()
        world.source.set(
            World.tree(
                inventory: World.inventory.replacing(
                    "ttl: 1800}]", "ttl: 1800}, {type: A, name: note, data: 203.0.113.9, ttl: 300}]"), revision: "b"))
        let key = try #require(ResourceKey("digitalocean.record/shop.example/A/note"))
        let runID = "01990000-0000-7000-8000-000000000001"
        try await world.store.beginRun(
            RunRecord(id: runID, trigger: .schedule, phase: .applying, isDryRun: false, startedAt: world.time.now))
        try await world.store.intend(
            JournalEntry(
                runID: runID, stepID: "\(key)#0", key: key, action: .create, operation: "create", title: "create it",
                environment: nil, state: .intended, input: ["creates": true], output: .null,
                intendedAt: world.time.now))
        let until = "it is left alone until \(world.time.now + .minutes(2)), unless it is seen before"
        // Before anybody has looked for it: the answer says the same.
        let early = try await world.reconciler().explain(key.description)
        #expect(early.obstacle?.command == "reconcile show \(runID)", "\(String(describing: early.obstacle))")
        #expect(early.obstacle?.reason.contains(until) == true && early.doubt == nil)

        world.time.advance(by: .seconds(10))
        let report = await world.pass()
        let change = try #require(report.plan?.changes.first { $0.key == key }, "\(report.story)")
        #expect(change.hold == .unsettled && change.verdict == .blocked && report.plan?.drift.isEmpty == true)
        #expect(change.verdictReason?.hasPrefix("what became of its last step is unknown: RUN-0007: ") == true)
        let outlook = try #require(report.outlook)
        let told = try #require(try await world.reconciler().explain([key], in: outlook).first)
        #expect(told.obstacle?.kind == .hold(.unsettled) && told.obstacle?.command == "reconcile show \(runID)")
        #expect(told.obstacle?.reason.contains(until) == true && told.doubt == nil)

        world.time.advance(by: .minutes(2))
        #expect(await world.pass().isSuccess)
        #expect(await world.holdings().contains("record shop.example A note"))
    }
}
