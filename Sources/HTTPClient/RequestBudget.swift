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
        let continuation: CheckedContinuation<Result<Grant, HTTPFault>, Never>
    }

    /// Leave to send one request; given back by `release`.
    public struct Grant: Sendable {
        fileprivate let id: UInt64
        fileprivate let at: Duration
        /// How many requests had ended in each window when it was given.
        fileprivate let endedBefore: [Int]
    }

    private struct State {
        var windows: [BudgetWindow]
        /// When each request under way was granted.
        var open: [UInt64: Duration] = [:]
        var inFlight: Int { open.count }
        var waiters: [Waiter] = []
        var nextID: UInt64 = 0
        /// Cancelled before they came to wait.
        var cancelled: Set<UInt64> = []
        /// Nothing is sent before: the provider said so.
        var blockedUntil = Duration.zero
        var timer: (id: UInt64, at: Duration, task: Task<Void, Never>)?
        var granted = 0
        var waits = 0
        var waited = Duration.zero
        var refusals = 0
    }

    private let configuration: RequestBudgetConfiguration
    private let time: any TimeSource
    private let state: Locked<State>

    public init(_ configuration: RequestBudgetConfiguration, time: any TimeSource) {
        self.configuration = configuration
        self.time = time
        state = Locked(State(windows: configuration.windows.map { BudgetWindow($0, margin: configuration.margin) }))
    }

    /// Waits until one request may be sent; `release` ends it.
    ///
    /// - Parameters:
    ///   - priority: who is served first.
    ///   - patience: the longest to wait; nil waits as long as it takes.
    /// - Returns: what `release` takes back.
    /// - Throws: `HTTPFault`, when the wait would be longer or the task is cancelled; nothing has been granted then.
    public func acquire(_ priority: RequestPriority, patience: Duration? = nil) async throws(HTTPFault) -> Grant {
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
                    continuation: continuation)
                let isCancelled = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
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
        let (now, wall) = (time.uptime, time.now)
        state.withLock { state in
            state.open[grant.id] = nil
            for index in state.windows.indices { state.windows[index].end(granted: grant.at, at: now) }
            if let response { Self.note(response, of: grant, &state, now: now, wall: wall) }
        }
        pump()
    }

    /// How it stands now.
    public func snapshot() -> RequestBudgetSnapshot {
        let now = time.uptime
        return state.withLock { state in
            var limit = 0
            var remaining = 0
            if let longest = state.windows.indices.max(by: { state.windows[$0].span < state.windows[$1].span }) {
                limit = state.windows[longest].limit
                remaining = state.windows[longest].remaining(at: now, inFlight: state.inFlight)
            }
            return RequestBudgetSnapshot(
                limit: limit, remaining: remaining, granted: state.granted, waits: state.waits, waited: state.waited,
                inFlight: state.inFlight, queued: state.waiters.count, refusals: state.refusals)
        }
    }

    private static let cancellation = HTTPFault(
        .cancelled, code: "HTTP-0007", message: "the request was cancelled before it was sent", place: nil)

    private static func note(
        _ response: HTTPResponse, of grant: Grant, _ state: inout State, now: Duration, wall: Timestamp
    ) {
        if response.status == 429 {
            state.refusals += 1
            let wait = RetryPolicy.askedWait(response, now: wall) ?? .seconds(1)
            state.blockedUntil = max(state.blockedUntil, now + min(max(.zero, wait), .hours(2)))
        }
        guard let limit = number(response, "ratelimit-limit"), let remaining = number(response, "ratelimit-remaining"),
            limit > 0, remaining >= 0
        else { return }
        // The provider names one window; which one it is can be told by its size, and the longest is the usual one.
        let longest = state.windows.indices.max { state.windows[$0].span < state.windows[$1].span }
        guard let index = state.windows.firstIndex(where: { $0.limit == limit }) ?? longest else { return }
        let reset = number(response, "ratelimit-reset").map { Timestamp(seconds: Int64($0)) - wall }
        state.windows[index].note(
            limit: limit, remaining: remaining, reset: reset, at: now, oldest: state.open.values.min(),
            endedBefore: grant.endedBefore[index])
    }

    private static func number(_ response: HTTPResponse, _ name: String) -> Int? {
        guard let text = response.header(name), text.utf8.count <= 15 else { return nil }
        return Int(text)
    }

    /// Grants what can be granted, fails what can't wait so long, and sets the timer for the rest.
    private func pump() {
        let now = time.uptime
        let outcomes = state.withLock { state -> [(Waiter, Result<Grant, HTTPFault>)] in
            var outcomes: [(Waiter, Result<Grant, HTTPFault>)] = []
            while let waiter = state.waiters.first, isFree(for: waiter.priority, &state, now: now) {
                state.waiters.removeFirst()
                state.open[waiter.id] = now
                state.granted += 1
                if now > waiter.since {
                    state.waits += 1
                    state.waited += now - waiter.since
                }
                outcomes.append(
                    (waiter, .success(Grant(id: waiter.id, at: now, endedBefore: state.windows.map(\.endedCount)))))
            }
            guard !state.waiters.isEmpty else {
                state.timer?.task.cancel()
                state.timer = nil
                return outcomes
            }
            let next = nextInstant(&state, now: now)
            outcomes += expel(&state, now: now, next: next)
            // No instant: the requests under way block the rest, and their end, which is bounded, calls this again.
            if let next, !state.waiters.isEmpty { setTimer(&state, at: next, now: now) }
            return outcomes
        }
        for (waiter, result) in outcomes { waiter.continuation.resume(returning: result) }
    }

    private func isFree(for priority: RequestPriority, _ state: inout State, now: Duration) -> Bool {
        guard state.inFlight < configuration.concurrency, now >= state.blockedUntil else { return false }
        for index in state.windows.indices {
            let limit = state.windows[index].limit
            // A reserve never takes the whole of a small window.
            let kept = priority.usesReserve ? 0 : min(Int(Double(limit) * configuration.reserve), limit - 1)
            guard state.windows[index].remaining(at: now, inFlight: state.inFlight) > kept else { return false }
        }
        return true
    }

    /// When a grant may next be possible by the passing of time alone.
    private func nextInstant(_ state: inout State, now: Duration) -> Duration? {
        guard state.inFlight < configuration.concurrency else { return nil }
        var next: Duration?
        if state.blockedUntil > now { next = state.blockedUntil }
        for index in state.windows.indices {
            guard let change = state.windows[index].nextChange(at: now), change > now else { continue }
            next = min(next ?? change, change)
        }
        return next
    }

    private func expel(
        _ state: inout State, now: Duration, next: Duration?
    ) -> [(Waiter, Result<Grant, HTTPFault>)] {
        // While requests are under way their answers may still bring good news.
        let earliest = max(state.blockedUntil, state.inFlight == 0 ? next ?? now : now)
        var outcomes: [(Waiter, Result<Grant, HTTPFault>)] = []
        state.waiters.removeAll { waiter in
            guard let latest = waiter.latest, latest < earliest || latest <= now && latest > waiter.since else {
                return false
            }
            let wait = max(state.blockedUntil, next ?? now) - now
            let fault = HTTPFault(
                .notSent, code: "HTTP-0008",
                message: "the provider's rate limit leaves no request within the time that this one may wait",
                place: nil, hint: "wait, or let fewer programs use the same credential", retryAfter: wait)
            outcomes.append((waiter, .failure(fault)))
            return true
        }
        return outcomes
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
