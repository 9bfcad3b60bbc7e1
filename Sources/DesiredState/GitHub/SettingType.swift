import Basics
import Formats

/// What a setting of GitHub may be.
enum SettingType {
    case flag
    case count(ClosedRange<Int64>)
    case texts
    /// Some of a few words, whatever their capitals.
    case words([String])

    /// The settings of a branch that the provider's form has a place for, and what stands beside `desired` of them.
    static let ofBranches: [String: SettingType] = [
        "require_pull_request": .flag, "require_pull_request.required_approving_review_count": .count(0...6),
        "dismiss_stale_reviews": .flag, "require_code_owner_reviews": .flag, "require_last_push_approval": .flag,
        "require_status_checks": .flag, "require_status_checks.strict": .flag,
        "require_status_checks.required_checks": .texts, "require_linear_history": .flag,
        "require_conversation_resolution": .flag, "require_signed_commits": .flag, "restrict_force_push": .flag,
        "restrict_deletions": .flag, "restrict_creations": .flag, "lock_branch": .flag, "allow_bypass": .flag,
        "allowed_merge_methods": .words(["merge", "rebase", "squash"]),
    ]

    /// Those of the organisation that are surely one or the other.
    static let ofOrganization: [String: SettingType] = [
        "two_factor_requirement": .flag, "members_can_create_repositories": .flag,
        "members_can_create_public_repositories": .flag, "members_can_create_private_repositories": .flag,
        "members_can_create_internal_repositories": .flag, "members_can_fork_private_repositories": .flag,
        "can_approve_pull_request_reviews": .flag, "allowed_actions_publishers": .texts,
    ]

    /// Texts that stand where a boolean is meant: words that YAML 1.2 doesn't know, and booleans in quotes.
    private static let wordsOfFlags: Set<String> = ["yes", "no", "on", "off", "true", "false"]

    /// Tells of a value of another type; of a setting that isn't known, only of a text that says a boolean.
    ///
    /// - Returns: whether it may be taken.
    static func accepts(_ node: Node, as type: SettingType?, _ what: @autoclosure () -> String, of owner: Fields)
        -> Bool
    {
        let value = node.scalar?.value
        let need: String
        let hint: String
        switch type {
        case .flag:
            if value?.boolValue != nil { return true }
            (need, hint) = ("true or false", flagHint)
        case .count(let range):
            if let number = value?.intValue, range.contains(number) { return true }
            need = "a number from \(range.lowerBound) to \(range.upperBound)"
            hint = "Write it without quotes."
        case .texts:
            if node.items?.allSatisfy({ $0.scalar?.value.stringValue != nil }) == true { return true }
            (need, hint) = ("a list of texts", "Write one item a line, each after `- `.")
        case .words(let words):
            guard let items = node.items, !items.isEmpty, items.allSatisfy({ $0.scalar?.value.stringValue != nil })
            else {
                (need, hint) = ("a list of some of \(alternatives(words))", "Write one word an item: `[\(words[0])]`.")
                break
            }
            let strange = items.filter { !words.contains(($0.scalar?.text ?? "").lowercased()) }
            for item in strange {
                let word = item.scalar?.text ?? ""
                owner.fail(
                    .unknownWord, "\(what()) has \(quoted(word)), which GitHub refuses", at: item.mark(in: owner.file),
                    hint: didYouMean(word, among: words, else: "Write \(alternatives(words))."))
            }
            return strange.isEmpty
        case nil:
            guard let text = value?.stringValue, wordsOfFlags.contains(text.lowercased()) else { return true }
            (need, hint) = ("true or false", flagHint)
        }
        owner.fail(
            .wrongType, "\(what()) is \(shown(node)) where \(need) is needed", at: node.mark(in: owner.file), hint: hint
        )
        return false
    }

    /// What to write where a boolean is meant.
    static let flagHint = "Write `true` or `false`; in YAML 1.2 `yes`, `no`, `on` and `off` are texts."

    private static func shown(_ node: Node) -> String {
        if case .int(let number)? = node.scalar?.value { return "\(number)" }
        if node.items?.isEmpty == true { return "an empty list" }
        return node.shapeName
    }
}
