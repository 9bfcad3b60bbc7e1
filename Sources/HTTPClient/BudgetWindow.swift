internal import Basics

/// One sliding window: when our requests ended, and what the provider says that others have used.
///
/// A request counts from its grant until a whole span after its end. The provider counts it from its arrival, which lies
/// between the two, so that whatever it counts at any instant is counted here too.
struct BudgetWindow {
    private(set) var limit: Int
    let span: Duration
    private let margin: Duration
    /// A request of ours that has ended.
    private struct Ended {
        let granted: Duration
        let end: Duration
        /// What the provider had counted by its answer, itself included; nil where the answer didn't say.
        var counted: Int?
    }

    /// Our requests that have ended, oldest end first; before `head` they have left the window.
    private var ended: [Ended] = []
    private var head = 0
    /// How many were cut off before the first in `ended`.
    private var dropped = 0
    /// How many had ended when the latest of them was granted: one of those after that came to the provider last.
    private var lastBefore = 0
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

    /// Ends a request that was granted when so many had ended before it.
    mutating func end(granted: Duration, at now: Duration, weight: Int, endedBefore: Int) {
        for _ in 0..<weight { ended.append(Ended(granted: granted, end: now)) }
        lastBefore = max(lastBefore, endedBefore)
    }

    /// What an answer says of a window, for those who share it.
    struct Count {
        /// Used as far as the provider has said; by all of our requests that have ended where `isWhole`.
        let used: Int
        /// When the oldest of the requests was granted that may be the last of them.
        let asked: Duration
        /// Whether each of our requests that have ended is in it.
        let isWhole: Bool
    }

    /// Takes the provider's word for what is left of this window, in the answer to the request that has just ended.
    ///
    /// Of requests that were under way at once nobody knows the order in which they came. But one of them was the last,
    /// and saw all others counted: so the largest count that any of them was told of is no less than what is used.
    ///
    /// - Parameters:
    ///   - limit: the provider's own figure for the whole window; nil where it names none.
    ///   - remaining: what it has left.
    ///   - reset: when something of it comes back.
    ///   - now: when the answer came.
    ///   - oldest: when the oldest of our requests that is still under way was granted.
    ///   - granted: when the answered request was.
    ///   - endedBefore: how many requests of ours had ended then.
    ///   - isCounted: whether the provider counts the answered request, and so it is among those that have ended.
    /// - Returns: what is used, for those who share the window.
    mutating func note(
        limit: Int?, remaining: Int, reset: RateReading.Reset?, at now: Duration, oldest: Duration?, granted: Duration,
        endedBefore: Int, isCounted: Bool
    ) -> Count {
        expire(at: now)
        if let limit { self.limit = max(1, limit) }
        let told = self.limit - max(0, remaining)
        // Those before a fixed window's begin are not in its count.
        var begin = now - span
        if case .all(let after) = reset { begin += min(max(.zero, after + margin), span) }
        // What may have left the window, and what may have come after the answered one, is taken for others'. That errs
        // on the safe side, until the next answer.
        var first = head
        while first < ended.count, ended[first].granted <= begin { first += 1 }
        if isCounted, !ended.isEmpty { ended[ended.count - 1].counted = told }
        let count = count(told, granted: granted)
        if count.isWhole {
            foreign = max(0, count.used - (ended.count - first))
        } else {
            let ours = (isCounted ? 1 : 0) + max(0, min(endedBefore - dropped, ended.count) - first)
            foreign = max(0, told - ours)
        }
        foreignUntil = now + span + margin
        foreignFirst = nil
        if case .all(let after) = reset, after >= .zero { foreignUntil = min(foreignUntil, now + after + margin) }
        guard case .oldest(let reset) = reset, reset >= .zero else { return count }
        // The request that leaves at the reset is one of others' only when all of ours are younger.
        let youngest = now + reset + margin - span
        guard first == ended.count || ended[first...].allSatisfy({ $0.granted > youngest }), oldest ?? now > youngest
        else {
            return count
        }
        foreignFirst = min(foreignUntil, now + reset + margin)
        return count
    }

    /// What is used by all of our requests that have ended and by others, as far as each answer is there that could be
    /// the one to tell it.
    private func count(_ told: Int, granted: Duration) -> Count {
        var used = told
        var asked = granted
        for one in ended[min(max(head, lastBefore - dropped), ended.count)...] {
            guard let counted = one.counted else { return Count(used: told, asked: granted, isWhole: false) }
            used = max(used, counted)
            asked = min(asked, one.granted)
        }
        return Count(used: used, asked: asked, isWhole: true)
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
