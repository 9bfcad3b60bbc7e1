/// When something runs, as the five fields of a crontab: minute, hour, day of the month, month, day of the week.
///
/// In UTC, unless a time zone is named (`next(after:in:)`).
///
/// Numbers, `*`, ranges `a-b`, steps `*/n` and `a-b/n`, lists, and English names of months and days (`jan`, `mon`) of
/// three letters. As in crontab(5), a day counts when it fits either of the two day fields, where both are restricted.
public struct Cron: Sendable, Hashable, CustomStringConvertible {
    /// Why a text is no such expression.
    public enum Fault: Error, Sendable, Hashable {
        /// Not five fields; how many there are.
        case fieldCount(Int)
        /// A field that can't be read or is out of its range, with its name.
        case field(String, String)
        /// It names a day that no year has, such as the 31st of February.
        case never
    }

    /// One bit for each value: minutes 0–59, hours 0–23, days 1–31, months 1–12, weekdays 0–6 from Sunday.
    let minutes: UInt64
    let hours: UInt64
    let days: UInt64
    let months: UInt64
    let weekdays: UInt64
    let isHourRestricted: Bool
    let isDayRestricted: Bool
    let isWeekdayRestricted: Bool
    /// The fields as written, with one space between them.
    public let description: String

    /// - Throws: `Fault` for anything else than five fields in their ranges that fit at least one day.
    public init(parsing text: String) throws(Fault) {
        let fields = text.split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard fields.count == 5 else { throw .fieldCount(fields.count) }
        minutes = try Self.set(fields[0], "minute", 0...59)
        hours = try Self.set(fields[1], "hour", 0...23)
        days = try Self.set(fields[2], "day", 1...31)
        months = try Self.set(fields[3], "month", 1...12, names: Self.monthNames, first: 1)
        let written = try Self.set(fields[4], "weekday", 0...7, names: Self.weekdayNames, first: 0)
        // Seven is Sunday as well.
        weekdays = (written | (written >> 7 & 1)) & 0x7F
        isHourRestricted = !fields[1].hasPrefix("*")
        isDayRestricted = !fields[2].hasPrefix("*")
        isWeekdayRestricted = !fields[4].hasPrefix("*")
        description = fields.joined(separator: " ")
        guard isPossible else { throw .never }
    }

    /// Why a text is no such expression; nil where it is one.
    static func fault(in text: String) -> Fault? {
        do throws(Fault) {
            _ = try Cron(parsing: text)
            return nil
        } catch {
            return error
        }
    }

    public static func == (a: Cron, b: Cron) -> Bool { a.description == b.description }

    public func hash(into hasher: inout Hasher) { hasher.combine(description) }

    // MARK: Parsing

    private static let monthNames = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let weekdayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    private static func set(
        _ field: Substring, _ what: String, _ range: ClosedRange<Int>, names: [String] = [], first: Int = 0
    ) throws(Fault) -> UInt64 {
        var bits: UInt64 = 0
        for item in field.split(separator: ",", omittingEmptySubsequences: false) {
            guard let found = values(of: item, range, names: names, first: first) else {
                throw .field(what, String(field))
            }
            bits |= found
        }
        return bits
    }

    private static func values(of item: Substring, _ range: ClosedRange<Int>, names: [String], first: Int) -> UInt64? {
        let parts = item.split(separator: "/", omittingEmptySubsequences: false)
        guard let base = parts.first, parts.count <= 2 else { return nil }
        var step = 1
        if parts.count == 2 {
            guard let written = number(parts[1]), written > 0, written <= range.upperBound else { return nil }
            step = written
        }
        var span = range
        if base != "*" {
            let ends = base.split(separator: "-", omittingEmptySubsequences: false).map {
                value(of: $0, names: names, first: first)
            }
            guard (1...2).contains(ends.count), let low = ends.first ?? nil, let high = ends.last ?? nil,
                range.contains(low), range.contains(high), low <= high
            else { return nil }
            // `5/10` begins at five and goes on to the end, as cron implementations read it.
            span = low...(ends.count == 1 && parts.count == 2 ? range.upperBound : high)
        }
        return stride(from: span.lowerBound, through: span.upperBound, by: step).reduce(0) { $0 | 1 << UInt64($1) }
    }

    private static func value(of text: Substring, names: [String], first: Int) -> Int? {
        number(text) ?? names.firstIndex(of: text.lowercased()).map { $0 + first }
    }

    private static func number(_ text: Substring) -> Int? {
        (1...2).contains(text.utf8.count) && text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
    }

    /// Whether some year has a day that fits; weekdays come up in every month.
    private var isPossible: Bool {
        if isWeekdayRestricted || !isDayRestricted { return true }
        return (1...12).contains { month in
            months & (1 << UInt64(month)) != 0
                && (1...Self.longestMonth[month - 1]).contains { days & (1 << UInt64($0)) != 0 }
        }
    }

    private static let longestMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
}

extension Cron.Fault {
    /// What is wrong, for a message.
    var reason: String {
        switch self {
        case .fieldCount(let count): "it has \(count == 1 ? "one field" : "\(count) fields") and not five"
        case .field(let name, let text): "the \(name) field is \(quoted(text)), and may be \(Self.allowed[name] ?? "")"
        case .never: "no year has such a day"
        }
    }

    private static let allowed = [
        "minute": "0 to 59", "hour": "0 to 23", "day": "1 to 31", "month": "1 to 12 or `jan` to `dec`",
        "weekday": "0 to 7 or `sun` to `sat`",
    ]
}
