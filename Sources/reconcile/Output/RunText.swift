import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// Runs as text and as JSON.
enum RunText {
    static func value(_ run: RunRecord, journal: [JournalEntry] = [], skipped: [SkippedChange] = []) -> Value {
        .object([
            "id": .string(run.id), "trigger": .string(run.trigger.rawValue), "phase": .string(run.phase.rawValue),
            "dry_run": .bool(run.isDryRun), "revision": run.revision.map { .string($0) } ?? .null,
            "started_at": .string(run.startedAt.description),
            "completed_at": run.completedAt.map { .string($0.description) } ?? .null, "error": run.error,
            "metadata": run.metadata,
            "steps": .list(
                journal.map { entry in
                    .object([
                        "id": .string(entry.stepID), "key": .string(entry.key.description),
                        "action": .string(entry.action.rawValue), "operation": .string(entry.operation),
                        "title": .string(entry.title), "state": .string(entry.state.rawValue), "output": entry.output,
                        "intended_at": .string(entry.intendedAt.description),
                        "finished_at": entry.finishedAt.map { .string($0.description) } ?? .null,
                    ])
                }),
            "skipped": .list(
                skipped.map { .object(["key": .string($0.key.description), "reason": .string($0.reason)]) }),
        ])
    }

    static func phase(_ phase: RunPhase, _ paint: Paint) -> String {
        switch phase {
        case .succeeded: paint.green(phase.rawValue)
        case .failed: paint.red(phase.rawValue)
        case .awaitingApproval, .canceled: paint.yellow(phase.rawValue)
        case .pending, .planning, .planned, .applying: phase.rawValue
        }
    }
}

extension Diagnostic {
    /// As in the plan document, with the page that explains its code.
    var value: Value {
        guard case .object(var object) = PlanDocument.json(self) else { return .null }
        object["page"] = .string(DiagnosticCodes.page(of: code))
        return .object(object)
    }
}
