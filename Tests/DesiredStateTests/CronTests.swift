import Basics
import DesiredState
import Testing

@Suite struct CronTests {
    @Test(
        arguments: [
            ("*/15 * * * *", "2026-03-06T14:05:30Z", "2026-03-06T14:15:00Z"),
            ("*/15 * * * *", "2026-03-06T14:15:00Z", "2026-03-06T14:30:00Z"),
            ("0 2 * * *", "2026-03-06T02:00:00Z", "2026-03-07T02:00:00Z"),
            ("0 6 * * 1", "2026-03-06T00:00:00Z", "2026-03-09T06:00:00Z"),
            ("0 6 * * mon", "2026-03-06T00:00:00Z", "2026-03-09T06:00:00Z"),
            ("30 23 31 12 *", "2026-12-31T23:30:00Z", "2027-12-31T23:30:00Z"),
            ("0 0 29 feb *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"),
            ("0 14 1 1,4,7,10 *", "2026-03-06T00:00:00Z", "2026-04-01T14:00:00Z"),
            // Either day counts where both are restricted; both where one begins with a star.
            ("0 0 13 * 5", "2026-03-06T00:00:00Z", "2026-03-13T00:00:00Z"),
            ("0 0 1 * 5", "2026-03-06T00:00:00Z", "2026-03-13T00:00:00Z"),
            ("0 0 */7 * 7", "2026-03-06T00:00:00Z", "2026-03-08T00:00:00Z"),
            ("0 0 * * 0", "2026-03-06T00:00:00Z", "2026-03-08T00:00:00Z"),
            ("5/20 8-10/2 * * *", "2026-03-06T08:46:00Z", "2026-03-06T10:05:00Z"),
            ("59 23 * * *", "1969-12-31T23:59:00Z", "1970-01-01T23:59:00Z"),
        ])
    func theNextTimeIsTheFirstThatFits(_ text: String, _ after: String, _ next: String) throws {
        let cron = try Cron(parsing: text)
        #expect(cron.next(after: try #require(Timestamp(after)))?.description == next)
    }

    @Test(
        arguments: [
            "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *",
            "* * * * 8", "a * * * *", "*/0 * * * *", "5-1 * * * *", "1- * * * *", "1,,2 * * * *", "-1 * * * *",
            "*/x * * * *", "* * * foo *", "1/2/3 * * * *", "0 0 31 2 *", "0 0 30,31 feb *", "١ * * * *", "@daily",
        ])
    func whatIsNoExpressionIsRefused(_ text: String) {
        #expect(throws: Cron.Fault.self) { try Cron(parsing: text) }
    }

    @Test(
        arguments: [
            ("*/15 * * * *", "every_15_min"), ("0 * * * *", "hourly"), ("7,37 * * * *", "every_30_min"),
            ("0 */6 * * *", "every_6_hours"), ("0 2 * * *", "daily"), ("0 5 * * 1", "weekly"),
            ("0 6 1 * *", "monthly"), ("0 14 1 1,4,7,10 *", "quarterly"), ("0 0 1 1 *", "yearly"),
            ("0 9 * * 1-5", nil), ("0,5 * * * *", nil), ("0 0 1 1,2 *", nil), ("0 0 1 * 1", nil),
            ("* * * * *", "every_1_min"),
        ] as [(String, String?)])
    func theCadenceIsThatOfEvenDistances(_ text: String, _ cadence: String?) throws {
        let cron = try Cron(parsing: text)
        #expect(cron.cadence?.description == cadence)
        if let cadence { #expect(Cron.Cadence(word: cadence) == cron.cadence) }
    }

    @Test(
        arguments: [
            ("*/15 * * * *", "15m", true), ("0 */6 * * *", "6h", true), ("0 2 * * *", "1d", true),
            ("0 5 * * 1", "7d", true), ("0 6 1 * *", "31d", false), ("0 9 * * 1-5", "3d", false),
            ("0,10 * * * *", "50m", false), ("*/5 8-17 * * *", "14h 5m", false), ("0 0 29 2 *", "1461d", false),
            ("0 3 1 1 *", "366d", false),
        ])
    func theLongestGapIsWhatABackupMayLose(_ text: String, _ gap: String, _ isEven: Bool) throws {
        let cron = try Cron(parsing: text)
        #expect(cron.longestGap(after: try #require(Timestamp("2026-03-06T00:00:00Z")))?.shortText == gap)
        #expect(cron.isEven == isEven)
    }

    /// By the definition, minute by minute.
    @Test(arguments: UInt64(0)..<20) func noTimeBetweenIsSkipped(_ seed: UInt64) throws {
        let random = RandomSource(seed: seed)
        func pick(_ range: ClosedRange<Int>) -> String {
            let low = range.lowerBound + Int(random.next() % UInt64(range.count))
            switch random.next() % 4 {
            case 0: return "*"
            case 1: return "*/\(1 + Int(random.next() % 7))"
            case 2: return "\(low)-\(range.upperBound)"
            default: return "\(low)"
            }
        }
        let text = [pick(0...59), pick(0...23), pick(1...28), "*", pick(0...6)].joined(separator: " ")
        let cron = try Cron(parsing: text)
        let start = Timestamp(seconds: 1_772_000_000 + Int64(random.next() % 100_000_000))
        let next = try #require(cron.next(after: start))
        #expect(next > start && next.seconds % 60 == 0, "\(text)")
        // Asked again from anywhere before it, the answer is the same.
        let between = start + .seconds(Int64(random.next() % UInt64(max(1, next.seconds - start.seconds))))
        #expect(cron.next(after: between) == next, "\(text)")
    }
}

/// Cron where clocks change.
@Suite struct CronZoneTests {
    private static let rules = [
        "Berlin": "CET-1CEST,M3.5.0,M10.5.0/3", "New_York": "EST5EDT,M3.2.0,M11.1.0",
        "Lord_Howe": "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "Manila": "PST-8",
    ]

