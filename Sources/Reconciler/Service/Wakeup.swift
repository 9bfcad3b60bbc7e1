import Basics
public import Store

/// Wakes the loop early, for a hook or a signal.
///
/// Several wishes before it looks count as one.
public final class Wakeup: Sendable {
    private struct State {
        var pending: RunTrigger?
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Locked(State())

    public init() {}

    /// Asks for a pass as soon as the present one has ended.
    public func raise(_ trigger: RunTrigger) {
        let waiter = state.withLock { state in
            // A person's or a commit's wish is not replaced by a lesser one.
            if state.pending == nil || state.pending == .schedule { state.pending = trigger }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Whether somebody asked since the last wait.
    public var isRaised: Bool { state.withLock { $0.pending != nil } }

    /// Waits for a wish or the end of the time; the trigger of the next pass.
    ///
    /// When it returns nothing of it goes on: a timer that is over just as somebody asks would ask once more, after the wish
    /// was taken, and the next wait would be none.
    func wait(for duration: Duration, _ time: any TimeSource) async -> RunTrigger {
        // Whom somebody has asked already doesn't begin to wait.
        if let asked = take() { return asked }
        let timer = Task { [self] in
            do { try await time.sleep(for: duration) } catch { return }
            raise(.schedule)
        }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let now = state.withLock { state in
                if state.pending != nil { return true }
                state.waiter = continuation
                return false
            }
            if now { continuation.resume() }
        }
        timer.cancel()
        await timer.value
        return take() ?? .schedule
    }

    private func take() -> RunTrigger? {
        state.withLock { state in
            defer { state.pending = nil }
            return state.pending
        }
    }
}
