public import Basics
public import DesiredState
public import Diff
public import Formats

/// The phases of a run, in the words of the field.
public enum RunPhase: String, Sendable, Hashable, CaseIterable {
    case pending, planning, planned
    case awaitingApproval = "awaiting_approval"
    case applying, succeeded, failed, canceled

    /// Whether somebody is at it: what it does may go on.
    public var isUnderWay: Bool { self == .pending || self == .planning || self == .applying }
}

/// What started a run.
public enum RunTrigger: String, Sendable, Hashable, CaseIterable {
    case commit, schedule, webhook, manual, ttl, drift

    /// Whether a person asked for the pass: to look again, or to have go what has ended.
    public var isByHand: Bool { self == .manual || self == .ttl }
}

/// One pass of the loop, kept for as long as the audit log: `ops.runs`.
public struct RunRecord: Sendable, Hashable {
    public let id: String
    public let trigger: RunTrigger
    public var phase: RunPhase
    /// Whether nothing was to be applied.
    public let isDryRun: Bool
    public var revision: String?
    public let startedAt: Timestamp
    public var completedAt: Timestamp?
    /// Counts of the plan, digests, timings: `metadata`.
    public var metadata: Value
    /// Code, message, place and hint of what ended it; null when it ended well.
    public var error: Value

    public init(
        id: String, trigger: RunTrigger, phase: RunPhase = .pending, isDryRun: Bool, revision: String? = nil,
        startedAt: Timestamp, completedAt: Timestamp? = nil, metadata: Value = .object(Value.Object()),
        error: Value = .null
    ) {
        self.id = id
        self.trigger = trigger
        self.phase = phase
        self.isDryRun = isDryRun
        self.revision = revision
        self.startedAt = startedAt
        self.completedAt = completedAt
        self.metadata = metadata
        self.error = error
    }
}

/// One line of a run's story: `ops.run_events`.
public struct RunEvent: Sendable, Hashable {
    public let runID: String
    /// What sort of line it is: `phase`, `step`, `warning`, `diagnostic`.
    public let type: String
    public let payload: Value
    public let at: Timestamp
    /// Makes a repeated write of the same event a no-op; nil where it may repeat.
    public let idempotencyKey: String?

    public init(runID: String, type: String, payload: Value, at: Timestamp, idempotencyKey: String? = nil) {
        self.runID = runID
        self.type = type
        self.payload = payload
        self.at = at
        self.idempotencyKey = idempotencyKey
    }
}

/// One external effect as the journal knows it: `ops.reconcile_steps`.
public struct JournalEntry: Sendable, Hashable {
    /// What is known of the effect.
    public enum State: String, Sendable, Hashable {
        /// Committed before the effect: it may or may not have happened.
        case intended
        case done
        /// It did not happen.
        case failed
        /// It was sent and its answer was lost, and looking did not settle it yet.
        case unknown
    }

    public let runID: String
    /// The step's id.
    public let stepID: String
    public let key: ResourceKey
    public let action: ChangeAction
    public let operation: String
    public let title: String
    public let environment: String?
    public var state: State
    /// What the step was given: wanted attributes, without anything sensitive.
    public let input: Value
    /// What it came to: the object afterwards, or the fault.
    public var output: Value
    public let intendedAt: Timestamp
    public var finishedAt: Timestamp?

    public init(
        runID: String, stepID: String, key: ResourceKey, action: ChangeAction, operation: String, title: String,
        environment: String?, state: State = .intended, input: Value, output: Value = .null, intendedAt: Timestamp,
        finishedAt: Timestamp? = nil
    ) {
        self.runID = runID
        self.stepID = stepID
        self.key = key
        self.action = action
        self.operation = operation
        self.title = title
        self.environment = environment
        self.state = state
        self.input = input
        self.output = output
        self.intendedAt = intendedAt
        self.finishedAt = finishedAt
    }
}

/// One difference over time: `ops.drift_items`.
public struct DriftRecord: Sendable, Hashable {
    public let key: ResourceKey
    public let cause: ChangeCause
    public let environment: String?
    /// Summary and attribute differences.
    public let detail: Value
    public let firstSeen: Timestamp
    public let lastSeen: Timestamp
    public let runID: String
    /// Since when each attribute differs, by path.
    public let attributesSince: [String: Timestamp]
    /// What a person said of it that stands; nil where nobody did.
    public let mark: DriftMark?

    public init(
        key: ResourceKey, cause: ChangeCause, environment: String?, detail: Value, firstSeen: Timestamp,
        lastSeen: Timestamp, runID: String, attributesSince: [String: Timestamp], mark: DriftMark?
    ) {
        self.key = key
        self.cause = cause
        self.environment = environment
        self.detail = detail
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.runID = runID
        self.attributesSince = attributesSince
        self.mark = mark
    }

    /// Names exactly this difference: what an acknowledgement is bound to.
    ///
    /// Worked out anew each time.
    public var difference: Digest { Self.difference(cause, detail) }

    /// What makes a difference this one and no other: cause, sentence and attributes, but not the line that wants it.
    static func difference(_ cause: ChangeCause, _ detail: Value) -> Digest {
        let attributes = (detail["attributes"]?.listValue ?? []).map { attribute -> Value in
            guard attribute["source"] != nil else { return attribute }
            return .object(Value.Object((attribute.objectValue?.members ?? []).filter { $0.name != "source" }))
        }
        let parts: Value = [
            .string(cause.rawValue), detail["summary"] ?? .null,
            detail["attributes"] == nil ? .null : .list(attributes),
        ]
        return Digest(of: StoredJSON.sortedText(parts))
    }

    /// Whether a rule wants it otherwise, and nobody need have changed anything.
    public var isOnlyFinding: Bool { Self.isOnlyFinding(detail) }

    static func isOnlyFinding(_ detail: Value) -> Bool {
        detail["finding"] != nil && detail["attributes"]?.listValue?.isEmpty != false
    }

    /// The cause for whoever reads it.
    public var causeWord: String { cause.word(isOnlyFinding: isOnlyFinding) }

    /// Whether it is known, by the SSOT or by a person, so that nobody is alarmed.
    public var isQuiet: Bool { cause == .expected || mark != nil }
}

/// The last link of the evidence chain.
public struct EvidenceHead: Sendable, Hashable {
    public let runID: String
    /// The digest of that run's manifest.
    public let manifest: Digest
    /// Counts from 1.
    public let sequence: Int

    public init(runID: String, manifest: Digest, sequence: Int) {
        self.runID = runID
        self.manifest = manifest
        self.sequence = sequence
    }
}

/// Who changed what by hand: `ops.audit_log`.
public struct AuditRecord: Sendable, Hashable {
    public let at: Timestamp
    /// `env.extend`, `env.pin`, `change.approve`.
    public let action: String
    public let target: String
    public let actor: String
    public let detail: Value

    public init(at: Timestamp, action: String, target: String, actor: String, detail: Value) {
        self.at = at
        self.action = action
        self.target = target
        self.actor = actor
        self.detail = detail
    }
}
