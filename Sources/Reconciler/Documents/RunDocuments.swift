import Basics
import DesiredState
import Diff
public import Formats
public import Store

extension RunRecord {
    /// As `reconcile show --json` and the API show it.
    public func document(journal: [JournalEntry] = [], skipped: [SkippedChange] = []) -> Value {
        .object([
            "id": .string(id), "trigger": .string(trigger.rawValue), "phase": .string(phase.rawValue),
            "dry_run": .bool(isDryRun), "revision": revision.map { .string($0) } ?? .null,
            "started_at": .string(startedAt.description),
            "completed_at": completedAt.map { .string($0.description) } ?? .null, "error": error,
            "metadata": metadata,
            "steps": .list(
                journal.map(\.document)),
            "skipped": .list(
                skipped.map { .object(["key": .string($0.key.description), "reason": .string($0.reason)]) }),
        ])
    }
}

extension JournalEntry {
    /// As JSON, without what the step was given.
    public var document: Value {
        .object([
            "id": .string(stepID), "key": .string(key.description),
            "action": .string(action.rawValue), "operation": .string(operation),
            "title": .string(title), "state": .string(state.rawValue), "output": output,
            "intended_at": .string(intendedAt.description),
            "finished_at": finishedAt.map { .string($0.description) } ?? .null,
        ])
    }
}

extension DriftRecord {
    /// As `reconcile drift --json` and the API show it.
    public var document: Value {
        var since = Value.Object()
        for (path, instant) in attributesSince.sorted(by: { $0.key.precedesByBytes($1.key) }) {
            since[path] = .string(instant.description)
        }
        var object = Value.Object()
        object["key"] = .string(key.description)
        object["cause"] = .string(causeWord)
        object["environment"] = .text(environment)
        object["detail"] = detail
        object["first_seen"] = .string(firstSeen.description)
        object["last_seen"] = .string(lastSeen.description)
        object["attributes_since"] = .object(since)
        object["mark"] = mark?.document ?? .null
        object["run_id"] = .string(runID)
        return .object(object)
    }
}

extension DriftMark {
    /// As JSON.
    public var document: Value {
        var object = Value.Object()
        object["id"] = .string(id)
        object["key"] = .string(key.description)
        object["kind"] = .string(kind.rawValue)
        object["difference"] = .text(difference?.description)
        object["reason"] = .string(reason)
        object["by"] = .string(by)
        object["created_at"] = .string(createdAt.description)
        object["until"] = .text(until?.description)
        return .object(object)
    }
}

extension FindingRecord {
    /// As `reconcile findings --json` and the API show it.
    public var document: Value {
        var object = Value.Object()
        object["env"] = .string(identity.environment)
        object["kind"] = .string(identity.kind)
        object["key"] = .string(identity.key)
        object["status"] = .string(status.rawValue)
        object["evidence"] = evidence
        object["suggested_action"] = .text(suggestedAction)
        object["first_seen"] = .string(firstSeen.description)
        object["last_seen"] = .string(lastSeen.description)
        object["resolved_at"] = .text(resolvedAt?.description)
        return .object(object)
    }
}
