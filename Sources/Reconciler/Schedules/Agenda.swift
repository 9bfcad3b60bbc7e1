import Basics
import DesiredState
import Store

/// What a service knows of its schedules between two looks at the store: where nothing is due it asks for nothing.
struct Agenda: Sendable {
    /// How far a job has come, and when it is due after that.
    private struct Entry {
        var cursor: Timestamp?
        var next: Timestamp?
        /// Whether the store was told what its times follow from.
        var isTimed = false
    }

    /// Why people were told that a job can't run, and what had become of it by then.
    private struct Told: Equatable {
        let reason: String
        let lastSlot: Timestamp?
        let lastState: ScheduleSlot.State?
    }

    /// Between two looks at all that others may have changed.
    static let freshness = Duration.minutes(1)
    /// So far may the clocks of services be apart before one's view of the others' schedules is mended.
    static let tolerance = Duration.minutes(10)

    private(set) var jobs: [ScheduledJob] = []
    /// Of those that somebody here runs, by lane.
    private(set) var bounds: [String: [String: ScheduleBounds]] = [:]
    /// When each was taken up last here, as a number that grows.
    private(set) var served: [String: Int] = [:]
    private var places: [String: Int] = [:]
    /// Of each job, in their order.
    private var entries: [Entry] = []
    private var told: [String: Told] = [:]
    /// What the other services run.
    private var others = RunnerSigns.nobody
    /// Those that another service runs and this one can't: it leaves them alone.
    private var elsewhere: Set<String> = []
    private var turns = 0
    /// By the clock that only grows; nil where the next turn has to look.
    private var lookedAt: Duration?
    private var lastTurn: Timestamp?

    // MARK: Turns

    /// Takes up the jobs as they are now.
    mutating func take(_ jobs: [ScheduledJob]) {
        // The very same array is told without a look at its members.
        let isSame = jobs == self.jobs
        guard !isSame else {
            self.jobs = jobs
            return
        }
        let before = Dictionary(zip(self.jobs, entries).map { ($0.id, ($0, $1)) }) { first, _ in first }
        entries = jobs.map { job in
            guard let (old, entry) = before[job.id], old.cron == job.cron, old.zone == job.zone else { return Entry() }
            return entry
        }
        places = Dictionary(jobs.enumerated().map { ($1.id, $0) }) { first, _ in first }
        self.jobs = jobs
        bind()
        served = served.filter { places[$0.key] != nil }
        lookedAt = nil
    }

    /// Notes what somebody here runs.
    private mutating func bind() {
        bounds = [:]
        for job in jobs {
            guard case .runner = job.way, !elsewhere.contains(job.id) else { continue }
            bounds[job.lane, default: [:]][job.id] = ScheduleBounds(
                timeLimit: job.terms.timeLimit, deadline: job.terms.deadline)
        }
    }

    /// Learns what the other services run.
    ///
    /// - Parameters:
    ///   - others: what they say.
    ///   - can: whether this service has what a runner needs.
    mutating func learn(_ others: RunnerSigns, can: (ScheduleSettings.Runner) -> Bool) {
        self.others = others
        let before = elsewhere
        elsewhere = []
        if others != .nobody {
            for job in jobs {
                if case .runner(let kind) = job.way, can(kind) { continue }
                if others.runs(job) { elsewhere.insert(job.id) }
            }
        }
        if elsewhere != before { bind() }
    }

    /// Begins a turn; whether it has to look at everything.
    mutating func begin(_ jobs: [ScheduledJob], _ now: Timestamp, _ uptime: Duration) -> Bool {
        take(jobs)
        // A clock that was set back makes much of what was worked out untrue.
        let isBack = lastTurn.map { now < $0 } == true
        lastTurn = now
        if isBack { lookedAt = nil }
        guard let lookedAt else { return true }
        return uptime - lookedAt >= Self.freshness
    }

    /// A look at everything has come to its end.
    mutating func endLook(_ uptime: Duration) { lookedAt = uptime }

    /// Something wasn't as it was known: the next turn looks.
    mutating func doubt() { lookedAt = nil }

    func job(_ id: String) -> ScheduledJob? { places[id].map { jobs[$0] } }

    // MARK: The clock

    /// Learns how far schedules have come.
    mutating func learn(_ states: [String: ScheduleState]) {
        for (id, state) in states {
            guard let place = places[id] else { continue }
            set(place, to: state.cursor)
        }
    }

    /// Learns that schedules were moved on.
    mutating func move(_ ids: Set<String>, to cursor: Timestamp) {
        for id in ids { if let place = places[id] { set(place, to: cursor) } }
    }

    private mutating func set(_ place: Int, to cursor: Timestamp) {
        guard entries[place].cursor != cursor else { return }
        entries[place].cursor = cursor
        entries[place].next = jobs[place].next(after: cursor)
    }

    /// The jobs of which the store notes other times than they have here since this service looked last.
    ///
    /// Each service says it once: of two that read different commits for a while none takes back what the other one says.
    func retimed(_ states: [String: ScheduleState]) -> [ScheduleTiming] {
        zip(jobs, entries).compactMap { job, entry in
            guard !entry.isTimed, knowsTimes(of: job), let state = states[job.id], let timing = job.timing,
                state.timing != timing
            else { return nil }
            return ScheduleTiming(job.id, timing, before: state.timing)
        }
    }

    /// The store was told of all that are retimed.
    mutating func endRetiming() {
        for place in entries.indices where knowsTimes(of: jobs[place]) { entries[place].isTimed = true }
    }

    /// Whether it is this service that says when a job is due: one that lacks the runner may have yesterday's configuration.
    private func knowsTimes(of job: ScheduledJob) -> Bool {
        switch job.way {
        case .runner, .byHand: !elsewhere.contains(job.id)
        case .blocked: !others.mayRun(job)
        case .unread: false
        }
    }

    /// What has come to a time of its own, and what a clock that was ahead has planned too far.
    func due(_ now: Timestamp) -> [ScheduledJob] {
        entries.indices.compactMap { place in
            let entry = entries[place]
            guard let cursor = entry.cursor,
                cursor > now + Self.tolerance || entry.next.map({ $0 <= now }) == true
            else { return nil }
            // What can't run here stays as it is: it may be another service's, or this one's later.
            switch jobs[place].way {
            case .blocked, .unread: return nil
            case .runner, .byHand: return elsewhere.contains(jobs[place].id) ? nil : jobs[place]
            }
        }
    }

    // MARK: Working

    /// Notes that a job is taken up.
    mutating func serve(_ id: String) {
        turns += 1
        served[id] = turns
    }

    // MARK: What can't run

    /// Those that nobody can run, as far as people weren't told, or something has become of them since.
    func untold(_ states: [String: ScheduleState]) -> [BlockedSchedule] {
        jobs.compactMap { job in
            guard let now = obstacle(of: job, states[job.id]), told[job.id] != now else { return nil }
            return BlockedSchedule(
                job.id, name: job.name, environment: job.environment?.slug, because: now.reason)
        }
    }

    /// People were told of all that nobody can run.
    mutating func tell(_ states: [String: ScheduleState]) {
        told = [:]
        for job in jobs { told[job.id] = obstacle(of: job, states[job.id]) }
    }

    private func obstacle(of job: ScheduledJob, _ state: ScheduleState?) -> Told? {
        switch job.way {
        case .blocked where others.mayRun(job), .unread where others.mayRun(job): nil
        case .blocked(let reason), .unread(let reason):
            Told(reason: reason, lastSlot: state?.lastSlot, lastState: state?.lastState)
        case .runner, .byHand: nil
        }
    }
}
