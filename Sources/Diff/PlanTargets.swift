internal import Basics
internal import DesiredState
internal import Formats

/// What a plan is restricted to.
struct PlanTargets {
    private let texts: Set<String>
    let isEmpty: Bool

    init(_ targets: [String]) {
        texts = Set(targets)
        isEmpty = targets.isEmpty
    }

    /// Whether a resource is named, by its key or by the environment that owns it.
    func names(_ key: ResourceKey, _ environment: String?) -> Bool {
        if isEmpty { return true }
        if let environment, texts.contains(environment) { return true }
        return texts.contains(key.description)
    }

    /// That the plan is restricted, and which targets name nothing.
    func diagnostics(_ comparison: Comparison, records: [EnvironmentRecord]) -> [Diagnostic] {
        guard !isEmpty else { return [] }
        var known = Set(records.map(\.slug))
        known.formUnion(comparison.input.desired.environments.map(\.slug))
        for resource in comparison.desired { known.insert(resource.key.description) }
        for entry in comparison.input.inventory.entries { known.insert(entry.key.description) }
        for draft in comparison.drafts { known.insert(draft.key.description) }
        let sorted = texts.sorted { compareBytes($0, $1) < 0 }
        var diagnostics = [
            Diagnostic(
                .note, "PLAN-0008",
                "the plan is restricted to \(sorted.joined(separator: ", ")) and what comes before, or in its place: other changes are left out"
            )
        ]
        for target in sorted where !known.contains(target) {
            diagnostics.append(
                Diagnostic(
                    .error, "PLAN-0007", "the target \(target) names neither a resource nor an environment",
                    hint: "write a key such as digitalocean.droplet/NAME, or the slug of an environment"))
        }
        return diagnostics
    }
}
