public import Basics
internal import DesiredState
public import Formats

/// The plan as the JSON document that `--json` and `--out` give and `apply` takes.
public enum PlanDocument {
    static let version = "1.0"

    /// The document of a plan.
    ///
    /// Only `run_id` and `planned_at` differ between two documents of the same plan.
    public static func json(_ plan: Plan, runID: String, plannedAt: Timestamp) -> Value {
        .object(
            members(
                plan, runID: runID, plannedAt: plannedAt, changes: .list(plan.changes.map(json)),
                drift: .list(plan.drift.map(json))))
    }

    /// Whether a change of a document waits for a person's yes, as `PlannedChange.waitsForPerson`.
    ///
    /// - Parameter change: an item of `changes`.
    /// - Returns: false also for what an approval that names it lets go before its grace is over.
    public static func waitsForPerson(_ change: Value) -> Bool {
        change["decision"]?.stringValue == Verdict.needsApproval.rawValue
            && change["hold"]?.stringValue != Hold.grace.rawValue
    }

    /// The canonical JSON of the same document, of whose changes only one is built at a time: all at once are many times
    /// the size of their bytes.
    public static func canonical(_ plan: Plan, runID: String, plannedAt: Timestamp) -> [UInt8] {
        bytes(plan, runID: runID, plannedAt: plannedAt, sortsMembers: true)
    }

    /// The JSON of the same document with its members in the order of `json`, built in the same way.
    public static func text(_ plan: Plan, runID: String, plannedAt: Timestamp) -> String {
        String(decoding: bytes(plan, runID: runID, plannedAt: plannedAt, sortsMembers: false), as: UTF8.self)
    }

