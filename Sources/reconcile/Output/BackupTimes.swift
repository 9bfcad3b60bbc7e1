import Basics
import DesiredState

/// When the backups of an environment are due, as its schedule says.
struct BackupTimes {
    private let cron: Cron
    /// The longest time between two of them: what can be lost.
    let gap: Duration?
    let next: Timestamp?

    /// Nil where no schedule is written.
    init?(_ environment: Environment, after now: Timestamp) {
        guard let cron = environment.backupSchedule.flatMap({ try? Cron(parsing: $0) }) else { return nil }
        self.cron = cron
        gap = cron.longestGap(after: now)
        next = cron.next(after: now)
    }

    /// ` · every 6h, next 2026-03-02T12:00:00Z`.
    var text: String {
        var text = ""
        if let gap {
            text += cron.isEven ? " · every \(gap.shortText)" : " · at most \(gap.shortText) apart"
        }
        if let next { text += (text.isEmpty ? " · " : ", ") + "next \(next)" }
        return text
    }
}
