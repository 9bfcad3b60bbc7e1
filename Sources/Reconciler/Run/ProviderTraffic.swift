import Basics
public import HTTPClient

/// Counts and keeps what was said to providers during a pass, and hands it on to a recording.
public final class ProviderTraffic: Sendable {
    private let counts = Locked<[String: Int]>([:])
    private let sink: (@Sendable (Exchange, _ runID: String) -> Void)?

    /// - Parameter sink: takes each exchange as it ends, such as a file for `--record`.
    public init(sink: (@Sendable (Exchange, _ runID: String) -> Void)? = nil) { self.sink = sink }

    func note(_ exchange: Exchange, runID: String) {
        counts.withLock { $0[exchange.provider, default: 0] += 1 }
        sink?(exchange, runID)
    }

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
