import Basics
import Formats
import Testing

@testable import Store

/// Who runs next, on both engines: no schedule is in the way of another, nor beside itself.
@Suite("Slots that wait")
struct ScheduleClaimTests {
    private static let bounds = ScheduleBounds(timeLimit: .hours(1), deadline: .days(1))
    private static let terms = ScheduleTerms(name: "A", environment: nil, alertsOnFailure: true, disableAfter: 3)

    /// Has times wait that were all written down now.
    private static func wait(
        _ schedule: String, minutes: Range<Int>, lane: String = "main", in test: TestStore
    ) async throws {
        try await test.store.beginSchedules([schedule])
        let state = try #require(try await test.store.scheduleStates(of: [schedule])[schedule])
        let slots = minutes.map { NewScheduleSlot(start + .minutes($0), lane: lane) }
        #expect(try await test.store.advance(state, to: start + .minutes(minutes.upperBound), slots: slots))
    }

    private static func claim(
        _ test: TestStore, _ schedules: String..., lane: String = "main", workers: Int = 4, served: [String: Int] = [:]
    ) async throws -> ScheduleSlot? {
        try await test.store.claimSlot(
            of: Dictionary(uniqueKeysWithValues: schedules.map { ($0, bounds) }), lane: lane, workers: workers,
            holder: "one", served: served)?.slot
    }

