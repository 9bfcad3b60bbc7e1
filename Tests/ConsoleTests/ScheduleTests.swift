import Basics
import DesiredState
import Drivers
import Formats
import GitHubDriver
import HTTPClient
import Simulator
import SimulatorKit
import Store
import StoreSQLite
import TestKit
import Testing

@testable import Reconciler

@Suite("Schedules")
struct ScheduleTests {
    @Test("each time runs once, whoever sees it, and nothing that was due before a schedule was known")
    func once() async throws {
        let clock = try await Clockwork()
        let (one, two) = (clock.service("one"), clock.service("two"))
        for _ in 0..<61 {
            try await one.plan()
            try await two.plan()
            try await two.workAll()
            try await one.workAll()
            clock.time.advance(by: .minutes(1))
        }
        #expect(clock.runner.all.count == 6 && Set(clock.runner.all).count == 6)
        #expect(try await clock.store.scheduleSlots(limit: 99).allSatisfy { $0.state == .succeeded })
        #expect(try await clock.kinds().isEmpty)
        await clock.engine.close()
    }

    @Test(
        "what nobody was there for is left out, made up for once, or made up for as far as the deadline allows",
        arguments: [
            (ScheduleSettings.Missed.skip, 0, 1), (.once, 1, 1), (.all, 6, 1),
        ])
    func missed(policy: ScheduleSettings.Missed, runs: Int, skipped: Int) async throws {
        let clock = try await Clockwork { settings in
            settings.all.missed = policy
            settings.all.deadline = .minutes(65)
        }
        let service = clock.service()
        try await clock.turn(service)
        // Two hours later, six minutes after the last time.
        clock.time.jump(to: Timestamp(seconds: 1_772_000_040 / 600 * 600) + .minutes(126))
        try await clock.turn(service)
        let slots = try await clock.store.scheduleSlots(limit: 99)
        #expect(slots.count { $0.state == .succeeded } == runs, "\(policy)")
        #expect(slots.count { $0.state == .skipped } == skipped, "\(policy)")
        #expect(slots.first { $0.state == .skipped }?.reason?.contains("times in a row") == true)
        try await clock.turn(service)
        #expect(clock.runner.all.count == runs)
        await clock.engine.close()
    }

    @Test("a job that runs out of time again and again is disabled and told of, and runs again once a person lets it")
    func disabled() async throws {
        let clock = try await Clockwork()
        let service = clock.service()
        try await clock.turn(service)
        clock.runner.answers.withLock { $0 = [.timedOut, .failed(code: "X", reason: "no"), .timedOut, .timedOut] }
        for _ in 0..<6 {
            clock.time.advance(by: .minutes(10))
            try await clock.turn(service)
        }
        #expect(clock.runner.all.count == 4)
        #expect(try await clock.kinds() == ["schedule.failed", "schedule.disabled"])
        let state = try #require(try await clock.store.scheduleStates()["gates"])
        #expect(state.disabledAt != nil && state.timeouts == 3)
        let audit = AuditRecord(
            at: clock.time.now, action: "schedules.enable", target: "gates", actor: "ada", detail: [:])
        #expect(try await clock.store.enableSchedule("gates", audit: audit))
        #expect(try await !clock.store.enableSchedule("gates", audit: audit))
        try await clock.turn(service)
        #expect(clock.runner.all.count == 4, "what was due meanwhile is not caught up with")
        clock.time.advance(by: .minutes(10))
        try await clock.turn(service)
        #expect(clock.runner.all.count == 5)
        #expect(try await clock.kinds().last == "schedule.recovered")
        await clock.engine.close()
    }

    @Test("a failure is tried again as often as it may be, and told of once")
    func retries() async throws {
        let clock = try await Clockwork([("gates", "0 * * * *", "ci")]) { $0.all.retries = 2 }
        let service = clock.service()
        try await clock.turn(service)
        clock.runner.answers.withLock { $0 = Array(repeating: .failed(code: "X", reason: "no"), count: 4) }
        for _ in 0..<120 {
            clock.time.advance(by: .minutes(1))
            try await clock.turn(service)
        }
        #expect(clock.runner.all.count == 5, "three times the first hour, once more and well the second")
        #expect(try await clock.kinds() == ["schedule.failed", "schedule.recovered"])
        let first = try #require(try await clock.store.scheduleSlots(limit: 9).last)
        #expect(first.state == .failed && first.attempts == 3 && first.errorCode == "X")
        await clock.engine.close()
    }

