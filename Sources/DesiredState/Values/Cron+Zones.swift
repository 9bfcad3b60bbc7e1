public import Basics

/// Cron in civil time. What happens when clocks change is what the cron of Debian does (cron(8)):
///
/// - A schedule that names its hours starts once for each time that it names. A time that the clocks skip starts at the
///   instant at which they jump, so that nothing is left out; one that they show twice starts the first time.
/// - A schedule whose hours begin with `*` follows the clock: it starts whenever the clock shows a time that fits.
extension Cron {
    /// The first instant after another at which it starts where clocks show the time of a zone; nil within thirty years.
    public func next(after instant: Timestamp, in zone: TimeZone) -> Timestamp? {
        let start = instant.seconds
        let horizon: Int64 = 31 * 366 * 86_400
        guard (-62_135_596_800...(253_402_300_799 - horizon)).contains(start) else { return nil }
        var period = zone.period(at: start)
        // The labels of the clock that are still to come, the first one exclusive.
        var label = start + period.offset
        if isHourRestricted, let begin = period.start {
            label = max(label, begin + zone.offset(at: begin - 1) - 1)
        }
        while true {
            if let found = next(after: Timestamp(seconds: label)) {
                let candidate = found.seconds - period.offset
                if period.end.map({ candidate < $0 }) ?? true { return Timestamp(seconds: candidate) }
            }
            guard let end = period.end, end - start < horizon else { return nil }
            let (before, after) = (period.offset, zone.offset(at: end))
            period = zone.period(at: end)
            label = end + after - 1
            guard isHourRestricted else { continue }
            if after > before, let skipped = next(after: Timestamp(seconds: end + before - 1)),
                skipped.seconds < end + after
            {
                return Timestamp(seconds: end)
            }
            label = max(label, end + before - 1)
        }
    }
}
