import Basics
public import HTTPClient

/// Counts and keeps what was said to providers during a pass, and hands it on to a recording.
public final class ProviderTraffic: Sendable {
    private let counts = Locked<[String: Int]>([:])
    private let traces = Locked<[String: RunTrace]>([:])
    private let sink: (@Sendable (Exchange, _ runID: String) -> Void)?

    /// - Parameter sink: takes each exchange as it ends, such as a file for `--record`.
    public init(sink: (@Sendable (Exchange, _ runID: String) -> Void)? = nil) { self.sink = sink }

    func note(_ exchange: Exchange, runID: String, step: String? = nil) {
        counts.withLock { $0[exchange.provider, default: 0] += 1 }
        traces.withLock { $0[runID] }?.note(exchange, step: step)
        sink?(exchange, runID)
    }

    /// From now on the requests of a run are traced, until nil takes its place.
    func trace(_ runID: String, by trace: RunTrace?) { traces.withLock { $0[runID] = trace } }

    /// Keeps an exchange that is of no pass.
    public func keep(_ exchange: Exchange, runID: String) { sink?(exchange, runID) }

    /// Requests by provider since the last call.
    func takeCounts() -> [String: Int] {
        counts.withLock { counts in
            defer { counts = [:] }
            return counts
        }
    }
}
