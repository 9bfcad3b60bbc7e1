internal import DesiredState
public import Diff
internal import Drivers

/// The kinds of this provider as data: how they compare, what they cost in requests, what can't be undone.
public enum VercelKinds {
    /// Every kind, sorted.
    public static let all: [KindSchema] = [alias, deployment, domain, production, project, variable]

    /// The settings of a project under our names, with the provider's names in requests and answers.
    static let settings: [(name: String, member: String)] = [
        ("build_command", "buildCommand"), ("framework", "framework"),
        ("ignored_build_command", "commandForIgnoringBuildStep"),
        ("include_files_outside_root", "sourceFilesOutsideRootDirectory"), ("install_command", "installCommand"),
        ("node_version", "nodeVersion"), ("output_directory", "outputDirectory"), ("root_directory", "rootDirectory"),
    ]

    /// What can't be said when a project is created, and has to be set afterwards.
    static let settableLater: Set<String> = ["include_files_outside_root", "node_version"]

    static let project = KindSchema(
        kind: .vercelProject,
        attributes: [
            AttributeRule("build_command", normalise: Normal.command),
            AttributeRule("framework", normalise: Normal.framework),
            // Which project is meant: never changed, and never another one taken for it.
            AttributeRule("id"),
            AttributeRule("ignored_build_command", normalise: Normal.command),
            AttributeRule("include_files_outside_root"),
            AttributeRule("install_command", normalise: Normal.command),
            AttributeRule("node_version", normalise: Normal.nodeVersion),
            AttributeRule("org_id"),
            AttributeRule("output_directory", normalise: Normal.directory),
            AttributeRule("production_branch", normalise: Normal.command),
            AttributeRule("root_directory", normalise: Normal.directory),
        ],
        isStateful: true, isKnownByID: true,
        hindrance: { action, attributes in
            guard attributes.contains("id") || attributes.contains("org_id") else { return nil }
            return action == .create
                ? "Vercel gives a project its id: make or import it there, and it is taken over"
                : "another project has its name: correct the id, or look whether the token belongs to another team"
        },
        requests: { action, attributes in
            switch action {
            case .create: 2 + (attributes.contains(where: settableLater.contains) ? 1 : 0)  // look, create, configure
            case .update, .adopt: attributes.contains { $0 != "production_branch" } ? 1 : 0
            case .delete: 1
            default: 0
            }
        })

    static let variable = KindSchema(
        kind: .vercelVariable,
        attributes: [
            AttributeRule("type", normalise: Normal.variableType),
            AttributeRule(
                "value_from", isSensitive: true, isWriteOnly: true, secretFor: [.create, .replace, .update, .adopt]),
            AttributeRule("value_sha256", isSensitive: true, isComputed: true),
        ] + .computed(["id", "targets"]),
        isStateful: true,
        hindrance: { action, attributes in
            action == .create && !attributes.contains("value_from")
                ? "nothing says where its value is: set it at Vercel, or write `value_from`" : nil
        },
        requests: { action, attributes in
            switch action {
            case .create: 2  // look, create
            case .update, .adopt: attributes.isEmpty ? 0 : 2  // who else has it, change
            case .delete: 2  // who else has it, delete
            case .replace: 4
            default: 0
            }
        })

    static let domain = KindSchema(
        kind: .vercelDomain,
        attributes: [
            AttributeRule("git_branch", normalise: Normal.command),
            AttributeRule("redirect", normalise: Normal.hostName),
            AttributeRule("redirect_status_code"),
            AttributeRule("verified"),
        ] + .computed(["apex"]),
        isStateful: false,
        // A domain is one project's at a time.
        claims: { name in [Claim(ResourceKey(.vercelDomain, name).childName.lowercased())] },
        requests: { action, attributes in
            let verifies = attributes.contains("verified") ? 1 : 0
            return switch action {
            case .create: 2 + verifies  // look, create
            case .update, .adopt: (attributes.contains { $0 != "verified" } ? 1 : 0) + verifies
            case .delete: 1
            default: 0
            }
        })

    static let production = KindSchema(
        kind: .vercelProduction,
        attributes: [AttributeRule("deployment")] + .computed(["state", "url"]), isStateful: true,
        hindrance: { action, _ in
            action == .delete ? "what serves in production stays there: nothing takes it away from here" : nil
        },
        requests: { action, attributes in
            // Two looks, which of the two ways, start, two polls.
            (action == .update || action == .adopt) && !attributes.isEmpty ? 5 : 0
        })

    static let deployment = KindSchema(
        kind: .vercelDeployment,
        attributes: .computed(["alias_error", "branch", "is_aliased", "sha", "state", "target", "url"]),
        isStateful: true,
        canAdopt: false, requests: { _, _ in 0 })

    static let alias = KindSchema(
        kind: .vercelAlias, attributes: .computed(["deployment", "project_id", "redirect"]), isStateful: false,
        canAdopt: false, requests: { _, _ in 0 })
}