    private static func zone(_ name: String) throws -> TimeZone {
        try TimeZone(name: name, rule: try #require(rules[name]))
    }

    @Test(
        arguments: [
            ("0 9 * * *", "Berlin", "2026-03-28T09:00:00Z", "2026-03-29T07:00:00Z"),
            ("0 9 * * *", "Berlin", "2026-03-27T09:00:00Z", "2026-03-28T08:00:00Z"),
            // 02:30 isn't there on the 29th: it starts when the clocks jump.
            ("30 2 * * *", "Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"),
            ("30 2 * * *", "Berlin", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"),
            ("0 3 * * *", "Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"),
            // 02:30 is there twice on the 25th of October: it starts the first time.
            ("30 2 * * *", "Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"),
            ("30 2 * * *", "Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
            ("30 2 * * *", "Berlin", "2026-10-25T01:10:00Z", "2026-10-26T01:30:00Z"),
            // What follows the clock starts both times, and not in the hour that isn't there.
            ("30 * * * *", "Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),
            ("30 * * * *", "Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"),
            ("0 0 * * sun", "New_York", "2026-11-01T03:00:00Z", "2026-11-01T04:00:00Z"),
            ("30 1 * * *", "New_York", "2026-11-01T04:00:00Z", "2026-11-01T05:30:00Z"),
            ("30 1 * * *", "New_York", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"),
            // Half an hour is skipped: 02:00 to 02:29.
            ("15 2 * * *", "Lord_Howe", "2026-10-03T12:00:00Z", "2026-10-03T15:30:00Z"),
            ("45 2 * * *", "Lord_Howe", "2026-10-03T12:00:00Z", "2026-10-03T15:45:00Z"),
            ("0 18 * * 5", "Manila", "2026-03-06T00:00:00Z", "2026-03-06T10:00:00Z"),
        ])
    func aChangeOfTheClocksLosesNothing(_ text: String, _ zone: String, _ after: String, _ next: String) throws {
        let cron = try Cron(parsing: text)
        let found = cron.next(after: try #require(Timestamp(after)), in: try Self.zone(zone))
        #expect(found?.description == next)
    }

    /// Minute by minute, from nothing but the offsets: what the definition says.
    private static func starts(_ cron: Cron, _ text: String, _ zone: TimeZone, _ minutes: Range<Int64>) -> [Int64] {
        func fits(_ label: Int64) -> Bool {
            cron.next(after: Timestamp(seconds: label * 60 - 60)) == Timestamp(seconds: label * 60)
        }
        let isFixed = !text.split(separator: " ")[1].hasPrefix("*")
        // What the clock shows, from three hours before.
        let labels = (minutes.lowerBound - 180..<minutes.upperBound).map { $0 + zone.offset(at: $0 * 60) / 60 }
        return minutes.filter { minute in
            let place = Int(minute - minutes.lowerBound) + 180
            let label = labels[place]
            guard isFixed else { return fits(label) }
            let before = labels[place - 1]
            if label > before + 1, (before + 1..<label).contains(where: fits) { return true }
            return fits(label) && !labels[(place - 180)..<place].contains(label)
        }
    }

    @Test(arguments: UInt64(0)..<24) func everyStartIsThatOfTheScanByMinutes(_ seed: UInt64) throws {
        let random = RandomSource(seed: seed)
        func pick(_ range: ClosedRange<Int>) -> String {
            let low = range.lowerBound + Int(random.next() % UInt64(range.count))
            return ["*", "*/\(1 + Int(random.next() % 7))", "\(low)-\(range.upperBound)", "\(low)"][
                Int(random.next() % 4)]
        }
        let text = [pick(0...59), random.next() % 3 == 0 ? pick(0...23) : pick(0...4), "*", "*", "*"]
            .joined(separator: " ")
        let cron = try Cron(parsing: text)
        let name = ["Berlin", "New_York", "Lord_Howe"][Int(seed % 3)]
        let zone = try Self.zone(name)
        // A day around a change of the clocks.
        var period = zone.period(at: 1_770_000_000 + Int64(random.next() % 200_000_000))
        if period.end == nil { period = zone.period(at: 1_770_000_000) }
        let change = try #require(period.end)
        let minutes = (change / 60 - 720)..<(change / 60 + 720)
        var found: [Int64] = []
        var last = Timestamp(seconds: minutes.lowerBound * 60 - 60)
        while let next = cron.next(after: last, in: zone), next.seconds / 60 < minutes.upperBound {
            #expect(next > last)
            found.append(next.seconds / 60)
            last = next
        }
        #expect(found == Self.starts(cron, text, zone, minutes), "\(text) \(name) around \(change)")
    }
}
