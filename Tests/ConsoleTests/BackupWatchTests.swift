import Basics
import DesiredState
import Formats
import Store
import Testing

@testable import Reconciler

@Suite("Backups that are missing")
struct BackupWatchTests {
    @Test("A backup is missing from the time after its last success on, by the cron expression that it has now")
    func dueSince() async throws {
        let clock = try await Clockwork(
            [], environments: "environments: {shop: {tier: prod, backup_schedule: \"0 0 * * *\"}}\n")
        let other = try await Clockwork(
            [], environments: "environments: {shop: {tier: prod, backup_schedule: \"0 12 * * *\"}}\n")
        let (job, noon) = (try #require(clock.jobs.first), try #require(other.jobs.first))
        let start = try #require(Timestamp("2026-03-01T06:00:00Z"))
        var watch = BackupWatch()
        func since(_ job: ScheduledJob, _ past: BackupPast, after hours: Int) -> String? {
            watch.dueSince(job, past, start + .hours(hours))?.description
        }
        #expect(since(job, BackupPast(), after: 0) == nil)
        #expect(since(job, BackupPast(), after: 17) == nil)
        #expect(since(job, BackupPast(), after: 30) == "2026-03-02T00:00:00Z")
        #expect(since(job, BackupPast(first: start - .hours(30)), after: 30) == "2026-02-28T00:00:00Z")
        let succeeded = BackupPast(lastSuccess: start + .hours(18), first: start - .hours(30))
        #expect(since(job, succeeded, after: 41) == nil)
        #expect(since(job, succeeded, after: 42) == "2026-03-03T00:00:00Z")
        // Another time was never missed before it was wanted, whichever process looks.
        var changed = succeeded
        (changed.timing, changed.timedSince) = (noon.timing, start + .hours(90))
        for anew in [false, true] {
            if anew { watch = BackupWatch() }
            #expect(since(noon, changed, after: 90) == nil)
            #expect(since(noon, changed, after: 103) == "2026-03-05T12:00:00Z")
        }
        // What the store doesn't know yet is another's word, or yesterday's.
        #expect(since(job, changed, after: 200) == nil)
        await clock.engine.close()
        await other.engine.close()
    }

    @Test("A backup that once ran and is blocked now is told each day")
    func blocked() async throws {
        let clock = try await Clockwork(
            [], environments: "environments: {shop: {tier: prod, backup_schedule: \"0 0 * * *\"}}\n")
        let job = try #require(clock.jobs.first)
        #expect(job.standing(nil) == "blocked")
        var watch = BackupWatch()
        let ran = clock.time.now
        let past = BackupPast(lastSuccess: ran, first: ran)
        var told: [String] = []
        for hour in 0..<100 {
            let now = ran + .hours(hour)
            guard let since = watch.dueSince(job, past, now) else { continue }
            if let notice = watch.notice(of: job, since: since, past, now) { told.append(notice.dedupeKey) }
        }
        #expect(Set(told).count == 3)
        await clock.engine.close()
    }

    @Test("A cron expression that was tightened while no service ran is no backup that is missing")
    func tightened() async throws {
        func jobs(_ cron: String) async throws -> Clockwork {
            try await Clockwork(
                [], environments: "environments: {shop: {tier: prod, backup_schedule: \"\(cron)\"}}\n"
            ) { $0.runners["backup"] = .command(["/bin/true"], variables: []) }
        }
        let (clock, other) = (try await jobs("0 3 * * *"), try await jobs("0 * * * *"))
        let before = clock.service()
        for _ in 0..<48 {
            try await clock.turn(before)
            clock.time.advance(by: .minutes(30))
        }
        #expect(clock.runner.all.count == 1)
        // It fails from now on; the service is another one.
        clock.runner.answers.withLock { $0 = Array(repeating: .failed(code: "X", reason: "no"), count: 99) }
        let metrics = Metrics()
        func overdue() -> Double {
            metrics.value("reconciler_backup_overdue_seconds", ["schedule": "backup/shop"]) ?? -1
        }
        let changed = clock.time.now
        for holder in ["two", "three"] {
            let service = ScheduleService(
                store: clock.store, jobs: { [jobs = other.jobs] in jobs },
                runner: { [runner = clock.runner] _ in runner }, time: clock.time, random: RandomSource(seed: 1),
                log: .none, metrics: metrics, holder: holder)
            try await clock.turn(service)
            let due = try #require(other.jobs.first?.next(after: changed))
            #expect(overdue() == max(0, Double((clock.time.now - due).microseconds / 1_000_000)), "\(holder)")
            clock.time.advance(by: .hours(2))
        }
        await clock.engine.close()
        await other.engine.close()
    }

    /// What becomes of each run, and what is in the way of it.
    @Test(
        "a backup that doesn't succeed for days is told each day and measured, whatever is in its way; one that does isn't",
        arguments: [
            (JobAnswer.failed(code: "X", reason: "no"), "backup", 5, 5), (.timedOut, "backup", 5, 5),
            (.succeeded(receipt: nil), "backup", 0, 0),
            // Nobody was ever to run it, which is told once.
            (.succeeded(receipt: nil), "nobody", 5, 0),
        ] as [(JobAnswer, String, Int, Int)])
    func missingBackups(_ answer: JobAnswer, _ runner: String, _ days: Int, _ told: Int) async throws {
        let clock = try await Clockwork(
            [], environments: "environments: {shop: {tier: prod}, lab: {tier: dev}}\n",
            policies: "backups: {production: 24h}\n", isRepeatable: true
        ) { settings in
            settings.runners["ci"] = nil
            settings.runners[runner] = .command(["/bin/true"], variables: [])
        }
        let metrics = Metrics()
        let service = ScheduleService(
            store: clock.store, jobs: { [jobs = clock.jobs] in jobs }, runner: { [runner = clock.runner] _ in runner },
            time: clock.time, random: RandomSource(seed: 1), log: .none, metrics: metrics, holder: "one")
        func overdue() -> Double {
            metrics.value("reconciler_backup_overdue_seconds", ["schedule": "backup/shop"]) ?? -1
        }
        clock.runner.answers.withLock { $0 = Array(repeating: answer, count: 99) }
        try await clock.turn(service)
        #expect(overdue() == 0)
        let first = try #require(clock.jobs.first?.next(after: clock.time.now))
        while clock.time.now < first + .days(5) + .hours(1) {
            clock.time.advance(by: .minutes(30))
            try await clock.turn(service)
        }
        func missing() async throws -> Int {
            try await clock.store.notices(limit: 99).count { notice in
                notice.kind == .scheduleFailed
                    && notice.payload["fault"]?.stringValue?.hasPrefix("no backup has") == true
            }
        }
        #expect(try await missing() == told)
        #expect(overdue() >= Double(days * 86_400) && overdue() < Double((days + 1) * 86_400))
        // Another service, or this one once it was started anew, tells no day twice.
        let anew = clock.service("two")
        for _ in 0..<6 {
            clock.time.advance(by: .minutes(30))
            try await clock.turn(anew)
        }
        #expect(try await missing() == told)
        await clock.engine.close()
    }
}
