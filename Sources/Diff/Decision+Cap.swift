internal import Basics
internal import DesiredState

/// What people can do where more would be deleted than the cap allows.
extension Decision {
    /// - Parameter cap: how many deletions one plan may make.
    /// - Returns: what lets what is meant go; only what helps with these deletions.
    func remedy(forCap cap: Int) -> String {
        var remedies = ["raise limits.max_deletes in .odooops/policies.yaml"]
        var ended: [String: Int] = [:]
        var isOfCommits = false
        for draft in drafts where draft.destroys && (draft.isAllowed || draft.change.verdict == .needsApproval) {
            guard let slug = draft.change.environment, let life = lives[slug], life.hasEnded else {
                isOfCommits = true
                continue
            }
            ended[slug, default: 0] += 1
        }
        if isOfCommits { remedies.append("delete in smaller commits") }
        // A pass over one of them is judged by what goes of that one alone.
        let small = ended.filter { $0.value <= cap }.keys.sorted { compareBytes($0, $1) < 0 }
        if let first = small.first {
            remedies.append("let what has ended go one environment at a time: reconcile --target \(first)")
        }
        return remedies.dropLast().joined(separator: ", ") + (remedies.count > 1 ? ", or " : "") + (remedies.last ?? "")
    }
}

extension EnvironmentLives.Life {
    /// Whether time, or a branch that is gone, ends it, so that no smaller commit would delete less of it at once.
    fileprivate var hasEnded: Bool {
        outlook.phase == .expired || outlook.phase == .unwanted && release == nil
    }
}
