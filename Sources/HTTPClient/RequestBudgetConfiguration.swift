public import Basics

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
    /// The share of each window that only people may use, from 0 to 1: what runs by itself never takes more than the rest.
    public var reserve: Double
    /// The most requests under way at once.
    public var concurrency: Int
    /// Added to each window, for clocks that don't tick alike.
    public var margin: Duration
    /// How the provider's answers feed it.
    public var rates: RateRules
    /// What a whole plan's requests may fall under at the worst, where narrower limits hold than the credential's.
    public var narrowest: [Window]

    public init(
        windows: [Window], reserve: Double = 0.2, concurrency: Int = 16, margin: Duration = .seconds(1),
        rates: RateRules = .standard, narrowest: [Window] = []
    ) {
        self.windows = windows
        self.reserve = min(max(0, reserve), 0.9)
        self.concurrency = max(1, concurrency)
        self.margin = max(.zero, margin)
        self.rates = rates
        self.narrowest = narrowest
    }

    /// A tenth of a short window is margin enough; a whole second would halve one call a second.
    func margin(of windows: [Window]) -> Duration { min(margin, (windows.map(\.span).min() ?? margin * 10) / 10) }

    var narrowestMargin: Duration { margin(of: narrowest) }

    /// 5,000 an hour and 250 a minute for each token (docs.digitalocean.com/reference/api, Rate Limit).
    public static let digitalOcean = RequestBudgetConfiguration(
        windows: [Window(limit: 250, per: .seconds(60)), Window(limit: 5_000, per: .seconds(3_600))],
        rates: .digitalOcean)

    /// 120 a minute for each project and endpoint, which are scopes (supabase.com/docs, Management API rate limits).
    public static let supabase = RequestBudgetConfiguration(
        windows: [], rates: .supabase, narrowest: supabaseEndpoint)
    public static let supabaseEndpoint = [Window(limit: 120, per: .seconds(60))]

    /// 5,000 an hour; the secondary limits, by points and for writes, are scopes.
    public static let gitHub = RequestBudgetConfiguration(
        windows: [Window(limit: 5_000, per: .seconds(3_600))], concurrency: 8, rates: .gitHub,
        narrowest: gitHubContent)
    /// Points of the secondary limit: a read is one, a write five.
    public static let gitHubPoints = [Window(limit: 900, per: .seconds(60))]
    /// What GitHub asks of those who write: a second apart, 80 a minute and 500 an hour.
    public static let gitHubContent = [
        Window(limit: 1, per: .seconds(1)), Window(limit: 80, per: .seconds(60)),
        Window(limit: 500, per: .seconds(3_600)),
    ]

    /// No figure is published that holds for all; a minute's bucket that leaves room for others.
    ///
    /// Answers speak of their endpoint alone, which is a scope.
    public static let vercel = RequestBudgetConfiguration(
        windows: [Window(limit: 120, per: .seconds(60))], concurrency: 8, rates: .vercel)
    public static let vercelEndpoint = [Window(limit: 120, per: .seconds(60))]

    /// 300 a minute for domains and webhooks of one account.
    public static let mailgun = RequestBudgetConfiguration(
        windows: [Window(limit: 300, per: .seconds(60))], rates: .mailgun)

    /// Each method has its own limit, which is a scope, and so has each channel that is written to.
    public static let slack = RequestBudgetConfiguration(
        windows: [], concurrency: 8, rates: .slack, narrowest: slackChannel)
    /// One message a second; a fifth of the time stays for people's own.
    public static let slackChannel = [Window(limit: 1, per: .milliseconds(1_250))]

    /// 60 a minute for each key.
    public static let plane = RequestBudgetConfiguration(
        windows: [Window(limit: 60, per: .seconds(60))], concurrency: 4, rates: .plane)

    /// No limit but that of concurrency.
    public static let unlimited = RequestBudgetConfiguration(windows: [])
}

/// A wait for a rate limit, in uptime.
public struct RequestBudgetWait: Sendable, Hashable {
    public let since: Duration
    /// When it may go on, as far as is known.
    public let until: Duration
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
    /// What the provider last said that is left; nil where it has said nothing.
    public let told: Told?
    /// The requests waiting, by priority; none where nobody waits.
    public let queues: [RequestPriority: Queue]

    /// Requests that wait with one priority.
    public struct Queue: Sendable, Hashable {
        public let count: Int
        /// How long the first of them waits.
        public let oldest: Duration
    }

    /// The provider's own word.
    public struct Told: Sendable, Hashable {
        /// Nil where the provider doesn't say it.
        public let limit: Int?
        public let remaining: Int
        /// The narrower limit that it is about; empty for the credential's own.
        public let scope: String
        public let at: Timestamp
    }
}
