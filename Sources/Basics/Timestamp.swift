import Glibc

/// An instant in UTC with microsecond resolution; microseconds are what PostgreSQL keeps.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Microseconds since 1970-01-01T00:00:00Z.
    public let microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Seconds since the epoch; what does not fit becomes the first or last instant.
    public init(seconds: Int64) {
        microseconds = Self.saturating(seconds.multipliedReportingOverflow(by: 1_000_000), seconds < 0)
    }

    /// Whole seconds since the epoch, rounded down.
    public var seconds: Int64 { microseconds / 1_000_000 - (microseconds % 1_000_000 < 0 ? 1 : 0) }

    /// Microseconds since the last whole second, never negative.
    private var fraction: Int {
        let rest = Int(microseconds % 1_000_000)
        return rest < 0 ? rest + 1_000_000 : rest
    }

    /// The first instant that RFC 3339 can write: its years have four digits.
    public static let firstWritable = Timestamp(microseconds: -62_135_596_800_000_000)
    /// The last instant that RFC 3339 can write, 9999-12-31T23:59:59.999999Z.
    public static let lastWritable = Timestamp(microseconds: 253_402_300_799_999_999)

    /// The same instant, or the nearest one that RFC 3339 can write.
    public var writable: Timestamp { min(max(self, .firstWritable), .lastWritable) }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }

    /// Stops at the first and last instant: a lifetime without end must not expire in the past.
    public static func + (instant: Timestamp, duration: Duration) -> Timestamp {
        let step = duration.microseconds
        return Timestamp(microseconds: saturating(instant.microseconds.addingReportingOverflow(step), step < 0))
    }

    /// Stops at the first and last instant.
    public static func - (instant: Timestamp, duration: Duration) -> Timestamp {
        let step = duration.microseconds
        return Timestamp(microseconds: saturating(instant.microseconds.subtractingReportingOverflow(step), step > 0))
    }

    public static func - (a: Timestamp, b: Timestamp) -> Duration {
        .microseconds(a.microseconds) - .microseconds(b.microseconds)
    }

    fileprivate static func saturating(_ result: (partialValue: Int64, overflow: Bool), _ isLow: Bool) -> Int64 {
        result.overflow ? (isLow ? .min : .max) : result.partialValue
    }

    /// RFC 3339 in UTC, with as many fraction digits (0, 3 or 6) as the value needs.
    public var description: String {
        written(UInt8(ascii: "T")) { digits, parts in
            digits.put(UInt8(ascii: ":"))
            digits.put(parts.second, 2)
            if fraction != 0 {
                let isShort = fraction % 1_000 == 0
                digits.put(UInt8(ascii: "."))
                digits.put(isShort ? fraction / 1_000 : fraction, isShort ? 3 : 6)
            }
            digits.put(UInt8(ascii: "Z"))
        }
    }

    /// `2026-03-06 14:05` in UTC, for tables.
    public var minuteText: String { written(UInt8(ascii: " ")) { _, _ in } }

    /// Its date and minute, and what `rest` puts behind them; each row that is read or shown has some of them.
    private func written(_ separator: UInt8, _ rest: (inout ASCIIDigits, Calendar) -> Void) -> String {
        let parts = calendar
        return String(unsafeUninitializedCapacity: 40) { bytes in
            var digits = ASCIIDigits(bytes: bytes)
            if parts.year < 0 { digits.put(UInt8(ascii: "-")) }
            digits.put(abs(parts.year), 4)
            digits.put(UInt8(ascii: "-"))
            digits.put(parts.month, 2)
            digits.put(UInt8(ascii: "-"))
            digits.put(parts.day, 2)
            digits.put(separator)
            digits.put(parts.hour, 2)
            digits.put(UInt8(ascii: ":"))
            digits.put(parts.minute, 2)
            rest(&digits, parts)
            return digits.count
        }
    }

    /// Parses seconds since the epoch with a fraction, such as `1772000000.25`, never by floating point; nil for anything
    /// else, and after the year 9999.
    public init?(decimalSeconds text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let seconds = Int64(parts[0]),
            (0...Self.lastWritable.seconds).contains(seconds)
        else { return nil }
        var digits = parts.count == 2 ? String(parts[1].prefix(6)) : ""
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        digits += String(repeating: "0", count: 6 - digits.utf8.count)
        guard let rest = Int64(digits) else { return nil }
        self.init(microseconds: seconds * 1_000_000 + rest)
    }

    /// Parses RFC 3339, and PostgreSQL's `2026-03-06 14:05:00.12+00`; nil for anything else.
    ///
    /// Nil too for an instant whose year in UTC is none of 1 to 9999: it could be written and never be read again.
    public init?(_ text: some StringProtocol) {
        let parsed = text.utf8.withContiguousStorageIfAvailable { Self.parsed($0) }
        guard let instant = parsed ?? Array(text.utf8).withUnsafeBufferPointer({ Self.parsed($0) }) else { return nil }
        self = instant
    }

    private static func parsed(_ bytes: UnsafeBufferPointer<UInt8>) -> Timestamp? {
        var place = 0
        var next: UInt8? { place < bytes.count ? bytes[place] : nil }
        func number(_ digits: Int) -> Int? {
            guard bytes.count - place >= digits else { return nil }
            var value = 0
            for byte in bytes[place..<place + digits] {
                guard (48...57).contains(byte) else { return nil }
                value = value * 10 + Int(byte - 48)
            }
            place += digits
            return value
        }
        func skip(_ allowed: StaticString) -> Bool {
            guard let next, allowed.withUTF8Buffer({ $0.contains(next) }) else { return false }
            place += 1
            return true
        }
        guard let year = number(4), skip("-"), let month = number(2), skip("-"), let day = number(2),
            (1...12).contains(month), (1...Self.daysInMonth(year, month)).contains(day), skip("Tt "),
            let hour = number(2), skip(":"), let minute = number(2), skip(":"), let second = number(2),
            hour < 24, minute < 60, second < 61
        else { return nil }
        var fraction = 0
        if skip(".") {
            var scale = 100_000
            var digits = 0
            while let byte = next, (48...57).contains(byte) {
                fraction += Int(byte - 48) * scale
                scale /= 10
                digits += 1
                place += 1
            }
            guard digits > 0 else { return nil }
        }
        var offset = 0
        if !skip("Zz") {
            let negative = next == UInt8(ascii: "-")
            guard skip("+-"), let offsetHour = number(2) else { return nil }
            var offsetMinute = 0
            if next != nil {
                _ = skip(":")
                guard let value = number(2) else { return nil }
                offsetMinute = value
            }
            guard offsetHour < 24, offsetMinute < 60 else { return nil }
            offset = (offsetHour * 60 + offsetMinute) * 60 * (negative ? -1 : 1)
        }
        guard next == nil else { return nil }
        let days = Self.daysSinceEpoch(year, month, day)
        let total = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
        let instant = Timestamp(microseconds: Int64(total) * 1_000_000 + Int64(fraction))
        return instant == instant.writable ? instant : nil
    }

    /// A calendar date `2026-03-06`, read as its first instant in UTC; nil for anything else.
    public init?(date text: some StringProtocol) {
        guard text.utf8.count == 10, let instant = Timestamp("\(text)T00:00:00Z") else { return nil }
        self = instant
    }

    /// A civil date and time.
    public typealias Calendar = (year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int)

    /// The civil date and time in UTC.
    public var calendar: Calendar {
        let total = Int(seconds)
        var days = total / 86_400
        var rest = total % 86_400
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        // Howard Hinnant's civil_from_days.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, day, rest / 3_600, rest / 60 % 60, rest % 60)
    }

    /// Days from 1970-01-01 to a date of the calendar.
    static func day(_ year: Int, _ month: Int, _ day: Int) -> Int64 { Int64(daysSinceEpoch(year, month, day)) }

    private static func daysSinceEpoch(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func daysInMonth(_ year: Int, _ month: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Writes numbers one behind the other, without a text for each.
private struct ASCIIDigits {
    let bytes: UnsafeMutableBufferPointer<UInt8>
    private(set) var count = 0

    init(bytes: UnsafeMutableBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func put(_ mark: UInt8) {
        bytes[count] = mark
        count += 1
    }

    private static func bound(_ width: Int) -> Int { (0..<width).reduce(1) { bound, _ in bound * 10 } }

    /// A number that isn't negative, with zeros in front up to a width; a longer one is written whole.
    mutating func put(_ value: Int, _ width: Int) {
        var (width, rest) = (width, value)
        while rest >= Self.bound(width) { width += 1 }
        for place in stride(from: count + width - 1, through: count, by: -1) {
            bytes[place] = UInt8(48 + rest % 10)
            rest /= 10
        }
        count += width
    }
}

extension Duration {
    /// Whole microseconds, saturating.
    public var microseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        return Timestamp.saturating(
            product.addingReportingOverflow(attoseconds / 1_000_000_000_000), seconds < 0)
    }

    /// Milliseconds with a fraction, for logs and reports.
    public var milliseconds: Double { Double(microseconds) / 1_000 }

    /// Days of 24 hours, saturating.
    public static func days(_ count: Int) -> Duration { whole(count, 86_400) }

    /// Hours, saturating.
    public static func hours(_ count: Int) -> Duration { whole(count, 3_600) }

    /// Minutes, saturating.
    public static func minutes(_ count: Int) -> Duration { whole(count, 60) }

    private static func whole(_ count: Int, _ unit: Int) -> Duration {
        .seconds(Timestamp.saturating(Int64(count).multipliedReportingOverflow(by: Int64(unit)), count < 0))
    }

    /// The two largest units, such as `6d 4h`, `3h 12m`, `45s`, `320ms`; `-` before a negative one.
    public var shortText: String {
        let total = components.seconds
        if total < 0 || microseconds < 0 { return "-" + (Duration.zero - self).shortText }
        let (days, hours, minutes, seconds) = (total / 86_400, total / 3_600 % 24, total / 60 % 60, total % 60)
        if days > 0 { return hours > 0 ? "\(days)d \(hours)h" : "\(days)d" }
        if hours > 0 { return minutes > 0 ? "\(hours)h \(minutes)m" : "\(hours)h" }
        if minutes > 0 { return seconds > 0 ? "\(minutes)m \(seconds)s" : "\(minutes)m" }
        if seconds >= 10 { return "\(seconds)s" }
        if seconds > 0 {
            let tenths = microseconds / 100_000
            return tenths % 10 == 0 ? "\(tenths / 10)s" : "\(tenths / 10).\(tenths % 10)s"
        }
        return "\(microseconds / 1_000)ms"
    }
}
