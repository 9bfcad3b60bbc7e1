import Basics
import DesiredState
import Formats
import Store

/// For how long each environment should have had a backup that it hasn't, whatever is in the way.
struct BackupWatch: Sendable {
    /// Between two looks.
    static let pause = Duration.minutes(5)
    /// So long people aren't told of it, and again with each that follows.
    static let patience = Duration.days(1)
    /// What was due while no service was there runs first.
    static let settling = Duration.hours(1)

    /// Since when this service knows each.
    private var seen: [String: Timestamp] = [:]
    private var lookedAt: Duration?

    /// Whether it is time for another look.
    mutating func isDue(_ uptime: Duration) -> Bool {
        if let lookedAt, uptime - lookedAt < Self.pause { return false }
        lookedAt = uptime
        return true
    }

    /// Since when a backup should have been made; nil where none is missing.
    mutating func dueSince(_ job: ScheduledJob, _ past: BackupPast, _ now: Timestamp) -> Timestamp? {
        let sight = seen[job.id] ?? now
        seen[job.id] = sight
        // By another cron expression than the last success was due by it is due from when that was first seen; whoever has yet
        // another one than the store notes has no word in it.
        if let noted = past.timing, let timing = job.timing, noted != timing { return nil }
        let begin = [past.lastSuccess, past.timedSince].compactMap(\.self).max()
        let since = begin.map { job.next(after: $0) } ?? past.first ?? job.next(after: sight)
        return since.flatMap { $0 <= now ? $0 : nil }
    }

    /// What people are told: once for each day that it is missing; nil before the first is over.
    func notice(of job: ScheduledJob, since: Timestamp, _ past: BackupPast, _ now: Timestamp) -> Notice? {
        let days = (now - since).microseconds / Self.patience.microseconds
        // That nobody was ever to run it is told once, as what blocks it.
        guard days > 0, past.first != nil, let sight = seen[job.id], now - sight >= Self.settling else {
            return nil
        }
        let last = past.lastSuccess.map { "the last one is of \($0.minuteText) UTC" } ?? "there has been none"
        return Notice(
            .scheduleFailed, of: job.id, environment: job.environment?.slug, at: now,
            payload: [
                "name": .string(job.name), "slot": .string(since.description),
                "fault": .string("no backup has succeeded for \((now - since).shortText): \(last)"),
            ], dedupe: "missing since \(since), day \(days)")
    }
}
