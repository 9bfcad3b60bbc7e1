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
    static func backupName(of slug: String) -> String { "Backup of \(slug)" }

    /// What a backup is of.
    public struct Subject: Sendable, Hashable {
        public let slug: String
        public let tier: Tier
        public let database: String?

        init(_ environment: Environment) {
            (slug, tier, database) = (environment.slug, environment.tier, environment.database)
        }
    }

    /// How and when it runs, which very many jobs have in common: it is kept once for all of them.
    final class Manner: Sendable, Hashable {
        let cron: Cron
        let zone: TimeZone
        let isZoneKnown: Bool
        let runner: String
        /// As the SSOT names it, whatever the configuration says.
        let named: String
        /// Nil: its workflow is not named, which is said with the id of each job.
        let way: Way?
        let terms: ScheduleSettings.Terms
        let alertsOnFailure: Bool

        init(
            _ cron: Cron, _ zone: TimeZone, isZoneKnown: Bool, _ runner: String, named: String, _ way: Way?,
            _ terms: ScheduleSettings.Terms, alertsOnFailure: Bool
        ) {
            (self.cron, self.zone, self.isZoneKnown, self.runner) = (cron, zone, isZoneKnown, runner)
            (self.named, self.way, self.terms, self.alertsOnFailure) = (named, way, terms, alertsOnFailure)
        }

        static func == (a: Manner, b: Manner) -> Bool {
            a === b
                || a.cron == b.cron && a.zone == b.zone && a.isZoneKnown == b.isZoneKnown && a.runner == b.runner
                    && a.named == b.named && a.way == b.way && a.terms == b.terms
                    && a.alertsOnFailure == b.alertsOnFailure
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(cron)
            hasher.combine(runner)
            hasher.combine(way)
        }
    }

    /// A chore's id, or `backup/ENVIRONMENT`.
    public let id: String
    /// Nil for a backup.
    private let choreName: String?
    /// Whose backup it is; nil for a chore.
    public let environment: Subject?
    public let source: SourceMark
    private let manner: Manner

    public var name: String { choreName ?? environment.map { Self.backupName(of: $0.slug) } ?? id }
    public var cron: Cron { manner.cron }
    /// UTC where the one that is named is not known.
    public var zone: TimeZone { manner.zone }
    public var isZoneKnown: Bool { manner.isZoneKnown }
    /// As the SSOT or the configuration names it.
    public var runner: String { manner.runner }
    /// As the SSOT names it: every service of a store calls it so.
    var namedRunner: String { manner.named }
    public var way: Way {
        manner.way ?? .blocked("its workflow is not named: set schedules.jobs.\(id).workflow")
    }
    public var terms: ScheduleSettings.Terms { manner.terms }
    public var alertsOnFailure: Bool { manner.alertsOnFailure }

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

    /// What its times follow from, as the store notes it; nil where it isn't known.
    var timing: String? {
        if case .unread = way { return nil }
        return isZoneKnown ? "\(cron.description) \(zone.name)" : nil
    }

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
        // By their places: neither chores nor environments are light, and there may be very many.
        let chores = desired.chores.indices.lazy.map { (desired.chores[$0].id, ScheduleOrigin.chore($0)) }
        let backups = desired.environments.indices.lazy
            .filter { desired.environments[$0].backupSchedule != nil }
            .map { (backupPrefix + desired.environments[$0].slug, ScheduleOrigin.backup($0)) }
        var manners: [String: Manner] = [:]
        return (Array(chores) + backups).sorted { $0.0.precedesByBytes($1.0) }.compactMap { id, origin in
            switch origin {
            case .chore(let index):
                let chore = desired.chores[index]
                let manner = manner(
                    of: id, chore.cron, chore.runner, alerts: chore.alertsOnFailure, settings, times, doubt: chore.doubt
                )
                return ScheduledJob(
                    id: id, choreName: chore.name ?? id, environment: nil, source: chore.source, manner: manner)
            case .backup(let index):
                let environment = desired.environments[index]
                guard let text = environment.backupSchedule, let cron = crons.cron(text) else { return nil }
                let hasOwnTerms = settings.jobs[id] != nil
                let manner =
                    (hasOwnTerms ? nil : manners[text])
                    ?? manner(of: id, cron, backupRunner, alerts: true, settings, times, doubt: nil)
                if !hasOwnTerms { manners[text] = manner }
                return ScheduledJob(
                    id: id, choreName: nil, environment: Subject(environment), source: environment.backupSource,
                    manner: manner)
            }
        }
    }

    private static let backupRunner = "backup"

    /// Where a job is among those that are wanted.
    private enum ScheduleOrigin {
        case chore(Int)
        case backup(Int)
    }

    private static func manner(
        of id: String, _ cron: Cron, _ named: String, alerts: Bool, _ settings: ScheduleSettings, _ zones: TimeZones,
        doubt: String?
    ) -> Manner {
        let terms = settings.terms(of: id)
        let runner = terms.runner ?? named
        let zone = zones[terms.timeZone]
        let way: Way?
        if let doubt {
            way = .unread("it can't be read: \(doubt)")
        } else if zone == nil {
            way = .blocked("the time zone \(terms.timeZone) is not known: \(zones.faults[terms.timeZone] ?? "?")")
        } else if let found = settings.runners[runner] {
            switch found {
            case .workflow(let repository, let file, let ref):
                way = (terms.workflow ?? file).map { .runner(.workflow(repository: repository, file: $0, ref: ref)) }
            case .command, .pass: way = .runner(found)
            }
        } else if runner == "manual" {
            way = .byHand
        } else {
            way = .blocked("nobody is the runner \(runner): set schedules.runners.\(runner)")
        }
        return Manner(
            cron, zone ?? .utc, isZoneKnown: zone != nil, runner, named: named, way, terms, alertsOnFailure: alerts)
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
