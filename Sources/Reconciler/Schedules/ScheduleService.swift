public import Basics
import DesiredState
import Formats
public import Store

/// Runs what is due by the clock: each time of each schedule once, whoever sees it first.
public final class ScheduleService: Sendable {
    private let store: Store
    /// What runs by the clock, sorted by id: what the last commit wants as far as it can be read and is trusted, else what ran
    /// before; nil before a pass has told, where nothing is remembered either.
    public let jobs: @Sendable () -> [ScheduledJob]?
    private let runner: @Sendable (ScheduleSettings.Runner) -> (any JobRunner)?
    private let time: any TimeSource
    private let random: RandomSource
    private let log: Log
    private let metrics: Metrics
    private let holder: String
    private let signal = Wakeup()
    private let stop = StopSignal()
    private let tendedAt = Locked<Duration?>(nil)
    private let backups = Locked(BackupWatch())

    /// Between two looks at the clock, and for what people asked for.
    static let pause = Duration.seconds(5)
    /// How long slots that ended are remembered.
    static let memory = Duration.days(90)
    /// So far may the clocks of services be apart before one's view of the others' schedules is mended.
    static let tolerance = Duration.minutes(10)

    /// - Parameters:
    ///   - store: remembers.
    ///   - jobs: what runs by the clock, as ``jobs``.
    ///   - runner: who runs a kind of job; nil where nobody can.
    ///   - time: the clock.
    ///   - random: spreads retries.
    ///   - log: hears of what went wrong.
    ///   - metrics: counts.
    ///   - holder: names this process.
    public init(
        store: Store, jobs: @escaping @Sendable () -> [ScheduledJob]?,
        runner: @escaping @Sendable (ScheduleSettings.Runner) -> (any JobRunner)?, time: any TimeSource,
        random: RandomSource, log: Log, metrics: Metrics, holder: String
    ) {
        self.store = store
        self.jobs = jobs
        self.runner = runner
        self.time = time
        self.random = random
        self.log = log
        self.metrics = metrics
        self.holder = "\(holder)/schedules"
        metrics.declare("reconciler_schedule_runs_total", .counter, "Scheduled runs by how they ended.")
        metrics.declare(
            "reconciler_schedules", .gauge, "Schedules by how they stand: active, blocked, disabled, by_hand.")
        metrics.declare(
            "reconciler_backup_overdue_seconds", .gauge,
            "Since when an environment should have had a backup that hasn't succeeded, by schedule; 0 where none is missing."
        )
    }

    /// Ends the loop; what runs is ended too.
    public func requestStop() {
        stop.raise()
        signal.raise(.manual)
    }

    /// Runs until `requestStop`, and the task is cancelled.
    @concurrent
    public func run() async {
        await withDiscardingTaskGroup { group in
            while !stop.isRaised {
                do throws(StoreFault) {
                    try await plan()
                    while !stop.isRaised, let (claim, job) = try await claim() {
                        group.addTask {
                            await self.work(claim, job)
                            // A worker is free.
                            self.signal.raise(.schedule)
                        }
                    }
                } catch {
                    log.warning("schedules wait for the store", ["code": error.code, "fault": error.message])
                }
                if stop.isRaised { break }
                // Before the first commit was read there is nothing to look at.
                _ = await signal.wait(for: jobs() == nil ? .seconds(1) : Self.pause, time)
            }
            group.cancelAll()
        }
    }

    // MARK: The clock

    /// Writes down what became due.
    ///
    /// A job that can't be read any more stays as it is: its times are decided once it can.
    ///
    /// - Throws: `StoreFault`.
    public func plan() async throws(StoreFault) {
        guard let jobs = jobs() else { return }
        var states = try await store.scheduleStates()
        let new = jobs.map(\.id).filter { states[$0] == nil }
        if !new.isEmpty {
            try await store.beginSchedules(new)
            states = try await store.scheduleStates()
        }
        let now = time.now
        for job in jobs {
            guard let state = states[job.id] else { continue }
            try await plan(job, state, now)
        }
        try await tend(jobs, states)
    }

