public import Basics
import DesiredState
import Diff
import Store

/// A target names nothing: a pass that quietly did nothing, or half of what was meant, would mislead.
public struct TargetFault: Fault {
    public let code = "RUN-0013"
    public let message: String
    public let place: String? = nil
    public let hint: String?
    public let disposition = Disposition.stop

    /// Nil when every target names a resource or an environment.
    init?(_ plan: Plan, _ desired: DesiredState, _ inventory: Inventory) {
        guard plan.diagnostics.contains(where: { $0.code == "PLAN-0007" }) else { return nil }
        let keys = desired.resources.map(\.key.description) + inventory.entries.map(\.key.description)
        let slugs = desired.environments.map(\.slug) + inventory.environments.map(\.slug)
        let known = Set(keys + slugs + plan.changes.map(\.key.description))
        guard let wrong = plan.targets.first(where: { !known.contains($0) }) else { return nil }
        message = "the target \(wrong) names neither a resource nor an environment"
        let ending = known.filter { $0.hasSuffix("/\(wrong)") }.min { $0.precedesByBytes($1) }
        hint =
            (ending ?? Suggestion.nearest(to: wrong, in: known)).map { "Did you mean \($0)?" }
            ?? "Write a key such as digitalocean.droplet/NAME, or the name of an environment: reconcile env list"
    }
}
