public import Basics
public import DesiredState
internal import Formats

/// What is looked at once in a while, for people: no wish is compared with it, and nothing is deleted by it.
///
/// The health, the backups, the advice and the network restrictions of Supabase's projects; deployments and aliases of
/// Vercel's; environments and workflow runs of GitHub's repositories.
public enum ProviderWatch {
    /// The kinds, sorted.
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
    /// Kinds of Vercel and GitHub are there only where a document wants a project or a repository.
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
        return names
    }

    /// About how many requests one look takes, by provider.
    public static func requests(_ names: [ResourceKind: Set<String>]) -> [String: Int] {
        var counts: [String: Int] = [:]
        for (kind, names) in names {
            // A project with its health and its advice in two parts take two each.
            let each = kind == .supabaseProject || kind == .supabaseAdvice ? 2 : 1
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
