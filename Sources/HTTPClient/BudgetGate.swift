internal import Basics

/// One limit that a request has to pass: the credential's own, or that of a scope.
///
/// It knows what this process has sent, and, where other processes share the limit, what it holds of it.
struct BudgetGate {
    /// The scope's key; empty for the credential's own.
    let key: String
    private let windows: [RequestBudgetConfiguration.Window]
    private let margin: Duration
    let isShared: Bool
    var lane: BudgetLane
    var reservation = BudgetReservation()
    /// A claim that is under way.
    var asking: Task<Void, Never>?

    init(
        _ key: String, _ windows: [RequestBudgetConfiguration.Window], concurrency: Int, margin: Duration,
        isShared: Bool
    ) {
        self.key = key
        self.windows = windows
        self.margin = margin
        // Without windows there is nothing to share.
        self.isShared = isShared && !windows.isEmpty
        lane = BudgetLane(windows, concurrency: concurrency, margin: margin)
    }

    private var smallest: Int { windows.map(\.limit).min() ?? 1 }

    /// Whether a call of that weight may pass now.
    mutating func isOpen(_ weight: Int, isUrgent: Bool, keeping reserve: Double, at now: Duration) -> Bool {
        lane.isFree(weight, keeping: reserve, at: now)
            && (!isShared || reservation.covers(weight, isUrgent: isUrgent, now: now))
    }

    mutating func begin(_ id: UInt64, _ weight: Int, at now: Duration) {
        lane.begin(id, at: now, weight: weight)
        if isShared { reservation.take(weight) }
    }

    mutating func end(
        _ id: UInt64, _ weight: Int, granted: (at: Duration, wall: Timestamp), endedBefore: [Int], isFree: Bool,
        isUrgent: Bool, now: Duration
    ) {
        lane.end(id, granted: granted.at, at: now, endedBefore: endedBefore, isFree: isFree)
        if isShared { reservation.end(weight, granted: granted.wall, isFree: isFree, isUrgent: isUrgent) }
    }

    /// When one that waits may pass by the passing of time alone.
    mutating func nextInstant(_ weight: Int, isUrgent: Bool, keeping reserve: Double, at now: Duration) -> Duration? {
        var next: Duration?
        if !lane.isFree(weight, keeping: reserve, at: now) { next = lane.nextInstant(at: now) }
        // An answer of the share that is under way is acted on when it comes.
        if let again = reservation.askAgainAt(isUrgent: isUrgent), again > now { next = min(next ?? again, again) }
        return next
    }

    /// The earliest instant at which a call could pass, as far as is known.
    mutating func earliest(_ weight: Int, isUrgent: Bool, keeping reserve: Double, at now: Duration) -> Duration {
        max(
            lane.earliest(weight, keeping: reserve, at: now), reservation.askAgainAt(isUrgent: isUrgent) ?? now)
    }

    /// What to tell the share and to ask of it; nil when there is nothing of both.
    ///
    /// Those that wait for this limit come in the order in which they are to be served.
    mutating func claim(
        _ waiting: [(weight: Int, isUrgent: Bool)], keeping reserve: Double, holder: String, at now: Duration
    ) -> (claim: BudgetClaim, isUrgent: Bool)? {
        guard isShared, asking == nil else { return nil }
        // For the first that is held up by this alone, and with it for all of its kind.
        let first = waiting.first { waiter in
            !reservation.covers(waiter.weight, isUrgent: waiter.isUrgent, now: now)
                && now >= reservation.askAgainAt(isUrgent: waiter.isUrgent) ?? now
                && lane.isFree(waiter.weight, keeping: waiter.isUrgent ? 0 : reserve, at: now)
        }
        var wanted = 0
        if let first {
            // Small ones: what a process reserves and doesn't need is missing elsewhere.
            let most = max(first.weight, min(32, smallest / 16))
            wanted = min(most, waiting.reduce(0) { $1.isUrgent == first.isUrgent ? $0 + $1.weight : $0 })
        }
        // A refusal is told at once, whoever waits here: it holds for the others as well. So is the end of a request
        // of a narrow limit, for until then nobody else may send one; and of the last before a pause, which would count
        // from its end.
        let isIdle = reservation.hasNews && lane.inFlight == 0
        let tells = reservation.blockedUntil != nil || isIdle && (smallest < 32 || !waiting.isEmpty)
        guard wanted > 0 || tells, now >= reservation.askAgainAt(isUrgent: true) ?? now else { return nil }
        let isUrgent = first?.isUrgent ?? false
        return (self.reserve(wanted, keeping: isUrgent ? 0 : reserve, holder: holder), isUrgent)
    }

    /// Gives back what is held and not used; nil when there is nothing to tell.
    mutating func giveBack(holder: String) -> BudgetClaim? {
        guard isShared, asking == nil, reservation.isOpen else { return nil }
        reservation.drop()
        return self.reserve(0, keeping: 0, holder: holder)
    }

    private mutating func reserve(_ wanted: Int, keeping reserve: Double, holder: String) -> BudgetClaim {
        reservation.claim(
            holder: holder, scope: key, windows: windows, margin: margin, inFlight: lane.taken, wanted: wanted,
            reserve: reserve)
    }

    /// Takes what came of a claim.
    mutating func settle(
        _ outcome: Result<BudgetAllotment, HTTPFault>, of claim: BudgetClaim, isUrgent: Bool, at now: Duration
    ) {
        asking = nil
        reservation.settle(outcome, of: claim, isUrgent: isUrgent, now: now)
        if case .success(let allotment) = outcome, let wait = allotment.blockedFor { lane.block(until: now + wait) }
    }

    /// How long so many calls would wait, by what this process knows and by what the share last told.
    mutating func wait(
        for count: Int, isUrgent: Bool, keeping reserve: Double, holder: String, at now: Duration, wall: Timestamp
    ) -> Duration {
        let shared = reservation.account?.wait(
            for: count, keeping: reserve, holder: holder, unused: reservation.unused(isUrgent: isUrgent),
            margin: margin, at: wall)
        return max(lane.wait(for: count, keeping: reserve, at: now), shared ?? .zero)
    }

    /// Whether forgetting it loses nothing.
    mutating func isIdle(at now: Duration) -> Bool { asking == nil && !reservation.isOpen && lane.isIdle(at: now) }
}
