public import Basics

/// The requests that one credential may make, shared by all that use it.
///
/// Every request is granted before it is sent. Grants go by priority, and by age within one; what is kept in reserve is
/// for commits and people. The provider's own headers correct the count for what others use, so that we do not cause
/// a 429.
public final class RequestBudget: Sendable {
    private struct Waiter {
        let id: UInt64
        let priority: RequestPriority
        let since: Duration
        /// When its patience ends.
        let latest: Duration?
        let scopes: [RequestScope]
        let continuation: CheckedContinuation<Result<Grant, HTTPFault>, Never>
    }

    /// Leave to send one request; given back by `release`.
    public struct Grant: Sendable {
        fileprivate let id: UInt64
        fileprivate let at: Duration
        /// How many requests had ended in each window when it was given.
        fileprivate let endedBefore: [Int]
        fileprivate let scopes: [(key: String, endedBefore: [Int])]
    }

    private struct State {
        var lane: BudgetLane
        /// The narrower limits, by their keys.
        var scopes: [String: BudgetLane] = [:]
        var waiters: [Waiter] = []
        var nextID: UInt64 = 0
        /// Cancelled before they came to wait.
        var cancelled: Set<UInt64> = []
        var timer: (id: UInt64, at: Duration, task: Task<Void, Never>)?
        var granted = 0
        var waits = 0
        var waited = Duration.zero
        var refusals = 0
        var reservation = BudgetReservation()
    }

