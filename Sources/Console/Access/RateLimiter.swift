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
        if let retryAfter { headers.append(("Retry-After", Self.wholeSeconds(retryAfter))) }
        return headers
    }

    /// What `Retry-After` says: who comes back then doesn't come too early.
    static func wholeSeconds(_ wait: Duration) -> String { String(max(1, (wait.microseconds + 999_999) / 1_000_000)) }
}

/// Counts requests of each caller: a bucket that fills evenly, so that no minute's end lets twice as many through.
///
/// Buckets are known by digests, so that what a stranger sends as a name takes no more memory than any other.
final class RateLimiter: Sendable {
    private struct Bucket {
        var level: Double
        var at: Duration
        /// From when on it says no more than one that isn't there.
        var fullAt: Duration
    }

    private struct State {
        var buckets: [Digest: Bucket] = [:]
        var sweptAt = Duration.zero
    }

    /// The most buckets at once.
    static let most = 16_384
    private static let sweep = Duration.minutes(1)

    private let state = Locked(State())

    /// How many are kept now.
    var count: Int { state.withLock { $0.buckets.count } }

    /// Takes one request of `name`, of which `limit` come back evenly in each `period`; with a limit of 0 all pass.
    func take(_ name: String, limit: Int, each period: Duration = .minutes(1), at now: Duration) -> RateStanding {
        guard limit > 0 else { return RateStanding(limit: 0, remaining: 0, reset: .zero, retryAfter: nil) }
        let digest = Digest(of: name)
        let perSecond = Double(limit) / (Double(period.microseconds) / 1_000_000)
        func duration(_ tokens: Double) -> Duration { .microseconds(Int64(max(0, tokens) / perSecond * 1_000_000)) }
        let (level, isTaken) = state.withLock { state -> (Double, Bool) in
            Self.forget(&state, at: now)
            var bucket = state.buckets[digest] ?? Bucket(level: Double(limit), at: now, fullAt: now)
            let elapsed = Double((now - bucket.at).microseconds) / 1_000_000
            bucket.level = min(Double(limit), bucket.level + max(0, elapsed) * perSecond)
            bucket.at = now
            let isTaken = bucket.level >= 1
            if isTaken { bucket.level -= 1 }
            bucket.fullAt = now + duration(Double(limit) - bucket.level)
            state.buckets[digest] = bucket
            return (bucket.level, isTaken)
        }
        return RateStanding(
            limit: limit, remaining: Int(level), reset: duration(Double(limit) - level),
            retryAfter: isTaken ? nil : duration(1 - level))
    }

    /// Gives back what was taken of `name` and turned out not to count.
    func giveBack(_ name: String, limit: Int) {
        let digest = Digest(of: name)
        state.withLock { state in
            guard var bucket = state.buckets[digest] else { return }
            bucket.level = min(Double(limit), bucket.level + 1)
            if bucket.level == Double(limit) { bucket.fullAt = bucket.at }
            state.buckets[digest] = bucket
        }
    }

    /// Drops buckets that are full again; where all places are taken, the half of those that say the least.
    private static func forget(_ state: inout State, at now: Duration) {
        guard now - state.sweptAt >= sweep || state.buckets.count >= most else { return }
        state.sweptAt = now
        state.buckets = state.buckets.filter { $0.value.fullAt > now }
        guard state.buckets.count >= most else { return }
        // Made-up names have asked once each: whoever has asked often stays counted.
        let sorted = state.buckets.sorted { $0.value.fullAt > $1.value.fullAt }
        state.buckets = Dictionary(uniqueKeysWithValues: sorted.prefix(most / 2).map { ($0.key, $0.value) })
    }
}