    private func plan(_ job: ScheduledJob, _ state: ScheduleState, _ now: Timestamp) async throws(StoreFault) {
        switch job.way {
        case .blocked(let reason), .unread(let reason):
            // What was due while it was blocked isn't caught up with.
            try await store.tellBlocked(
                job.id, job.name, environment: job.environment?.slug, because: reason, at: now)
        case .runner, .byHand: break
        }
        if case .unread = job.way { return }
        if state.cursor > now + Self.tolerance {
            // The clock was ahead, and would keep the schedule silent until that time comes. What has run stays run.
            log.warning(
                "a schedule was planned ahead of the clock, and begins again now",
                ["job": job.id, "ahead": (state.cursor - now).shortText])
            _ = try await store.advance(state, to: now, slots: [])
            return
        }
        guard let next = job.next(after: state.cursor), next <= now else { return }
        let due = DueSlots(of: job, after: state.cursor, upTo: now)
        var slots: [NewScheduleSlot] = []
        var notices: [Notice] = []
        var dropping: String?
        switch job.way {
        case .blocked, .unread: dropping = "the schedule was blocked"
        case .byHand:
            if let last = (due.running + due.skipped).max() {
                notices.append(
                    Notice(
                        .scheduleDue, of: job.id, environment: job.environment?.slug, at: now,
                        payload: ["name": .string(job.name), "slot": .string(last.description)],
                        dedupe: last.description))
            }
        case .runner where state.disabledAt != nil: break
        case .runner:
            slots = due.running.map { NewScheduleSlot($0, lane: job.lane) }
            // Of times that wait together only the last one runs.
            if !slots.isEmpty, job.terms.missed != .all { dropping = "no worker was free before its next time" }
            if let last = due.skipped.max() {
                let count = due.skipped.count
                slots.append(
                    NewScheduleSlot(
                        last, lane: job.lane,
                        skipReason: count == 1 ? "nobody was there" : "nobody was there, for \(count) times in a row"))
            }
        }
        _ = try await store.advance(state, to: now, slots: slots, dropping: dropping, notices: notices)
    }

    // MARK: Working

    private func claim() async throws(StoreFault) -> (ScheduleClaim, ScheduledJob)? {
        guard let jobs = jobs() else { return nil }
        for (lane, workers) in ScheduledJob.workers.sorted(by: { $0.key < $1.key }) {
            let able = jobs.filter { job in
                guard job.lane == lane, case .runner = job.way else { return false }
                return true
            }
            let bounds = Dictionary(
                able.map { ($0.id, ScheduleBounds(timeLimit: $0.terms.timeLimit, deadline: $0.terms.deadline)) }
            ) { first, _ in first }
            guard
                let claim = try await store.claimSlot(of: bounds, lane: lane, workers: workers, holder: holder),
                let job = able.first(where: { $0.id == claim.slot.scheduleID })
            else { continue }
            return (claim, job)
        }
        return nil
    }

    /// Runs everything that is due now, one after the other; for tests, and for who has no loop.
    ///
    /// - Throws: `StoreFault`.
    public func workAll() async throws(StoreFault) {
        while let (claim, job) = try await claim() { await work(claim, job) }
    }

