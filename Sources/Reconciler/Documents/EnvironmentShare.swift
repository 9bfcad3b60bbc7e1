public import Basics
import DesiredState
import Diff
public import Formats
public import Store

/// What of runs, plans and gates belongs to some environments: for people whose role holds at these alone.
///
/// What is left out is left out because it may tell of others: counts of the whole, faults, diagnostics, secrets.
public struct EnvironmentShare: Sendable {
    /// The environments, sorted.
    public let names: [String]

    public init(of names: [String]) { self.names = names }

    /// Whether something of an environment is theirs; what belongs to none isn't.
    public func holds(_ environment: String?) -> Bool { environment.map { names.contains($0) } ?? false }

    private func holds(_ member: Value) -> Bool { holds(member["environment"]?.stringValue) }

    // MARK: Runs

    /// A run without what it says of the whole; of what ended it the code alone.
    public func run(_ whole: RunRecord) -> RunRecord {
        var run = whole
        if !whole.error.isNull { run.error = .object(whole.error["code"].map { ["code": $0] } ?? [:]) }
        run.metadata = .object(whole.metadata["author"].map { ["author": $0] } ?? [:])
        return run
    }

    /// A run that did or planned something for them, as far as it is theirs.
    ///
    /// - Parameters:
    ///   - id: the run's, or `latest`: the latest that did or planned something for them.
    ///   - store: where runs and plans are.
    ///   - evidence: where a look leaves its plan; nil where none can be read.
    /// - Returns: ``run(_:)`` of it and their steps; nil where there is none, or nothing of it is theirs.
    /// - Throws: `StoreFault`.
    public func run(
        _ id: String, in store: Store, _ evidence: EvidenceStore?
    ) async throws(StoreFault) -> (run: RunRecord, journal: [JournalEntry])? {
        let found =
            id == "latest"
            ? try await store.runPage(limit: 1, environments: names).rows.first : try await store.run(withID: id)
        guard let found else { return nil }
        let journal = try await store.journal(ofRun: found.id).filter { holds($0.environment) }
        if journal.isEmpty, try await !store.run(found.id, concerns: names) {
            // Of a run that an earlier version has made only its plan says for whom it planned something.
            guard let kept = try await KeptPlan(found.id, store, evidence), plan(kept.document) != nil else {
                return nil
            }
        }
        return (run(found), journal)
    }

    /// A document with the names of the environments that it was cut to.
    public func named(_ document: Value) -> Value {
        var object = document.objectValue ?? [:]
        object["only_environments"] = .strings(names)
        return .object(object)
    }

    // MARK: Plans

    /// The part of a plan that is about them; nil where it touches nothing of theirs.
    public func plan(_ document: Value) -> Value? {
        func part(_ name: String) -> [Value] { (document[name]?.listValue ?? []).filter(holds) }
        let (changes, drift, prune) = (part("changes"), part("drift"), part("prune"))
        guard !changes.isEmpty || !drift.isEmpty || !prune.isEmpty else { return nil }
        var object = document.objectValue ?? [:]
        object["changes"] = .list(changes)
        object["drift"] = .list(drift)
        object["summary"] = Self.summary(of: changes)
        object["requests"] = Self.requests(of: changes)
        object["diagnostics"] = .list([])
        object["environments"] = .list(
            (document["environments"]?.listValue ?? []).filter { holds($0["slug"]?.stringValue) })
        object["prune"] = prune.isEmpty ? nil : .list(prune)
        for name in ["secrets", "cost", "targets", "approvals"] { object[name] = nil }
        return named(.object(object))
    }

    /// How the part of a plan stands with the people whose yes it needs.
    ///
    /// - Parameters:
    ///   - row: the whole plan.
    ///   - part: what ``plan(_:)`` made of it.
    ///   - approvals: what people allowed of it.
    ///   - now: the present: an approval may be over.
    /// - Returns: the plan as a row that counts only what is theirs.
    public func row(_ row: PlanRow, part: Value, approvals: [ApprovalRecord], at now: Timestamp) -> PlanRow {
        let needed = Set(
            (part["changes"]?.listValue ?? []).filter(PlanDocument.waitsForPerson).compactMap { $0["key"]?.stringValue }
        )
        func count(_ standing: ApprovalRecord.Standing) -> Int {
            Set(approvals.filter { $0.standing(at: now) == standing }.map(\.key.description))
                .intersection(needed).count
        }
        return row.narrowed(needed: needed.count, approved: count(.standing), used: count(.used))
    }

    /// As `Plan.Summary` counts; how much is as wanted stands in no change and is left out.
    public static func summary(of changes: [Value]) -> Value {
        let acts = [ChangeAction.create, .update, .replace, .delete, .adopt, .forget]
        var counts: [String: Int64] = [:]
        for change in changes {
            let action = change["action"]?.stringValue ?? ""
            let isAllowed = change["decision"]?.stringValue == Verdict.allowed.rawValue
            switch action {
            case ChangeAction.read.rawValue: counts["unknown", default: 0] += 1
            case ChangeAction.noop.rawValue: break
            default: counts[isAllowed ? action : "blocked", default: 0] += 1
            }
        }
        var object = Value.Object()
        for name in acts.map(\.rawValue) + ["blocked", "unknown"] { object[name] = .int(counts[name] ?? 0) }
        return .object(object)
    }

    private static func requests(of changes: [Value]) -> Value {
        var counts: [String: Int64] = [:]
        for change in changes where change["decision"]?.stringValue == Verdict.allowed.rawValue {
            guard let count = change["requests"]?.intValue, count > 0, let key = change["key"]?.stringValue else {
                continue
            }
            let provider = String(key.prefix { $0 != "." })
            let (sum, overflow) = counts[provider, default: 0].addingReportingOverflow(count)
            counts[provider] = overflow ? .max : sum
        }
        var object = Value.Object()
        for (provider, count) in counts.sorted(by: { $0.key.precedesByBytes($1.key) }) {
            object[provider] = .int(count)
        }
        return .object(object)
    }

    // MARK: Gates

    /// What is said instead of why a gate came to its verdict.
    public static let withheldReason = "what was found is told to those who may read the whole project"

    /// A gate's name, title and verdict, without its findings: these quote documents of whatever environment.
    public static func gate(_ document: Value) -> Value {
        var object = document.objectValue ?? [:]
        object["why"] = .string(withheldReason)
        object["findings"] = .list([])
        object["required_at"] = .list([])
        return .object(object)
    }
}
