import Basics
import Diff
import Testing

@Suite("What keeps an environment")
struct KeepingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        /// How long ago its time to live was over; negative: it is to come.
        let ended: Duration?
        var extended = 0
        var longest: Int?
        var most: Int?
        let keeping: Keeping

        var testDescription: String { "ended \(ended.map { $0.shortText } ?? "never") ago: \(keeping)" }
    }

    @Test(
        "is enough days for an end that is still to come, as far as the policy lets them count, else a pin",
        arguments: [
            Case(ended: nil, keeping: .extend(days: 7)), Case(ended: .hours(-5), keeping: .extend(days: 7)),
            Case(ended: .hours(3), keeping: .extend(days: 7)), Case(ended: .hours(143), keeping: .extend(days: 7)),
            Case(ended: .days(6), keeping: .extend(days: 13)), Case(ended: .days(10), keeping: .extend(days: 17)),
            Case(ended: .hours(-5), longest: 2, most: 3, keeping: .extend(days: 2)),
            Case(ended: .hours(-5), extended: 2, longest: 2, most: 3, keeping: .extend(days: 1)),
            Case(ended: .hours(-5), extended: 3, longest: 2, most: 3, keeping: .pin),
            Case(ended: .hours(-5), extended: 9, most: 3, keeping: .pin),
            Case(ended: .hours(-5), most: 0, keeping: .pin),
            // A day that is spent to the hour leaves none.
            Case(ended: .days(1), longest: 1, keeping: .pin),
            Case(ended: .hours(23), longest: 1, keeping: .extend(days: 1)),
            Case(ended: .days(10), longest: 7, keeping: .pin),
            Case(ended: .days(10), longest: 12, keeping: .extend(days: 12)),
            Case(ended: .days(10), extended: 25, most: 30, keeping: .pin), Case(ended: .days(400), keeping: .pin),
        ])
    func days(_ one: Case) {
        let now = Timestamp(seconds: 1_800_000_000)
        let end = one.ended.map { now - $0 }
        let keeping = Keeping(end: end, now: now, extended: one.extended, longest: one.longest, most: one.most)
        #expect(keeping == one.keeping)
        guard case .extend(let days) = keeping else { return }
        #expect(end.map { $0 + .days(days) > now } ?? true && days <= one.longest ?? .max)
        #expect(keeping.command("crm") == "reconcile env extend crm --days \(days)")
    }
}
