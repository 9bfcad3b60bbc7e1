public import Basics
public import DesiredState
internal import Formats

/// What is looked at once in a while, for people: no wish is compared with it, and nothing is deleted by it.
///
/// The health, the backups, the advice and the network restrictions of Supabase's projects; deployments and aliases of
/// Vercel's; environments and workflow runs of GitHub's repositories. Beside them what a surface of DigitalOcean's policy
/// rules and no pass looks at, for nothing of it is wanted.
public enum ProviderWatch {
    /// The kinds that nothing else looks at, sorted.
    public static let kinds: [ResourceKind] =
        (ofSupabase + ofGitHub + [.vercelDeployment, .vercelAlias]).sorted()

    private static let ofSupabase: [ResourceKind] = [
        .supabaseProject, .supabaseBackup, .supabaseNetwork, .supabaseAdvice,
    ]

    private static let ofGitHub: [ResourceKind] = [
        .gitHubBranch, .gitHubTag, .gitHubPullRequest, .gitHubEnvironment, .gitHubRun,
    ]

    /// What to ask for, by kind; no name of Supabase means the project that its driver looks after.
    ///
    /// Kinds of Vercel and GitHub are there only where a document wants a project or a repository. No name of a kind that
    /// a surface rules means all that there is.
    public static func names(_ desired: DesiredState) -> [ResourceKind: Set<String>] {
        var (references, projects, repositories): (Set<String>, Set<String>, Set<String>) = ([], [], [])
        for resource in desired.resources {
            if let reference = resource.supabaseProject { references.insert(reference) }
            let parts = resource.key.name.split(separator: "/", maxSplits: 2).map { String($0) }
            switch resource.key.kind {
            case .vercelProject, .vercelVariable, .vercelDomain, .vercelProduction: projects.formUnion(parts.prefix(1))
            default: if let name = resource.gitHubRepository { repositories.insert(name) }
            }
        }
        var names: [ResourceKind: Set<String>] = [:]
        for kind in ofSupabase { names[kind] = references }
        if !projects.isEmpty {
            names[.vercelDeployment] = projects
            names[.vercelAlias] = projects
        }
        if !repositories.isEmpty {
            for kind in ofGitHub { names[kind] = repositories }
        }
        for kind in ruledKinds(desired) { names[kind] = [] }
        return names
    }

    /// The kinds that the policy rules and that a pass doesn't list anyway.
    static func ruledKinds(_ desired: DesiredState) -> Set<ResourceKind> {
        var kinds = ProviderFindings.ruledKinds(desired.policy)
        guard !kinds.isEmpty else { return kinds }
        kinds.subtract(ProviderFindings.lookups(desired).keys)
        for resource in desired.resources {
            kinds.remove(resource.key.kind)
            for attribute in resource.attributes {
                if case .reference(let key, _) = attribute.value { kinds.remove(key.kind) }
            }
        }
        return kinds
    }

    /// About how many requests one look takes, by provider.
    public static func requests(_ names: [ResourceKind: Set<String>]) -> [String: Int] {
        var counts: [String: Int] = [:]
        for (kind, names) in names {
            let each =
                switch kind {
                // A project with its health and its advice in two parts take two each.
                case .supabaseProject, .supabaseAdvice: 2
                // Each of its regions is asked.
                case .spacesBucket: 11
                default: 1
                }
            counts[kind.provider, default: 0] += each * max(1, names.count)
        }
        return counts
    }
}

/// What one look showed of a kind, and when it was.
public struct WatchedKind: Sendable {
    public let seen: ObservedKind
    public let at: Timestamp

    public init(_ seen: ObservedKind, at: Timestamp) {
        self.seen = seen
        self.at = at
    }
}

extension DesiredResource {
    /// The repository of GitHub that it is, or is in: `owner/repository`; nil for what is in none.
    var gitHubRepository: String? {
        switch key.kind {
        case .repository, .branchProtection, .ruleset, .gitHubLabel, .gitHubHook:
            let parts = key.name.split(separator: "/", maxSplits: 2)
            return parts.count >= 2 ? "\(parts[0])/\(parts[1])" : nil
        default: return nil
        }
    }

    /// The Supabase project that it is in; nil for what is in none, or doesn't say in which.
    var supabaseProject: String? {
        switch key.kind {
        case .supabaseSecret, .supabaseBranch: key.name.split(separator: "/", maxSplits: 1).first.map { String($0) }
        case .supabaseFunction:
            if case .literal(.string(let text))? = self["project_ref"]?.value { text } else { nil }
        default: nil
        }
    }
}
