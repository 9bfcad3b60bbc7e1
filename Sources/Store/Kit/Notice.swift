public import Basics
public import Formats

/// Something that people should be told, once: `ops.reconcile_notices`.
///
/// Whoever tells them reads `Store.notices(after:limit:)` and keeps its own place. A notice is written in the same
/// transaction as what it tells of, and never twice: its `dedupeKey` names the transition.
public struct Notice: Sendable, Hashable {
    /// What has happened.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The end of an environment is near, or has passed without a warning.
        case environmentExpiring = "environment.expiring"
        /// Its end has come; what it owns goes now, or after its grace.
        case environmentEnded = "environment.ended"
        case environmentExtended = "environment.extended"
        case environmentPinned = "environment.pinned"
        case environmentUnpinned = "environment.unpinned"
        case environmentSuspended = "environment.suspended"
        case environmentResumed = "environment.resumed"
        /// A pin has ended by itself: the time to live counts again.
        case pinEnded = "environment.pin_ended"
        /// A suspension has ended by itself.
        case suspensionEnded = "environment.suspension_ended"
        /// A deletion fails again and again.
        case deletionStuck = "deletion.stuck"
        /// What failed again and again has happened.
        case deletionDone = "deletion.done"
        /// What failed again and again is wanted again, and stays.
        case deletionWithdrawn = "deletion.withdrawn"
        /// Nothing wants a thing any more: it goes after its grace.
        case pruneMarked = "prune.marked"
        /// What was marked is wanted again.
        case pruneUnmarked = "prune.unmarked"
        /// A change waits for a person.
        case approvalWaiting = "approval.waiting"
        /// An approval ended before the change could be made.
        case approvalLapsed = "approval.lapsed"
        /// Something is not as it has to be.
        case findingOpened = "finding.opened"
        /// It has not been for longer than it may.
        case findingEscalated = "finding.escalated"
        case findingResolved = "finding.resolved"
        /// Passes fail one after the other.
        case serviceFailing = "service.failing"
        case serviceRecovered = "service.recovered"
        /// A schedule can't run, as things stand.
        case scheduleBlocked = "schedule.blocked"
        /// A person has to do what is due.
        case scheduleDue = "schedule.due"
        case scheduleFailed = "schedule.failed"
        case scheduleRecovered = "schedule.recovered"
        /// Its runs ran out of time again and again: a person has to let it run again.
        case scheduleDisabled = "schedule.disabled"
        /// What was treated with care isn't backed up any more, by what is written.
        case scheduleEnded = "schedule.ended"
        /// Somebody tried whether a channel works.
        case test = "test"
    }

    /// How much it matters.
    public enum Severity: String, Sendable, Hashable, CaseIterable, Comparable {
        case info, warning, critical

        public static func < (a: Severity, b: Severity) -> Bool { a.order < b.order }

        private var order: Int {
            switch self {
            case .info: 0
            case .warning: 1
            case .critical: 2
            }
        }
    }

    /// Drawn by the store, and growing in the order of writing; empty until then.
    public var id: String
    public let kind: Kind
    /// The slug of an environment, or the key of a resource.
    public let subject: String
    public let environment: String?
    public let at: Timestamp
    public let runID: String?
    public let payload: Value
    /// The same transition has the same, whoever sees it and however often.
    public let dedupeKey: String

    public init(
        _ kind: Kind, of subject: String, environment: String?, at: Timestamp, runID: String? = nil,
        payload: Value = .object(Value.Object()), dedupe: String
    ) {
        id = ""
        self.kind = kind
        self.subject = subject
        self.environment = environment
        self.at = at
        self.runID = runID
        self.payload = payload
        dedupeKey = Self.dedupeKey(kind, of: subject, dedupe)
    }

    /// What the notice of a transition is known by.
    static func dedupeKey(_ kind: Kind, of subject: String, _ dedupe: String) -> String {
        "\(kind.rawValue):\(subject):\(dedupe)"
    }
}

extension Notice.Kind {
    /// Critical where something stands still until a person acts, warning where a person should know, else info.
    public var severity: Notice.Severity {
        switch self {
        case .deletionStuck, .findingEscalated, .serviceFailing, .scheduleDisabled: .critical
        case .environmentExpiring, .environmentEnded, .pruneMarked, .approvalWaiting, .approvalLapsed, .findingOpened,
            .scheduleBlocked, .scheduleDue, .scheduleFailed, .scheduleEnded:
            .warning
        case .environmentExtended, .environmentPinned, .environmentUnpinned, .environmentSuspended,
            .environmentResumed, .pinEnded, .suspensionEnded, .deletionDone, .deletionWithdrawn, .pruneUnmarked,
            .findingResolved, .serviceRecovered, .scheduleRecovered, .test:
            .info
        }
    }

    /// Whose end it tells; empty: it begins something, or stands for itself.
    public var ends: [Notice.Kind] {
        switch self {
        case .findingResolved: [.findingOpened, .findingEscalated]
        case .serviceRecovered: [.serviceFailing]
        case .scheduleRecovered: [.scheduleFailed, .scheduleBlocked, .scheduleDisabled, .scheduleEnded]
        case .pruneUnmarked: [.pruneMarked]
        case .deletionDone, .deletionWithdrawn: [.deletionStuck]
        default: []
        }
    }
}
