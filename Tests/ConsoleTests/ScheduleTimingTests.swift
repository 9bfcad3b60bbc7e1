import Basics
import DesiredState
import Store
import Testing

@testable import Reconciler

@Suite("Schedules whose times are changed")
struct ScheduleTimingTests {
    /// A service on the store of one clock with the jobs of another.
    private static func service(_ clock: Clockwork, jobsOf other: Clockwork, _ holder: String) -> ScheduleService {
        ScheduleService(
            store: clock.store, jobs: { [jobs = other.jobs] in jobs }, runner: { [runner = clock.runner] _ in runner },
            time: clock.time, random: RandomSource(seed: 1), log: .none, metrics: Metrics(), holder: holder)
    }

    @Test(
        "By another cron expression or zone a job is due from when that is seen, and never for times that it didn't have",
        arguments: [("0 * * * *", "UTC", 1), ("0 8 * * *", "Europe/Berlin", 0)], ScheduleSettings.Missed.allCases)
    func changed(_ times: (cron: String, zone: String, later: Int), _ missed: ScheduleSettings.Missed) async throws {
        let clock = try await Clockwork(
            [("gates", "0 8 * * *", "ci")], now: try #require(Timestamp("2026-03-02T01:10:00Z"))
        ) {
            $0.all.missed = missed
        }
        let other = try await Clockwork([("gates", times.cron, "ci")]) {
            $0.all.missed = missed
            $0.all.timeZone = times.zone
        }
        try await clock.turn(clock.service())
        clock.time.advance(by: .minutes(390))
        // At 7:40: by the new times it would have been due since 2 at each hour, or at 7.
        let anew = Self.service(clock, jobsOf: other, "anew")
        try await clock.turn(anew)
        #expect(clock.runner.all.isEmpty, "\(clock.runner.all)")
        #expect(try await clock.store.scheduleSlots(limit: 99).isEmpty)
        clock.time.advance(by: .minutes(21))
        try await clock.turn(anew)
        #expect(clock.runner.all.count == times.later)
        // What was missed since is made up for, as with any other.
        clock.time.advance(by: .minutes(1510))
        try await clock.turn(Self.service(clock, jobsOf: other, "third"))
        let made = clock.runner.all.count - times.later
        #expect(missed == .skip ? made == 0 : missed == .once ? made == 1 : made >= 1)
        await clock.engine.close()
        await other.engine.close()
    }

    @Test("Of two services that read different commits neither takes back what the other one says")
    func several() async throws {
        let clock = try await Clockwork([("gates", "*/10 * * * *", "ci")])
        let other = try await Clockwork([("gates", "*/5 * * * *", "ci")])
        let (old, new) = (clock.service("one"), Self.service(clock, jobsOf: other, "two"))
        try await clock.turn(old)
        try await clock.turn(new)
        for _ in 0..<60 {
            clock.time.advance(by: .minutes(1))
            try await clock.turn(new)
            try await clock.turn(old)
            #expect(try await clock.store.scheduleStates()["gates"]?.timing == "*/5 * * * * UTC")
        }
        #expect(clock.runner.all.count == 12 && Set(clock.runner.all).count == 12, "\(clock.runner.all)")
        await clock.engine.close()
        await other.engine.close()
    }

    @Test("What an earlier version left without a note goes on from where it was")
    func unnoted() async throws {
        let clock = try await Clockwork([("gates", "0 3 * * *", "ci")])
        let other = try await Clockwork([("gates", "0 * * * *", "ci")])
        try await clock.turn(clock.service())
        try await clock.engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run("update ops.schedule_states set timing = null, timed_since = null", [])
        }
        clock.time.advance(by: .hours(5))
        try await clock.turn(Self.service(clock, jobsOf: other, "anew"))
        #expect(clock.runner.all.count == 1)
        #expect(try await clock.store.scheduleStates()["gates"]?.timing == "0 * * * * UTC")
        await clock.engine.close()
        await other.engine.close()
    }
}