    @Test("a command whose service died is not run again unseen; one that may be retried is")
    func abandoned() async throws {
        for (retries, runs) in [(0, 0), (1, 1)] {
            let clock = try await Clockwork { $0.all.retries = retries }
            let service = clock.service()
            try await clock.turn(service)
            clock.time.advance(by: .minutes(10))
            try await service.plan()
            let claim = try await clock.store.claimSlot(
                of: ["gates": Clockwork.bounds], lane: ScheduledJob.mainLane, workers: 4, holder: "dying")
            #expect(claim != nil)
            try await service.workAll()
            #expect(clock.runner.all.isEmpty, "it is somebody else's for so long")
            clock.time.jump(to: clock.time.now + .minutes(63))
            try await service.workAll()
            #expect(clock.runner.all.isEmpty, "it is told first, and tried again a minute later")
            clock.time.advance(by: .minutes(2))
            try await service.workAll()
            #expect(clock.runner.all.count == runs)
            let slot = try #require(try await clock.store.scheduleSlots(limit: 9).last)
            #expect(slot.errorCode == (retries == 0 ? "JOB-0003" : nil) && slot.finishedAt != nil)
            #expect(slot.attempts == 1 + runs)
            await clock.engine.close()
        }
    }

    @Test("what nobody can run stays blocked with the reason, told once; what people do is told when it is due")
    func blocked() async throws {
        let clock = try await Clockwork([("scan", "*/5 * * * *", "ops-scan"), ("drill", "0 * * * *", "manual")])
        let service = clock.service()
        for _ in 0..<120 {
            try await clock.turn(service)
            clock.time.advance(by: .minutes(1))
        }
        #expect(clock.runner.all.isEmpty)
        #expect(try await clock.store.scheduleSlots(limit: 9).isEmpty)
        #expect(try await clock.kinds() == ["schedule.blocked", "schedule.due", "schedule.due"])
        guard case .blocked(let reason) = clock.jobs.first(where: { $0.id == "scan" })?.way else {
            Issue.record("it is not blocked")
            return
        }
        #expect(reason == "nobody is the runner ops-scan: set schedules.runners.ops-scan")
        await clock.engine.close()
    }

    @Test("staging and development share one worker; what a person asks for runs beside the clock")
    func lanes() async throws {
        let clock = try await Clockwork()
        for (index, lane) in [ScheduledJob.sharedLane, ScheduledJob.sharedLane].enumerated() {
            let audit = AuditRecord(
                at: clock.time.now, action: "schedules.run", target: "s\(index)", actor: "ada", detail: [:])
            _ = try await clock.store.requestSlot(of: "s\(index)", lane: lane, audit: audit)
        }
        func claim(_ holder: String) async throws -> ScheduleClaim? {
            try await clock.store.claimSlot(
                of: ["s0": Clockwork.bounds, "s1": Clockwork.bounds], lane: ScheduledJob.sharedLane, workers: 1,
                holder: holder)
        }
        let first = try #require(try await claim("one"))
        #expect(try await claim("two") == nil)
        let terms = ScheduleTerms(name: "n", environment: nil, alertsOnFailure: true, disableAfter: 3)
        #expect(try await clock.store.settle(first, .succeeded(receipt: nil), terms).isOurs)
        #expect(try await !clock.store.settle(first, .succeeded(receipt: nil), terms).isOurs)
        let second = try #require(try await claim("two"))
        #expect(second.slot.scheduleID == "s1" && second.slot.askedBy == "ada")
        await clock.engine.close()
    }

    @Test(
        "where clocks change, a time that is skipped runs once, and one that comes twice runs once",
        arguments: [
            // The night of 29 March 2026: 02:30 doesn't exist, it runs at 03:00 summer time.
            ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
            // The night of 25 October 2026: 02:30 comes twice, it runs the first time.
            ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
            // Every half hour follows the clock through the hour that comes twice.
            (
                "*/30 * * * *", "America/New_York", "2026-11-01T05:00:00Z",
                ["2026-11-01T05:30:00Z", "2026-11-01T06:00:00Z", "2026-11-01T06:30:00Z", "2026-11-01T07:00:00Z"]
            ),
            ("0 0 1 * *", "UTC", "2026-02-15T00:00:00Z", ["2026-03-01T00:00:00Z"]),
        ])
    func zones(cron: String, zone: String, from: String, slots: [String]) async throws {
        let start = try #require(Timestamp(from))
        let clock = try await Clockwork([("job", cron, "ci")], now: start) { settings in
            settings.all.timeZone = zone
            settings.all.missed = .all
            settings.all.deadline = .days(7)
        }
        let job = try #require(clock.jobs.first)
        let end = try #require(slots.last.flatMap { Timestamp($0) })
        // However often somebody looks meanwhile.
        var (cursor, found): (Timestamp, [Timestamp]) = (start, [])
        while cursor < end {
            let now = min(end, cursor + .minutes(7))
            found += DueSlots(of: job, after: cursor, upTo: now).running
            cursor = now
        }
        #expect(found.map(\.description) == slots)
        await clock.engine.close()
    }

