/// The rule by which clocks change year after year, as POSIX writes it in `TZ` and RFC 8536 at the end of a file.
struct TimeZoneRule: Sendable, Hashable {
    /// On which day clocks change.
    enum Day: Sendable, Hashable {
        /// `Jn`: 1 to 365; the 29th of February doesn't count.
        case julian(Int)
        /// `n`: 0 to 365, the 29th of February counts.
        case ordinal(Int)
        /// `Mm.w.d`: the w-th weekday d of month m; the fifth is the last.
        case weekday(month: Int, week: Int, day: Int)
    }

    struct Change: Sendable, Hashable {
        let day: Day
        /// Seconds after midnight, of −167 to 167 hours (RFC 8536, 3.3.1).
        let time: Int64
    }

    struct Summer: Sendable, Hashable {
        let offset: Int64
        let begin: Change
        let end: Change
    }

    /// Seconds ahead of UTC; POSIX counts the other way round.
    let standard: Int64
    let summer: Summer?

    /// The period of an instant that lies after the last transition of a file.
    func period(at instant: Int64, after last: Int64?, before: Int64) -> TimeZone.Period {
        let year = Timestamp(seconds: instant).calendar.year
        var changes: [(at: Int64, offset: Int64)] = []
        if let last { changes.append((last, before)) }
        for year in (year - 1)...(year + 1) {
            guard let summer else { break }
            // Where both fall on one instant, summer time never ends: its begin comes last.
            changes.append((Self.instant(summer.end, in: year) - summer.offset, standard))
            changes.append((Self.instant(summer.begin, in: year) - standard, summer.offset))
        }
        let sorted = changes.enumerated().filter { last == nil || $0.element.at >= last ?? 0 }
            .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
        var start = last
        var offset = last == nil ? standard : before
        for (index, change) in sorted.enumerated() {
            if index + 1 < sorted.count, sorted[index + 1].at == change.at { continue }
            if change.at <= instant {
                if change.offset != offset { (start, offset) = (change.at, change.offset) }
            } else if change.offset != offset {
                return TimeZone.Period(start: start, end: change.at, offset: offset)
            }
        }
        return TimeZone.Period(start: start, end: nil, offset: offset)
    }

    /// The civil time of a change in a year, in seconds since the epoch as if it were UTC.
    private static func instant(_ change: Change, in year: Int) -> Int64 {
        let first = Timestamp.day(year, 1, 1)
        let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
        let day: Int64
        switch change.day {
        case .julian(let number): day = first + Int64(number - 1) + (isLeap && number >= 60 ? 1 : 0)
        case .ordinal(let number): day = first + Int64(number)
        case .weekday(let month, let week, let weekday):
            let begin = Timestamp.day(year, month, 1)
            // 1970-01-01 was a Thursday.
            let firstWeekday = ((begin + 4) % 7 + 7) % 7
            var found = begin + (Int64(weekday) - firstWeekday + 7) % 7 + Int64(7 * (week - 1))
            let next = month == 12 ? Timestamp.day(year + 1, 1, 1) : Timestamp.day(year, month + 1, 1)
            while found >= next { found -= 7 }
            day = found
        }
        return day * 86_400 + change.time
    }
}

extension TimeZoneRule {
    /// Reads `EST5EDT,M3.2.0,M11.1.0`, `<+0330>-3:30`, and what RFC 8536 adds.
    ///
    /// - Throws: `TimeZoneFault` for anything else.
    init(parsing text: String) throws(TimeZoneFault) {
        var reader = Reader(rest: ArraySlice(Array(text.utf8)))
        func fault(_ what: String) -> TimeZoneFault { TimeZoneFault("\(what) of the rule \(text) can't be read") }
        guard reader.name(), let offset = reader.time(most: 24) else { throw fault("the standard time") }
        standard = -offset
        guard !reader.rest.isEmpty else {
            summer = nil
            return
        }
        guard reader.name() else { throw fault("the summer time") }
        var ahead = standard + 3_600
        if reader.rest.first != UInt8(ascii: ",") {
            guard let offset = reader.time(most: 24) else { throw fault("the summer time") }
            ahead = -offset
        }
        guard reader.skip(","), let begin = reader.change(), reader.skip(","), let end = reader.change(),
            reader.rest.isEmpty
        else { throw fault("a change") }
        summer = Summer(offset: ahead, begin: begin, end: end)
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: character) else { return false }
            rest = rest.dropFirst()
            return true
        }

        /// A name of at least three characters; in angle brackets, digits and signs count as well.
        mutating func name() -> Bool {
            let isQuoted = skip("<")
            var count = 0
            while let byte = rest.first {
                let isLetter = (65...90).contains(byte) || (97...122).contains(byte)
                let isMore = (48...57).contains(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
                guard isLetter || isQuoted && isMore else { break }
                rest = rest.dropFirst()
                count += 1
            }
            return count >= 3 && (!isQuoted || skip(">"))
        }

        mutating func number(upTo most: Int) -> Int? {
            var value = 0
            var digits = 0
            while let byte = rest.first, (48...57).contains(byte), digits < 3 {
                value = value * 10 + Int(byte - 48)
                rest = rest.dropFirst()
                digits += 1
            }
            return digits > 0 && value <= most ? value : nil
        }

        /// `[+|-]hh[:mm[:ss]]` in seconds.
        mutating func time(most: Int) -> Int64? {
            let isNegative = skip("-")
            if !isNegative { _ = skip("+") }
            guard let hours = number(upTo: most) else { return nil }
            var seconds = hours * 3_600
            for unit in [60, 1] where skip(":") {
                guard let value = number(upTo: 59) else { return nil }
                seconds += value * unit
            }
            return Int64(isNegative ? -seconds : seconds)
        }

        mutating func change() -> Change? {
            let day: Day
            if skip("M") {
                guard let month = number(upTo: 12), month > 0, skip("."), let week = number(upTo: 5), week > 0,
                    skip("."),
                    let weekday = number(upTo: 6)
                else { return nil }
                day = .weekday(month: month, week: week, day: weekday)
            } else if skip("J") {
                guard let number = number(upTo: 365), number > 0 else { return nil }
                day = .julian(number)
            } else {
                guard let number = number(upTo: 365) else { return nil }
                day = .ordinal(number)
            }
            guard skip("/") else { return Change(day: day, time: 7_200) }
            return time(most: 167).map { Change(day: day, time: $0) }
        }
    }
}
