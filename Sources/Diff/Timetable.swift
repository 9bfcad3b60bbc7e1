public import Basics
public import DesiredState

/// What runs by the clock: chores, and the environments that are backed up.
///
/// It is remembered, so that a document that can't be read, or a commit that isn't trusted, ends no backup in silence. Of
/// chores and environments it has what running them needs, and nothing else.
public struct Timetable: Sendable, Hashable {
    /// Sorted by id.
    public let chores: [Chore]
    /// Sorted by slug.
    public let backups: [Backup]

    public init(chores: [Chore] = [], backups: [Backup] = []) {
        self.chores = chores
        self.backups = backups
    }

    /// What a desired state has run by the clock.
    public init(of desired: DesiredState) {
        chores = desired.chores.map { chore in
            Chore(
                running: chore.id, chore.name, chore.cron, by: chore.runner, alertsOnFailure: chore.alertsOnFailure,
                source: chore.source)
        }
        backups = desired.environments.compactMap { environment in
            environment.backupSchedule.map { schedule in
                Backup(
                    of: environment.slug, schedule, environment.tier, isProtected: environment.isProtected,
                    database: environment.database, source: environment.backupSource)
            }
        }
    }

    /// What running the backups of an environment needs of it.
    public struct Backup: Sendable, Hashable {
        /// Of its environment.
        public let slug: String
        /// The five fields of a crontab.
        public let schedule: String
        /// As which it is backed up.
        public let tier: Tier
        /// Whether what the environment owns is.
        public let isProtected: Bool
        public let database: String?
        /// The line by which it is backed up.
        public let source: SourceMark

        public init(
            of slug: String, _ schedule: String, _ tier: Tier, isProtected: Bool, database: String?, source: SourceMark
        ) {
            (self.slug, self.schedule, self.tier, self.isProtected) = (slug, schedule, tier, isProtected)
            (self.database, self.source) = (database, source)
        }

        /// The environment as far as it is known.
        var environment: Environment {
            Environment(
                slug: slug, tier: tier, ttlClass: .named, ttl: .never, branch: nil, headCommit: nil, host: nil,
                domain: nil, databaseCluster: nil, database: database, filestore: nil, workers: nil,
                backupSchedule: schedule, autoDeploy: false, quota: nil, isProtected: isProtected, source: source,
                resources: [])
        }
    }

    /// A backup that nobody makes any more, and why.
    public struct Ended: Sendable, Hashable {
        /// Of its environment.
        public let slug: String
        /// In one sentence without an end.
        public let reason: String
    }

    /// The backups that end with another timetable although their environments were treated with care.
    ///
    /// Each is what the documents say by now, and could be a mistake all the same: people are told.
    ///
    /// - Parameters:
    ///   - next: what runs from now on.
    ///   - desired: what is wanted now.
    /// - Returns: them, sorted by slug.
    public func ended(with next: Timetable, _ desired: DesiredState) -> [Ended] {
        let going = Set(next.backups.map(\.slug))
        let wanted = Set(desired.environments.map(\.slug))
        return backups.lazy.filter { !going.contains($0.slug) && Care(of: $0.environment).isAny }.map { backup in
            let before = "it was backed up at \(backup.schedule), by \(backup.source)"
            return Ended(
                slug: backup.slug,
                reason: wanted.contains(backup.slug)
                    ? "its documents name no backup any more: \(before)"
                    : "nothing wants environment \(backup.slug) any more, and it is gone: \(before)")
        }
    }
}

extension Chore {
    /// What running it needs.
    ///
    /// - Parameters:
    ///   - id: its id.
    ///   - name: how people call it.
    ///   - cron: when it is due.
    ///   - runner: who runs it, as written.
    ///   - alertsOnFailure: whether people are told that it failed.
    ///   - source: the line that wants it.
    public init(
        running id: String, _ name: String?, _ cron: Cron, by runner: String, alertsOnFailure: Bool, source: SourceMark
    ) {
        self.init(
            id: id, name: name, cadence: nil, cron: cron, runner: runner, outputs: [],
            alertsOnFailure: alertsOnFailure, secrets: [], source: source)
    }
}

