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
