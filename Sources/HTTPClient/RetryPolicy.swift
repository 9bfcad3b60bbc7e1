public import Basics

/// Which answers and faults are tried again, and when.
///
/// GET, HEAD, PUT and DELETE say the same however often they are said, so that a lost answer may be asked for again.
/// Anything else is repeated only when it can't have had an effect: it was not sent, or refused by 429.
public struct RetryPolicy: Sendable, Hashable {
    public var attempts: Int
    /// The first wait is at most this long, each later one at most twice the one before.
    public var base: Duration
    public var cap: Duration
    /// When the provider asks to wait longer than this, the call ends and says so.
    public var maximumWait: Duration

    public init(
        attempts: Int = 5, base: Duration = .milliseconds(500), cap: Duration = .seconds(30),
        maximumWait: Duration = .seconds(60)
    ) {
        self.attempts = max(1, attempts)
        self.base = max(.zero, base)
        self.cap = max(.zero, cap)
        self.maximumWait = max(.zero, maximumWait)
    }

    /// One attempt and no more.
    public static let never = RetryPolicy(attempts: 1)

    /// What follows from an attempt.
    public enum Decision: Sendable, Hashable {
        /// Its outcome stands.
        case stop
        case retry(after: Duration)
        /// The provider asks for a longer wait than the call may take.
        case giveUp(asked: Duration)
    }

    /// Decides on the outcome of an attempt.
    ///
    /// - Parameters:
    ///   - attempt: counts from 1.
    ///   - method: decides what may be repeated.
    ///   - outcome: the answer, or why none came.
    ///   - now: what a date in `Retry-After` is held against.
    ///   - random: spreads the waits, so that many clients don't come back at the same instant.
    /// - Returns: what to do next.
    public func decide(
        attempt: Int, method: String, outcome: Result<HTTPResponse, HTTPFault>, now: Timestamp, random: RandomSource
    ) -> Decision {
        let asked: Duration?
        switch outcome {
        case .success(let response):
            guard Self.isRetryable(response.status, method: method) else { return .stop }
            asked = Self.askedWait(response, now: now)
        case .failure(let fault):
            switch fault.kind {
            case .notSent, .timedOut(sent: false): asked = fault.retryAfter
            case .lost, .timedOut(sent: true):
                guard Self.isRepeatable(method) else { return .stop }
                asked = nil
            case .tls, .tooLarge, .cancelled, .badURL: return .stop
            }
        }
        if let asked, asked > maximumWait { return .giveUp(asked: asked) }
        guard attempt < attempts else { return .stop }
        return .retry(after: asked.map { max(.zero, $0) } ?? random.jitter(ceiling(attempt)))
    }

    private func ceiling(_ attempt: Int) -> Duration {
        var wait = base
        for _ in 1..<max(1, attempt) where wait < cap { wait = wait * 2 }
        return min(wait, cap)
    }

    /// Whether saying it twice is the same as saying it once (RFC 9110, 9.2.2).
    public static func isRepeatable(_ method: String) -> Bool { ["GET", "HEAD", "PUT", "DELETE"].contains(method) }

    private static func isRetryable(_ status: Int, method: String) -> Bool {
        switch status {
        case 429: true
        case 408, 500, 502, 503, 504: isRepeatable(method)
        default: false
        }
    }

    /// How long an answer asks to be left alone.
    ///
    /// `Retry-After` first (RFC 9110, 10.2.3: seconds or a date); for a 429 without it the instant at which the oldest
    /// request leaves the provider's window.
    static func askedWait(_ response: HTTPResponse, now: Timestamp) -> Duration? {
        if let text = response.header("retry-after") {
            if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
                return text.utf8.count <= 9 ? Int64(text).map { .seconds($0) } : .days(365)
            }
            if let date = HTTPDate.parse(text) { return max(.zero, date - now) }
        }
        guard response.status == 429, let text = response.header("ratelimit-reset"), text.utf8.count <= 12,
            let reset = Int64(text)
        else { return nil }
        let wait = Timestamp(seconds: reset) - now
        return wait > .zero ? wait : nil
    }
}
