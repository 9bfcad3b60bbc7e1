import Formats

/// What GitHub takes for the parameters of each type of rule in a ruleset.
enum RulesetRule {
    /// What a parameter is.
    enum Shape {
        case flag
        case number(ClosedRange<Int64>)
        case text
        case word([String])
        case texts
        case words([String])
        /// Mappings, with the keys that each has to have and those that it may have.
        case mappings(required: [String], optional: [String])

        /// Reports a parameter of another type; one that isn't written says nothing.
        func check(_ name: String, of fields: Fields) {
            switch self {
            case .flag: _ = fields.flag(name)
            case .number(let range): _ = fields.integer(name, in: range)
            case .text: _ = fields.text(name)
            case .word(let words): _ = fields.word(name, of: words)
            case .texts: _ = fields.texts(name)
            case .words(let words):
                for text in fields.texts(name) ?? [] where !words.contains(text.value) {
                    fields.fail(
                        .unknownWord, "`\(name)` of \(fields.subject) has \(quoted(text.value))", at: text.mark,
                        hint: didYouMean(text.value, among: words, else: "Write \(alternatives(words))."), key: name)
                }
            case .mappings(let required, let optional):
                for node in fields.nodes(name) ?? [] {
                    let item = Fields(node, "an item of `\(name)` of \(fields.subject)", in: fields.file, fields.report)
                    for key in required { _ = item.entry(key, required: true) }
                    for key in optional { _ = item.entry(key) }
                    item.finish()
                    fields.absorb(item)
                }
            }
        }
    }

    private static let amount = Shape.number(0...Int64.max)

    private static let pattern: [String: Shape] = [
        "name": .text, "negate": .flag, "operator": .word(["starts_with", "ends_with", "contains", "regex"]),
        "pattern": .text,
    ]

    /// The names of all of them, whatever rule they are of.
    static let parameters = Set(all.values.flatMap(\.keys))

    /// By type, and of each by name.
    static let all: [String: [String: Shape]] = [
        "creation": [:], "deletion": [:], "non_fast_forward": [:], "required_linear_history": [:],
        "required_signatures": [:],
        "update": ["update_allows_fetch_and_merge": .flag],
        "required_deployments": ["required_deployment_environments": .texts],
        "pull_request": [
            "allowed_merge_methods": .words(["merge", "squash", "rebase"]), "dismiss_stale_reviews_on_push": .flag,
            "require_code_owner_review": .flag, "require_last_push_approval": .flag,
            "required_approving_review_count": .number(0...10), "required_review_thread_resolution": .flag,
            "required_reviewers": .mappings(
                required: ["file_patterns", "minimum_approvals"], optional: ["reviewer"]),
            "automatic_copilot_code_review_enabled": .flag,
        ],
        "required_status_checks": [
            "do_not_enforce_on_create": .flag, "strict_required_status_checks_policy": .flag,
            "required_status_checks": .mappings(required: ["context"], optional: ["integration_id"]),
        ],
        "commit_message_pattern": pattern, "commit_author_email_pattern": pattern, "committer_email_pattern": pattern,
        "branch_name_pattern": pattern, "tag_name_pattern": pattern,
        "file_path_restriction": ["restricted_file_paths": .texts],
        "max_file_path_length": ["max_file_path_length": amount],
        "file_extension_restriction": ["restricted_file_extensions": .texts],
        "max_file_size": ["max_file_size": amount],
        "workflows": [
            "do_not_enforce_on_create": .flag,
            "workflows": .mappings(required: ["path", "repository_id"], optional: ["ref", "sha"]),
        ],
        "code_scanning": [
            "code_scanning_tools": .mappings(
                required: ["alerts_threshold", "security_alerts_threshold", "tool"], optional: [])
        ],
        "copilot_code_review": ["review_draft_pull_requests": .flag, "review_on_push": .flag],
        "merge_queue": [
            "check_response_timeout_minutes": amount, "grouping_strategy": .word(["ALLGREEN", "HEADGREEN"]),
            "max_entries_to_build": amount, "max_entries_to_merge": amount,
            "merge_method": .word(["MERGE", "SQUASH", "REBASE"]), "min_entries_to_merge": amount,
            "min_entries_to_merge_wait_minutes": amount,
        ],
    ]
}
