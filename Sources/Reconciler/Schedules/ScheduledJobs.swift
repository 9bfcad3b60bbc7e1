public import Basics
public import DesiredState

/// What runs by the clock, made anew where something else is wanted, and not each time that somebody asks.
public final class ScheduledJobs: Sendable {
    /// What was made, and of what.
    private struct Made {
        let chores: [Chore]
        let environments: [Environment]
        let at: Duration
        let jobs: [ScheduledJob]
    }

    private let settings: ScheduleSettings
    private let zones: @Sendable (Set<String>) -> TimeZones
    private let time: any TimeSource
    private let made = Locked<Made?>(nil)
    private let crons = Locked(CronTexts())

    /// What the machine says of its time zones may change without a commit.
    static let freshness = Duration.hours(1)

    /// - Parameters:
    ///   - settings: say who runs what.
    ///   - zones: reads time zones.
    ///   - time: measures how old they are.
    public init(
        _ settings: ScheduleSettings, zones: @escaping @Sendable (Set<String>) -> TimeZones, time: any TimeSource
    ) {
        self.settings = settings
        self.zones = zones
        self.time = time
    }

    /// How many cron expressions were read so far.
    var parses: Int { crons.withLock { $0.parses } }

    /// What is due by the clock in a desired state, sorted by id; the same array for as long as nothing of it has changed.
    public func jobs(of desired: DesiredState) -> [ScheduledJob] {
        let uptime = time.uptime
        let before = made.withLock { $0 }
        if let before, uptime - before.at < Self.freshness, before.chores == desired.chores,
            before.environments == desired.environments
        {
            // A pass makes equal arrays anew: the last ones are told from themselves without a look at their members.
            keep(Made(chores: desired.chores, environments: desired.environments, at: before.at, jobs: before.jobs))
            return before.jobs
        }
        var texts = crons.withLock { $0 }
        let jobs = ScheduledJob.all(in: desired, settings, crons: &texts, zones: zones)
        texts.forget(but: Set(desired.environments.lazy.compactMap(\.backupSchedule)))
        crons.withLock { [texts] in $0 = texts }
        keep(Made(chores: desired.chores, environments: desired.environments, at: uptime, jobs: jobs))
        return jobs
    }

    private func keep(_ made: Made) { self.made.withLock { $0 = made } }
}

/// Cron expressions by how they are written: very many environments share few.
struct CronTexts: Sendable {
    private var known: [String: Cron?] = [:]
    /// How many were read.
    private(set) var parses = 0

    /// Nil where it is none.
    mutating func cron(_ text: String) -> Cron? {
        if let known = known[text] { return known }
        parses += 1
        let cron = try? Cron(parsing: text)
        known[text] = .some(cron)
        return cron
    }

    /// Keeps those that are in use.
    mutating func forget(but texts: Set<String>) { known = known.filter { texts.contains($0.key) } }
}
