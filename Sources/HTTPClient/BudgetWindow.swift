internal import Basics

/// One sliding window: when our requests ended, and what the provider says that others have used.
///
/// A request counts from its grant until a whole span after its end. The provider counts it from its arrival, which lies
/// between the two, so that whatever it counts at any instant is counted here too.
struct BudgetWindow {
    private(set) var limit: Int
    let span: Duration
    private let margin: Duration
    /// Our requests that have ended, oldest end first; before `head` they have left the window.
    private var ended: [(granted: Duration, end: Duration)] = []
    private var head = 0
    /// How many were cut off before the first in `ended`.
    private var dropped = 0
    /// Used by others of the same credential, as of the last answer; at `foreignUntil` all of it has left the window.
    private var foreign = 0
    private var foreignUntil = Duration.zero
    /// When the first of it leaves, where the answer told.
    private var foreignFirst: Duration?

    init(_ window: RequestBudgetConfiguration.Window, margin: Duration) {
        limit = window.limit
        span = window.span
        self.margin = margin
    }

    /// What is left, with so many requests under way.
    mutating func remaining(at now: Duration, inFlight: Int) -> Int {
        expire(at: now)
        return max(0, limit - (ended.count - head) - foreign - inFlight)
    }

    /// When one more than `held` is free again, if nothing else is sent; nil when only the end of a request can tell.
    mutating func nextChange(at now: Duration) -> Duration? {
        expire(at: now)
        var next = head < ended.count ? ended[head].end + span + margin : nil
        if foreign > 0 { next = min(next ?? foreignUntil, foreignFirst ?? foreignUntil) }
        return next
    }

    /// When so many more could have been sent, if nothing else is, with some of the window kept back.
    mutating func wait(
        for count: Int, keeping kept: Int, inFlight: Int, blocked: Duration, at now: Duration
    ) -> Duration {
        expire(at: now)
        let cycle = span + margin
        var leaving = ended[head...].map { (after: $0.end + cycle - now, count: 1) }
        if foreign > 0 { leaving.append((foreignUntil - now, foreign)) }
        if inFlight > 0 { leaving.append((cycle, inFlight)) }
        return BudgetSlots(whole: max(1, limit - kept), leaving: leaving, blocked: blocked).wait(
            for: count, cycle: cycle)
    }

    /// How many requests of ours have ended so far, in all.
    var endedCount: Int { dropped + ended.count }

    mutating func end(granted: Duration, at now: Duration, weight: Int) {
        for _ in 0..<weight { ended.append((granted, now)) }
    }

    /// Takes the provider's word for what is left of this window.
    ///
    /// - Parameters:
    ///   - limit: the provider's own figure for the whole window; nil where it names none.
    ///   - remaining: what it has left.
    ///   - reset: when something of it comes back.
    ///   - now: when the answer came.
    ///   - oldest: when the oldest of our requests that is still under way was granted.
    ///   - endedBefore: how many requests of ours had ended when the answered one was granted.
    mutating func note(
        limit: Int?, remaining: Int, reset: RateReading.Reset?, at now: Duration, oldest: Duration?, endedBefore: Int
    ) {
        expire(at: now)
        if let limit { self.limit = max(1, limit) }
        // Those before a fixed window's begin are not in its count.
        var begin = now - span
        if case .all(let after) = reset { begin += min(max(.zero, after + margin), span) }
        // Only what ended before the request began, and can't have left the window, is surely in the provider's count;
        // all else in it is taken for others'. That errs on the safe side, until the next answer.
        var first = head
        while first < ended.count, ended[first].granted <= begin { first += 1 }
        let ours = max(0, min(endedBefore - dropped, ended.count) - first)
        foreign = max(0, self.limit - max(0, remaining) - 1 - ours)
        foreignUntil = now + span + margin
        foreignFirst = nil
        if case .all(let after) = reset, after >= .zero { foreignUntil = min(foreignUntil, now + after + margin) }
        guard case .oldest(let reset) = reset, reset >= .zero else { return }
        // The request that leaves at the reset is one of others' only when all of ours are younger.
        let youngest = now + reset + margin - span
        guard first == ended.count || ended[first...].allSatisfy({ $0.granted > youngest }), oldest ?? now > youngest
        else {
            return
        }
        foreignFirst = min(foreignUntil, now + reset + margin)
    }

    private mutating func expire(at now: Duration) {
        while head < ended.count, ended[head].end + span + margin <= now { head += 1 }
        if head > 1_024, head * 2 > ended.count {
            ended.removeFirst(head)
            dropped += head
            head = 0
        }
        guard foreign > 0 else { return }
        if now >= foreignUntil {
            foreign = 0
        } else if let first = foreignFirst, now >= first {
            // One has left, and no more is known until the answer to the request that takes its place.
            foreign -= 1
            foreignFirst = nil
        }
    }
}
