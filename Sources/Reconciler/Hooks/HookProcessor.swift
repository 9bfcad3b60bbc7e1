public import Basics
import Formats
public import Store

/// Works on the deliveries that are kept: a hint wakes the loop, an issue or a mail event changes its row.
///
/// Nothing is lost where it stops: what was claimed and not settled is claimed again when its time is over. Doing a
/// delivery twice does no more than doing it once.
public final class HookProcessor: Sendable {
    private let store: Store
    private let reading: HookReading
    private let bell: WakeBell
    private let time: any TimeSource
    private let random: RandomSource
    private let log: Log
    private let metrics: Metrics
    private let holder: String
    private let lookAgain: @Sendable (WorkItemRecord) async -> Void
    private let signal = Wakeup()
    private let stop = StopSignal()
    private let tended = Locked<(shown: Duration?, forgotten: Duration?)>((nil, nil))

    /// How often work on one delivery may begin.
    public static let attemptLimit = 8
    /// How long a claim holds.
    static let claimTime = Duration.minutes(1)
    /// How long deliveries are remembered, which is longer than any provider repeats one.
    public static let memory = Duration.days(30)
    /// So few that who brings a delivery never waits long for the store.
    private static let batch = 32
    /// Between two rounds of work: what comes meanwhile shares one commit, and leaves the disk to those who wait for it.
    private static let gathering = Duration.milliseconds(50)
    /// Between two looks for what other processes left behind.
    private static let pause = Duration.seconds(5)

    /// - Parameters:
    ///   - store: holds the deliveries.
    ///   - repositories: whose pushes ask for a pass.
    ///   - previews: whose pull requests have previews, by what was read last.
    ///   - bell: wakes the loops of all processes.
    ///   - time: measures claims and back-off.
    ///   - random: spreads the back-off.
    ///   - log: hears of what went wrong.
    ///   - metrics: counts.
    ///   - holder: names this process.
    ///   - lookAgain: told of a work item of which two events say different things.
    public init(
        store: Store, repositories: HookRepositories,
        previews: @escaping @Sendable () -> PreviewRepository = { .unnamed }, bell: WakeBell, time: any TimeSource,
        random: RandomSource, log: Log, metrics: Metrics, holder: String,
        lookAgain: @escaping @Sendable (WorkItemRecord) async -> Void = { _ in }
    ) {
        self.store = store
        reading = HookReading(repositories: repositories, previews: previews)
        self.bell = bell
        self.time = time
        self.random = random
        self.log = log
        self.metrics = metrics
        self.holder = holder
        self.lookAgain = lookAgain
    }

    /// Says that a delivery was kept.
    public func notice() { signal.raise(.webhook) }

    /// Ends the loop after the deliveries that are being worked on.
    public func requestStop() {
        stop.raise()
        signal.raise(.manual)
    }

    /// Runs until `requestStop`.
    @concurrent
    public func run() async {
        var failures = 0
        while !stop.isRaised {
            var settled = 0
            do throws(StoreFault) {
                settled = try await work()
                try await tend()
                failures = 0
            } catch {
                failures = min(failures + 1, 4)
                log.warning("deliveries wait for the store", ["code": error.code, "fault": error.message])
            }
            if stop.isRaised { break }
            if failures > 0 {
                // A provider that knocks meanwhile must not make us knock at the store just as often.
                do { try await time.idle(for: Self.pause * (1 << failures) / 2) } catch { break }
            } else {
                if settled > 0 { try? await time.idle(for: Self.gathering) }
                _ = await signal.wait(for: Self.pause, time)
            }
        }
    }

    /// Works on all that is due.
    ///
    /// - Returns: how many deliveries were settled.
    /// - Throws: `StoreFault`; what was claimed is done again later.
    @discardableResult
    public func work() async throws(StoreFault) -> Int {
        var settled = 0
        while !stop.isRaised {
            let claims = try await store.claimDeliveries(limit: Self.batch, holder: holder, lasting: Self.claimTime)
            if claims.isEmpty { break }
            let works = claims.map(work)
            // Before it is written down that they were heeded: else a crash in between would swallow them.
            if works.contains(where: \.wakes) { try await bell.ring() }
            settled += try await settle(works.map(\.settlement))
            // Fewer than were asked for: the rest can wait for its turn.
            if claims.count < Self.batch { break }
        }
        return settled
    }

