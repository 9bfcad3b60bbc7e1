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
        let refusal = (try? outcome.get()).flatMap { RateRules.standard.read($0, now).refusal }
        return decide(
            attempt: attempt, isRepeatable: Self.isRepeatable(method), outcome: outcome, refusal: refusal, now: now,
            random: random)
    }

    /// Decides on the outcome of an attempt, where a provider's own rules have told whether it was refused.
    ///
    /// - Parameters:
    ///   - attempt: counts from 1.
    ///   - isRepeatable: whether saying it twice is saying it once.
    ///   - outcome: the answer, or why none came.
    ///   - refusal: the request was not carried out because there were too many; it may be sent again whatever it is.
    ///   - now: what a date in `Retry-After` is held against.
    ///   - random: spreads the waits.
    /// - Returns: what to do next.
    public func decide(
        attempt: Int, isRepeatable: Bool, outcome: Result<HTTPResponse, HTTPFault>, refusal: RateReading.Refusal?,
        now: Timestamp, random: RandomSource
    ) -> Decision {
        var asked: Duration?
        switch outcome {
        case .success(let response):
            if let refusal {
                asked = refusal.wait
                if refusal.grows, let wait = asked { asked = Self.doubled(wait, times: attempt - 1) }
                if let wait = asked, refusal.spread > .zero, wait <= maximumWait {
                    // The spread is our own courtesy: it never makes a wait that is allowed too long.
                    asked = wait + random.jitter(min(refusal.spread, maximumWait - wait))
                }
            } else {
                guard isRepeatable, Self.isPassing(response.status) else { return .stop }
                asked = response.retryAfter(now: now)
            }
        case .failure(let fault):
            switch fault.kind {
            case .notSent, .timedOut(sent: false): asked = fault.retryAfter
            case .lost, .timedOut(sent: true):
                guard isRepeatable else { return .stop }
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

    /// Whether a status may be another the next time.
    private static func isPassing(_ status: Int) -> Bool { [408, 500, 502, 503, 504].contains(status) }

    private static func doubled(_ wait: Duration, times: Int) -> Duration {
        var wait = wait
        for _ in 0..<max(0, times) where wait < .hours(1) { wait = wait * 2 }
        return wait
    }
}
