import Basics
import Formats
import HTTPClient

/// How a plan stands with the people whose yes it needs, which it can't say itself: it is as it was made.
enum PlanStanding: Sendable, Equatable {
    /// So many changes wait for a yes.
    case waiting(Int)
    /// All that needed a yes has one.
    case approved
    /// All that needed a yes had one, and was done.
    case done
    /// A later pass has made its own plan.
    case superseded
    /// Nothing was to be done by it: approvals are given to the plan of a pass.
    case look

    var isWaiting: Bool {
        if case .waiting = self { true } else { false }
    }

    /// What there is to do, for whoever looks at the plan of a run.
    func text(ofPlan run: String) -> String {
        switch self {
        case .waiting(let count): "\(count.of("waits", "wait")) for a person: odooops approve \(run)"
        case .approved: Self.approvedText
        case .done: "What waited for a person was approved, and is done."
        case .superseded:
            "A later pass made its own plan, and what still waits stands in that: odooops plan show latest"
        case .look: "It was only a look: approvals are given to the plan of a pass: odooops plan show latest"
        }
    }

    static let approvedText = "What waited is approved, and the next pass does it: odooops reconcile --wait"
}

extension CommandCall {
    /// How what the plan of a run left to people stands by now; nil where the service doesn't tell.
    func standing(ofRun id: String, _ connection: ServiceConnection) async -> PlanStanding? {
        // What was asked for has come: that this can't be told as well is no reason to keep it back. What the latest plan
        // left alone can wait, so the first part of the list is enough.
        guard let plans = try? await connection.get("/plans", [("limit", "200")]).data.listValue else { return nil }
        guard let row = plans.first(where: { $0["run"]?.stringValue == id }) else {
            let run = try? await connection.get("/runs/\(id.percentEncoded)").data
            if run?["dry_run"]?.boolValue == true { return .look }
            return plans.isEmpty ? nil : .superseded
        }
        let (needed, approved, used) = (count(row, "needed"), count(row, "approved"), count(row, "used"))
        switch row.shown("approval") {
        case "waiting": return .waiting(max(1, needed - approved))
        case "approved": return .approved
        case "superseded": return used >= needed ? .done : .superseded
        default: return nil
        }
    }

    private func count(_ row: Value, _ name: String) -> Int { Int(clamping: row[name]?.intValue ?? 0) }

    /// The same for a run; nil where it left nothing to anybody.
    func standing(of run: Value, _ connection: ServiceConnection) async -> PlanStanding? {
        guard run.shown("phase") == "awaiting_approval" else { return nil }
        return await standing(ofRun: run.shown("id"), connection)
    }
}
