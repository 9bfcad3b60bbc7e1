public import Basics
public import DesiredState
public import Diff
public import Store

/// How a pass is to go.
public struct PassOptions: Sendable {
    public var trigger: RunTrigger
    /// Plan and record, and have no effect.
    public var isDryRun: Bool
    /// Plan as of that instant; only for a dry run.
    public var now: Timestamp?
    /// Keys or environments to which the pass is restricted; empty: everything.
    public var targets: [String]
    /// A plan that was saved: apply exactly this one, or refuse.
    public var saved: SavedPlan?
    /// Keys whose change a person has approved, or `all`.
    public var approvals: [String]
    /// Who approved them, for the audit log.
    public var approver: Actor?
    /// Whether other services do their share of the work; else this pass does all of it.
    public var isShared = false
    /// Whether this service leaves its share to the others, and only tries whether it could do it again.
    var isAside = false

    public init(
        trigger: RunTrigger = .manual, isDryRun: Bool = false, now: Timestamp? = nil, targets: [String] = [],
        saved: SavedPlan? = nil, approvals: [String] = [], by approver: Actor? = nil
    ) {
        self.trigger = trigger
        self.isDryRun = isDryRun
        self.now = now
        self.targets = targets
        self.saved = saved
        self.approvals = approvals
        self.approver = approver
    }
}

/// What became of a pass.
public enum PassOutcome: Sendable {
    /// Nothing was to be done, or all that may be done was done.
    case succeeded
    /// A dry run ended with a plan.
    case planned
    /// Something that could not be told apart failed: source, store, a lease.
    case failed(any Fault)
    /// Steps failed; the others went on.
    case stepsFailed(Int)
    /// The saved plan does not fit any more; each entry says what moved.
    case stale([String])
    /// No readable desired state to plan from.
    case invalid
    /// A person asked to stop; the running steps were finished and recorded.
    case canceled
}

/// One pass, for people and programs.
public struct RunReport: Sendable {
    public let run: RunRecord
    public let outcome: PassOutcome
    public let desired: DesiredState?
    public let plan: Plan?
    public let plannedAt: Timestamp
    /// The journal of this run, in the order in which the steps began.
    public let journal: [JournalEntry]
    /// Changes that were allowed and did not run because something before them failed.
    public let skipped: [SkippedChange]
    public let evidence: EvidenceHead?
    public let duration: Duration
    /// Kinds that a configured provider could not show whole, each with the reason.
    public let observationFaults: [String]
    /// How many provider requests the pass sent, by provider.
    public let requests: [String: Int]
    /// What differs after the pass, since when, and what people said of it; empty for a look as of another instant.
    public let drift: [DriftRecord]
    /// All that the plan was made from, and the plan; nil where none was made.
    public var outlook: Outlook?
    /// What the policy gates came to.
    public var gates: [GateResult] = []
    /// Whether other services may go on where they waited for this pass.
    public var isNewsForOthers = false
    /// Whether something of this service's share waits for another service.
    public var waitsForOthers = false
    /// The runbooks of the commit.
    public var runbooks: [SourceFile] = []

    /// Changes that only an approval, a rule or an unknown holds back.
    public var withheld: [PlannedChange] { plan?.changes.filter { $0.verdict != .allowed } ?? [] }

    /// The differences of the plan of which nobody has said that they are known.
    public var alarmingDrift: [DriftItem] {
        let quiet = drift.filter(\.isQuiet)
        return (plan?.drift ?? []).filter { item in
            item.cause != .expected && !quiet.contains { $0.key == item.key && $0.cause == item.cause }
        }
    }
}

/// A change that was allowed and did not run.
public struct SkippedChange: Sendable, Hashable {
    public let key: ResourceKey
    public let reason: String
}

/// What a pass tells while it runs.
public enum Progress: Sendable {
    case phase(RunPhase)
    case planned(Plan)
    case began(JournalEntry)
    case ended(JournalEntry)
    case skipped(SkippedChange)
    case note(String)
}

/// A request to stop: the running steps are finished and recorded, nothing new begins.
public final class StopSignal: Sendable {
    private let raised = Locked(false)

    public init() {}

    public var isRaised: Bool { raised.withLock { $0 } }

    /// Says it, once and for all.
    public func raise() { raised.withLock { $0 = true } }
}
