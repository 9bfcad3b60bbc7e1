internal import DesiredState
public import Diff
internal import Drivers
internal import Formats

/// The kinds of this provider as data: how they compare, what they cost in requests, what can't be undone.
public enum SupabaseKinds {
    /// Every kind, sorted.
    public static let all = all { nil }

    /// Every kind, sorted, with the project of which nobody says which it is, where that is known.
    static func all(project usual: @escaping @Sendable () -> String?) -> [KindSchema] {
        [advice, backup, branch, function(usual), network, project, secret]
    }

    private static func function(_ usual: @escaping @Sendable () -> String?) -> KindSchema {
        KindSchema(
            kind: .supabaseFunction,
            attributes: [
                // Which environments need it is ours to know.
                AttributeRule("environments", isWriteOnly: true),
                AttributeRule("ezbr_sha256", normalise: Normal.digest),
                AttributeRule("project_ref"),
                AttributeRule("verify_jwt"),
            ] + .computed(["status", "version"]),
            isStateful: false,
            // What of an update can be done is done; the rest fails with the same words, and is blocked from then on.
            hindrance: { action, attributes in
                let isDeployment = !attributes.isEmpty && !attributes.contains("verify_jwt")
                return switch action {
                case .create, .replace:
                    "the repository's own pipeline deploys functions, and this one isn't deployed yet"
                case .update where isDeployment, .adopt where isDeployment:
                    "the repository's own pipeline deploys functions, and what is deployed is another"
                case .delete:
                    "functions are never deleted from here: that nothing requires it is no wish to be rid of it"
                default: nil
                }
            },
            remedy: { key, wanted in deployment(of: key, wanted, usual()) },
            parentAttribute: "project_ref",
            requests: { action, attributes in
                (action == .update || action == .adopt) && attributes.contains("verify_jwt") ? 1 : 0
            })
    }

    /// The command that deploys a function as it is wanted, in the usual project where no document names another.
    static func deployment(of key: ResourceKey, _ wanted: [WantedAttribute], _ usual: String?) -> String {
        let value = wanted.first { $0.name == "project_ref" }?.value
        var project = usual ?? "REFERENCE"
        if case .literal(.string(let reference))? = value { project = reference }
        return "supabase functions deploy \(key.name) --project-ref \(project)"
    }

    static let secret = KindSchema(
        kind: .supabaseSecret,
        attributes: [
            AttributeRule(
                "value_from", isSensitive: true, isWriteOnly: true, secretFor: [.create, .replace, .update, .adopt]),
            AttributeRule("value_sha256", isSensitive: true, normalise: Normal.digest),
        ] + .computed(["updated_at"]),
        isStateful: true,
        hindrance: { action, attributes in
            action == .create && !attributes.contains("value_from")
                ? "nothing says where its value is: set it at Supabase, or write `value_from`" : nil
        },
        requests: { action, attributes in
            switch action {
            case .create: 4  // look at project and list, set, read the digest
            case .update, .adopt: attributes.isEmpty ? 0 : 2  // set, read the digest
            case .delete: 1
            default: 0
            }
        })

    static let branch = KindSchema(
        kind: .supabaseBranch,
        attributes: [
            AttributeRule("git_branch", normalise: Normal.text),
            AttributeRule("persistent"),
            // What counts only when it is made, and is never shown again.
            AttributeRule("region", isWriteOnly: true),
            AttributeRule("with_data", isWriteOnly: true),
        ] + .computed(["created_at", "project_ref", "project_status", "status"]),
        isStateful: true,
        requests: { action, attributes in
            switch action {
            case .create: 5  // look at project and list, is one on its way out, make, one look at its state
            case .update, .adopt: attributes.isEmpty ? 0 : 2  // which one, change
            case .delete: 2  // which one, delete
            default: 0
            }
        })

    static let project = observed(
        .supabaseProject, ["is_healthy", "name", "organization", "postgres_version", "region", "status", "unhealthy"])

    static let backup = observed(.supabaseBackup, ["count", "is_pitr_enabled", "latest", "latest_status", "region"])

    static let network = observed(
        .supabaseNetwork, ["allowed_cidrs", "allowed_cidrs_v6", "entitlement", "status"])

    static let advice = observed(.supabaseAdvice, ["categories", "detail", "level", "name", "title"])

    private static func observed(_ kind: ResourceKind, _ names: [String]) -> KindSchema {
        KindSchema(kind: kind, attributes: .computed(names), isStateful: true, canAdopt: false, requests: { _, _ in 0 })
    }
}

/// One form for what can be written in several ways; pure, idempotent, total.
enum Normal {
    /// A SHA-256 in small letters, without the name of the algorithm before it.
    static let digest: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value else { return value }
        let small = text.lowercased()
        return .string(small.hasPrefix("sha256:") ? String(small.dropFirst(7)) : small)
    }

    /// An empty text is none.
    static let text: @Sendable (Value) -> Value = { $0 == .string("") ? .null : $0 }
}
