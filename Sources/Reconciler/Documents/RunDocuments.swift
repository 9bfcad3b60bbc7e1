import Basics
import DesiredState
import Diff
public import Formats
public import Store

extension RunRecord {
    /// As `reconcile show --json` and the API show it.
    public func document(journal: [JournalEntry] = [], skipped: [SkippedChange] = []) -> Value {
        var object = summary
        object.append("steps", .list(journal.map(\.document)))
        object.append(
            "skipped",
            .list(skipped.map { .object(["key": .string($0.key.description), "reason": .string($0.reason)]) }))
        return .object(object)
    }

    /// The same without its steps, which are a list of their own.
    public var summary: Value.Object {
        var object = Value.Object()
        object.reserveCapacity(11)
        object.append("id", .string(id))
        object.append("trigger", .string(trigger.rawValue))
        object.append("phase", .string(phase.rawValue))
        object.append("dry_run", .bool(isDryRun))
        object.append("revision", .text(revision))
        object.append("started_at", .string(startedAt.description))
        object.append("completed_at", .text(completedAt?.description))
        object.append("error", error)
        object.append("metadata", metadata)
        return object
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
        object.reserveCapacity(9)
        object.append("key", .string(key.description))
        object.append("cause", .string(causeWord))
        object.append("environment", .text(environment))
        object.append("detail", detail)
        object.append("first_seen", .string(firstSeen.description))
        object.append("last_seen", .string(lastSeen.description))
        object.append("attributes_since", .object(since))
        object.append("mark", mark?.document ?? .null)
        object.append("run_id", .string(runID))
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