    private func work(on claim: DeliveryClaim) -> (settlement: DeliverySettlement, wakes: Bool) {
        let delivery = claim.delivery
        func dead(_ fault: HookFault) -> (DeliverySettlement, Bool) {
            let place = fault.place.map { " (\($0))" } ?? ""
            log.error(
                "a delivery can't be worked on",
                ["provider": delivery.provider, "delivery": delivery.id, "code": fault.code, "fault": fault.message])
            return (DeliverySettlement(claim, .dead(code: fault.code, reason: fault.message + place)), false)
        }
        guard delivery.attempts <= Self.attemptLimit else { return dead(.abandoned(after: Self.attemptLimit)) }
        do throws(HookFault) {
            switch try reading.read(delivery) {
            case .hint: return (DeliverySettlement(claim, .processed), true)
            case .change(let effect): return (DeliverySettlement(claim, .processed, effect: effect), false)
            case .nothing(let reason): return (DeliverySettlement(claim, .ignored(reason: reason)), false)
            }
        } catch {
            return dead(error)
        }
    }

    private func settle(_ settlements: [DeliverySettlement]) async throws(StoreFault) -> Int {
        let outcomes: [MirrorOutcome?]
        do throws(StoreFault) {
            outcomes = try await store.settle(settlements)
        } catch {
            guard error.kind == .refused else { throw error }
            guard settlements.count == 1 else {
                // One that the store won't have must not hold up the others.
                var settled = 0
                for settlement in settlements { settled += try await settle([settlement]) }
                return settled
            }
            return try await settle([setback(settlements[0], error)])
        }
        for (settlement, outcome) in zip(settlements, outcomes) { await note(settlement, outcome) }
        return outcomes.count { $0 != nil }
    }

    /// What is left to write where the change itself is refused.
    private func setback(_ settlement: DeliverySettlement, _ fault: StoreFault) -> DeliverySettlement {
        let attempts = settlement.claim.delivery.attempts
        log.warning(
            "a delivery's change is refused",
            ["delivery": settlement.claim.delivery.id, "code": fault.code, "fault": fault.message])
        guard attempts < Self.attemptLimit else {
            return DeliverySettlement(settlement.claim, .dead(code: fault.code, reason: fault.message))
        }
        // 10 s, 20 s, 40 s …, each with up to a half more: twenty minutes and more before it is given up.
        let wait = random.backOff(after: attempts, from: .seconds(10), upTo: .minutes(20))
        return DeliverySettlement(
            settlement.claim, .failed(code: fault.code, reason: fault.message, retryAt: time.now + wait))
    }

    private func note(_ settlement: DeliverySettlement, _ outcome: MirrorOutcome?) async {
        guard let outcome else { return }
        let delivery = settlement.claim.delivery
        metrics.add(
            "reconciler_hook_settled_total", 1,
            ["provider": delivery.provider, "state": settlement.outcome.state.rawValue])
        switch settlement.effect {
        case .none: break
        case .workItem(let item), .workItemGone(let item):
            metrics.add("reconciler_hook_mirror_total", 1, ["table": "work_items", "outcome": outcome.rawValue])
            let isVague = settlement.effect == .workItem(item) && item.status == nil && outcome != .outdated
            if outcome == .contested || isVague { await lookAgain(item) }
        case .mail:
            metrics.add("reconciler_hook_mirror_total", 1, ["table": "mail_events", "outcome": outcome.rawValue])
        }
    }

    /// Shows the queue from time to time, and forgets what is old.
    private func tend() async throws(StoreFault) {
        let now = time.uptime
        let (shows, forgets) = tended.withLock { tended in
            let shows = tended.shown.map { now - $0 >= .seconds(5) } ?? true
            let forgets = tended.forgotten.map { now - $0 >= .hours(1) } ?? true
            if shows { tended.shown = now }
            if forgets { tended.forgotten = now }
            return (shows, forgets)
        }
        if shows { metrics.show(try await store.deliveryQueue(), now: time.now) }
        if forgets { _ = try await store.forgetDeliveries(before: time.now - Self.memory) }
    }
}
