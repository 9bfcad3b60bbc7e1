public import Basics

extension Cron {
    /// The first minute after an instant at which it runs; nil where none comes within the next thirty years.
    ///
    /// The 29th of February is at most eight years away; only a weekday beside it can be further.
    public func next(after instant: Timestamp) -> Timestamp? {
        let minute = instant.seconds - Self.remainder(instant.seconds, 60)
        let (start, overflow) = minute.addingReportingOverflow(60)
        // Beyond the years that a calendar shows with four digits there is nothing to plan.
        guard !overflow, (-62_135_596_800...253_402_300_799).contains(start) else { return nil }
        let firstDay = (start - Self.remainder(start, 86_400)) / 86_400
        for day in firstDay..<(firstDay + 366 * 30) {
            guard runs(onDay: day) else { continue }
            let from = day == firstDay ? Int(Self.remainder(start, 86_400)) / 60 : 0
            if let found = firstMinute(from: from) { return Timestamp(seconds: day * 86_400 + Int64(found) * 60) }
        }
        return nil
    }

    private static func remainder(_ value: Int64, _ divisor: Int64) -> Int64 {
        let rest = value % divisor
        return rest < 0 ? rest + divisor : rest
    }

    private func runs(onDay day: Int64) -> Bool {
        let date = Timestamp(seconds: day * 86_400).calendar
        guard months & (1 << UInt64(date.month)) != 0 else { return false }
        let fitsDay = days & (1 << UInt64(date.day)) != 0
        // 1970-01-01 was a Thursday.
        let fitsWeekday = weekdays & (1 << UInt64(Self.remainder(day + 4, 7))) != 0
        return isDayRestricted && isWeekdayRestricted ? fitsDay || fitsWeekday : fitsDay && fitsWeekday
    }

    /// The first minute of the day, counted from midnight, at or after one.
    private func firstMinute(from minute: Int) -> Int? {
        (minute..<1_440).first { hours & (1 << UInt64($0 / 60)) != 0 && minutes & (1 << UInt64($0 % 60)) != 0 }
    }

    // MARK: How often

    /// The longest time from one run to the next; nil where it doesn't run twice within nine years of an instant.
    public func longestGap(after instant: Timestamp) -> Duration? {
        guard let first = firstMinute(from: 0), (-62_135_596_800...253_000_000_000).contains(instant.seconds) else {
            return nil
        }
        var (last, longest) = (first, 0)
        while let next = firstMinute(from: last + 1) { (last, longest) = (next, max(longest, next - last)) }
        let today = (instant.seconds - Self.remainder(instant.seconds, 86_400)) / 86_400
        var before: Int64?
        // Nine years hold two leap days, whatever century ends between them, or none.
        for day in today..<(today + 366 * 9) where runs(onDay: day) {
            if let before { longest = max(longest, Int(day - before) * 1_440 - last + first) }
            before = day
        }
        return longest > 0 ? .minutes(longest) : nil
    }

    /// Whether it runs at even distances, months and years apart.
    public var isEven: Bool {
        switch cadence {
        case .minutes, .hours, .daily, .weekly: true
        case .monthly, .quarterly, .yearly, nil: false
        }
    }

    /// How often it runs, where that is even.
    public enum Cadence: Sendable, Hashable {
        /// Every so many minutes, from the full hour on; sixty of them are hourly.
        case minutes(Int)
        /// Every so many hours, from midnight on.
        case hours(Int)
        case daily, weekly, monthly, quarterly, yearly

        /// The words without a number that are a cadence, and those for people that look much like one.
        static let words = [
            "hourly", "daily", "nightly", "weekly", "monthly", "quarterly", "yearly", "annually",
        ]
        static let unevenWords = ["weekday", "weekdays", "weekend", "biweekly", "bimonthly", "biannually"]

        /// Reads `daily`, `every_15_min`, `every_6_hours` and the like; nil for anything else.
        public init?(word: String) {
            switch word.lowercased() {
            case "hourly": self = .minutes(60)
            case "daily", "nightly": self = .daily
            case "weekly": self = .weekly
            case "monthly": self = .monthly
            case "quarterly": self = .quarterly
            case "yearly", "annually": self = .yearly
            default:
                let parts = word.lowercased().split(separator: "_")
                guard parts.count == 3, parts[0] == "every", let count = Int(parts[1]), count > 0 else { return nil }
                switch parts[2] {
                case "min", "mins", "minute", "minutes": self = .minutes(count)
                case "h", "hour", "hours": self = count == 1 ? .minutes(60) : count == 24 ? .daily : .hours(count)
                default: return nil
                }
            }
        }
    }

    /// Nil where it runs at uneven distances, such as on weekdays only.
    public var cadence: Cadence? {
        let isEveryDay = days.nonzeroBitCount == 31 && weekdays.nonzeroBitCount == 7
        if isEveryDay, months.nonzeroBitCount == 12 {
            if hours.nonzeroBitCount == 24 { return Self.step(minutes, 60).map { .minutes($0) } }
            guard minutes.nonzeroBitCount == 1, let step = Self.step(hours, 24) else { return nil }
            return step == 24 ? .daily : .hours(step)
        }
        guard minutes.nonzeroBitCount == 1, hours.nonzeroBitCount == 1 else { return nil }
        if !isDayRestricted, days.nonzeroBitCount == 31, weekdays.nonzeroBitCount == 1 {
            return months.nonzeroBitCount == 12 ? .weekly : nil
        }
        guard !isWeekdayRestricted, weekdays.nonzeroBitCount == 7, days.nonzeroBitCount == 1 else { return nil }
        switch Self.step(months >> 1, 12) {
        case 1: return .monthly
        case 3: return .quarterly
        case 12: return .yearly
        default: return nil
        }
    }

    /// The distance of the set bits in a circle of so many; nil where it isn't the same between all.
    private static func step(_ bits: UInt64, _ size: Int) -> Int? {
        let count = bits.nonzeroBitCount
        guard count > 0, size % count == 0 else { return nil }
        let step = size / count
        let first = bits.trailingZeroBitCount
        return first < step && (0..<count).allSatisfy { bits & (1 << UInt64(first + $0 * step)) != 0 } ? step : nil
    }
}

extension Cron.Cadence: CustomStringConvertible {
    /// As a document writes it.
    public var description: String {
        switch self {
        case .minutes(60): "hourly"
        case .minutes(let count): "every_\(count)_min"
        case .hours(let count): "every_\(count)_hours"
        case .daily: "daily"
        case .weekly: "weekly"
        case .monthly: "monthly"
        case .quarterly: "quarterly"
        case .yearly: "yearly"
        }
    }
}
