import Basics
import DesiredState
import Diff

/// The desired state has errors: exit status 65.
struct InvalidDesiredState: Fault {
    let code = "RUN-0001"
    let message: String
    let place: String?
    let hint: String? = "Run: reconcile validate"
    let disposition = Disposition.waitForNewCommit

    init(_ desired: DesiredState?) {
        let errors = desired?.diagnostics.count { $0.severity == .error } ?? 0
        message =
            errors == 0
            ? "there is no readable desired state to plan from"
            : "there is no readable desired state to plan from: \(errors.of("error"))"
        place = desired.map { "revision \($0.revision.prefix(12))" }
    }
}

/// No policies document is there to be validated: exit status 65, for nothing is no pass.
struct NoPolicies: Fault {
    let code = "RUN-0015"
    let message = "there is no policies document"
    let place: String?
    let hint: String? = "Write .odooops/policies.yaml; docs/desired-state.md says what stands in it."
    let disposition = Disposition.waitForNewCommit

    init(revision: String) {
        place = "revision \((revision.hasPrefix("sha256:") ? revision.dropFirst(7) : revision[...]).prefix(12))"
    }
}

/// A pass ended well and something was held back: exit status 4.
struct Refusal: Fault {
    let code: String
    let message: String
    let place: String? = nil
    let hint: String?
    let disposition = Disposition.stop

    /// A saved plan that does not fit any more; each line says what moved.
    init(moved: [String]) {
        code = "RUN-0002"
        message =
            "the saved plan is stale, and nothing was done; since it was made:" + moved.map { "\n  - \($0)" }.joined()
        hint = "Make a new one: reconcile --dry-run --out PLAN.json"
    }

    /// Changes of an applied plan that a rule, a guard or a missing approval held back; nil when there is none.
    init?(withheld changes: [PlannedChange], runID: String) {
        let waiting = changes.filter(\.waitsForPerson)
        let denied = changes.filter { $0.verdict == .denied }
        guard let first = denied.first ?? waiting.first else { return nil }
        code = "RUN-0012"
        var parts: [String] = []
        if !waiting.isEmpty {
            parts.append("\(waiting.count) change\(waiting.count == 1 ? " needs" : "s need") an approval")
        }
        if !denied.isEmpty { parts.append("\(denied.count) \(denied.count == 1 ? "is" : "are") denied") }
        let reason = first.verdictReason.map { ": \($0)" } ?? ""
        message = parts.joined(separator: " and ") + "; first \(first.action.rawValue) \(first.key)\(reason)"
        hint =
            denied.isEmpty
            ? "Look at the plan: reconcile show \(runID); then: reconcile approve \(runID) --key \(first.key)"
            : "Run: reconcile explain \(first.key)"
    }
}

/// A person stopped a pass: exit status 1.
struct Canceled: Fault {
    let code = "RUN-0011"
    let message = "stopped on request: the running steps were finished and recorded, the rest was not begun"
    let place: String? = nil
    let hint: String?
    let disposition = Disposition.stop

    init(runID: String) { hint = "See what was done: reconcile show \(runID); go on with: reconcile" }
}
