import Basics

/// Counts the points that a process passes, and lets the disturbances of its trial happen at theirs.
///
/// Every way of a process into the world leads through its gate: once it is shut, the process is gone.
final class EffectGate: Sendable {
    /// What a way into the world has to do.
    enum Verdict {
        case pass
        /// The process has ended: nothing leaves it any more.
        case dead
        case strike(Disturbance)
    }

    private struct State {
        var counts: [String: Int] = [:]
        var points: [EffectPoint] = []
        var strikes: [EffectPoint: Disturbance]
        var struck: [EffectPoint] = []
        var isDead = false
        var isPaused = false
        var waiters: [CheckedContinuation<Void, Never>] = []
        var clockOffset = Duration.zero
        var tally: [EffectPoint.Kind: Int] = [:]
        var unobserved: Set<String> = []
    }

    private let state: Locked<State>
    /// What happens in the world while the process stands still.
    private let meanwhile: @Sendable (Disturbance) async -> Void

    init(
        _ strikes: [EffectPoint: Disturbance] = [:],
        meanwhile: @escaping @Sendable (Disturbance) async -> Void = { _ in }
    ) {
        state = Locked(State(strikes: strikes))
        self.meanwhile = meanwhile
    }

    var isDead: Bool { state.withLock { $0.isDead } }
    /// The points that were passed, in order.
    var points: [EffectPoint] { state.withLock { $0.points } }
    /// Those at which something came between.
    var struck: [EffectPoint] { state.withLock { $0.struck } }
    var clockOffset: Duration { state.withLock { $0.clockOffset } }
    /// How many points of a kind were passed.
    func count(_ kind: EffectPoint.Kind) -> Int { state.withLock { $0.tally[kind] ?? 0 } }

    /// Ends the process.
    func shut() { state.withLock { $0.isDead = true } }

    /// Passes one point.
    func arrive(_ kind: EffectPoint.Kind, _ label: String) async -> Verdict {
        await standStill()
        let (verdict, pause) = state.withLock { state -> (Verdict, Disturbance?) in
            if state.isDead { return (.dead, nil) }
            let ordinal = (state.counts["\(kind.rawValue) \(label)"] ?? 0) + 1
            state.counts["\(kind.rawValue) \(label)"] = ordinal
            state.tally[kind, default: 0] += 1
            let point = EffectPoint(kind, label, ordinal)
            state.points.append(point)
            if state.unobserved.contains(label) { return (.strike(.unobserved), nil) }
            guard let disturbance = state.strikes[point] else { return (.pass, nil) }
            state.struck.append(point)
            switch disturbance {
            case .clockForward: state.clockOffset += .hours(1)
            case .clockBack: state.clockOffset -= .hours(1)
            case .takenOver, .besetted:
                state.isPaused = true
                return (.pass, disturbance)
            case .unobserved:
                state.unobserved.insert(label)
                return (.strike(disturbance), nil)
            case .crashBefore:
                state.isDead = true
                return (.dead, nil)
            default: return (.strike(disturbance), nil)
            }
            return (.pass, nil)
        }
        if let pause { await letOthersWork(pause) }
        return verdict
    }

    /// Stands still where the next point of a label is one at which another process gets its turn.
    ///
    /// What is asked for at the last moment before a request leaves has to be asked for after that.
    func standStill(before kind: EffectPoint.Kind, _ label: String) async {
        let pause = state.withLock { state -> Disturbance? in
            let point = EffectPoint(kind, label, (state.counts["\(kind.rawValue) \(label)"] ?? 0) + 1)
            guard let disturbance = state.strikes[point], [.takenOver, .besetted].contains(disturbance) else {
                return nil
            }
            state.strikes[point] = nil
            state.struck.append(point)
            state.isPaused = true
            return disturbance
        }
        if let pause { await letOthersWork(pause) }
    }

    private func letOthersWork(_ disturbance: Disturbance) async {
        await meanwhile(disturbance)
        let waiters = state.withLock { state in
            state.isPaused = false
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits for as long as the process is paused.
    func standStill() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let mayGoOn = state.withLock { state in
                guard state.isPaused else { return true }
                state.waiters.append(continuation)
                return false
            }
            if mayGoOn { continuation.resume() }
        }
    }

    /// The provider is back: what could not be read in a pass is read in the next.
    func beginPass() { state.withLock { $0.unobserved = [] } }
}
