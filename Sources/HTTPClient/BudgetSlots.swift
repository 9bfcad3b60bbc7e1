internal import Basics

/// When the places of one window come free, for those who ask how long many requests would take.
///
/// A window of N requests is N places: each is free now or when what stands on it leaves, and from then on once a span.
struct BudgetSlots {
    /// So many places, free after so long.
    private var slots: [(after: Duration, count: Int)]

    /// - Parameters:
    ///   - whole: the places that may be used.
    ///   - leaving: what stands on them, and on those that are kept back, with the time until it leaves.
    ///   - blocked: nothing is sent for so long; never negative.
    init(whole: Int, leaving: [(after: Duration, count: Int)], blocked: Duration) {
        let used = leaving.reduce(0) { $0 + $1.count }
        // Those who may use more than this one have taken from its part: the first that leave give them theirs back.
        var owed = max(0, used - whole)
        slots = used < whole ? [(blocked, whole - used)] : []
        for part in leaving.sorted(by: { $0.after < $1.after }) {
            let given = min(owed, part.count)
            owed -= given
            if part.count > given { slots.append((max(part.after, blocked, .zero), part.count - given)) }
        }
    }

    /// How long until the last of so many requests may begin, when each place is free again a cycle after its use.
    func wait(for count: Int, cycle: Duration) -> Duration {
        let count = min(max(0, count), 1 << 30)
        let whole = slots.reduce(0) { $0 + min($1.count, 1 << 30) }
        guard count > 0, whole > 0, cycle > .zero else { return .zero }
        let rounds = min((count - 1) / whole + 1, 1 << 20)
        var first = Int64(-1)
        var last = ((slots.map(\.after).max() ?? .zero) + cycle * rounds).microseconds
        // The least instant by which so many have begun: more begin as time passes, so halving finds it.
        while last - first > 1 {
            let middle = first + (last - first) / 2
            if begun(by: middle, cycle: cycle.microseconds, atLeast: count) { last = middle } else { first = middle }
        }
        return .microseconds(last)
    }

    private func begun(by instant: Int64, cycle: Int64, atLeast count: Int) -> Bool {
        var begun = 0
        for slot in slots where slot.after.microseconds <= instant {
            begun += min(slot.count, 1 << 30) * Int((instant - slot.after.microseconds) / max(1, cycle) + 1)
            if begun >= count { return true }
        }
        return false
    }
}