    private static func bytes(
        _ plan: Plan, runID: String, plannedAt: Timestamp, sortsMembers: Bool
    ) -> [UInt8] {
        var members = members(plan, runID: runID, plannedAt: plannedAt, changes: .null, drift: .null).members
        if sortsMembers { members.sort { compareBytes($0.name, $1.name) < 0 } }
        var bytes: [UInt8] = []
        for member in members {
            bytes.append(UInt8(ascii: bytes.isEmpty ? "{" : ","))
            JSON.append(.string(member.name), to: &bytes, sortsMembers: sortsMembers)
            bytes.append(UInt8(ascii: ":"))
            switch member.name {
            case "changes": JSON.append(list: plan.changes.lazy.map(json), to: &bytes, sortsMembers: sortsMembers)
            case "drift": JSON.append(list: plan.drift.lazy.map(json), to: &bytes, sortsMembers: sortsMembers)
            default: JSON.append(member.value, to: &bytes, sortsMembers: sortsMembers)
            }
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private static func members(
        _ plan: Plan, runID: String, plannedAt: Timestamp, changes: Value, drift: Value
    ) -> Value.Object {
        var document = object([
            ("format_version", .string(version)), ("run_id", .string(runID)),
            ("revision", .string(plan.revision)), ("planned_at", .string(plannedAt.description)),
            ("fingerprint", .string(plan.fingerprint.description)),
            ("changes", changes), ("summary", json(plan.summary)), ("drift", drift),
            ("diagnostics", .list(plan.diagnostics.map(json))),
            ("requests", counts(plan.requests)), ("environments", .list(plan.environments.map(json))),
            ("basis", json(plan.basis)),
        ])
        if !plan.candidates.isEmpty { document["prune"] = .list(plan.candidates.map(json)) }
        if !plan.secrets.isEmpty { document["secrets"] = .list(plan.secrets.map(json)) }
        if let cost = plan.cost {
            document["cost"] = .object(
                object([
                    ("monthly_usd", .string((cost.cents < 0 ? "-" : "") + PriceList.decimal(cost.cents))),
                    ("unknown_prices", .int(Int64(cost.unknown))),
                ]))
        }
        if !plan.targets.isEmpty { document["targets"] = .strings(plan.targets) }
        if !plan.approvals.isEmpty {
            document["approvals"] = .strings(plan.approvals.map(\.description).sorted { compareBytes($0, $1) < 0 })
        }
        return document
    }

    /// One change as the document shows it; a sensitive attribute shows only that it changes.
    public static func json(_ change: PlannedChange) -> Value {
        var members =
            object([
                ("key", .string(change.key.description)), ("action", .string(change.action.rawValue)),
                ("reason", .string(change.reason)), ("cause", .string(change.cause.rawValue)),
                ("decision", .string(change.verdict.rawValue)), ("decision_reason", .text(change.verdictReason)),
                ("environment", .text(change.environment)), ("attributes", .list(change.attributes.map(json))),
                ("source", json(change.source)), ("depends_on", .strings(change.dependsOn.map(\.description))),
                ("requests", .int(Int64(change.requests))), ("provider_id", .text(change.providerID)),
                ("protected", .bool(change.isProtected)),
            ])
        if let instant = change.blockedUntil { members["blocked_until"] = .string(instant.description) }
        if let price = change.price {
            members["monthly_usd"] = .object(
                object([
                    ("before", .text(price.before.map(PriceList.decimal))),
                    ("after", .text(price.after.map(PriceList.decimal))),
                    ("known", .bool(price.isKnown)),
                ]))
        }
        if let hold = change.hold { members["hold"] = .string(hold.rawValue) }
        if change.heldAt != nil { members["held_at"] = json(change.heldAt) }
        return .object(members)
    }

    /// One difference as the document shows it, its values hidden where they are sensitive.
    public static func json(_ attribute: AttributeChange) -> Value {
        var members = object([
            ("path", .string(attribute.path)),
            ("before", attribute.isSensitive ? .null : attribute.before ?? .null),
            ("after", attribute.isSensitive ? .null : attribute.after ?? .null),
            ("sensitive", .bool(attribute.isSensitive)),
            ("requires_replacement", .bool(attribute.requiresReplacement)),
        ])
        if let reference = attribute.reference { members["reference"] = .string(reference.description) }
        if attribute.mark != nil { members["source"] = json(attribute.mark) }
        return .object(members)
    }

    /// One thing that is marked before it goes.
    public static func json(_ candidate: PruneCandidate) -> Value {
        var members = object([
            ("key", .string(candidate.key.description)), ("provider_id", .string(candidate.providerID)),
            ("environment", .text(candidate.environment)), ("marked_at", .text(candidate.markedAt?.description)),
            ("grace_seconds", .int(candidate.grace.components.seconds)),
            ("goes_at", .text(candidate.goesAt?.description)),
        ])
        if candidate.needsApproval { members["needs_approval"] = .bool(true) }
        return .object(members)
    }

    /// One item of the drift report.
    public static func json(_ item: DriftItem) -> Value {
        var members = object([
            ("key", .string(item.key.description)), ("cause", .string(item.causeWord)),
            ("summary", .string(item.summary)), ("environment", .text(item.environment)),
            ("attributes", .list(item.attributes.map(json))), ("source", json(item.source)),
        ])
        if let finding = item.finding { members["finding"] = .string(finding) }
        return .object(members)
    }

    /// One diagnostic, as every document that carries diagnostics shows it.
    public static func json(_ diagnostic: Diagnostic) -> Value {
        var members = object([
            ("severity", .string(diagnostic.severity.rawValue)), ("code", .string(diagnostic.code)),
            ("message", .string(diagnostic.message)), ("file", .text(diagnostic.mark?.file)),
            ("line", .count(diagnostic.mark?.line)), ("column", .count(diagnostic.mark?.column)),
            ("hint", .text(diagnostic.hint)),
        ])
        if !diagnostic.notes.isEmpty {
            members["notes"] = .list(
                diagnostic.notes.map { note in
                    .object(
                        object([
                            ("message", .string(note.message)), ("file", .text(note.mark?.file)),
                            ("line", .count(note.mark?.line)), ("column", .count(note.mark?.column)),
                        ]))
                })
        }
        return .object(members)
    }

    /// The outlook of one environment; an end that only counts from now on is left out, for it moves with the clock.
    public static func json(_ outlook: EnvironmentOutlook) -> Value {
        var members =
            object([
                ("slug", .string(outlook.slug)), ("phase", .string(outlook.phase.rawValue)),
                ("expires_at", outlook.hasBegun ? .text(outlook.expiresAt?.description) : .null),
                ("reason", .string(outlook.reason)), ("begun", .bool(outlook.hasBegun)),
            ])
        if outlook.hasBegun, let goesAt = outlook.goesAt, goesAt != outlook.expiresAt {
            members["goes_at"] = .string(goesAt.description)
        }
        return .object(members)
    }

    /// One name in a store; never a value.
    public static func json(_ answer: SecretAnswer) -> Value {
        .object(
            object([
                ("key", .string(answer.key.description)), ("state", .string(answer.state.rawValue)),
                ("reason", .string(answer.reason)), ("set_at", .text(answer.setAt?.description)),
            ]))
    }

    static func json(_ summary: Plan.Summary) -> Value {
        .object(
            object(
                [
                    ("create", summary.create), ("update", summary.update), ("replace", summary.replace),
                    ("delete", summary.delete), ("adopt", summary.adopt), ("forget", summary.forget),
                    ("noop", summary.noop), ("blocked", summary.blocked), ("unknown", summary.unknown),
                ].map { ($0.0, .int(Int64($0.1))) }))
    }

    private static func json(_ basis: Plan.Basis) -> Value {
        let drivers = basis.drivers.sorted { compareBytes($0.key, $1.key) < 0 }
        return .object(
            object(
                [
                    ("desired", .string(basis.desired.description)), ("observed", .string(basis.observed.description)),
                    ("inventory", .string(basis.inventory.description)), ("policy", .string(basis.policy.description)),
                    ("drivers", .object(object(drivers.map { ($0.key, .string($0.value)) }))),
                ] + (basis.installation.map { [("installation", .string($0))] } ?? [])))
    }

    private static func json(_ mark: SourceMark?) -> Value {
        guard let mark else { return .null }
        return .object(
            object([("file", .string(mark.file)), ("line", .count(mark.line)), ("column", .count(mark.column))]))
    }

    static func counts(_ counts: [String: Int]) -> Value {
        .object(
            object(counts.sorted { compareBytes($0.key, $1.key) < 0 }.map { ($0.key, .int(Int64($0.value))) }))
    }

    private static func object(_ members: [(String, Value)]) -> Value.Object {
        Value.Object(members.map { Value.Object.Member($0.0, $0.1) })
    }
}
