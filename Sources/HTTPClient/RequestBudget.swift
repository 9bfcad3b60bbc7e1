public import Basics

/// The requests that one credential may make, shared by all that use it.
///
/// Every request is granted before it is sent. Grants go by priority, and by age within one; what is kept in reserve is
/// for people. The provider's own headers correct the count for what others use, so that we do not cause a 429.
public final class RequestBudget: Sendable {
    private struct Waiter {
        let id: UInt64
        let priority: RequestPriority
        let since: Duration
        /// When its patience ends.
        let latest: Duration?
        /// The gates that it has to pass, the credential's own first.
        let parts: [(key: String, weight: Int)]
        let continuation: CheckedContinuation<Result<Grant, HTTPFault>, Never>

        var isUrgent: Bool { priority.usesReserve }
    }

    /// Leave to send one request; given back by `release`.
    public struct Grant: Sendable {
        fileprivate let id: UInt64
        fileprivate let at: Duration
        fileprivate let isUrgent: Bool
        /// The gates that it passed, and how many requests had ended in each of their windows then.
        fileprivate let parts: [(key: String, weight: Int, endedBefore: [Int])]
    }

    private struct State {
        /// By their keys; the credential's own has the empty one.
        var gates: [String: BudgetGate] = [:]
        var waiters: [Waiter] = []
        var nextID: UInt64 = 0
        /// Cancelled before they came to wait.
        var cancelled: Set<UInt64> = []
        var timer: (id: UInt64, at: Duration, task: Task<Void, Never>)?
        var granted = 0
        var waits = 0
        var waited = Duration.zero
        var refusals = 0
        var told: RequestBudgetSnapshot.Told?
        /// Calls that were refused and are sent again: since when they pause, and until when.
        var pauses: [UInt64: RequestBudgetWait] = [:]
    }

    public let configuration: RequestBudgetConfiguration
    private let time: any TimeSource
    private let state = Locked(State())
    /// Where the processes that use the same credential meet; nil when this is the only one.
    private let share: (any BudgetShare)?
    private let holder: String

    /// - Parameters:
    ///   - configuration: what the provider grants.
    ///   - time: measures the windows.
    ///   - share: asked before each request, where other processes use the same credential.
    ///   - holder: tells this process from them.
    public init(
        _ configuration: RequestBudgetConfiguration, time: any TimeSource, share: (any BudgetShare)? = nil,
        holder: String = ""
    ) {
        self.configuration = configuration
        self.time = time
        self.share = share
        self.holder = holder.split(whereSeparator: \.isWhitespace).joined(separator: "-")
        state.withLock {
            $0.gates[""] = BudgetGate(
                "", configuration.windows, concurrency: configuration.concurrency, margin: configuration.margin,
                isShared: share != nil)
        }
    }

