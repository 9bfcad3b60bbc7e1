import Basics

/// How many requests somebody has left.
public struct RateStanding: Sendable, Hashable {
    /// Requests a minute; 0: no limit.
    public let limit: Int
    public let remaining: Int
    /// Until all of them are there again.
    public let reset: Duration
    /// How long to wait; nil where the request may pass.
    public let retryAfter: Duration?

    /// The headers that say so, of the IETF's draft and of older clients.
    public var headers: [(name: String, value: String)] {
        guard limit > 0 else { return [] }
        let reset = String(max(0, (self.reset.microseconds + 999_999) / 1_000_000))
        var headers: [(name: String, value: String)] = []
        for prefix in ["RateLimit", "X-RateLimit"] {
            headers.append(("\(prefix)-Limit", String(limit)))
            headers.append(("\(prefix)-Remaining", String(remaining)))
            headers.append(("\(prefix)-Reset", reset))
        }
        if let retryAfter {
            headers.append(("Retry-After", String(max(1, (retryAfter.microseconds + 999_999) / 1_000_000))))
        }
        return headers
    }
}

/// Counts requests of each caller: a bucket that fills evenly, so that no minute's end lets twice as many through.
final class RateLimiter: Sendable {
    private struct Bucket {
        var level: Double
        var at: Duration
    }

    private static let most = 16_384

    private let buckets = Locked<[String: Bucket]>([:])

    /// Takes one request of `name`; with a limit of 0 all pass.
    func take(_ name: String, limit: Int, at now: Duration) -> RateStanding {
        guard limit > 0 else { return RateStanding(limit: 0, remaining: 0, reset: .zero, retryAfter: nil) }
        let perSecond = Double(limit) / 60
        let (level, isTaken) = buckets.withLock { buckets -> (Double, Bool) in
            if buckets.count >= Self.most {
                // Those that are full again need no memory.
                buckets = buckets.filter { $0.value.level < Double(limit) && now - $0.value.at < .minutes(1) }
                if buckets.count >= Self.most { buckets = [:] }
            }
            var bucket = buckets[name] ?? Bucket(level: Double(limit), at: now)
            let elapsed = Double((now - bucket.at).microseconds) / 1_000_000
            bucket.level = min(Double(limit), bucket.level + max(0, elapsed) * perSecond)
            bucket.at = now
            let isTaken = bucket.level >= 1
            if isTaken { bucket.level -= 1 }
            buckets[name] = bucket
            return (bucket.level, isTaken)
        }
        func duration(_ tokens: Double) -> Duration { .microseconds(Int64(max(0, tokens) / perSecond * 1_000_000)) }
        return RateStanding(
            limit: limit, remaining: Int(level), reset: duration(Double(limit) - level),
            retryAfter: isTaken ? nil : duration(1 - level))
    }
}
