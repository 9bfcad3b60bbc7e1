import Basics

/// The sliding windows of one token: each request counts for an hour, and for a minute, after it was made.
struct RateWindow: Sendable {
    /// Instants of counted requests, oldest first; those before `start` have expired.
    private var instants: [Timestamp] = []
    private var start = 0
    private var keyLists: [Timestamp] = []

    enum Verdict: Equatable {
        case allowed
        /// The hour is used up: no `retry-after`.
        case hourExceeded
        /// The minute is used up.
        case burstExceeded(retryAfter: Int)
    }

    /// Counts a request if there is room; a refused one isn't counted.
    mutating func admit(at now: Timestamp, limits: RateLimits, isKeyList: Bool) -> Verdict {
        expire(at: now)
        guard instants.count - start < limits.perHour else { return .hourExceeded }
        let minuteAgo = now - .seconds(60)
        if instants.count - start >= limits.perMinute, limits.perMinute > 0 {
            let blocking = instants[instants.count - limits.perMinute]
            if blocking > minuteAgo {
                return .burstExceeded(retryAfter: Self.wholeSeconds(from: now, to: blocking + .seconds(60)))
            }
        }
        if isKeyList {
            keyLists.removeAll { $0 <= minuteAgo }
            if keyLists.count >= limits.keyListsPerMinute, let oldest = keyLists.first {
                return .burstExceeded(retryAfter: Self.wholeSeconds(from: now, to: oldest + .seconds(60)))
            }
            keyLists.append(now)
        }
        instants.append(now)
        return .allowed
    }

    /// How many requests are left in the hour.
    func remaining(limits: RateLimits) -> Int { max(0, limits.perHour - (instants.count - start)) }

    /// When the oldest request expires, in seconds since the epoch.
    func reset(at now: Timestamp) -> Int64 {
        ((start < instants.count ? instants[start] : now) + .seconds(3_600)).seconds
    }

    private mutating func expire(at now: Timestamp) {
        let hourAgo = now - .seconds(3_600)
        while start < instants.count, instants[start] <= hourAgo { start += 1 }
        if start > 4_096, start * 2 > instants.count {
            instants.removeFirst(start)
            start = 0
        }
    }

    private static func wholeSeconds(from now: Timestamp, to later: Timestamp) -> Int {
        max(1, Int(((later - now).microseconds + 999_999) / 1_000_000))
    }
}
