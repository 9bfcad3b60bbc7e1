public import Basics

/// How far a schedule has come: a row of `ops.schedule_states`.
public struct ScheduleState: Sendable, Hashable {
    public let id: String
    /// Everything up to here is decided.
    public let cursor: Timestamp
    /// Runs in a row that ran out of time.
    public let timeouts: Int
    /// How the last run ended; nil before the first.
    public let lastState: ScheduleSlot.State?
    public let lastSlot: Timestamp?
    /// Since when it doesn't run by itself any more, until a person lets it.
    public let disabledAt: Timestamp?
    public let disabledReason: String?
    /// The cron expression and zone by which it came here; nil where an earlier version moved it.
    public let timing: String?
}

/// A schedule that has other times from now on.
public struct ScheduleTiming: Sendable, Hashable {
    public let id: String
    /// Its cron expression and zone.
    public let timing: String
    /// As it was read.
    public let before: String?

    public init(_ id: String, _ timing: String, before: String?) {
        self.id = id
        self.timing = timing
        self.before = before
    }
}

/// One time of a schedule, which runs once ever: a row of `ops.schedule_slots`.
public struct ScheduleSlot: Sendable, Hashable {
    /// How it stands.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// For a worker, or for its next attempt.
        case waiting
        case running
        case succeeded
        case failed
        /// It was ended because its time was up.
        case timedOut = "timed_out"
        /// Nobody was there when it was due, and the schedule doesn't catch up; the reason counts how many.
        case skipped

        public var isBad: Bool { self == .failed || self == .timedOut }
    }

    public let id: String
    public let scheduleID: String
    public let slot: Timestamp
    /// Who shares workers.
    public let lane: String
    /// The person who asked for it; nil: the clock.
    public let askedBy: String?
    public let state: State
    /// Which attempt it is; one that is taken over from a process that died goes on in the same.
    public let attempts: Int
    /// Nobody works on it before; of a running one, when whoever runs it has surely ended.
    public let availableAt: Timestamp
    public let startedAt: Timestamp?
    public let finishedAt: Timestamp?
    /// What the runner calls it.
    public let receipt: String?
    public let errorCode: String?
    public let reason: String?
}

/// A time of a schedule that is due or over.
public struct NewScheduleSlot: Sendable, Hashable {
    public let slot: Timestamp
    public let lane: String
    /// Why it is skipped; nil where it runs.
    public let skipReason: String?

    public init(_ slot: Timestamp, lane: String, skipReason: String? = nil) {
        self.slot = slot
        self.lane = lane
        self.skipReason = skipReason
    }
}

/// How far a schedule comes, and what follows from it.
public struct ScheduleMove: Sendable {
    /// As it was read.
    public let state: ScheduleState
    /// Up to where everything is decided then.
    public let cursor: Timestamp
    /// The times that run or are skipped.
    ///
    /// One that is known already stays what it is; where it still waits for its first attempt, its time has come now at the latest.
    public var slots: [NewScheduleSlot] = []
    /// Why times of the clock that still wait for their first attempt, and come before those that run by `slots`, are left
    /// out now; nil: they stay.
    public var dropReason: String?
    /// The same where a run of it is under way; nil: no other.
    public var dropReasonBesideRun: String?
    /// What people should be told of it.
    public var notices: [Notice] = []

    public init(_ state: ScheduleState, to cursor: Timestamp) {
        self.state = state
        self.cursor = cursor
    }
}

/// A schedule that can't run, and why.
public struct BlockedSchedule: Sendable, Hashable {
    public let id: String
    public let name: String
    public let environment: String?
    public let reason: String

    public init(_ id: String, name: String, environment: String?, because reason: String) {
        self.id = id
        self.name = name
        self.environment = environment
        self.reason = reason
    }
}

/// How long a run may take, and how late it may begin.
public struct ScheduleBounds: Sendable, Hashable {
    public let timeLimit: Duration
    public let deadline: Duration

    public init(timeLimit: Duration, deadline: Duration) {
        self.timeLimit = timeLimit
        self.deadline = deadline
    }
}

/// A slot that this process runs.
public struct ScheduleClaim: Sendable, Hashable {
    public let slot: ScheduleSlot
    public let holder: String
    /// Somebody else ran it and was gone: what came of that nobody knows.
    public let wasAbandoned: Bool
}

/// How a run of a slot ended.
public enum ScheduleOutcome: Sendable, Hashable {
    case succeeded(receipt: String?)
    /// With an instant it is tried again; without one it is over.
    case failed(code: String, reason: String, retryAt: Timestamp?)
    case timedOut(code: String, reason: String, retryAt: Timestamp?)
}

/// What settling needs to know of the schedule.
public struct ScheduleTerms: Sendable, Hashable {
    public let name: String
    public let environment: String?
    public let alertsOnFailure: Bool
    /// So many runs in a row that run out of time end it until a person lets it run again.
    public let disableAfter: Int

    public init(name: String, environment: String?, alertsOnFailure: Bool, disableAfter: Int) {
        self.name = name
        self.environment = environment
        self.alertsOnFailure = alertsOnFailure
        self.disableAfter = disableAfter
    }
}

/// What came of writing down the end of a run.
public struct ScheduleSettlement: Sendable {
    /// False where the claim was lost to somebody else, who writes then.
    public let isOurs: Bool
    /// Why `ops.maintenance_runs` doesn't show it; nil where it does, or is another's.
    public let refusal: StoreFault?
}
