import Basics
import DesiredState
import Diff
import Formats
import Store
import StoreSQLite
import TestKit
import Testing

@testable import Reconciler

/// Schedules when things go wrong: services die, stop and share, clocks jump, runs take too long.
@Suite("Schedules in bad weather")
struct ScheduleLifeTests {
    private static func audit(_ clock: Clockwork, _ target: String = "gates") -> AuditRecord {
        AuditRecord(at: clock.time.now, action: "schedules.run", target: target, actor: "ada", detail: [:])
    }

    @Test(
        "through deaths, jumps of the clock and nights in which it changes, two services run each time once at most",
        arguments: UInt64(0)..<12)
    func onceEver(seed: UInt64) async throws {
        let random = RandomSource(seed: seed)
        // The last hour before Berlin's clocks change, in spring or in autumn.
        let start = seed % 2 == 0 ? "2026-03-29T00:00:00Z" : "2026-10-24T23:30:00Z"
        let clock = try await Clockwork(
            [("often", "*/10 * * * *", "ci"), ("nightly", "30 2 * * *", "ci")], now: try #require(Timestamp(start))
        ) { settings in
            settings.all.missed = ScheduleSettings.Missed.allCases[Int(seed / 2 % 3)]
            settings.all.timeZone = "Europe/Berlin"
        }
        let services = [clock.service("one"), clock.service("two")]
        try await clock.turn(services[0])
        for _ in 0..<120 {
            let service = services[Int(random.next() % 2)]
            switch random.next() % 12 {
            case 0: clock.time.jump(to: clock.time.now - .minutes(Int(random.next() % 40)))
            case 1: clock.time.jump(to: clock.time.now + .minutes(Int(random.next() % 300)))
            case 2:
                // It begins a run and dies.
                try await service.plan()
                let bounds = ["often": Clockwork.bounds, "nightly": Clockwork.bounds]
                let claim = try await clock.store.claimSlot(
                    of: bounds, lane: ScheduledJob.mainLane, workers: 4, holder: "dead")
                if let slot = claim?.slot, claim?.wasAbandoned == false {
                    clock.runner.runs.withLock { $0.append("\(slot.scheduleID) \(slot.slot.minuteText) 1") }
                }
            default: try await clock.turn(service)
            }
            clock.time.advance(by: .seconds(Int(random.next() % 400)))
        }
        let runs = clock.runner.all
        #expect(runs.count > 10 && Set(runs).count == runs.count, "seed \(seed): \(runs)")
        let slots = try await clock.store.scheduleSlots(limit: 9_999)
        #expect(Set(slots.map { "\($0.scheduleID) \($0.slot)" }).count == slots.count)
        let nightly = slots.filter { $0.scheduleID == "nightly" && $0.state != .skipped }
        #expect(Set(nightly.map { Clockwork.berlinDay($0.slot) }).count == nightly.count, "seed \(seed)")
        await clock.engine.close()
    }

    @Test("what is disabled is not tried again by itself, and what waits of it is left out; a person's wish runs")
    func disabledMeansDisabled() async throws {
        let clock = try await Clockwork { settings in
            settings.all.retries = 9
            settings.all.disableAfter = 2
        }
        let service = clock.service()
        try await clock.turn(service)
        clock.runner.answers.withLock { $0 = Array(repeating: .timedOut, count: 9) }
        for _ in 0..<60 {
            clock.time.advance(by: .minutes(1))
            try await clock.turn(service)
        }
        #expect(clock.runner.all.count == 2, "\(clock.runner.all)")
        #expect(try await clock.kinds() == ["schedule.disabled"])
        let slots = try await clock.store.scheduleSlots(limit: 99)
        #expect(slots.allSatisfy { $0.finishedAt != nil } && slots.contains { $0.state == .timedOut })
        clock.runner.answers.withLock { $0 = [] }
        _ = try await clock.store.requestSlot(of: "gates", lane: ScheduledJob.mainLane, audit: Self.audit(clock))
        try await clock.turn(service)
        #expect(clock.runner.all.count == 3)
        let state = try await clock.store.scheduleStates()["gates"]
        #expect(state?.disabledAt != nil, "a success alone is no permission")
        let told = try #require(clock.jobs.first { $0.id == "gates" }).document(state, at: clock.time.now)
        #expect(told["next_slot"] == .null && told["next_slot_local"] == .null, "\(told)")
        await clock.engine.close()
    }

