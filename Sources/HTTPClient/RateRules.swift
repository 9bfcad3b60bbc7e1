public import Basics

/// What an answer says of the budget.
public struct RateReading: Sendable, Hashable {
    /// Which limit it speaks of.
    public enum Reach: Sendable, Hashable {
        /// That of the credential.
        case credential
        /// That of the call's first scope; where it has none, a refusal holds for all, and what is left says nothing.
        case scope
    }

    /// When what is used comes back.
    public enum Reset: Sendable, Hashable {
        /// The oldest request leaves a sliding window.
        case oldest(after: Duration)
        /// A fixed window ends, and everything comes back at once.
        case all(after: Duration)
    }

    /// What is left of a limit.
    public struct Quota: Sendable, Hashable {
        /// Nil where the provider doesn't say it.
        public var limit: Int?
        public var remaining: Int
        public var reset: Reset?
        public var reach: Reach

        public init(limit: Int?, remaining: Int, reset: Reset?, reach: Reach = .credential) {
            self.limit = limit
            self.remaining = remaining
            self.reset = reset
            self.reach = reach
        }
    }

    /// The request was not carried out, because there were too many.
    public struct Refusal: Sendable, Hashable {
        /// How long to wait; nil where the provider doesn't say it.
        public var wait: Duration?
        /// Clients are asked to spread their return over this time after the wait.
        public var spread: Duration
        /// Whether the wait is a guess that doubles each time.
        public var grows: Bool
        public var reach: Reach

        public init(wait: Duration?, spread: Duration = .zero, grows: Bool = false, reach: Reach = .credential) {
            self.wait = wait
            self.spread = spread
            self.grows = grows
            self.reach = reach
        }
    }

    public var quota: Quota?
    public var refusal: Refusal?
    /// Whether the provider doesn't count the request for the credential's own limit, such as a 304 of GitHub.
    public var isFree: Bool
    /// Whether it may have come to the provider at all.
    public var isSent: Bool

    public init(quota: Quota? = nil, refusal: Refusal? = nil, isFree: Bool = false, isSent: Bool = true) {
        self.quota = quota
        self.refusal = refusal
        self.isFree = isFree
        self.isSent = isSent
    }
}

/// How a provider's answers feed the budget: pure, so that it can be tried on answers alone.
public struct RateRules: Sendable, Hashable {
    public let name: String
    /// Reads one answer, at the instant at which it came.
    public let read: @Sendable (HTTPResponse, Timestamp) -> RateReading

    public init(_ name: String, read: @escaping @Sendable (HTTPResponse, Timestamp) -> RateReading) {
        self.name = name
        self.read = read
    }

    public static func == (a: RateRules, b: RateRules) -> Bool { a.name == b.name }

    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension HTTPResponse {
    /// A header that is a whole number which nobody needs more than 15 digits for.
    func number(_ name: String) -> Int? {
        guard let text = header(name), !text.isEmpty, text.utf8.count <= 15,
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return Int(text)
    }

    /// `Retry-After`, as seconds or as a date (RFC 9110, 10.2.3).
    public func retryAfter(now: Timestamp) -> Duration? {
        guard let text = header("retry-after") else { return nil }
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return text.utf8.count <= 9 ? Int64(text).map { .seconds($0) } : .days(365)
        }
        return HTTPDate.parse(text).map { max(.zero, $0 - now) }
    }
}