    /// Waits until one request may be sent; `release` ends it.
    ///
    /// - Parameters:
    ///   - priority: who is served first.
    ///   - scopes: the narrower limits that the request falls under; the first is the one that answers speak of.
    ///   - patience: the longest to wait; nil waits as long as it takes.
    /// - Returns: what `release` takes back.
    /// - Throws: `HTTPFault`, when the wait would be longer or the task is cancelled; nothing has been granted then.
    public func acquire(
        _ priority: RequestPriority, scopes: [RequestScope] = [], patience: Duration? = nil
    ) async throws(HTTPFault) -> Grant {
        if Task.isCancelled { throw Self.cancellation }
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let result: Result<Grant, HTTPFault> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now = time.uptime
                let waiter = Waiter(
                    id: id, priority: priority, since: now, latest: patience.map { now + $0 },
                    parts: [("", 1)] + scopes.map { ($0.key, $0.weight) }, continuation: continuation)
                let isCancelled = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
                    openScopes(scopes, &state, now: now)
                    // Behind all of its own priority and before all lower ones.
                    let place = state.waiters.firstIndex { $0.priority > priority } ?? state.waiters.count
                    state.waiters.insert(waiter, at: place)
                    return false
                }
                if isCancelled { continuation.resume(returning: .failure(Self.cancellation)) } else { pump() }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                if let index = state.waiters.firstIndex(where: { $0.id == id }) {
                    return state.waiters.remove(at: index)
                }
                state.cancelled.insert(id)
                return nil
            }
            waiter?.continuation.resume(returning: .failure(Self.cancellation))
        }
        state.withLock { _ = $0.cancelled.remove(id) }
        return try result.get()
    }

    /// Ends a request that was granted.
    ///
    /// The headers of its answer say what the provider has left for us; nil when none came.
    public func release(_ grant: Grant, _ response: HTTPResponse?) {
        release(grant, reading: response.map { configuration.rates.read($0, time.now) } ?? RateReading())
    }

    /// Ends a request that was granted, with what its answer says of the budget.
    public func release(_ grant: Grant, reading: RateReading) {
        let (now, wall) = (time.uptime, time.now)
        let granted = (at: grant.at, wall: wall - (now - grant.at))
        state.withLock { state in
            for part in grant.parts {
                // A request that is free of the credential's limit still counts for the narrower ones.
                let isFree = reading.isSent ? part.key.isEmpty && reading.isFree : true
                state.gates[part.key]?.end(
                    grant.id, part.weight, granted: granted, endedBefore: part.endedBefore, isFree: isFree,
                    isUrgent: grant.isUrgent, now: now)
            }
            if let refusal = reading.refusal {
                state.refusals += 1
                let until = now + min(max(.zero, refusal.wait ?? .seconds(1)), .hours(2))
                // Where the narrower limit has no name, everything waits.
                let key = grant.part(refusal.reach)?.key ?? ""
                state.gates[key]?.lane.block(until: until)
                state.gates[key]?.reservation.blockedUntil = wall + (until - now)
            }
            if let quota = reading.quota, let part = grant.part(quota.reach) {
                let noted = state.gates[part.key]?.lane.note(
                    quota, granted: grant.at, endedBefore: part.endedBefore, at: now,
                    isCounted: reading.isSent && !(part.key.isEmpty && reading.isFree))
                state.gates[part.key]?.reservation.reading = BudgetClaim.Reading(
                    limit: quota.limit, remaining: noted.map { max(0, $0.remaining) } ?? quota.remaining,
                    reset: quota.reset, asked: noted.map { wall - (now - $0.count.asked) } ?? granted.wall,
                    answered: wall, isWhole: noted?.count.isWhole ?? false)
                if state.gates[part.key]?.lane.inFlight == 0 { state.gates[part.key]?.reservation.reconsider() }
                state.told = RequestBudgetSnapshot.Told(
                    limit: quota.limit, remaining: quota.remaining, scope: part.key, at: wall)
            }
        }
        pump()
    }

    /// How long so many requests would have to wait, as it stands now and if nobody else sends any.
    ///
    /// Where only narrower limits hold it is the longest that it can be: as if all fell under one of them.
    public func wait(for count: Int, _ priority: RequestPriority = .commit) -> Duration {
        let (now, wall) = (time.uptime, time.now)
        let reserve = reserve(priority.usesReserve)
        var usual = BudgetLane(configuration.narrowest, concurrency: 1, margin: configuration.narrowestMargin)
        return state.withLock { state in
            var wait = usual.wait(for: count, keeping: reserve, at: now)
            for key in state.gates.keys {
                let count = key.isEmpty ? count : 1
                let own = state.gates[key]?.wait(
                    for: count, isUrgent: priority.usesReserve, keeping: reserve, holder: holder, at: now, wall: wall)
                wait = max(wait, own ?? .zero)
            }
            return wait
        }
    }

    /// How it stands now.
    public func snapshot() -> RequestBudgetSnapshot {
        let now = time.uptime
        return state.withLock { state in
            let standing = state.gates[""]?.lane.standing(at: now)
            return RequestBudgetSnapshot(
                limit: standing?.limit ?? 0, remaining: standing?.remaining ?? 0, granted: state.granted,
                waits: state.waits, waited: state.waited, inFlight: state.gates[""]?.lane.inFlight ?? 0,
                queued: state.waiters.count, refusals: state.refusals, told: state.told,
                queues: Dictionary(grouping: state.waiters, by: \.priority).mapValues { waiters in
                    RequestBudgetSnapshot.Queue(
                        count: waiters.count, oldest: waiters.map { now - $0.since }.max() ?? .zero)
                })
        }
    }

    /// The wait for a limit that lasts longest, of those that are under way; nil where nothing waits for one.
    ///
    /// What waits only for other requests to end is none of them.
    public func waiting() -> RequestBudgetWait? {
        let now = time.uptime
        return state.withLock { state in
            var waits = state.pauses.values.filter { $0.until > now }
            for waiter in state.waiters {
                let reserve = reserve(waiter.isUrgent)
                let until = waiter.parts.reduce(now) { instant, part in
                    let own = state.gates[part.key]?.earliest(
                        part.weight, isUrgent: waiter.isUrgent, keeping: reserve, at: now)
                    return max(instant, own ?? now)
                }
                if until > now { waits.append(RequestBudgetWait(since: waiter.since, until: until)) }
            }
            return waits.max { ($0.until, $0.since) < ($1.until, $1.since) }
        }
    }

    /// Remembers that a call that the limit refused pauses before it is sent again.
    ///
    /// - Returns: what `resume` takes back.
    func pause(for wait: Duration) -> UInt64 {
        let now = time.uptime
        return state.withLock { state in
            state.nextID += 1
            state.pauses[state.nextID] = RequestBudgetWait(since: now, until: now + wait)
            return state.nextID
        }
    }

    func resume(_ pause: UInt64) { state.withLock { $0.pauses[pause] = nil } }

    private static let cancellation = HTTPFault(
        .cancelled, code: "HTTP-0007", message: "the request was cancelled before it was sent", place: nil)

    /// What is kept back from a request.
    private func reserve(_ isUrgent: Bool) -> Double { isUrgent ? 0 : configuration.reserve }

    private func openScopes(_ scopes: [RequestScope], _ state: inout State, now: Duration) {
        for scope in scopes where state.gates[scope.key] == nil {
            if state.gates.count >= 1_024 {
                let needed = Set(state.waiters.flatMap { $0.parts.map(\.key) })
                for key in Array(state.gates.keys) where !key.isEmpty && !needed.contains(key) {
                    if state.gates[key]?.isIdle(at: now) == true { state.gates[key] = nil }
                }
            }
            state.gates[scope.key] = BudgetGate(
                scope.key, scope.windows, concurrency: scope.concurrency,
                margin: configuration.margin(of: scope.windows), isShared: share != nil)
        }
    }

    /// Grants what can be granted, fails what can't wait so long, and sets the timer for the rest.
    private func pump() {
        let now = time.uptime
        let outcomes = state.withLock { state -> [(Waiter, Result<Grant, HTTPFault>)] in
            var outcomes = grant(&state, now: now)
            defer { claim(&state, now: now) }
            guard !state.waiters.isEmpty else {
                state.timer?.task.cancel()
                state.timer = nil
                return outcomes
            }
            outcomes += expel(&state, now: now)
            // No instant: the requests under way block the rest, and their end, which is bounded, calls this again.
            if let next = nextInstant(&state, now: now) { setTimer(&state, at: next, now: now) }
            return outcomes
        }
        for (waiter, result) in outcomes { waiter.continuation.resume(returning: result) }
    }

    private func grant(_ state: inout State, now: Duration) -> [(Waiter, Result<Grant, HTTPFault>)] {
        var outcomes: [(Waiter, Result<Grant, HTTPFault>)] = []
        var index = 0
        while index < state.waiters.count {
            let waiter = state.waiters[index]
            let reserve = reserve(waiter.isUrgent)
            let isOpen = waiter.parts.allSatisfy { part in
                state.gates[part.key]?.isOpen(part.weight, isUrgent: waiter.isUrgent, keeping: reserve, at: now) ?? true
            }
            guard isOpen else {
                // People may go on where the reserve stops those before them, and so may whoever passes other gates.
                index += 1
                continue
            }
            state.waiters.remove(at: index)
            let parts = waiter.parts.map { ($0.key, $0.weight, state.gates[$0.key]?.lane.endedCounts ?? []) }
            for part in waiter.parts { state.gates[part.key]?.begin(waiter.id, part.weight, at: now) }
            state.granted += 1
            if now > waiter.since {
                state.waits += 1
                state.waited += now - waiter.since
            }
            outcomes.append(
                (waiter, .success(Grant(id: waiter.id, at: now, isUrgent: waiter.isUrgent, parts: parts))))
        }
        return outcomes
    }

    /// When a grant may next be possible by the passing of time alone.
    private func nextInstant(_ state: inout State, now: Duration) -> Duration? {
        var next: Duration?
        for waiter in state.waiters {
            let reserve = reserve(waiter.isUrgent)
            for part in waiter.parts {
                let instant = state.gates[part.key]?.nextInstant(
                    part.weight, isUrgent: waiter.isUrgent, keeping: reserve, at: now)
                if let instant { next = min(next ?? instant, instant) }
            }
        }
        return next
    }

    private func expel(_ state: inout State, now: Duration) -> [(Waiter, Result<Grant, HTTPFault>)] {
        var outcomes: [(Waiter, Result<Grant, HTTPFault>)] = []
        var kept: [Waiter] = []
        for waiter in state.waiters {
            let reserve = reserve(waiter.isUrgent)
            var earliest = now
            var problem: HTTPFault?
            for part in waiter.parts {
                guard let reservation = state.gates[part.key]?.reservation else { continue }
                if now < reservation.askAgainAt(isUrgent: true) ?? now { problem = problem ?? reservation.problem }
                let instant = state.gates[part.key]?.earliest(
                    part.weight, isUrgent: waiter.isUrgent, keeping: reserve, at: now)
                earliest = max(earliest, instant ?? now)
            }
            if let problem {
                // Without the share nothing may be sent, and whoever waits should hear why.
                outcomes.append((waiter, .failure(problem)))
                continue
            }
            guard let latest = waiter.latest, latest < earliest || latest <= now && latest > waiter.since else {
                kept.append(waiter)
                continue
            }
            let fault = HTTPFault(
                .notSent, code: "HTTP-0008",
                message: "the provider's rate limit leaves no request within the time that this one may wait",
                place: nil, hint: "wait, or let fewer programs use the same credential",
                retryAfter: max(earliest, state.gates[""]?.lane.nextInstant(at: now) ?? now) - now)
            outcomes.append((waiter, .failure(fault)))
        }
        state.waiters = kept
        return outcomes
    }

    /// Asks the share for more, where somebody waits for that.
    private func claim(_ state: inout State, now: Duration) {
        guard share != nil else { return }
        for key in state.gates.keys {
            let waiting = state.waiters.compactMap { waiter in
                waiter.parts.first { $0.key == key }.map { (weight: $0.weight, isUrgent: waiter.isUrgent) }
            }
            guard
                let (claim, isUrgent) = state.gates[key]?.claim(
                    waiting, keeping: configuration.reserve, holder: holder, at: now)
            else { continue }
            state.gates[key]?.asking = Task { await self.exchange(claim, isUrgent: isUrgent) }
        }
    }

    private func exchange(_ claim: BudgetClaim, isUrgent: Bool) async {
        guard let share else { return }
        let outcome: Result<BudgetAllotment, HTTPFault>
        do throws(HTTPFault) { outcome = .success(try await share.exchange(claim)) } catch { outcome = .failure(error) }
        let now = time.uptime
        state.withLock { $0.gates[claim.scope]?.settle(outcome, of: claim, isUrgent: isUrgent, at: now) }
        pump()
    }

    /// Gives back what is reserved and not used: the last that a process does.
    public func giveBack() async {
        guard share != nil else { return }
        for key in state.withLock({ Array($0.gates.keys) }) {
            // What was asked last may bring more.
            while let task = state.withLock({ $0.gates[key]?.asking }) { await task.value }
            guard let claim = state.withLock({ $0.gates[key]?.giveBack(holder: holder) }) else { continue }
            // Nobody else will ask: what fails here runs out by itself.
            await exchange(claim, isUrgent: false)
        }
    }

    private func setTimer(_ state: inout State, at instant: Duration, now: Duration) {
        if let timer = state.timer, timer.at <= instant, timer.at > now { return }
        state.timer?.task.cancel()
        state.nextID += 1
        let id = state.nextID
        let task = Task { [self] in
            try? await time.sleep(for: instant - now)
            guard !Task.isCancelled else { return }
            let isCurrent = takeTimer(id)
            if isCurrent { pump() }
        }
        state.timer = (id, instant, task)
    }

    private func takeTimer(_ id: UInt64) -> Bool {
        state.withLock { state in
            guard state.timer?.id == id else { return false }
            state.timer = nil
            return true
        }
    }
}

extension RequestBudget.Grant {
    /// The gate that an answer speaks of; nil where it speaks of a narrower limit that the call didn't name.
    fileprivate func part(_ reach: RateReading.Reach) -> (key: String, weight: Int, endedBefore: [Int])? {
        switch reach {
        case .credential: parts.first
        case .scope: parts.count > 1 ? parts[1] : nil
        }
    }
}
