public import Basics
public import Formats

/// The plan as the JSON document that `--json` and `--out` give and `apply` takes.
public enum PlanDocument {
    /// The document of a plan.
    ///
    /// Only `run_id` and `planned_at` differ between two documents of the same plan.
    public static func json(_ plan: Plan, runID: String, plannedAt: Timestamp) -> Value {
        var document = Value.Object()
        document["format_version"] = "1.0"
        document["run_id"] = .string(runID)
        document["planned_at"] = .string(plannedAt.description)
        return .object(document)
    }

    /// Reads a document back and holds its content against its own fingerprint.
    ///
    /// - Throws: `PlanFault` for a document of another shape or version, and for one that was changed.
    public static func parse(_ value: Value) throws(PlanFault) -> SavedPlan {
        throw PlanFault(code: "PLAN-0101", message: "this is no plan document")
    }
}