    @Test(
        "no schedule runs beside itself: what becomes due meanwhile waits, and of that the last alone unless all count",
        arguments: [(ScheduleSettings.Missed.once, 1), (.all, 3)])
    func neverBesideItself(policy: ScheduleSettings.Missed, later: Int) async throws {
        let clock = try await Clockwork { $0.all.missed = policy }
        let service = clock.service()
        try await clock.turn(service)
        clock.time.advance(by: .minutes(10))
        try await service.plan()
        let long = try #require(
            try await clock.store.claimSlot(
                of: ["gates": Clockwork.bounds], lane: ScheduledJob.mainLane, workers: 4, holder: "other"))
        for _ in 0..<3 {
            clock.time.advance(by: .minutes(10))
            try await clock.turn(service)
        }
        #expect(clock.runner.all.isEmpty)
        let terms = ScheduleTerms(name: "N", environment: nil, alertsOnFailure: true, disableAfter: 3)
        #expect(try await clock.store.settle(long, .succeeded(receipt: nil), terms).isOurs)
        try await clock.turn(service)
        #expect(clock.runner.all.count == later)
        let reasons = try await clock.store.scheduleSlots(limit: 99).filter { $0.state == .skipped }.map(\.reason)
        #expect(reasons == Array(repeating: "its run before had not ended by its next time", count: 3 - later))
        await clock.engine.close()
    }

    @Test("a store of yesterday runs no time again that came since, and keeps those that come")
    func restored() async throws {
        let clock = try await Clockwork { $0.all.missed = .all }
        let directory = try TemporaryDirectory()
        let engine = try await SQLiteEngine.open(path: directory.path("ops.sqlite"))
        let store = Store(engine: engine, time: clock.time)
        _ = try await store.migrate()
        let service = clock.service(store: store)
        try await clock.turn(service)
        clock.time.advance(by: .minutes(10))
        try await clock.turn(service)
        _ = try await engine.backup(to: directory.path("copy.sqlite"))
        for _ in 0..<3 {
            clock.time.advance(by: .minutes(10))
            try await clock.turn(service)
        }
        #expect(clock.runner.all.count == 4)
        await engine.close()

        let older = Store(engine: try await SQLiteEngine.open(path: directory.path("copy.sqlite")), time: clock.time)
        #expect(try await older.settleRestored(by: "ann").schedules == 1)
        let next = clock.service("next", store: older)
        try await clock.turn(next)
        #expect(clock.runner.all.count == 4, "\(clock.runner.all)")
        clock.time.advance(by: .minutes(10))
        try await clock.turn(next)
        #expect(clock.runner.all.count == 5 && Set(clock.runner.all).count == 5, "\(clock.runner.all)")
        await older.close()
        await clock.engine.close()
    }

    @Test("a time that waited past its deadline is left out; one of a schedule that is gone does not stay for ever")
    func tooLate() async throws {
        let clock = try await Clockwork([("gates", "0 0 * * *", "ci")]) { $0.all.deadline = .hours(2) }
        let service = clock.service()
        try await clock.turn(service)
        clock.time.jump(to: try #require(clock.jobs.first?.next(after: clock.time.now)))
        try await service.plan()
        #expect(try await clock.store.scheduleSlots(limit: 9).map(\.state) == [.waiting])
        clock.time.advance(by: .hours(3))
        try await clock.turn(service)
        #expect(clock.runner.all.isEmpty)
        let slot = try #require(try await clock.store.scheduleSlots(limit: 9).first)
        #expect(slot.state == .skipped && slot.reason == "it waited for a worker longer than 2h")
        _ = try await clock.store.requestSlot(of: "gone", lane: ScheduledJob.mainLane, audit: Self.audit(clock, "gone"))
        // And one whose process died in its middle.
        _ = try await clock.store.requestSlot(of: "dead", lane: ScheduledJob.mainLane, audit: Self.audit(clock, "dead"))
        _ = try #require(
            try await clock.store.claimSlot(
                of: ["dead": Clockwork.bounds], lane: ScheduledJob.mainLane, workers: 4, holder: "other"))
        for _ in 0..<10 {
            clock.time.advance(by: .days(1))
            try await clock.turn(service)
        }
        let gone = try #require(try await clock.store.scheduleSlots(of: "gone", limit: 9).first)
        #expect(gone.state == .skipped && gone.finishedAt != nil)
        let dead = try #require(try await clock.store.scheduleSlots(of: "dead", limit: 9).first)
        #expect(dead.state == .failed && dead.errorCode == "JOB-0003" && dead.finishedAt != nil)
        await clock.engine.close()
    }

    @Test("a chore that can't be read is blocked and told, and its times are decided once it can")
    func unread() async throws {
        let clock = try await Clockwork { $0.all.missed = .all }
        let service = clock.service()
        try await clock.turn(service)
        let text =
            "version: \"1.0\"\nschema: ssot.maintenance.schedules.v1\nchores:\n  - {id: gates, cron: \"0 25 * * *\"}\n"
        let broken = readDesiredState(
            SourceTree(
                revision: String(repeating: "b", count: 40),
                files: [SourceFile(path: "ssot/maintenance/schedules.yaml", text: text)], branches: .known([])))
        let chore = Chore(
            id: "gates", name: "N", cadence: nil, cron: try Cron(parsing: "*/10 * * * *"), runner: "ci", outputs: [],
            alertsOnFailure: true, secrets: [], source: SourceMark(file: "a", line: 1, column: 1))
        let looked = broken.recalling(Timetable(chores: [chore]), living: [], kept: [:])
        let jobs = ScheduledJob.all(in: looked, clock.settings) { _ in Clockwork.zones ?? TimeZones() }
        #expect(jobs.map { $0.standing(nil) } == ["blocked"])
        let blind = ScheduleService(
            store: clock.store, jobs: { jobs }, runner: { [runner = clock.runner] _ in runner }, time: clock.time,
            random: RandomSource(seed: 1), log: .none, metrics: Metrics(), holder: "two")
        for _ in 0..<30 {
            clock.time.advance(by: .minutes(1))
            try await clock.turn(blind)
        }
        #expect(clock.runner.all.isEmpty)
        #expect(try await clock.kinds() == ["schedule.blocked"])
        try await clock.turn(service)
        #expect(clock.runner.all.count == 3)
        // The same thing once more, after people were told that it had passed.
        for _ in 0..<30 {
            clock.time.advance(by: .minutes(1))
            try await clock.turn(blind)
        }
        #expect(try await clock.kinds() == ["schedule.blocked", "schedule.recovered", "schedule.blocked"])
        await clock.engine.close()
    }

    @Test("a clock that was a year ahead silences nothing once it is right again")
    func aheadOfTheClock() async throws {
        let clock = try await Clockwork()
        let service = clock.service()
        try await clock.turn(service)
        let right = clock.time.now
        clock.time.jump(to: right + .days(365))
        try await clock.turn(service)
        #expect(clock.runner.all.count == 1, "of all those times the last one alone")
        clock.time.jump(to: right)
        for _ in 0..<21 {
            clock.time.advance(by: .minutes(1))
            try await clock.turn(service)
        }
        #expect(clock.runner.all.count == 3)
        await clock.engine.close()
    }

    @Test("a store that comes from a backup asks for the run of a time by the key by which it was begun")
    func sameKeyAfterABackup() async throws {
        let clock = try await Clockwork()
        let service = clock.service()
        try await clock.turn(service)
        let before = try #require(try await clock.store.scheduleStates()["gates"])
        clock.time.advance(by: .minutes(10))
        try await clock.turn(service)
        try await clock.engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run("delete from ops.schedule_slots", [])
            try db.run("update ops.schedule_states set cursor_at = $1", [.time(before.cursor)])
        }
        // What others have changed is seen by the next look at everything.
        clock.time.advance(by: Agenda.freshness)
        try await clock.turn(service)
        let keys = clock.runner.keys.withLock { $0 }
        #expect(keys.count == 2 && Set(keys).count == 1)
        await clock.engine.close()
    }

    @Test("a time that waits while the clock is set back runs once when it comes once more")
    func setBack() async throws {
        let clock = try await Clockwork()
        let service = clock.service()
        try await clock.turn(service)
        clock.time.advance(by: .minutes(10))
        try await service.plan()
        let waiting = try #require(try await clock.store.scheduleSlots(limit: 9).first)
        #expect(waiting.state == .waiting)
        clock.time.jump(to: clock.time.now - .minutes(20))
        // Another time comes before it; neither is in the other's way.
        for _ in 0..<18 {
            clock.time.advance(by: .minutes(1))
            try await clock.turn(service)
        }
        #expect(try await clock.store.scheduleSlots(limit: 9).map(\.state) == [.succeeded, .succeeded])
        #expect(clock.runner.all.last == "gates \(waiting.slot.minuteText) 1")
        await clock.engine.close()
    }

    @Test(
        "a service that stops leaves a workflow to the next one in the same attempt, and says of a command what is known",
        arguments: [(true, 2, nil), (false, 1, "JOB-0003")] as [(Bool, Int, String?)])
    func stops(isRepeatable: Bool, runs: Int, code: String?) async throws {
        let clock = try await Clockwork(isRepeatable: isRepeatable, isPatient: true)
        let first = clock.service("first")
        try await first.plan()
        clock.time.advance(by: .minutes(10))
        clock.runner.isEndless.withLock { $0 = true }
        let runner = clock.runner
        let running = Task { await first.run() }
        #expect(await eventually { runner.all.count == 1 })
        first.requestStop()
        running.cancel()
        await running.value
        clock.runner.isEndless.withLock { $0 = false }
        try await clock.turn(clock.service("second"))
        #expect(clock.runner.all.count == runs && Set(clock.runner.all).count == 1, "the same attempt")
        let slot = try #require(try await clock.store.scheduleSlots(limit: 9).first)
        #expect(slot.finishedAt != nil && slot.attempts == 1 && slot.errorCode == code)
        await clock.engine.close()
    }

    @Test("backups are made as often as a tier's policy says: four a day of production, one of staging, none of dev")
    func tierBackups() async throws {
        let clock = try await Clockwork(
            [], environments: "environments: {shop: {tier: prod}, try: {tier: staging}, lab: {tier: dev}}\n",
            policies: "backups: {production: 6h, staging: 24h, dev: never}\n"
        ) { $0.runners["backup"] = .command(["/bin/true"], variables: []) }
        #expect(
            clock.jobs.map { "\($0.id) \($0.source)" } == [
                "backup/shop .odooops/policies.yaml:1:23", "backup/try .odooops/policies.yaml:1:36",
            ])
        let service = clock.service()
        for _ in 0..<25 {
            try await clock.turn(service)
            clock.time.advance(by: .hours(1))
        }
        #expect(clock.runner.all.count { $0.hasPrefix("backup/shop ") } == 4, "\(clock.runner.all)")
        #expect(clock.runner.all.count { $0.hasPrefix("backup/try ") } == 1, "\(clock.runner.all)")
        await clock.engine.close()
    }

    @Test("backups of staging and development share one worker, production's have their own; each has its tier's lane")
    func tiers() async throws {
        let cron = "backup_schedule: \"0 * * * *\""
        let environments = """
            schema: ssot.environments.v1
            environments:
              lab: {tier: dev, branch: lab, \(cron)}
              try: {tier: staging, branch: try, \(cron)}
              shop: {tier: production, branch: main, \(cron)}

            """
        let clock = try await Clockwork([], environments: environments, isPatient: true) {
            $0.runners["backup"] = .command(["/bin/true"], variables: [])
        }
        #expect(clock.jobs.map(\.id) == ["backup/lab", "backup/shop", "backup/try"])
        #expect(clock.jobs.map(\.lane) == ["staging-dev", "main", "staging-dev"])
        #expect(clock.jobs.allSatisfy { $0.alertsOnFailure })
        let services = [clock.service("one"), clock.service("two")]
        try await clock.turn(services[0])
        clock.time.advance(by: .hours(1))
        clock.runner.isEndless.withLock { $0 = true }
        let runner = clock.runner
        let running = services.map { service in Task { await service.run() } }
        #expect(await eventually { runner.all.count == 2 })
        // Both look again, and find the shared worker taken.
        for service in services { try await service.plan() }
        let taken = try await clock.store.claimSlot(
            of: ["backup/lab": Clockwork.bounds, "backup/try": Clockwork.bounds], lane: ScheduledJob.sharedLane,
            workers: 1, holder: "three")
        #expect(taken == nil)
        #expect(runner.all.contains { $0.hasPrefix("backup/shop") })
        for (service, task) in zip(services, running) {
            service.requestStop()
            task.cancel()
            await task.value
        }
        await clock.engine.close()
    }
}