    private func work(_ claim: ScheduleClaim, _ job: ScheduledJob) async {
        let answer: JobAnswer
        switch job.way {
        case .runner(let kind):
            guard let runner = runner(kind) else {
                answer = .failed(code: "JOB-0002", reason: "nobody can run \(job.runner) here")
                break
            }
            answer = await self.answer(claim, job, runner)
            if Task.isCancelled, runner.isRepeatable, case .failed = answer {
                // The workflow runs on, the pass is made by another service: the next one waits for it.
                do throws(StoreFault) { try await store.release(claim) } catch {
                    log.warning("a scheduled run waits for its claim to end", ["job": job.id, "fault": error.message])
                }
                return
            }
        case .byHand, .blocked, .unread:
            answer = .failed(code: "JOB-0002", reason: "nobody runs \(job.runner) any more")
        }
        let mayRetry = claim.slot.attempts <= job.terms.retries
        // 1 min, 2 min, 4 min … up to an hour, each with up to a half more.
        let usual = min(Duration.minutes(1) * (1 << min(claim.slot.attempts - 1, 8)), .hours(1))
        let retryAt = mayRetry ? time.now + usual + random.jitter(usual / 2) : nil
        let outcome: ScheduleOutcome
        switch answer {
        case .succeeded(let receipt): outcome = .succeeded(receipt: receipt)
        case .failed(let code, let reason): outcome = .failed(code: code, reason: reason, retryAt: retryAt)
        case .timedOut:
            outcome = .timedOut(
                code: "JOB-0004", reason: "it ran longer than \(job.terms.timeLimit.shortText)", retryAt: retryAt)
        }
        let word =
            switch answer {
            case .succeeded: "succeeded"
            case .failed: "failed"
            case .timedOut: "timed_out"
            }
        metrics.add("reconciler_schedule_runs_total", 1, ["outcome": word])
        if case .failed(let code, let reason) = answer {
            log.warning("a scheduled run failed", ["job": job.id, "code": code, "fault": reason])
        }
        let terms = ScheduleTerms(
            name: job.name, environment: job.environment?.slug, alertsOnFailure: job.alertsOnFailure,
            disableAfter: job.terms.disableAfter)
        do throws(StoreFault) {
            let settlement = try await store.settle(claim, outcome, terms)
            if let refusal = settlement.refusal {
                log.warning(
                    "a scheduled run could not be copied to ops.maintenance_runs",
                    ["job": job.id, "code": refusal.code, "fault": refusal.message])
            }
        } catch {
            // The claim runs out, and whoever takes it next sees that it was begun.
            log.error("the end of a scheduled run could not be written", ["job": job.id, "fault": error.message])
        }
    }

    private func answer(
        _ claim: ScheduleClaim, _ job: ScheduledJob, _ runner: any JobRunner
    ) async -> JobAnswer {
        if claim.wasAbandoned, !runner.isRepeatable {
            return .failed(
                code: "JOB-0003", reason: "the service died while it ran; whether it came to its end is not known")
        }
        let slot = claim.slot
        return await runner.run(
            job, slot: slot.slot, key: slot.id, attempt: slot.attempts, limit: job.terms.timeLimit)
    }

    /// Shows how schedules stand, and forgets what is old.
    private func tend(_ jobs: [ScheduledJob], _ states: [String: ScheduleState]) async throws(StoreFault) {
        var counts = ["active": 0, "blocked": 0, "disabled": 0, "by_hand": 0]
        for job in jobs {
            switch job.way {
            case .blocked, .unread: counts["blocked", default: 0] += 1
            case .byHand: counts["by_hand", default: 0] += 1
            case .runner: counts[states[job.id]?.disabledAt == nil ? "active" : "disabled", default: 0] += 1
            }
        }
        for (state, count) in counts { metrics.set("reconciler_schedules", Double(count), ["state": state]) }
        try await lookAfterBackups(jobs)
        let now = time.uptime
        let isDue = tendedAt.withLock { tendedAt in
            if let last = tendedAt, now - last < .hours(1) { return false }
            tendedAt = now
            return true
        }
        guard isDue else { return }
        _ = try await store.forgetSlots(before: time.now - Self.memory)
        try await store.dropWaiting(since: time.now - DueSlots.horizon)
    }

    /// Shows and tells which backups are missing: one that fails, or is blocked or disabled, for weeks is no news otherwise.
    private func lookAfterBackups(_ jobs: [ScheduledJob]) async throws(StoreFault) {
        let uptime = time.uptime
        guard backups.withLock({ $0.isDue(uptime) }) else { return }
        let jobs = jobs.filter { $0.environment != nil && $0.way != .byHand }
        let past = try await store.backupPasts(of: jobs.map(\.id))
        let now = time.now
        metrics.clear("reconciler_backup_overdue_seconds")
        var notices: [Notice] = []
        for job in jobs {
            let past = past[job.id] ?? BackupPast()
            let (since, notice) = backups.withLock { watch in
                let since = watch.dueSince(job, past, now)
                return (since, since.flatMap { watch.notice(of: job, since: $0, past, now) })
            }
            metrics.set(
                "reconciler_backup_overdue_seconds", since.map { (now - $0).inSeconds } ?? 0, ["schedule": job.id])
            if let notice { notices.append(notice) }
        }
        _ = try await store.post(notices)
    }
}
