import Basics
import DesiredState
import Reconciler

/// When the backups of an environment are due, as its schedule says and as the clocks of the schedule's zone show it.
struct BackupTimes {
    private let job: ScheduledJob
    /// The longest time between two of them: what can be lost.
    ///
    /// As the clocks show it: where they change, there is an hour more or less between two.
    let gap: Duration?
    /// Nil too where the zone is not known.
    let next: Timestamp?

    init(_ job: ScheduledJob, after now: Timestamp) {
        self.job = job
        gap = job.cron.longestGap(after: now)
        next = job.isZoneKnown ? job.next(after: now) : nil
    }

    /// The name of the zone that the schedule is written for.
    var zone: String { job.terms.timeZone }

    /// ` in Europe/Paris · every 6h, next 2026-03-02 11:00 UTC (2026-03-02 12:00 +01:00)`.
    var text: String {
        var text = " in \(zone)"
        guard job.isZoneKnown else { return text + " · never, for this machine does not know that time zone" }
        if let gap { text += job.cron.isEven ? " · every \(gap.shortText)" : " · at most \(gap.shortText) apart" }
        if let next { text += (gap == nil ? " · " : ", ") + "next \(job.zone.bothTexts(next))" }
        return text
    }
}
