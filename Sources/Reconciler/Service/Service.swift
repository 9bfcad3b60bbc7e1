public import Basics
import DesiredState
import Diff
import Formats
import Store

/// Repeats the pass until it is told to stop, and says how it fares.
public final class Service: Sendable {
    /// How the loop fares, for health checks and people.
    public struct Status: Sendable {
        public var startedAt: Timestamp
        public var passes = 0
        public var isRunning = false
        public var passStartedAt: Timestamp?
        public var lastSuccessAt: Timestamp?
        public var lastRunID: String?
        public var lastFault: (any Fault)?
        /// Failed passes in a row.
        public var failures = 0
        public var nextPassAt: Timestamp?
        public var isStopping = false
        /// The last sign of life of the loop.
        public var beatAt: Timestamp
    }

    let reconciler: Reconciler
    let interval: Duration
    private let gap: Duration
    private let status: Locked<Status>
    public let wakeup = Wakeup()
    /// Wakes the loops of all processes that share the store.
    public let bell: WakeBell
    let stop = StopSignal()
    private let onPass: @Sendable (RunReport) -> Void
    private let retention: Retention?
    let looksAfterOthers: Bool
    /// Whether something of our share waited for another service in the last pass.
    private let waitsForOthers = Locked(false)
    /// Whether this service leaves its share to the others, for its passes fail and theirs don't.
    let isAside = Locked(false)
    private let hasSigned = Locked(false)
    /// After a cut that failed, the next is tried an hour later.
    private let nextCut = Locked(Timestamp(seconds: 0))

    /// Between two looks whether another service still works: a take-over begins at most so long after its lease ends.
    static let standbyPause = Duration.milliseconds(500)

    /// Between two looks whether the clock is right by now.
    private static let clockPause = Duration.seconds(10)

    /// What another service does first is looked for after so long, also where no ring tells of it.
    private static let sharedPause = Duration.seconds(5)

    /// Until others can take its share, a service whose passes fail tries again after so long.
    private static let failingPause = Duration.minutes(1)

    /// The longest wait after failures.
    static let longestBackOff = Duration.minutes(15)
    /// A service that fails says so at least so often; one that was silent for longer is no more.
    static let longestSilence = Duration.hours(1)
    /// So many in a row are told: one alone is nobody's business.
    static let failuresToTell = 3

    /// - Parameters:
    ///   - reconciler: makes the passes.
    ///   - interval: between the end of a pass and the begin of the next, where nothing happens.
    ///   - gap: the least between them, however often hooks knock; a person's wish doesn't wait for it.
    ///   - retention: what is older than its time is cut once a day; nil: nothing is.
    ///   - looksAfterOthers: whether to look between passes whether another service has gone, and to say that this one is
    ///     there.
    ///   - onPass: called after each pass, for tests and for programs that print.
    public init(
        reconciler: Reconciler, interval: Duration, gap: Duration = .zero, retention: Retention? = nil,
        looksAfterOthers: Bool = true, onPass: @escaping @Sendable (RunReport) -> Void = { _ in }
    ) {
        self.reconciler = reconciler
        self.interval = interval
        self.retention = retention
        self.gap = gap
        self.looksAfterOthers = looksAfterOthers
        self.onPass = onPass
        bell = WakeBell(store: reconciler.store, wakeup: wakeup, time: reconciler.time, log: reconciler.log)
        let now = reconciler.time.now
        status = Locked(Status(startedAt: now, beatAt: now))
    }

    public var currentStatus: Status { status.withLock { $0 } }

    /// Ends the loop: running steps are finished and recorded, nothing new begins.
    public func requestStop() {
        stop.raise()
        status.withLock { $0.isStopping = true }
        wakeup.raise(.manual)
    }

    /// Runs until `requestStop`.
    @concurrent
    public func run() async {
        let lookout = Task { [self] in await lookAfterOthers() }
        await loop()
        lookout.cancel()
        await lookout.value
        if reconciler.shards.count > 1 || hasSigned.withLock({ $0 }) {
            // Others take our share at once; and if nobody hears it, when our last sign of life has run out.
            try? await reconciler.store.endService(reconciler.holder)
        }
        reconciler.log.info("the loop has ended")
    }

    private func loop() async {
        var trigger = RunTrigger.schedule
        while !stop.isRaised {
            if await isClockWrong() {
                tellNextPass(in: Self.clockPause)
                let next = await wakeup.wait(for: Self.clockPause, reconciler.time)
                if trigger == .schedule { trigger = next }
                continue
            }
            var isElsewhere = await isHeldElsewhere()
            if !isElsewhere {
                // Whoever leaves something to it during its first pass is told that it is there.
                if !hasSigned.withLock({ $0 }) { await giveSign(nextPassAt: reconciler.time.now) }
                isElsewhere = await !pass(trigger)
            }
            if stop.isRaised { break }
            if !isElsewhere {
                await cut()
                await considerShare()
            }
            let wait = isElsewhere ? Self.standbyPause : nextWait()
            tellNextPass(in: wait)
            reconciler.metrics.set(
                "reconciler_next_pass_timestamp_seconds", Double((reconciler.time.now + wait).seconds))
            if isElsewhere {
                // What was asked for stays asked for: the other one may have read the commit before.
                let next = await wakeup.wait(for: wait, reconciler.time)
                if trigger == .schedule { trigger = next }
            } else {
                await giveSign(nextPassAt: currentStatus.nextPassAt)
                trigger = await nextTrigger(wait)
            }
        }
    }

