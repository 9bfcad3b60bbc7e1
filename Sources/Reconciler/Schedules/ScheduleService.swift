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
    private let agenda = Locked(Agenda())

    /// Between two looks at the clock, and for what people asked for.
    static let pause = Duration.seconds(5)
    /// How long slots that ended are remembered, and how far schedules had come that nothing wants any more.
    static let memory = Duration.days(90)
    /// Between two attempts to write down how a run ended: at first, and at most.
    static let settlePauses = (first: Duration.seconds(1), longest: Duration.seconds(30))

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
        // Who is there already doesn't tell people of what we may run: we know it only with the first commit.
        let sign = RunnerSigns.Sign(at: time.now, runners: nil, exceptions: [])
        _ = try? await RunnerSigns.exchange(sign, of: holder, in: store)
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
    /// Between two looks at everything it asks the store only for what is due by what it knows: others may have moved it. A job
    /// that can't be read any more stays as it is: its times are decided once it can.
    ///
    /// - Throws: `StoreFault`.
    public func plan() async throws(StoreFault) {
        guard let jobs = jobs() else { return }
        let (now, uptime) = (time.now, time.uptime)
        guard agenda.withLock({ $0.begin(jobs, now, uptime) }) else {
            let due = agenda.withLock { $0.due(now) }
            guard !due.isEmpty else { return }
            let states = try await store.scheduleStates(of: due.map(\.id))
            return try await advance(states, now)
        }
        // By a clock that is ahead times would run early, and runs of others would be taken for abandoned.
        try await store.confirmClock(lasting: Agenda.freshness)
        var states = try await store.scheduleStates()
        let new = jobs.filter { states[$0.id] == nil }
        if !new.isEmpty {
            let timings = Dictionary(new.compactMap { job in job.timing.map { (job.id, $0) } }) { first, _ in first }
            try await store.beginSchedules(new.map(\.id), timings: timings)
            states = try await store.scheduleStates()
        }
        if !jobs.isEmpty { try await hear(now) }
        let before = states
        let retimed = agenda.withLock { $0.retimed(before) }
        if !retimed.isEmpty {
            try await store.retimeSchedules(retimed)
            states = try await store.scheduleStates()
        }
        agenda.withLock { $0.endRetiming() }
        let looked = states
        let blocked = agenda.withLock { $0.untold(looked) }
        try await store.tellBlocked(blocked, at: now)
        agenda.withLock { $0.tell(looked) }
        try await advance(states, now)
        try await tend(jobs, states)
        agenda.withLock { $0.endLook(uptime) }
    }

    /// Tells the other services what this one runs, and hears what they do.
    private func hear(_ now: Timestamp) async throws(StoreFault) {
        let can: @Sendable (ScheduleSettings.Runner) -> Bool = { [runner] in runner($0) != nil }
        let sign = agenda.withLock { $0.sign(at: now, can: can) }
        let others = try await RunnerSigns.exchange(sign, of: holder, in: store)
        agenda.withLock { $0.learn(others, can: can) }
    }

    /// Moves those on that are due by what the store knows of them now.
    private func advance(_ states: [String: ScheduleState], _ now: Timestamp) async throws(StoreFault) {
        let due = agenda.withLock { agenda in
            agenda.learn(states)
            return agenda.due(now)
        }
        let moves = due.compactMap { job in states[job.id].flatMap { move(job, $0, now) } }
        guard !moves.isEmpty else { return }
        let moved = try await store.advance(moves)
        agenda.withLock { agenda in
            agenda.move(moved, to: now)
            if moved.count < moves.count { agenda.doubt() }
        }
    }

    /// What follows from the times that became due; nil where none did.
    private func move(_ job: ScheduledJob, _ state: ScheduleState, _ now: Timestamp) -> ScheduleMove? {
        var move = ScheduleMove(state, to: now)
        if state.cursor > now + Agenda.tolerance {
            // The clock was ahead, and would keep the schedule silent until that time comes. What has run stays run.
            log.warning(
                "a schedule was planned ahead of the clock, and begins again now",
                ["job": job.id, "ahead": (state.cursor - now).shortText])
            return move
        }
        guard let next = job.next(after: state.cursor), next <= now else { return nil }
        let due = DueSlots(of: job, after: state.cursor, upTo: now)
        switch job.way {
        // They aren't due here, whatever the clock says: who can run them decides their times.
        case .blocked, .unread: return nil
        case .byHand:
            if let last = (due.running + due.skipped).max() {
                move.notices.append(
                    Notice(
                        .scheduleDue, of: job.id, environment: job.environment?.slug, at: now,
                        payload: ["name": .string(job.name), "slot": .string(last.description)],
                        dedupe: last.description))
            }
        case .runner where state.disabledAt != nil: break
        case .runner:
            move.slots = due.running.map { NewScheduleSlot($0, lane: job.lane) }
            // Of times that wait together only the last one runs.
            if !move.slots.isEmpty, job.terms.missed != .all {
                move.dropReason = "no worker was free before its next time"
                move.dropReasonBesideRun = "its run before had not ended by its next time"
            }
            if let last = due.skipped.max() {
                let count = due.skipped.count
                move.slots.append(
                    NewScheduleSlot(
                        last, lane: job.lane,
                        skipReason: count == 1 ? "nobody was there" : "nobody was there, for \(count) times in a row"))
            }
        }
        return move
    }

    // MARK: Working

    private func claim() async throws(StoreFault) -> (ScheduleClaim, ScheduledJob)? {
        guard let jobs = jobs() else { return nil }
        let known = agenda.withLock { agenda in
            agenda.take(jobs)
            return (bounds: agenda.bounds, served: agenda.served)
        }
        for (lane, workers) in ScheduledJob.workers.sorted(by: { $0.key < $1.key }) {
            guard let bounds = known.bounds[lane],
                let claim = try await store.claimSlot(
                    of: bounds, lane: lane, workers: workers, holder: holder, served: known.served)
            else { continue }
            let job = agenda.withLock { agenda in
                agenda.serve(claim.slot.scheduleID)
                return agenda.job(claim.slot.scheduleID)
            }
            if let job { return (claim, job) }
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
        let retryAt =
            mayRetry
            ? time.now + random.backOff(after: claim.slot.attempts, from: .minutes(1), upTo: .hours(1)) : nil
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
        if case .failed(let code, let reason) = answer {
            log.warning("a scheduled run failed", ["job": job.id, "code": code, "fault": reason])
        }
        guard await settle(claim, outcome, job) else { return }
        metrics.add("reconciler_schedule_runs_total", 1, ["outcome": word])
    }

    /// Writes down how a run ended, again and again for as long as the run is ours.
    ///
    /// A store that is away for seconds would otherwise make of a success a run of whose end nobody knows, and keep the schedule
    /// from its next times until its time limit is over.
    ///
    /// - Returns: whether it is written down, by us.
    private func settle(_ claim: ScheduleClaim, _ outcome: ScheduleOutcome, _ job: ScheduledJob) async -> Bool {
        let terms = ScheduleTerms(
            name: job.name, environment: job.environment?.slug, alertsOnFailure: job.alertsOnFailure,
            disableAfter: job.terms.disableAfter)
        var pause = Self.settlePauses.first
        var (isUnsure, isLast) = (false, false)
        while true {
            do throws(StoreFault) {
                let settlement = try await store.settle(claim, outcome, terms)
                if let refusal = settlement.refusal {
                    log.warning(
                        "a scheduled run could not be copied to ops.maintenance_runs",
                        ["job": job.id, "code": refusal.code, "fault": refusal.message])
                }
                // What was written while its answer was lost is not ours any more: it has its end.
                return settlement.isOurs || isUnsure
            } catch {
                isUnsure = isUnsure || error.kind == .unknown
                // A database that was demoted reads only, until we are led to the one that took its place.
                let mayHelp = error.disposition != .stop || error.kind == .readOnly
                guard mayHelp, !isLast, !Task.isCancelled, time.now + pause < claim.slot.availableAt else {
                    // The claim runs out, and whoever takes it next sees that it was begun.
                    log.error(
                        "the end of a scheduled run could not be written", ["job": job.id, "fault": error.message])
                    return false
                }
                log.warning(
                    "the end of a scheduled run waits for the store", ["job": job.id, "fault": error.message])
            }
            // A service that stops waits no more: it tries once again, and at once.
            do { try await time.sleep(for: pause) } catch { isLast = true }
            pause = min(pause * 2, Self.settlePauses.longest)
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
        try await store.forgetSchedules(notIn: Set(jobs.map(\.id)), before: time.now - Self.memory)
        try await store.dropWaiting(since: time.now - DueSlots.horizon)
    }

    /// Shows and tells which backups are missing: one that fails, or is blocked or disabled, for weeks is no news otherwise.
    private func lookAfterBackups(_ jobs: [ScheduledJob]) async throws(StoreFault) {
        let uptime = time.uptime
        guard backups.withLock({ $0.isDue(uptime) }) else { return }
        let watched = jobs.lazy.filter { $0.environment != nil && $0.way != .byHand }
        let past = watched.isEmpty ? [:] : try await store.backupPasts(startingWith: ScheduledJob.backupPrefix)
        let now = time.now
        metrics.clear("reconciler_backup_overdue_seconds")
        var notices: [Notice] = []
        for job in watched {
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