/// What the configuration says of schedules, and what it may not say.
@Suite("Configuration of schedules")
struct ScheduleSettingsTests {
    private static func read(_ text: String) throws -> ScheduleSettings {
        let directory = try TemporaryDirectory(prefix: "odooops-schedules")
        try FileSystem.write(Array("schedules: {\(text)}\n".utf8), to: directory.path("reconciler.yaml"))
        var reader = ConfigurationReader(environment: [:], workingDirectory: directory.path)
        return try reader.read(ConfigurationFlags()).schedules
    }

    @Test(
        "runners, defaults and single jobs are read as they are written; a job has of the defaults what it doesn't say")
    func whole() throws {
        let settings = try Self.read(
            """
            runners: {ci: {type: workflow, repository: acme/odoo, ref: v1, workflow: a.yml}, scan: {type: pass},
              backup: {type: command, command: [/bin/b, -q], variables: [PGPASSFILE]}},
            defaults: {time_zone: Europe/Berlin, missed: skip, deadline: 6h, time_limit: 30m, retries: 2, disable_after: 5},
            jobs: {gates: {workflow: g.yml, missed: all}, drill: {runner: manual}}
            """)
        #expect(settings.runners["ci"] == .workflow(repository: "acme/odoo", file: "a.yml", ref: "v1"))
        #expect(settings.runners["backup"] == .command(["/bin/b", "-q"], variables: ["PGPASSFILE"]))
        #expect(settings.runners["scan"] == .pass)
        let all = settings.all
        #expect(all.timeZone == "Europe/Berlin" && all.missed == .skip && all.deadline == .hours(6))
        #expect(all.timeLimit == .minutes(30) && all.retries == 2 && all.disableAfter == 5)
        var gates = all
        gates.workflow = "g.yml"
        gates.missed = .all
        #expect(settings.jobs["gates"] == gates && settings.jobs["drill"]?.runner == "manual")
        #expect(try Self.read("").all == ScheduleSettings.Terms())
    }

