/// How many requests a provider grants to one credential.
public struct RequestBudgetConfiguration: Sendable, Hashable {
    /// At most so many requests in any span of this length.
    public struct Window: Sendable, Hashable {
        public var limit: Int
        public var span: Duration

        public init(limit: Int, per span: Duration) {
            self.limit = max(1, limit)
            self.span = max(.milliseconds(1), span)
        }
    }

    public var windows: [Window]
    /// The share of each window that only commits and people may use, from 0 to 1.
    public var reserve: Double
    /// The most requests under way at once.
    public var concurrency: Int
    /// Added to each window, for clocks that don't tick alike.
    public var margin: Duration

    public init(windows: [Window], reserve: Double = 0.1, concurrency: Int = 16, margin: Duration = .seconds(1)) {
        self.windows = windows
        self.reserve = min(max(0, reserve), 0.9)
        self.concurrency = max(1, concurrency)
        self.margin = max(.zero, margin)
    }

    /// 5,000 an hour and 250 a minute for each token (docs.digitalocean.com/reference/api, Rate Limit).
    public static let digitalOcean = RequestBudgetConfiguration(
        windows: [Window(limit: 250, per: .seconds(60)), Window(limit: 5_000, per: .seconds(3_600))])

    /// No limit but that of concurrency.
    public static let unlimited = RequestBudgetConfiguration(windows: [])
}

/// How a budget stands, for reports and metrics.
public struct RequestBudgetSnapshot: Sendable, Hashable {
    /// Of the longest window; 0 when there is none.
    public let limit: Int
    /// What is left of it, for a request of the highest priority.
    public let remaining: Int
    /// All requests granted so far.
    public let granted: Int
    /// How many had to wait, and for how long together.
    public let waits: Int
    public let waited: Duration
    /// Requests under way, and requests waiting.
    public let inFlight: Int
    public let queued: Int
    /// Answers of 429 that came in spite of it.
    public let refusals: Int
}