    @Test(
        "many times that wait, of a schedule that runs or of one that nobody runs, are in nobody's way",
        arguments: engines)
    func manyWait(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            test.time.advance(by: .hours(4))
            try await Self.wait("long", minutes: 0..<150, in: test)
            try await Self.wait("gone", minutes: 0..<150, in: test)
            test.time.advance(by: .minutes(1))
            try await Self.wait("next", minutes: 240..<241, in: test)
            #expect(try await Self.claim(test, "long", "next")?.scheduleID == "long")
            #expect(try await Self.claim(test, "long", "next")?.scheduleID == "next")
            #expect(try await Self.claim(test, "long", "next") == nil)
        }
    }

    @Test("times that were written down together are taken in their order", arguments: engines)
    func inOrder(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            test.time.advance(by: .hours(1))
            try await Self.wait("a", minutes: 0..<20, in: test)
            var seen: [Timestamp] = []
            while let claim = try await test.store.claimSlot(
                of: ["a": Self.bounds], lane: "main", workers: 1, holder: "one")
            {
                seen.append(claim.slot.slot)
                try await test.store.settle(claim, .succeeded(receipt: nil), Self.terms)
            }
            #expect(seen == (0..<20).map { start + .minutes($0) })
        }
    }

    @Test("of a lane with one worker who was served longest ago comes first", arguments: engines)
    func turns(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            test.time.advance(by: .hours(1))
            try await Self.wait("a", minutes: 0..<20, in: test)
            test.time.advance(by: .minutes(1))
            try await Self.wait("b", minutes: 30..<31, in: test)
            for (served, first) in [(["a": 1], "b"), (["a": 1, "b": 2], "a"), ([:], "a")] {
                let slot = try #require(try await Self.claim(test, "a", "b", workers: 1, served: served))
                #expect(slot.scheduleID == first)
                try await test.prepare([
                    "update ops.schedule_slots set state = 'waiting', attempts = 0 where id = '\(slot.id)'"
                ])
                test.time.advance(by: .hours(2))
            }
        }
    }

    @Test("a schedule whose lane changes runs not beside itself, and what waits goes along", arguments: engines)
    func laneChanges(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            try await Self.wait("a", minutes: 0..<2, lane: "staging-dev", in: test)
            let limits = ["a": Self.bounds]
            let first = try #require(
                try await test.store.claimSlot(of: limits, lane: "staging-dev", workers: 1, holder: "one"))
            // It is production now.
            #expect(try await Self.claim(test, "a") == nil)
            try await test.store.settle(first, .succeeded(receipt: nil), Self.terms)
            let second = try #require(try await Self.claim(test, "a"))
            #expect(second.slot == start + .minutes(1) && second.lane == "main")
            try await Self.wait("b", minutes: 0..<1, in: test)
            #expect(try await Self.claim(test, "b", workers: 1) == nil, "it is one of the lane that it is in now")
            try await Self.wait("c", minutes: 0..<1, lane: "staging-dev", in: test)
            #expect(try await Self.claim(test, "c", lane: "staging-dev", workers: 1)?.scheduleID == "c")
        }
    }

    @Test("what has waited too long is left out at once, however much it is", arguments: engines)
    func tooLate(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            try await Self.wait("a", minutes: 0..<120, in: test)
            try await Self.wait("b", minutes: 0..<1, in: test)
            test.time.advance(by: .days(1) + .minutes(100))
            #expect(try await Self.claim(test, "b") == nil)
            #expect(try await Self.claim(test, "a")?.slot == start + .minutes(100))
            let left = try await test.store.scheduleSlots(limit: 999).filter { $0.state == .skipped }
            #expect(left.count == 101 && left.allSatisfy { $0.reason == "it waited for a worker longer than 1d" })
        }
    }

    @Test("a run whose process died is taken over before what waits behind it", arguments: engines)
    func abandoned(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            try await Self.wait("a", minutes: 0..<3, in: test)
            let begun = try #require(try await Self.claim(test, "a"))
            test.time.advance(by: .hours(2))
            let taken = try await test.store.claimSlot(
                of: ["a": Self.bounds], lane: "main", workers: 1, holder: "two")
            #expect(taken?.wasAbandoned == true && taken?.slot.id == begun.id)
        }
    }

    @Test("schedules that are moved together each move alone", arguments: engines)
    func together(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            let ids = (0..<450).map { "s\($0)" }
            try await test.store.beginSchedules(ids)
            let states = try await test.store.scheduleStates(of: ids)
            #expect(states.count == 450)
            let moved = try #require(states["s7"])
            #expect(try await test.store.advance(moved, to: start + .minutes(1), slots: []))
            let moves = ids.compactMap { id in
                states[id].map { state in
                    var move = ScheduleMove(state, to: start + .hours(1))
                    move.slots = [NewScheduleSlot(start + .hours(1), lane: "main")]
                    return move
                }
            }
            let done = try await test.store.advance(moves)
            #expect(done.count == 449 && !done.contains("s7"))
            #expect(try await test.store.scheduleSlots(limit: 999).count == 449)
        }
    }

    @Test("what runs and what is due is found without those that have ended")
    func plans() async throws {
        try await TestStore.with(.sqlite) { test in
            for query in [Store.runningSlots, Store.dueSlots] {
                let plan = try await test.rows("explain query plan " + query, [.time(start)]).map { try $0.text(3) }
                let reads = plan.filter { $0.contains("schedule_slots") }
                #expect(!reads.isEmpty && reads.allSatisfy { $0.contains("schedule_slots_due") }, "\(query): \(plan)")
            }
        }
    }

    @Test("what became of backups is told of those alone, and of all at once", arguments: engines)
    func pasts(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            try await Self.wait("backup/a", minutes: 0..<3, in: test)
            try await Self.wait("chore", minutes: 0..<1, in: test)
            try await test.store.beginSchedules(["backup/new"])
            for _ in 0..<2 {
                let claim = try #require(
                    try await test.store.claimSlot(
                        of: ["backup/a": Self.bounds], lane: "main", workers: 1, holder: "one"))
                try await test.store.settle(claim, .succeeded(receipt: nil), Self.terms)
            }
            #expect(
                try await test.store.backupPasts(startingWith: "backup/") == [
                    "backup/a": BackupPast(lastSuccess: start + .minutes(1), first: start), "backup/new": BackupPast(),
                ])
        }
    }
}