extension DesiredState {
    /// What runs by the clock, before any commit could be read.
    public init(running timetable: Timetable) {
        self.init(
            revision: "", roots: [], environments: timetable.backups.map(\.environment), resources: [], unknown: [],
            policy: Policy(),
            documents: [], diagnostics: [])
        self = with(chores: timetable.chores)
    }

    /// The same, but that what runs by the clock is what ran before.
    public func running(_ timetable: Timetable) -> DesiredState {
        with(environments: timetable.backups.map(\.environment)).with(chores: timetable.chores)
    }

    /// The same, with the backups of before where nobody can say, or has said, that they are wanted otherwise.
    ///
    /// Of an environment whose documents can't be read, of one that nothing wants any more and that is still there, and of one
    /// that keeps its care and has no backup by what its documents say now. A chore that can't be read is there with why, and
    /// doesn't run: nobody knows what it does by now. What is readable and trusted is followed.
    ///
    /// - Parameters:
    ///   - timetable: what ran before.
    ///   - living: the environments that the store remembers and that aren't gone.
    ///   - kept: the care that environments keep until somebody says that less is meant; it is counted in already.
    /// - Returns: what is looked after from now on.
    public func recalling(_ timetable: Timetable, living: Set<String>, kept: [String: Care]) -> DesiredState {
        let scopes = UnknownScopes(unknown.filter { !$0.isSuspension }, of: self)
        let isPolicyUnread = documents.contains { $0.status == .unreadable && $0.domain == "policies" }
        // By their places: environments are not light, and nearly always each of very many is as it was.
        let places = Dictionary(environments.indices.lazy.map { (environments[$0].slug, $0) }) { first, _ in first }
        var (held, missed): ([Int: Environment], [Environment]) = ([:], [])
        for before in timetable.backups {
            let slug = before.slug
            if let place = places[slug] {
                let now = environments[place]
                let isLost =
                    isPolicyUnread && now.isBackedUpByTier && now.backupSchedule == nil
                    || kept[slug] != nil && isLessBackedUp(now)
                // What can be read of it holds, but for its schedule.
                if scopes.environment(slug) != nil {
                    held[place] = before.environment
                } else if isLost {
                    held[place] = now.backedUp(as: before.environment)
                }
            } else if scopes.existence(ofEnvironment: slug) != nil || living.contains(slug) {
                missed.append(before.environment)
            }
        }
        let written = Set(chores.map(\.id))
        let unread = timetable.chores.compactMap { chore -> Chore? in
            let scope = scopes.change(of: ResourceKey(.schedule, chore.id), in: nil)
            guard !written.contains(chore.id), let scope else { return nil }
            var chore = chore
            chore.doubt = scope.sentence
            return chore
        }
        var looked = self
        if !held.isEmpty || !missed.isEmpty {
            let all = environments.indices.map { held[$0] ?? environments[$0] } + missed
            looked = looked.with(environments: all.sorted { $0.slug.precedesByBytes($1.slug) })
        }
        return unread.isEmpty
            ? looked : looked.with(chores: (chores + unread).sorted { $0.id.precedesByBytes($1.id) })
    }

    /// The same, with the backups that environments have by the clock: whether they are made is held against those.
    public func backedUp(as clock: DesiredState) -> DesiredState {
        let looked = clock.environments
        let backups = Dictionary(
            looked.indices.lazy.filter { looked[$0].backupSchedule != nil }.map { (looked[$0].slug, $0) },
            uniquingKeysWith: { first, _ in first })
        func lost(_ one: Environment) -> Environment? {
            backups[one.slug].map { looked[$0] }.flatMap { $0.backupSchedule == one.backupSchedule ? nil : $0 }
        }
        guard environments.contains(where: { lost($0) != nil }) else { return self }
        return with(environments: environments.map { one in lost(one).map { one.backedUp(as: $0) } ?? one })
    }

    /// Whether an environment that keeps its tier has lost the backups which that tier had: it has none, or another tier's.
    private func isLessBackedUp(_ environment: Environment) -> Bool {
        environment.backupSchedule == nil
            || environment.backupRule != nil && policy.backups[environment.tier]?.schedule.cron == nil
    }
}
