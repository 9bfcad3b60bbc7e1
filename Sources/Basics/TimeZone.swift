/// The civil time of one place: how far its clocks are from UTC at each instant.
///
/// Pure data: read once from the time-zone files of the machine (`TimeZones.load`), then handed to whoever asks.
public struct TimeZone: Sendable, Hashable {
    /// A stretch of time in which the clocks are the same distance from UTC.
    public struct Period: Sendable, Hashable {
        /// Seconds since the epoch; nil: since ever.
        public let start: Int64?
        /// The first second after it; nil: for ever.
        public let end: Int64?
        /// Seconds that the clocks are ahead of UTC.
        public let offset: Int64
    }

    /// The name in the IANA database: `Europe/Berlin`.
    public let name: String
    /// Seconds since the epoch at which the offset changes, ascending.
    let transitions: [Int64]
    /// The offsets around them: one more than there are transitions.
    let offsets: [Int64]
    /// What follows the last transition; nil: its offset holds for ever.
    let rule: TimeZoneRule?

    init(name: String, transitions: [Int64], offsets: [Int64], rule: TimeZoneRule?) {
        self.name = name
        self.transitions = transitions
        self.offsets = offsets
        self.rule = rule
    }

    public static let utc = TimeZone(name: "UTC", transitions: [], offsets: [0], rule: nil)

    /// A zone that follows one rule for ever, as POSIX writes it: `CET-1CEST,M3.5.0,M10.5.0/3`.
    ///
    /// - Throws: `TimeZoneFault` for a text of another form.
    public init(name: String, rule text: String) throws(TimeZoneFault) {
        let rule = try TimeZoneRule(parsing: text)
        self.init(name: name, transitions: [], offsets: [rule.standard], rule: rule)
    }

    /// The period that an instant belongs to.
    ///
    /// - Parameter seconds: since the epoch; what no calendar of four digits shows counts as its first or last instant.
    /// - Returns: the stretch around it in which the offset doesn't change.
    public func period(at seconds: Int64) -> Period {
        let instant = min(max(seconds, -62_135_596_800), 253_402_300_799)
        if let last = transitions.last, instant < last {
            var (low, high) = (0, transitions.count)
            while low < high {
                let middle = low + (high - low) / 2
                if transitions[middle] <= instant { low = middle + 1 } else { high = middle }
            }
            return Period(start: low == 0 ? nil : transitions[low - 1], end: transitions[low], offset: offsets[low])
        }
        guard let rule, rule.summer != nil else {
            return Period(start: transitions.last, end: nil, offset: rule?.standard ?? offsets.last ?? 0)
        }
        return rule.period(at: instant, after: transitions.last, before: offsets.last ?? rule.standard)
    }

    /// Seconds that the clocks are ahead of UTC at an instant.
    public func offset(at seconds: Int64) -> Int64 { period(at: seconds).offset }

    /// The date and time that the clocks show, with their distance from UTC: `2026-03-29 03:00 +02:00`.
    public func minuteText(_ instant: Timestamp) -> String {
        let offset = offset(at: instant.seconds)
        let local = (instant + .seconds(offset)).minuteText
        return offset == 0 ? "\(local) UTC" : "\(local) \(Self.distance(offset))"
    }

    /// An instant for people anywhere: `2026-03-02 03:00 UTC (2026-03-02 04:00 +01:00)`, once where both are the same.
    public func bothTexts(_ instant: Timestamp) -> String {
        "\(instant.minuteText) UTC" + (offset(at: instant.seconds) == 0 ? "" : " (\(minuteText(instant)))")
    }

    /// RFC 3339 as the clocks show it: `2026-03-29T03:00:00+02:00`, and with `Z` where they show UTC.
    ///
    /// RFC 3339 knows whole minutes of distance only; a zone that had seconds too is written without them.
    public func text(_ instant: Timestamp) -> String {
        let offset = offset(at: instant.seconds) / 60 * 60
        guard offset != 0 else { return instant.description }
        return "\((instant + .seconds(offset)).description.dropLast())\(Self.distance(offset))"
    }

    /// Seconds from UTC as `+02:00`.
    private static func distance(_ offset: Int64) -> String {
        let minutes = abs(offset) / 60
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(offset < 0 ? "-" : "+")\(two(minutes / 60)):\(two(minutes % 60))"
    }
}

/// Why a text or a file is no time zone.
public struct TimeZoneFault: Error, Sendable, Hashable {
    public let reason: String

    init(_ reason: String) { self.reason = reason }
}
