internal import DesiredState
public import Diff
internal import Drivers
internal import Formats

/// The kinds of this provider as data: how they compare, what they cost in requests, what is never done.
public enum GitHubKinds {
    /// Every kind, sorted.
    public static let all = all(hasHookSecret: false)

    /// Every kind, sorted, for a driver that has a secret for the hooks whose documents name none, or has none.
    static func all(hasHookSecret: Bool) -> [KindSchema] {
        [
            secret, branch, branchProtection, environment, label, pullRequest, repository, ruleset, tag,
            hook(hasSecret: hasHookSecret), run,
        ]
    }

    static let branchProtection = KindSchema(
        kind: .branchProtection,
        attributes: [
            AttributeRule("require_pull_request"),
            AttributeRule("require_pull_request.required_approving_review_count"),
            AttributeRule("dismiss_stale_reviews"), AttributeRule("require_code_owner_reviews"),
            AttributeRule("require_last_push_approval"), AttributeRule("require_status_checks"),
            AttributeRule("require_status_checks.strict"),
            // Checks that others require stay.
            AttributeRule("require_status_checks.required_checks", .contains),
            AttributeRule("require_linear_history"), AttributeRule("require_signed_commits"),
            AttributeRule("require_conversation_resolution"), AttributeRule("restrict_force_push"),
            AttributeRule("restrict_deletions"), AttributeRule("restrict_creations"), AttributeRule("lock_branch"),
            AttributeRule("allow_bypass"),
            AttributeRule("allowed_merge_methods", .unordered, normalise: Normal.lowercaseAll),
        ],
        isStateful: false,
        requests: { action, attributes in
            switch action {
            case .create: 4 + extra(attributes)  // read, put, read it and the repository
            case .adopt where attributes.isEmpty: 0
            case .adopt, .update: 4 + extra(attributes)
            case .delete: 1
            default: 0
            }
        })

    /// Signatures and merge methods are settings of their own.
    private static func extra(_ attributes: [String]) -> Int {
        (attributes.contains("require_signed_commits") ? 3 : 0)
            + (attributes.contains("allowed_merge_methods") ? 4 : 0)
    }

    static let ruleset = KindSchema(
        kind: .ruleset,
        attributes: [
            AttributeRule("target", .contains, normalise: Normal.target), AttributeRule("enforcement"),
            AttributeRule("bypass_actors", .unordered, normalise: Normal.actors),
            AttributeRule("conditions", normalise: Normal.conditions),
            // Rules that others added stay.
            AttributeRule("rules", .contains, normalise: Normal.rules),
            AttributeRule("id", isComputed: true),
        ],
        isStateful: false, isKnownByID: true,
        requests: { action, attributes in
            switch action {
            case .create: 3  // look (the list and the ruleset), create
            case .adopt where attributes.isEmpty: 0
            case .adopt, .update: 2  // read, put
            case .delete: 1
            default: 0
            }
        })

    /// Attributes of a repository that only our own register holds.
    static let registerOnly = [
        "category", "data_classification", "lifecycle", "rename_from", "system_of_record", "tier",
    ]

    static let repository = KindSchema(
        kind: .repository,
        attributes: [
            AttributeRule("description", normalise: Normal.text), AttributeRule("homepage", normalise: Normal.text),
            AttributeRule("visibility", normalise: Normal.lowercase), AttributeRule("has_issues"),
            AttributeRule("has_projects"), AttributeRule("has_wiki"), AttributeRule("allow_squash_merge"),
            AttributeRule("allow_merge_commit"), AttributeRule("allow_rebase_merge"), AttributeRule("allow_auto_merge"),
            AttributeRule("allow_update_branch"), AttributeRule("delete_branch_on_merge"),
            AttributeRule("web_commit_signoff_required"), AttributeRule("secret_scanning"),
            AttributeRule("secret_scanning_push_protection"),
        ]
            + registerOnly.map { AttributeRule($0, isWriteOnly: true) }
            + .computed(["id", "default_branch", "archived", "dependabot_security_updates", "pushed_at"]),
        isStateful: true,
        hindrance: { action, attributes in
            switch action {
            case .create:
                "repositories are not created from here: create it at GitHub, or let the token see it, and it is taken "
                    + "over"
            case .delete: "repositories are never deleted from here"
            default:
                attributes.contains("visibility")
                    ? "who may see a repository is not changed from here: change it in its settings, or what is wanted"
                    : nil
            }
        },
        requests: { action, attributes in
            action == .update || action == .adopt && !attributes.isEmpty ? 1 : 0
        })

    static let label = KindSchema(
        kind: .gitHubLabel,
        attributes: [
            AttributeRule("color", normalise: Normal.color), AttributeRule("description", normalise: Normal.text),
        ] + .computed(["id"]),
        isStateful: false, canonical: CanonicalName.withoutCapitals,
        requests: { action, attributes in simple(action, attributes) })

    /// Why a hook without a secret isn't made, and what to do.
    static let unsigned =
        "a hook without a secret can't be told from anybody's call: set GITHUB_WEBHOOK_SECRET, or write `secret_from`"

    private static func hook(hasSecret: Bool) -> KindSchema {
        KindSchema(
            kind: .gitHubHook,
            attributes: [
                AttributeRule("events", .unordered), AttributeRule("active"),
                AttributeRule("content_type", normalise: Normal.lowercase),
                AttributeRule("insecure_ssl", normalise: Normal.digit),
                AttributeRule("secret_from", isSensitive: true, isWriteOnly: true, secretFor: [.create, .replace]),
            ] + .computed(["id", "last_status"]),
            isStateful: false, canonical: HookName.canonical,
            hindrance: { action, attributes in
                let makes = action == .create || action == .replace
                return makes && !hasSecret && !attributes.contains("secret_from") ? unsigned : nil
            },
            requests: { action, attributes in
                // What is called and how is a part of its own.
                let isSplit = attributes.contains { $0 == "content_type" || $0 == "insecure_ssl" }
                return simple(action, attributes) + (isSplit && (action == .update || action == .adopt) ? 2 : 0)
            })
    }

    static let branch = seen(.gitHubBranch, ["sha", "is_protected"])
    static let tag = seen(.gitHubTag, ["sha"])
    static let pullRequest = seen(
        .gitHubPullRequest,
        [
            "number", "title", "state", "is_draft", "head", "head_sha", "head_repository", "base", "labels",
            "merged_at",
            "updated_at",
        ])
    static let environment = seen(.gitHubEnvironment, ["id", "wait_minutes", "required_reviewers", "branch_policy"])
    static let secret = seen(.gitHubSecret, ["updated_at"])
    static let run = seen(
        .gitHubRun, ["workflow", "event", "status", "conclusion", "head_branch", "head_sha", "title", "number"])

    /// A kind that is observed and never changed.
    private static func seen(_ kind: ResourceKind, _ names: [String]) -> KindSchema {
        KindSchema(
            kind: kind, attributes: .computed(names), isStateful: true,
            hindrance: { action, attributes in
                action == .adopt && attributes.isEmpty ? nil : "\(kind) is observed only"
            }, requests: { _, _ in 0 })
    }

    private static func simple(_ action: ChangeAction, _ attributes: [String]) -> Int {
        switch action {
        case .create: 2  // look, create
        case .adopt where attributes.isEmpty: 0
        case .adopt, .update, .delete: 1
        case .replace: 3
        default: 0
        }
    }
}
