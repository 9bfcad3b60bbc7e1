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
    /// How the provider's answers feed it.
    public var rates: RateRules

    public init(
        windows: [Window], reserve: Double = 0.1, concurrency: Int = 16, margin: Duration = .seconds(1),
        rates: RateRules = .standard
    ) {
        self.windows = windows
        self.reserve = min(max(0, reserve), 0.9)
        self.concurrency = max(1, concurrency)
        self.margin = max(.zero, margin)
        self.rates = rates
    }

    /// 5,000 an hour and 250 a minute for each token (docs.digitalocean.com/reference/api, Rate Limit).
    public static let digitalOcean = RequestBudgetConfiguration(
        windows: [Window(limit: 250, per: .seconds(60)), Window(limit: 5_000, per: .seconds(3_600))],
        rates: .digitalOcean)

    /// 120 a minute for each project and endpoint, which are scopes (supabase.com/docs, Management API rate limits).
    public static let supabase = RequestBudgetConfiguration(windows: [], rates: .supabase)

    /// 5,000 an hour, and 900 a minute of the secondary limits; writes are a scope of their own.
    public static let gitHub = RequestBudgetConfiguration(
        windows: [Window(limit: 900, per: .seconds(60)), Window(limit: 5_000, per: .seconds(3_600))], concurrency: 8,
        rates: .gitHub)

    /// No figure is published that holds for all; a minute's bucket that leaves room for others.
    public static let vercel = RequestBudgetConfiguration(
        windows: [Window(limit: 120, per: .seconds(60))], concurrency: 8, rates: .vercel)

    /// 300 a minute for domains and webhooks of one account.
    public static let mailgun = RequestBudgetConfiguration(
        windows: [Window(limit: 300, per: .seconds(60))], rates: .mailgun)

    /// Each method has its own limit, which is a scope.
    public static let slack = RequestBudgetConfiguration(windows: [], concurrency: 8, rates: .slack)

    /// 60 a minute for each key.
    public static let plane = RequestBudgetConfiguration(
        windows: [Window(limit: 60, per: .seconds(60))], concurrency: 4, rates: .plane)

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
