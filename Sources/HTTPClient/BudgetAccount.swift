public import Basics

/// The books of one credential: what was sent, what is reserved, by whom, and what others use.
///
/// Pure; its text is what a store keeps. A reservation counts from its grant until a whole span after the process said that
/// the request has ended; one that nobody speaks of any more counts as sent when it runs out.
public struct BudgetAccount: Sendable, Hashable {
    struct Spent: Sendable, Hashable {
        var count: Int
        /// The first of them was granted then; 0 where nobody knows.
        var from: Timestamp
        /// The last of them was told of then.
        var at: Timestamp
        /// Who told it; empty where that is long ago.
        var holder = ""
    }

    struct Window: Sendable, Hashable {
        var limit: Int
        var span: Duration
        var spent: [Spent] = []
        /// Used by others than our processes, and until when that counts.
        var foreign = 0
        var foreignUntil = Timestamp(microseconds: 0)
        /// The answer that told it.
        var readAt = Timestamp(microseconds: 0)

        var used: Int { spent.reduce(foreign) { $0 + $1.count } }
    }

    struct Holding: Sendable, Hashable {
        var count: Int
        var until: Timestamp
    }

    /// How long a reservation may be used, and how much longer a request may be under way.
    public static let lasting = Duration.seconds(15)
    public static let grace = Duration.seconds(120)
    /// How long it is kept who has sent what: as long as a request usually takes.
    static let attribution = Duration.seconds(10)

    var windows: [Window] = []
    var holdings: [String: Holding] = [:]
    var blockedUntil = Timestamp(microseconds: 0)
    /// No claim is booked earlier than the one before, whatever a process's clock says.
    var latest = Timestamp(microseconds: 0)

    public init() {}

    /// Books what a process tells, and grants what is left of what it wants.
    public mutating func exchange(_ claim: BudgetClaim, now: Timestamp) -> BudgetAllotment {
        // A clock that is far ahead must not stop the others for good.
        let now = now > latest || latest - now > .hours(2) ? now : latest
        latest = now
        open(claim.windows)
        lapse(at: now)
        let before = holdings[claim.holder]?.count ?? 0
        let spent = min(claim.spent, before)
        book(spent, from: claim.spentSince, at: now, by: claim.holder)
        let kept = min(claim.held, before - spent)
        holdings[claim.holder] = nil
        // Before anything leaves: what a reading speaks of may have left since.
        if let reading = claim.reading { note(reading, of: claim.holder, margin: claim.margin) }
        expire(at: now, margin: claim.margin)
        if let until = claim.blockedUntil { blockedUntil = max(blockedUntil, min(until, now + .hours(2))) }
        let granted = blockedUntil > now ? 0 : grantable(claim, kept: kept)
        if kept + granted > 0 {
            holdings[claim.holder] = Holding(count: kept + granted, until: now + Self.lasting + Self.grace)
        }
        return BudgetAllotment(
            granted: granted, isKept: kept == claim.held, lasting: Self.lasting,
            retryAfter: granted < claim.wanted ? pause(at: now, margin: claim.margin) : nil,
            blockedFor: blockedUntil > now ? blockedUntil - now : nil)
    }

    /// What is left of each window, narrowest first.
    public func remaining(at now: Timestamp) -> [(limit: Int, span: Duration, remaining: Int)] {
        var copy = self
        copy.lapse(at: now)
        copy.expire(at: now, margin: .zero)
        let held = copy.holdings.values.reduce(0) { $0 + $1.count }
        return copy.windows.sorted { $0.span < $1.span }
            .map { ($0.limit, $0.span, max(0, $0.limit - $0.used - held)) }
    }

    /// How long so many requests would wait in all, with this share of each window kept back, if nobody else sends any.
    ///
    /// What the asking process holds is no obstacle to itself: so much of it is unused and may be sent at once, and the
    /// rest counts as sent now.
    func wait(
        for count: Int, keeping reserve: Double, holder: String, unused: Int, margin: Duration, at now: Timestamp
    ) -> Duration {
        var copy = self
        copy.lapse(at: now)
        copy.expire(at: now, margin: margin)
        let blocked = max(.zero, copy.blockedUntil - now)
        let own = copy.holdings.removeValue(forKey: holder)?.count ?? 0
        var wait = blocked
        for window in copy.windows {
            let cycle = window.span + margin
            var leaving = window.spent.map { (after: $0.at + cycle - now, count: $0.count) }
            leaving += copy.holdings.values.map { ($0.until + cycle - now, $0.count) }
            if window.foreign > 0 { leaving.append((window.foreignUntil - now, window.foreign)) }
            if own > unused { leaving.append((cycle, own - unused)) }
            let whole = max(1, window.limit - BudgetLane.kept(of: window.limit, reserve))
            let slots = BudgetSlots(whole: whole, leaving: leaving, blocked: blocked)
            wait = max(wait, slots.wait(for: count, cycle: cycle))
        }
        return wait
    }

