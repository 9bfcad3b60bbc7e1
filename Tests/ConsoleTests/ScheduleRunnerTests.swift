import Basics
import Store
import Testing

@testable import Reconciler

@Suite("Schedules of which only one of several services has the runner")
struct ScheduleRunnerTests {
    /// A service on the same store whose configuration, or credential, lacks a runner.
    private func lacking(_ clock: Clockwork, _ settings: ScheduleSettings, holder: String = "two") -> ScheduleService {
        let jobs = ScheduledJob.all(in: clock.desired, settings) { _ in Clockwork.zones ?? TimeZones() }
        return ScheduleService(
            store: clock.store, jobs: { jobs }, runner: { _ in nil }, time: clock.time, random: RandomSource(seed: 1),
            log: .none, metrics: Metrics(), holder: holder)
    }

    @Test(
        "each time runs once where one service has the runner, and nobody is told of the other, which looks first",
        arguments: [("ci", false), ("manual", false), ("ci", true)])
    func oneHasIt(_ runner: String, _ isConfigured: Bool) async throws {
        let clock = try await Clockwork([("gates", "*/10 * * * *", runner)]) { settings in
            settings.runners = [runner: .command(["/bin/true"], variables: [])]
        }
        let able = clock.service()
        // One of yesterday's configuration, or of this one's without what the runner needs.
        let other = lacking(clock, isConfigured ? clock.settings : ScheduleSettings())
        try await clock.turn(able)
        for _ in 0..<120 {
            clock.time.advance(by: .minutes(1))
            try await clock.turn(other)
            try await clock.turn(able)
        }
        #expect(clock.runner.all.count == 12 && Set(clock.runner.all).count == 12, "\(clock.runner.all)")
        #expect(try await clock.kinds().isEmpty)
        #expect(try await clock.store.scheduleSlots(limit: 99).allSatisfy { $0.state == .succeeded })
        await clock.engine.close()
    }

    @Test(
        "what nobody can run is told once and stays where it is; whoever gets the runner does with it what the policy says",
        arguments: [(ScheduleSettings.Missed.once, 1...1), (.skip, 0...1), (.all, 144...145)])
    func nobodyHasIt(_ missed: ScheduleSettings.Missed, _ runs: ClosedRange<Int>) async throws {
        let clock = try await Clockwork { $0.all.missed = missed }
        let other = lacking(clock, ScheduleSettings())
        try await clock.turn(other)
        let before = try #require(try await clock.store.scheduleStates()["gates"])
        for _ in 0..<30 {
            clock.time.advance(by: .minutes(1))
            try await clock.turn(other)
        }
        #expect(try await clock.kinds() == ["schedule.blocked"])
        clock.time.advance(by: .days(60))
        try await clock.turn(other)
        clock.time.advance(by: .minutes(6))
        #expect(try await clock.store.scheduleStates()["gates"] == before)
        // Months of it: no more than what the deadline allows.
        try await clock.turn(clock.service())
        #expect(runs.contains(clock.runner.all.count), "\(clock.runner.all.count)")
        #expect(try await clock.store.scheduleSlots(limit: 999).count <= 146)
        try await clock.turn(other)
        #expect(try await clock.kinds().count { $0 == "schedule.blocked" } == 1)
        await clock.engine.close()
    }

    @Test("people are told only once the service that has the runner, or may have it, has been silent for minutes")
    func silence() async throws {
        let clock = try await Clockwork()
        let other = lacking(clock, ScheduleSettings())
        let unread = RunnerSigns.Sign(at: clock.time.now, runners: nil, exceptions: [])
        _ = try await RunnerSigns.exchange(unread, of: "one/schedules", in: clock.store)
        for _ in 0..<4 {
            try await clock.turn(other)
            clock.time.advance(by: .minutes(1))
        }
        #expect(try await clock.kinds().isEmpty, "it has yet to read what runs by the clock")
        try await clock.turn(clock.service())
        for _ in 0..<4 {
            clock.time.advance(by: .minutes(1))
            try await clock.turn(other)
        }
        #expect(try await clock.kinds().isEmpty, "it is started anew, perhaps")
        for _ in 0..<9 {
            clock.time.advance(by: .minutes(1))
            try await clock.turn(other)
        }
        #expect(try await clock.kinds() == ["schedule.blocked"])
        await clock.engine.close()
    }
}