    public let configuration: RequestBudgetConfiguration
    private let time: any TimeSource
    private let state: Locked<State>
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
        // Without windows there is nothing to share.
        self.share = configuration.windows.isEmpty ? nil : share
        self.holder = holder.split(whereSeparator: \.isWhitespace).joined(separator: "-")
        state = Locked(
            State(
                lane: BudgetLane(
                    configuration.windows, concurrency: configuration.concurrency, margin: configuration.margin)))
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
                    id: id, priority: priority, since: now, latest: patience.map { now + $0 }, scopes: scopes,
                    continuation: continuation)
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
        state.withLock { state in
            state.reservation.end(granted: wall - (now - grant.at), isFree: reading.isFree)
            if let quota = reading.quota, quota.reach == .credential {
                state.reservation.reading = BudgetClaim.Reading(
                    limit: quota.limit, remaining: quota.remaining, reset: quota.reset, asked: wall - (now - grant.at),
                    answered: wall)
            }
            state.lane.end(grant.id, granted: grant.at, at: now, isFree: reading.isFree)
            for scope in grant.scopes {
                state.scopes[scope.key]?.end(grant.id, granted: grant.at, at: now, isFree: reading.isFree)
            }
            if let refusal = reading.refusal {
                state.refusals += 1
                let until = now + min(max(.zero, refusal.wait ?? .seconds(1)), .hours(2))
                if refusal.reach == .scope, let scope = grant.scopes.first {
                    state.scopes[scope.key]?.block(until: until)
                } else {
                    state.lane.block(until: until)
                    state.reservation.blockedUntil = wall + (until - now)
                }
            }
            if let quota = reading.quota {
                if quota.reach == .scope, let scope = grant.scopes.first {
                    state.scopes[scope.key]?.note(quota, endedBefore: scope.endedBefore, at: now)
                } else if quota.reach == .credential {
                    state.lane.note(quota, endedBefore: grant.endedBefore, at: now)
                }
            }
        }
        pump()
    }

    /// How long so many requests would have to wait, as it stands now and if nobody else sends any.
    public func wait(for count: Int, _ priority: RequestPriority = .commit) -> Duration {
        let now = time.uptime
        return state.withLock {
            $0.lane.wait(for: count, keeping: priority.usesReserve ? 0 : configuration.reserve, at: now)
        }
    }

    /// How it stands now.
    public func snapshot() -> RequestBudgetSnapshot {
        let now = time.uptime
        return state.withLock { state in
            let standing = state.lane.standing(at: now)
            return RequestBudgetSnapshot(
                limit: standing?.limit ?? 0, remaining: standing?.remaining ?? 0, granted: state.granted,
                waits: state.waits, waited: state.waited, inFlight: state.lane.inFlight, queued: state.waiters.count,
                refusals: state.refusals)
        }
    }

    private static let cancellation = HTTPFault(
        .cancelled, code: "HTTP-0007", message: "the request was cancelled before it was sent", place: nil)

    private func openScopes(_ scopes: [RequestScope], _ state: inout State, now: Duration) {
        for scope in scopes where state.scopes[scope.key] == nil {
            if state.scopes.count >= 1_024 {
                let needed = Set(state.waiters.flatMap { $0.scopes.map(\.key) })
                for key in Array(state.scopes.keys) where !needed.contains(key) {
                    if state.scopes[key]?.isIdle(at: now) == true { state.scopes[key] = nil }
                }
            }
            // A tenth of a short window is margin enough; a whole second would halve one call a second.
            let shortest = scope.windows.map(\.span).min() ?? configuration.margin
            state.scopes[scope.key] = BudgetLane(
                scope.windows, concurrency: scope.concurrency, margin: min(configuration.margin, shortest / 10))
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
            let reserve = waiter.priority.usesReserve ? 0 : configuration.reserve
            guard state.lane.isFree(keeping: reserve, at: now) else {
                // People may go on where the reserve stops those before them.
                index += 1
                continue
            }
            guard waiter.scopes.allSatisfy({ state.scopes[$0.key]?.isFree(keeping: 0, at: now) ?? true }) else {
                index += 1
                continue
            }
            if share != nil, !state.reservation.take(isUrgent: waiter.priority.usesReserve, now: now) {
                index += 1
                continue
            }
            state.waiters.remove(at: index)
            let grant = Grant(
                id: waiter.id, at: now, endedBefore: state.lane.endedCounts,
                scopes: waiter.scopes.map { ($0.key, state.scopes[$0.key]?.endedCounts ?? []) })
            state.lane.begin(waiter.id, at: now)
            for scope in waiter.scopes { state.scopes[scope.key]?.begin(waiter.id, at: now) }
            state.granted += 1
            if now > waiter.since {
                state.waits += 1
                state.waited += now - waiter.since
            }
            outcomes.append((waiter, .success(grant)))
        }
        return outcomes
    }

    /// When a grant may next be possible by the passing of time alone.
    private func nextInstant(_ state: inout State, now: Duration) -> Duration? {
        guard let strictest = state.waiters.map({ $0.priority.usesReserve ? 0 : configuration.reserve }).max() else {
            return nil
        }
        // An answer of the share that is under way calls this again by itself.
        var next: Duration?
        if !state.lane.isFree(keeping: strictest, at: now) { next = state.lane.nextInstant(at: now) }
        for key in Set(state.waiters.flatMap { $0.scopes.map(\.key) }) {
            guard let instant = state.scopes[key]?.nextInstant(at: now) else { continue }
            next = min(next ?? instant, instant)
        }
        if let instant = state.reservation.askAgainAt(isUrgent: false), instant > now {
            next = min(next ?? instant, instant)
        }
        return next
    }

    private func expel(_ state: inout State, now: Duration) -> [(Waiter, Result<Grant, HTTPFault>)] {
        let common = state.lane.earliest(at: now)
        var outcomes: [(Waiter, Result<Grant, HTTPFault>)] = []
        var kept: [Waiter] = []
        for waiter in state.waiters {
            if let problem = state.reservation.problem, now < state.reservation.askAgainAt(isUrgent: true) ?? now {
                // Without the share nothing may be sent, and whoever waits should hear why.
                outcomes.append((waiter, .failure(problem)))
                continue
            }
            var earliest = max(
                common, state.reservation.askAgainAt(isUrgent: waiter.priority.usesReserve) ?? now)
            for scope in waiter.scopes { earliest = max(earliest, state.scopes[scope.key]?.earliest(at: now) ?? now) }
            guard let latest = waiter.latest, latest < earliest || latest <= now && latest > waiter.since else {
                kept.append(waiter)
                continue
            }
            let fault = HTTPFault(
                .notSent, code: "HTTP-0008",
                message: "the provider's rate limit leaves no request within the time that this one may wait",
                place: nil, hint: "wait, or let fewer programs use the same credential",
                retryAfter: max(earliest, state.lane.nextInstant(at: now) ?? now) - now)
            outcomes.append((waiter, .failure(fault)))
        }
        state.waiters = kept
        return outcomes
    }

    /// Asks the share for more, where somebody waits for that.
    private func claim(_ state: inout State, now: Duration) {
        guard let share, !state.reservation.isAsking else { return }
        let people = state.waiters.count { $0.priority.usesReserve }
        let isUrgent = people > 0 && !state.reservation.covers(isUrgent: true, now: now)
        guard now >= state.reservation.askAgainAt(isUrgent: isUrgent) ?? now else { return }
        let wanted = isUrgent ? people : state.waiters.count - people
        let isNeeded =
            wanted > 0 && !state.reservation.covers(isUrgent: isUrgent, now: now)
            && state.lane.isFree(keeping: isUrgent ? 0 : configuration.reserve, at: now)
        // A refusal is told at once, whoever waits here: it holds for the others as well.
        guard isNeeded || state.reservation.blockedUntil != nil else { return }
        // Small ones: what a process reserves and doesn't need is missing elsewhere.
        let smallest = configuration.windows.map(\.limit).min() ?? 1
        let most = max(1, min(32, smallest / 16))
        let claim = state.reservation.claim(
            holder: holder, configuration: configuration, inFlight: state.lane.inFlight, wanted: min(wanted, most),
            isUrgent: isUrgent)
        Task { [self] in
            let outcome: Result<BudgetAllotment, HTTPFault>
            do throws(HTTPFault) { outcome = .success(try await share.exchange(claim)) } catch {
                outcome = .failure(error)
            }
            self.take(outcome, of: claim, isUrgent: isUrgent)
        }
    }

    private func take(_ outcome: Result<BudgetAllotment, HTTPFault>, of claim: BudgetClaim, isUrgent: Bool) {
        let now = time.uptime
        state.withLock { state in
            state.reservation.settle(outcome, of: claim, isUrgent: isUrgent, now: now)
            if case .success(let allotment) = outcome, let wait = allotment.blockedFor {
                state.lane.block(until: now + wait)
            }
        }
        pump()
    }

    /// Gives back what is reserved and not used: the last that a process does.
    public func giveBack() async {
        guard let share else { return }
        let claim = state.withLock { state -> BudgetClaim? in
            guard !state.reservation.isAsking, state.reservation.isOpen else { return nil }
            state.reservation.drop()
            return state.reservation.claim(
                holder: holder, configuration: configuration, inFlight: state.lane.inFlight, wanted: 0,
                isUrgent: false)
        }
        guard let claim else { return }
        // Nobody else will ask: what fails here runs out by itself.
        let outcome: Result<BudgetAllotment, HTTPFault>
        do throws(HTTPFault) { outcome = .success(try await share.exchange(claim)) } catch { outcome = .failure(error) }
        take(outcome, of: claim, isUrgent: false)
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
