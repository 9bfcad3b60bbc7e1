public import Basics
public import DesiredState

/// Something that runs by the clock: a chore of the SSOT, or the backup of an environment.
public struct ScheduledJob: Sendable, Hashable {
    /// How it runs.
    public enum Way: Sendable, Hashable {
        case runner(ScheduleSettings.Runner)
        /// A person does it.
        case byHand
        /// It can't, for this reason.
        case blocked(String)
        /// It can't be read any more, for this reason: its times are decided once it can.
        case unread(String)
    }

    /// What the id of a backup begins with; the name of its environment follows.
    public static let backupPrefix = "backup/"

    /// What people call the backup of an environment.
    static func backupName(of environment: Environment) -> String { "Backup of \(environment.slug)" }

    /// A chore's id, or `backup/ENVIRONMENT`.
    public let id: String
    public let name: String
    /// Whose backup it is; nil for a chore.
    public let environment: Environment?
    public let cron: Cron
    /// UTC where the one that is named is not known.
    public let zone: TimeZone
    public let isZoneKnown: Bool
    /// As the SSOT or the configuration names it.
    public let runner: String
    public let way: Way
    public let terms: ScheduleSettings.Terms
    public let alertsOnFailure: Bool
    public let source: SourceMark

    /// Staging and development share one worker, so that they never take what production needs.
    public var lane: String {
        switch environment?.tier {
        case .staging, .dev, .preview: Self.sharedLane
        case .production, nil: Self.mainLane
        }
    }

    public static let mainLane = "main"
    public static let sharedLane = "staging-dev"
    /// How many run at once in a lane.
    static let workers = [mainLane: 4, sharedLane: 1]

    /// The first time after an instant.
    public func next(after instant: Timestamp) -> Timestamp? { cron.next(after: instant, in: zone) }

    /// What is due by the clock in a desired state, sorted by id.
    ///
    /// - Parameters:
    ///   - desired: names chores, and schedules of backups, of an environment or of its tier.
    ///   - settings: say who runs them.
    ///   - zones: reads time zones.
    /// - Returns: the jobs, also those that can't run, with why.
    public static func all(
        in desired: DesiredState, _ settings: ScheduleSettings, zones: (Set<String>) -> TimeZones
    ) -> [ScheduledJob] {
        var crons = CronTexts()
        return all(in: desired, settings, crons: &crons, zones: zones)
    }

    /// The same, with the cron expressions that are known already.
    static func all(
        in desired: DesiredState, _ settings: ScheduleSettings, crons: inout CronTexts,
        zones: (Set<String>) -> TimeZones
    ) -> [ScheduledJob] {
        let times = zones(Set([settings.all.timeZone] + settings.jobs.values.map(\.timeZone)))
        // Their ids are sorted before the jobs are made: jobs are not light, and there may be very many.
        let chores = desired.chores.map { ($0.id, ScheduleOrigin.chore($0)) }
        let backups = desired.environments.indices.lazy
            .filter { desired.environments[$0].backupSchedule != nil }
            .map { (backupPrefix + desired.environments[$0].slug, ScheduleOrigin.backup($0)) }
        return (chores + backups).sorted { $0.0.precedesByBytes($1.0) }.compactMap { id, origin in
            switch origin {
            case .chore(let chore):
                return make(
                    id, chore.name ?? id, nil, chore.cron, chore.runner, chore.alertsOnFailure, chore.source,
                    settings, times, doubt: chore.doubt)
            case .backup(let index):
                let environment = desired.environments[index]
                guard let cron = environment.backupSchedule.flatMap({ crons.cron($0) }) else { return nil }
                return make(
                    id, backupName(of: environment), environment, cron, "backup", true, environment.backupSource,
                    settings, times)
            }
        }
    }

    private enum ScheduleOrigin {
        case chore(Chore)
        /// Of the environment at a place among those that are wanted.
        case backup(Int)
    }

    private static func make(
        _ id: String, _ name: String, _ environment: Environment?, _ cron: Cron, _ named: String, _ alerts: Bool,
        _ source: SourceMark, _ settings: ScheduleSettings, _ zones: TimeZones, doubt: String? = nil
    ) -> ScheduledJob {
        let terms = settings.terms(of: id)
        let runner = terms.runner ?? named
        let zone = zones[terms.timeZone]
        let way: Way
        if let doubt {
            way = .unread("it can't be read: \(doubt)")
        } else if zone == nil {
            way = .blocked("the time zone \(terms.timeZone) is not known: \(zones.faults[terms.timeZone] ?? "?")")
        } else if let found = settings.runners[runner] {
            switch found {
            case .workflow(let repository, let file, let ref):
                if let file = terms.workflow ?? file {
                    way = .runner(.workflow(repository: repository, file: file, ref: ref))
                } else {
                    way = .blocked("its workflow is not named: set schedules.jobs.\(id).workflow")
                }
            case .command, .pass: way = .runner(found)
            }
        } else if runner == "manual" {
            way = .byHand
        } else {
            way = .blocked("nobody is the runner \(runner): set schedules.runners.\(runner)")
        }
        return ScheduledJob(
            id: id, name: name, environment: environment, cron: cron, zone: zone ?? .utc,
            isZoneKnown: zone != nil, runner: runner, way: way, terms: terms, alertsOnFailure: alerts, source: source)
    }
}

/// What became due between two instants.
struct DueSlots: Sendable, Hashable {
    /// Earliest first.
    var running: [Timestamp] = []
    /// Those that nobody was there for and that aren't caught up with.
    var skipped: [Timestamp] = []

    /// How late a time may be and still count as kept: a pass or a restart lies between.
    static let tolerance = Duration.minutes(5)
    /// Times before that are not even counted.
    static let horizon = Duration.days(7)

    /// Pure: the times of a job after one instant, up to and with another.
    init(of job: ScheduledJob, after cursor: Timestamp, upTo now: Timestamp) {
        var times: [Timestamp] = []
        var last = max(cursor, now - Self.horizon)
        while let next = job.next(after: last), next <= now {
            times.append(next)
            last = next
        }
        for (index, slot) in times.enumerated() {
            let lateness = now - slot
            let isKept: Bool
            if lateness <= Self.tolerance {
                isKept = true
            } else if lateness > job.terms.deadline {
                isKept = false
            } else {
                switch job.terms.missed {
                case .skip: isKept = false
                case .once: isKept = index == times.count - 1
                case .all: isKept = true
                }
            }
            if isKept { running.append(slot) } else { skipped.append(slot) }
        }
        // A clock that went back and forth, or a schedule of each minute: one of those that are late is enough.
        if job.terms.missed != .all, running.count > 1 {
            skipped += running.dropLast()
            running = [running[running.count - 1]]
        }
    }
}
