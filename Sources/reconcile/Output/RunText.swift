import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// Runs as text and as JSON.
enum RunText {
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
    /// As in the plan document, with the command that prints the page about its code.
    var value: Value {
        guard case .object(var object) = PlanDocument.json(self) else { return .null }
        object["explain"] = .string("reconcile explain \(code)")
        return .object(object)
    }
}
