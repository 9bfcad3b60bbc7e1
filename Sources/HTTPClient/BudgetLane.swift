internal import Basics

/// The windows that one credential, or one scope of it, has to keep.
struct BudgetLane {
    private(set) var windows: [BudgetWindow]
    private let concurrency: Int
    /// When each request under way was granted, and how many units it takes.
    private(set) var open: [UInt64: (at: Duration, weight: Int)] = [:]
    /// The units of all of them.
    private(set) var taken = 0
    /// Nothing is sent before: the provider said so.
    private(set) var blockedUntil = Duration.zero

    init(_ windows: [RequestBudgetConfiguration.Window], concurrency: Int, margin: Duration) {
        self.windows = windows.map { BudgetWindow($0, margin: margin) }
        self.concurrency = concurrency
    }

    var inFlight: Int { open.count }

    /// How many requests had ended in each window.
    var endedCounts: [Int] { windows.map(\.endedCount) }

    private var longest: Int? { windows.indices.max { windows[$0].span < windows[$1].span } }

    /// Whether one more may begin, with this share of each window kept back.
    mutating func isFree(_ weight: Int = 1, keeping reserve: Double, at now: Duration) -> Bool {
        guard inFlight < concurrency, now >= blockedUntil else { return false }
        for index in windows.indices {
            let weight = min(weight, windows[index].limit)
            let kept = Self.kept(of: windows[index].limit, reserve, weight)
            guard windows[index].remaining(at: now, inFlight: taken) >= kept + weight else { return false }
        }
        return true
    }

    /// What is kept back of a window: never so much that a call doesn't fit into the rest.
    static func kept(of limit: Int, _ reserve: Double, _ weight: Int = 1) -> Int {
        max(0, min(Int(Double(limit) * reserve), limit - weight))
    }

    /// When one more may next begin by the passing of time alone.
    mutating func nextInstant(at now: Duration) -> Duration? {
        guard inFlight < concurrency else { return nil }
        var next: Duration?
        if blockedUntil > now { next = blockedUntil }
        for index in windows.indices {
            guard let change = windows[index].nextChange(at: now), change > now else { continue }
            next = min(next ?? change, change)
        }
        return next
    }

    /// The earliest instant at which one more could begin; now while an answer under way may bring good news.
    mutating func earliest(_ weight: Int, keeping reserve: Double, at now: Duration) -> Duration {
        guard inFlight == 0, !isFree(weight, keeping: reserve, at: now) else { return max(blockedUntil, now) }
        return max(blockedUntil, nextInstant(at: now) ?? now)
    }

    /// How long so many requests would wait in all, with this share of each window kept back.
    mutating func wait(for count: Int, keeping reserve: Double, at now: Duration) -> Duration {
        let blocked = max(.zero, blockedUntil - now)
        var wait = blocked
        for index in windows.indices {
            let kept = Self.kept(of: windows[index].limit, reserve)
            wait = max(
                wait, windows[index].wait(for: count, keeping: kept, inFlight: taken, blocked: blocked, at: now))
        }
        return wait
    }

    mutating func begin(_ id: UInt64, at now: Duration, weight: Int) {
        open[id] = (now, weight)
        taken += weight
    }

    /// Ends a request; one that the provider didn't count leaves no trace.
    mutating func end(_ id: UInt64, granted: Duration, at now: Duration, endedBefore: [Int], isFree: Bool) {
        guard let weight = open.removeValue(forKey: id)?.weight else { return }
        taken -= weight
        guard !isFree else { return }
        for index in windows.indices {
            windows[index].end(
                granted: granted, at: now, weight: weight,
                endedBefore: index < endedBefore.count ? endedBefore[index] : 0)
        }
    }

    mutating func block(until instant: Duration) { blockedUntil = max(blockedUntil, instant) }

    /// Takes the provider's word for what is left, in the answer to the request that has just ended.
    ///
    /// - Returns: what is left by it of the window that it names, for those who share that; nil without windows.
    mutating func note(
        _ quota: RateReading.Quota, granted: Duration, endedBefore: [Int], at now: Duration, isCounted: Bool
    ) -> (remaining: Int, count: BudgetWindow.Count)? {
        // The provider names one window; which one it is can be told by its size, and the longest is the usual one.
        let named = quota.limit.flatMap { limit in windows.firstIndex { $0.limit == limit } }
        guard let index = named ?? longest, index < endedBefore.count else { return nil }
        let count = windows[index].note(
            limit: quota.limit, remaining: quota.remaining, reset: quota.reset, at: now,
            oldest: open.values.lazy.map(\.at).min(), granted: granted, endedBefore: endedBefore[index],
            isCounted: isCounted)
        return (windows[index].limit - count.used, count)
    }

    /// The longest window's limit and what is left of it; nil without windows.
    mutating func standing(at now: Duration) -> (limit: Int, remaining: Int)? {
        guard let longest else { return nil }
        return (windows[longest].limit, windows[longest].remaining(at: now, inFlight: taken))
    }

    /// Whether forgetting it loses nothing.
    mutating func isIdle(at now: Duration) -> Bool {
        guard open.isEmpty, blockedUntil <= now else { return false }
        for index in windows.indices where windows[index].remaining(at: now, inFlight: 0) < windows[index].limit {
            return false
        }
        return true
    }
}