    /// Whether this machine's clock is not the store's, by which no lease may be judged; who asks is told why nothing is done.
    private func isClockWrong() async -> Bool {
        var fault: StoreFault?
        do throws(StoreFault) {
            try await reconciler.store.confirmClock(lasting: reconciler.leaseTime)
        } catch {
            // Whatever else is wrong with the store is the pass's to find out.
            if error.kind == .wrongClock { fault = error }
        }
        let found = fault
        let before = status.withLock { status in
            let before = status.lastFault as? StoreFault
            if found != nil || before?.kind == .wrongClock { status.lastFault = found }
            return before
        }
        if let found, before?.kind != .wrongClock {
            reconciler.log.error(
                "no pass is made for now",
                ["code": found.code, "fault": found.message, "hint": found.hint ?? ""])
        } else if found == nil, before?.kind == .wrongClock {
            reconciler.log.info("the clock is right again")
        }
        return found != nil
    }

    /// Says that it is alive, and when it begins the next pass.
    private func tellNextPass(in wait: Duration) {
        status.withLock { status in
            status.nextPassAt = reconciler.time.now + wait
            status.beatAt = reconciler.time.now
        }
    }

    /// Waits for the next pass, and for the gap after the one before where a hook calls for it.
    ///
    /// The first knock after a quiet time begins a pass at once; all that come before the gap is over share one.
    private func nextTrigger(_ wait: Duration) async -> RunTrigger {
        let end = reconciler.time.uptime
        var trigger = await wakeup.wait(for: wait, reconciler.time)
        // Whoever stands aside would be in the others' way if it tried at each knock.
        while trigger == .webhook, isAside.withLock({ $0 }), !stop.isRaised {
            let rest = wait - (reconciler.time.uptime - end)
            guard rest > .zero else { return .schedule }
            trigger = await wakeup.wait(for: rest, reconciler.time)
        }
        guard trigger == .webhook else { return trigger }
        while !stop.isRaised {
            let rest = gap - (reconciler.time.uptime - end)
            guard rest > .zero else { break }
            status.withLock { $0.nextPassAt = reconciler.time.now + rest }
            if await wakeup.wait(for: rest, reconciler.time) == .manual { return .manual }
        }
        return trigger
    }

    /// Tells other processes when the next pass is, so that `explain` can say it.
    private func giveSign(nextPassAt: Timestamp?) async {
        do {
            try await reconciler.store.note(
                ServiceSign(
                    holder: reconciler.holder, nextPassAt: nextPassAt, failures: currentStatus.failures,
                    at: reconciler.time.now, isAside: isAside.withLock { $0 }))
            hasSigned.withLock { $0 = true }
        } catch {
            reconciler.log.warning("the next pass could not be written down", ["fault": error.description])
        }
    }

    /// Makes a pass; false where another process has taken the lease in the meantime.
    private func pass(_ trigger: RunTrigger) async -> Bool {
        let now = reconciler.time.now
        status.withLock { status in
            status.isRunning = true
            status.passStartedAt = now
            status.nextPassAt = nil
            status.beatAt = now
        }
        var options = PassOptions(trigger: trigger)
        options.isShared = true
        options.isAside = isAside.withLock { $0 }
        let report = await reconciler.pass(options, stop: stop)
        waitsForOthers.withLock { $0 = report.waitsForOthers }
        if report.isNewsForOthers { await tellOthers() }
        let fault: (any Fault)? =
            switch report.outcome {
            case .failed(let fault): fault
            case .stepsFailed(let count): StepsFault(count: count, runID: report.run.id)
            case .invalid: InvalidFault()
            case .succeeded, .planned: ObservationFault(report.observationFaults)
            case .stale, .canceled: nil
            }
        let isElsewhere = fault is LeaseFault
        let ended = reconciler.time.now
        status.withLock { status in
            status.isRunning = false
            status.passes += 1
            status.beatAt = ended
            status.lastRunID = report.run.id
            status.lastFault = fault
            if isElsewhere { return }
            if fault == nil {
                status.failures = 0
                status.lastSuccessAt = ended
            } else {
                status.failures += 1
            }
        }
        reconciler.logEnd(of: report)
        await showStanding()
        if !isElsewhere { await tell(fault, report.run.id, at: ended) }
        onPass(report)
        return !isElsewhere
    }