    @Test(
        "what can't be meant is refused",
        arguments: [
            ("runners: {ci: {type: cron}}", "CONF-0007"), ("runners: {ci: {type: pass, ref: x}}", "CONF-0004"),
            ("runners: {ci: {type: workflow}}", "CONF-0015"),
            ("runners: {ci: {type: workflow, repository: odoo}}", "CONF-0014"),
            ("runners: {b: {type: command, command: [backup]}}", "CONF-0015"),
            ("runners: {b: {type: command, command: []}}", "CONF-0015"),
            ("defaults: {time_zone: 'Mars/ Base'}", "CONF-0015"), ("defaults: {missed: never}", "CONF-0007"),
            ("defaults: {deadline: 8d}", "CONF-0005"), ("defaults: {time_limit: 0s}", "CONF-0005"),
            ("defaults: {retries: 11}", "CONF-0005"), ("defaults: {disable_after: 0}", "CONF-0005"),
            ("defaults: {runner: ci}", "CONF-0004"), ("jobs: {gates: {runner: nobody}}", "CONF-0015"),
        ])
    func refused(text: String, code: String) {
        let fault = #expect(throws: ConfigurationFault.self) { _ = try Self.read(text) }
        #expect(fault?.code == code, "\(text): \(fault?.description ?? "-")")
    }
}