    @Test("a workflow is started once for each time, waited for, and its end told")
    func workflow() async throws {
        let clock = try await Clockwork([("gates", "*/10 * * * *", "ci"), ("bad", "*/10 * * * *", "ci")]) { settings in
            settings.runners["ci"] = .workflow(repository: "acme/odoo", file: "gates.yml", ref: "main")
            settings.jobs["bad"] = ScheduleSettings.Terms()
            settings.jobs["bad"]?.workflow = "fail.yml"
        }
        let simulator = try Simulator(options: SimulatorOptions(time: clock.time, limits: .generous))
        let sha = String(repeating: "c", count: 40)
        let repository: Value = [
            "name": "acme/odoo", "branches": ["main": .string(sha)], "workflows": ["gates.yml", "fail.yml"],
        ]
        try simulator.seed("github", ["login": "bot", "repositories": [repository]])
        let driver = GitHubDriver(
            token: Secret("t"), baseURL: "http://github.test", transport: InProcessTransport(simulator),
            budget: RequestBudget(.unlimited, time: clock.time), time: clock.time, random: RandomSource(seed: 1))
        let runners = JobRunners(
            drivers: [driver], service: nil, environment: [:], time: clock.time,
            context: DriverContext(runID: "t", log: .none))
        for (id, expected) in [("gates", true), ("bad", false)] {
            let job = try #require(clock.jobs.first { $0.id == id })
            guard case .runner(let kind) = job.way, let runner = runners.runner(of: kind) else {
                Issue.record("\(job.way)")
                return
            }
            let answer = await runner.run(job, slot: clock.time.now, key: "k-\(id)", attempt: 1, limit: .hours(1))
            let again = await runner.run(job, slot: clock.time.now, key: "k-\(id)", attempt: 1, limit: .hours(1))
            #expect(answer == again, "the same run is found again")
            if case .succeeded(let receipt) = answer {
                #expect(expected && receipt?.hasPrefix("acme/odoo/actions/runs/") == true)
            } else {
                #expect(!expected, "\(answer)")
            }
            // A run takes a minute: what ends in the last of its time is seen, and what ends later has had all of it.
            for (limit, isEnough) in [(60, true), (59, false)] {
                let begun = clock.time.uptime
                let answer = await runner.run(
                    job, slot: clock.time.now, key: "whole-\(id)-\(limit)", attempt: 1, limit: .seconds(limit))
                #expect((answer != .timedOut) == isEnough, "\(limit): \(answer)")
                if !isEnough { #expect(clock.time.uptime - begun >= .seconds(limit)) }
            }
            let late = await runner.run(job, slot: clock.time.now, key: "late-\(id)", attempt: 1, limit: .seconds(20))
            #expect(late == .timedOut)
            let next = await runner.run(job, slot: clock.time.now, key: "k-\(id)", attempt: 2, limit: .hours(1))
            #expect(next != answer, "another attempt is another run")
        }
        await clock.engine.close()
    }
}

/// Commands that are really started.
@Suite("Scheduled commands")
struct LoopbackCommandTests {
    @Test(
        "a command gets what it is told and nothing of the service's secrets; its end, its last words and its time count"
    )
    func commands() async throws {
        let clock = try await Clockwork()
        let job = try #require(clock.jobs.first)
        let slot = clock.time.now
        func run(_ script: String, limit: Duration = .seconds(30)) async -> JobAnswer {
            let runners = JobRunners(
                drivers: [], service: nil, environment: ["PATH": "/usr/bin:/bin", "TOKEN": "t", "GIVEN": "g"],
                time: clock.time, context: DriverContext(runID: "t", log: .none))
            let runner = runners.runner(of: .command(["/bin/sh", "-c", script], variables: ["GIVEN"]))
            return await runner?.run(job, slot: slot, key: "k", attempt: 1, limit: limit) ?? .timedOut
        }
        #expect(await run("test \"$ODOOOPS_JOB $ODOOOPS_KEY $GIVEN$TOKEN\" = 'gates k g'") == .succeeded(receipt: nil))
        #expect(
            await run("echo much; echo 'disk full' >&2; exit 3")
                == .failed(code: "JOB-0001", reason: "/bin/sh ended with status 3: disk full"))
        #expect(await run("sleep 60", limit: .milliseconds(200)) == .timedOut)
        await clock.engine.close()
    }
}