    /// Tells people that passes fail one after the other, and that they succeed again; each once, also where another process
    /// has taken the place of the one that failed.
    private func tell(_ fault: (any Fault)?, _ runID: String, at now: Timestamp) async {
        let failures = currentStatus.failures
        let (holder, silence) = (reconciler.holder, max(Self.longestSilence, interval * 3))
        do throws(StoreFault) {
            if failures >= Self.failuresToTell {
                let text = fault.map { "\($0.code): \($0.message)" } ?? ""
                let notice = Notice(
                    .serviceFailing, of: Self.machine(of: holder), environment: nil, at: now, runID: runID,
                    payload: ["count": .int(Int64(failures)), "fault": .string(text)], dedupe: runID)
                try await reconciler.store.noteFailing(holder, notice) { LeaseHolder.isGone($0, ours: holder) }
            } else if failures == 0 {
                try await reconciler.store.noteSucceeding(
                    holder, isGone: { LeaseHolder.isGone($0, ours: holder) || now - $1 > silence }
                ) { Notice(.serviceRecovered, of: $0, environment: nil, at: now, runID: runID, dedupe: runID) }
            }
        } catch {
            // It may be the store that fails; the next pass tries again.
            reconciler.log.warning("a notice could not be written", ["fault": error.description])
        }
    }

    /// The machine of a process: what failed there is one matter, whichever process it was.
    private static func machine(of holder: String) -> String {
        let name = holder.prefix { $0 != "/" }
        return String(name.lastIndex(of: ":").map { name[..<$0] } ?? name)
    }

    /// Cuts what is older than its time, once a day.
    private func cut() async {
        let now = reconciler.time.now
        guard let retention, nextCut.withLock({ $0 <= now }) else { return }
        nextCut.withLock { $0 = now + .hours(1) }
        do {
            guard let report = try await retention.runIfDue(), !report.isTaken else { return }
            reconciler.metrics.set("reconciler_retention_last_timestamp_seconds", Double(reconciler.time.now.seconds))
            reconciler.log.info(
                "cut what is older than its time",
                [
                    "audit": report.auditRecords, "evidence": report.evidenceLinks,
                    "evidence.elsewhere": report.evidenceElsewhere, "runs": report.runs.runs,
                    "over": report.past.reduce(0) { $0 + $1.count }, "objects": report.objects, "bytes": report.bytes,
                ])
        } catch {
            reconciler.log.warning(
                "what is older than its time could not be cut",
                ["fault": (error as? any Fault)?.description ?? "\(type(of: error))"])
        }
    }

    private func showStanding() async {
        let metrics = reconciler.metrics
        do throws(StoreFault) {
            metrics.show(try await reconciler.store.standing(), now: reconciler.time.now)
            metrics.set("reconciler_store_readable", 1)
        } catch {
            metrics.set("reconciler_store_readable", 0)
        }
        metrics.set("reconciler_consecutive_failures", Double(currentStatus.failures))
    }

    /// What waits for a sync window begins as it opens, however long the interval is.
    ///
    /// A window that opened while the last pass was under way found that pass's plan made: the next one is due after the gap.
    private var untilNextTurn: Duration? {
        guard let policy = reconciler.latestDesired?.policy else { return nil }
        let now = reconciler.time.now
        let calendar = SyncCalendar(policy, zones: reconciler.zones(policy.timeZoneNames))
        let planned = currentStatus.passStartedAt.map { min($0, now) } ?? now
        return calendar.nextTurn(after: planned).map { $0 > now ? $0 - now + .milliseconds(1) : gap }
    }

    /// The interval with a tenth of jitter; after failures twice as long each time, up to a quarter of an hour.
    private func nextWait() -> Duration {
        let failures = currentStatus.failures
        var wait = interval
        for _ in 0..<min(failures, 16) where wait < Self.longestBackOff { wait = wait * 2 }
        if failures > 0 { wait = min(wait, max(Self.longestBackOff, interval)) }
        if failures > 0, reconciler.shards.count > 1 {
            wait = min(wait, failures < Self.failuresToTell ? Self.failingPause : Self.longestBackOff)
        }
        // Until the last one with another number of shards has ended.
        let isClock = (currentStatus.lastFault as? StoreFault)?.kind == .wrongClock
        if currentStatus.lastFault is ShardFault || isClock { wait = min(wait, .seconds(10)) }
        if waitsForOthers.withLock({ $0 }), failures == 0 { wait = min(wait, max(gap, Self.sharedPause)) }
        let jitter = reconciler.random.jitter(wait / 5)
        let result = min(wait - wait / 10 + jitter, untilNextTurn ?? wait * 2)
        if failures > 0 {
            reconciler.log.warning(
                "the pass failed; backing off", ["failures": failures, "next.in": result.shortText])
        }
        return result
    }
}

/// Steps of a pass failed; the journal names each.
public struct StepsFault: Fault {
    public let code = "RUN-0003"
    public let message: String
    public let place: String? = nil
    public let hint: String?
    public let disposition = Disposition.retry(after: nil)

    public init(count: Int, runID: String) {
        message = "\(count.of("change")) failed"
        hint = "Run: reconcile show \(runID)"
    }
}

/// There is nothing readable to plan from.
struct InvalidFault: Fault {
    let code = "RUN-0001"
    let message = "no root of the SSOT could be read, so there is nothing to plan from"
    let place: String? = nil
    let hint: String? = "Run: reconcile validate"
    let disposition = Disposition.waitForNewCommit
}