    private mutating func open(_ wanted: [RequestBudgetConfiguration.Window]) {
        for window in wanted where !windows.contains(where: { $0.span == window.span }) {
            windows.append(Window(limit: window.limit, span: window.span))
        }
    }

    /// Counts as sent what nobody speaks of any more.
    private mutating func lapse(at now: Timestamp) {
        for (holder, holding) in holdings where holding.until <= now {
            holdings[holder] = nil
            book(holding.count, from: nil, at: holding.until, by: holder)
        }
    }

    private mutating func expire(at now: Timestamp, margin: Duration) {
        for index in windows.indices {
            let span = windows[index].span
            windows[index].spent.removeAll { $0.at + span + margin <= now }
            if windows[index].foreignUntil <= now { windows[index].foreign = 0 }
        }
    }

    /// Enters requests as sent; those of a sixtieth of a window become one line, as of their last, a little later.
    ///
    /// Until then each stands by itself: of what was sent lately it has to be known who told it and when.
    private mutating func book(_ count: Int, from: Timestamp?, at instant: Timestamp, by holder: String) {
        guard count > 0 else { return }
        let from = from ?? Timestamp(microseconds: 0)
        for index in windows.indices {
            windows[index].settle(before: instant - Self.attribution)
            windows[index].spent.append(Spent(count: count, from: from, at: instant, holder: holder))
        }
    }

    private mutating func note(_ reading: BudgetClaim.Reading, of holder: String, margin: Duration) {
        let named = reading.limit.flatMap { limit in windows.firstIndex { $0.limit == limit } }
        guard let index = named ?? windows.indices.max(by: { windows[$0].span < windows[$1].span }) else { return }
        // Of two answers that cross, the later one counts.
        guard reading.answered >= windows[index].readAt else { return }
        windows[index].readAt = reading.answered
        if let limit = reading.limit, limit > 0 { windows[index].limit = limit }
        let span = windows[index].span
        var begin = reading.answered - span
        var end = reading.answered + span + margin
        if case .all(let after) = reading.reset {
            begin = begin + min(max(.zero, after + margin), span)
            end = min(end, reading.answered + max(.zero, after) + margin)
        }
        // Ours for sure is what began within the provider's window and was told of before the request began, and all that
        // the process itself has told where its reading is of all that; else the answered request alone. The rest is
        // taken for others', until the next reading. That errs on the safe side.
        let ours = windows[index].spent.reduce(reading.isWhole ? 0 : 1) { sum, line in
            let isCounted = line.at <= reading.asked || reading.isWhole && line.holder == holder
            return sum + (line.from > begin && isCounted ? line.count : 0)
        }
        windows[index].foreign = max(0, windows[index].limit - max(0, reading.remaining) - ours)
        windows[index].foreignUntil = end
    }

    private func grantable(_ claim: BudgetClaim, kept: Int) -> Int {
        let held = holdings.values.reduce(kept) { $0 + $1.count }
        var granted = claim.wanted
        for window in windows {
            let back = BudgetLane.kept(of: window.limit, claim.reserve)
            granted = min(granted, window.limit - window.used - held - back)
        }
        return max(0, granted)
    }

    /// Until something may have come back.
    private func pause(at now: Timestamp, margin: Duration) -> Duration {
        var next = now + .seconds(60)
        if blockedUntil > now { next = min(next, blockedUntil) }
        for window in windows {
            for line in window.spent.prefix(1) { next = min(next, line.at + window.span + margin) }
            if window.foreign > 0 { next = min(next, window.foreignUntil) }
        }
        for holding in holdings.values { next = min(next, holding.until) }
        return max(.milliseconds(200), next - now)
    }
}

extension BudgetAccount.Window {
    /// Makes one line of those of a sixtieth of the window that were told before an instant.
    fileprivate mutating func settle(before instant: Timestamp) {
        let grain = max(1, (span / 60).microseconds)
        var lines: [BudgetAccount.Spent] = []
        for (index, line) in spent.enumerated() {
            guard line.at < instant else {
                lines += spent[index...]
                break
            }
            // A line's first has to be within the grain too, or a steady stream would never leave; and so has the first of
            // what was told late, or all that was sent then would count as old as that.
            if let last = lines.last, last.at.microseconds / grain == line.at.microseconds / grain,
                abs((last.from - line.from).microseconds) < grain, last.count < 1 << 40
            {
                lines[lines.count - 1] = BudgetAccount.Spent(
                    count: last.count + line.count, from: min(last.from, line.from), at: max(last.at, line.at))
            } else {
                lines.append(BudgetAccount.Spent(count: line.count, from: line.from, at: line.at))
            }
        }
        spent = lines
    }
}
