import Glibc

/// Where time comes from: the only door to the wall clock, to elapsed time and to sleeping.
///
/// Everything that needs time takes one as a parameter, so that a whole run can happen under a simulated clock.
public protocol TimeSource: Sendable {
    /// The wall clock.
    var now: Timestamp { get }
    /// Time that only grows, for measuring; its origin means nothing.
    var uptime: Duration { get }
    /// Suspends the task.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before or meanwhile.
    func sleep(for duration: Duration) async throws
    /// Suspends the task as one who only accompanies others: never moves a simulated clock.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before or meanwhile.
    func idle(for duration: Duration) async throws
}

extension TimeSource {
    public func idle(for duration: Duration) async throws { try await sleep(for: duration) }
}

/// The machine's clock.
public struct SystemTime: TimeSource {
    public init() {}

    public var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    public var uptime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    public func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}

/// A clock that stands still until it is told to move; sleepers wake in order of their deadlines.
public final class SimulatedTime: TimeSource {
    private struct Sleeper {
        let id: UInt64
        let deadline: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Timestamp
        var uptime = Duration.zero
        var nextID: UInt64 = 0
        var sleepers: [Sleeper] = []
        var cancelled: Set<UInt64> = []
        var advancesBySleeping: Bool
    }

    private let state: Locked<State>

    /// - Parameters:
    ///   - now: the first instant.
    ///   - advancesBySleeping: when true, sleeping returns at once and moves the clock by the time slept.
    public init(now: Timestamp, advancesBySleeping: Bool = false) {
        state = Locked(State(now: now, advancesBySleeping: advancesBySleeping))
    }

    public var now: Timestamp { state.withLock { $0.now } }

    public var uptime: Duration { state.withLock { $0.uptime } }

    /// How many tasks are asleep.
    public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    public func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        if state.withLock({ $0.advancesBySleeping }) {
            advance(by: duration)
            await Task.yield()
            return
        }
        try await idle(for: duration)
    }

    public func idle(for duration: Duration) async throws {
        try Task.checkCancellation()
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let early: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    if duration <= .zero { return .success(()) }
                    state.sleepers.append(
                        Sleeper(id: id, deadline: state.uptime + duration, continuation: continuation))
                    return nil
                }
                if let early { continuation.resume(with: early) }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.sleepers.remove(at: index)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Moves both clocks and wakes whoever's deadline has come, earliest first.
    public func advance(by duration: Duration) {
        let woken = state.withLock { state -> [Sleeper] in
            state.uptime += duration
            state.now = state.now + duration
            let due = state.sleepers.filter { $0.deadline <= state.uptime }
                .sorted { ($0.deadline, $0.id) < ($1.deadline, $1.id) }
            state.sleepers.removeAll { $0.deadline <= state.uptime }
            return due
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    /// Sets the wall clock alone, as an administrator or a time server would.
    public func jump(to now: Timestamp) { state.withLock { $0.now = now } }
}
