import Basics
import DesiredState
import Diff
import Formats
import Store

/// Cards of what is looked at once in a while: Supabase's projects and advice, deployments at Vercel, runs at GitHub.
struct LookCards {
    private static let most = 30

    private let looks: [ResourceKind: LookRecord]
    private let now: Timestamp
    /// The providers that this service has a credential of.
    private let providers: Set<String>
    /// Whether a pass of this service has read what documents name.
    private let hasPassed: Bool

    /// For the cards of these kinds: the lists of the others may be long, and are left where they are.
    init(_ context: PageContext, _ kinds: [ResourceKind]) async throws {
        looks = Dictionary(
            try await context.store.looks(of: kinds).map { ($0.kind, $0) }, uniquingKeysWith: { first, _ in first })
        now = context.now
        providers = Set(context.pages.facts.providers)
        hasPassed = context.known.outlook != nil
    }

    /// Why nothing is there to be shown: nobody looked, nothing is named to look at, or there is nothing.
    private func nothing(_ kind: ResourceKind, icon: Icon) -> HTML {
        if looks[kind]?.watched != nil {
            return empty("There is none", "The last look found nothing of it.", icon: icon)
        }
        guard hasPassed, providers.contains(kind.provider) else {
            return empty(
                "Not looked at yet",
                "A pass looks once an hour at what the documents name, when it has the provider's credential.",
                icon: icon, next: "reconcile doctor")
        }
        return empty(
            "Nothing to look at",
            looks[kind]?.problem.map { "The last look came to nothing: \($0)." }
                ?? "The provider's credential is there, and no document names a repository or project to look at.",
            icon: icon, next: "reconcile validate")
    }

    private func items(_ kind: ResourceKind) -> [ObservedResource] { looks[kind]?.watched?.seen.resources ?? [] }

    /// The newest first, those without an instant last.
    private func newest(_ kind: ResourceKind) -> [ObservedResource] {
        items(kind).sorted { a, b in
            let (x, y) = (a.createdAt ?? Timestamp(seconds: 0), b.createdAt ?? Timestamp(seconds: 0))
            return x == y ? a.key < b.key : x > y
        }
    }

    /// When it was last seen, or why it wasn't.
    private func aside(_ kind: ResourceKind) -> HTML {
        guard let look = looks[kind] else { return HTML() }
        return markup {
            if let problem = look.problem { chip(.warn, problem) }
            ago(look.watched?.at, now)
        }
    }

    /// Rows of a kind, or that there are none.
    private func list(
        _ title: String, _ kind: ResourceKind, _ items: [ObservedResource], _ columns: [String], icon: Icon,
        row: (ObservedResource) -> [HTML]
    ) -> HTML {
        card(title, aside: aside(kind), flush: true) {
            if items.isEmpty {
                nothing(kind, icon: icon)
            } else {
                items.prefix(Self.most).reduce(into: Grid(title, columns: columns)) { $0.add(cells: row($1)) }.html
            }
        }
    }

    private func text(_ item: ObservedResource, _ name: String) -> String {
        item.attributes[name].map { Words.value($0) } ?? "–"
    }

    /// Each project with its health, its last backup, and who may reach its database.
    var projects: HTML {
        let backups = Dictionary(
            items(.supabaseBackup).map { ($0.key.name, $0) }, uniquingKeysWith: { first, _ in first })
        let networks = Dictionary(
            items(.supabaseNetwork).map { ($0.key.name, $0) }, uniquingKeysWith: { first, _ in first })
        return list(
            "Projects of Supabase", .supabaseProject, items(.supabaseProject),
            ["Project", "Health", "Region", "Last backup", "Reachable from"], icon: .database
        ) { project in
            let ill = project.attributes["unhealthy"]?.listValue?.compactMap(\.stringValue) ?? []
            let isHealthy = project.attributes["is_healthy"]?.boolValue
            let health = ill.isEmpty ? Words.state(text(project, "status")) : ill.joined(separator: ", ")
            let backup = backups[project.key.name]
            let made = backup?.attributes["latest"]?.instantValue
            let network = networks[project.key.name]?.attributes["allowed_cidrs"]?.listValue?.compactMap(\.stringValue)
            return [
                markup {
                    strong(text(project, "name"))
                    span("sub", project.key.name)
                }, chip(isHealthy == true ? .ok : isHealthy == nil ? .idle : .bad, health),
                HTML(text(project, "region")),
                backup?.attributes["is_pitr_enabled"]?.boolValue == true
                    ? chip(.ok, "every moment") : made == nil ? HTML(backup == nil ? "–" : "none") : ago(made, now),
                HTML(network.map { $0.isEmpty ? "nowhere" : $0.joined(separator: ", ") } ?? "–"),
            ]
        }
    }

    /// What Supabase's advisors say, errors first.
    var advice: HTML {
        let order = ["ERROR": 0, "WARN": 1]
        let sorted = items(.supabaseAdvice).sorted { a, b in
            let (x, y) = (order[text(a, "level")] ?? 2, order[text(b, "level")] ?? 2)
            return x == y ? a.key < b.key : x < y
        }
        return list(
            "Advice of Supabase", .supabaseAdvice, sorted, ["Level", "Project", "What", "Where"], icon: .database
        ) { item in
            let level = text(item, "level")
            return [
                chip(level == "ERROR" ? .bad : level == "WARN" ? .warn : .idle, level),
                code(String(item.key.name.prefix { $0 != "/" })), strong(text(item, "title")),
                HTML(String(text(item, "detail").prefix(200))),
            ]
        }
    }

    var deployments: HTML {
        list(
            "At Vercel", .vercelDeployment, newest(.vercelDeployment),
            ["Project", "State", "Target", "Branch", "Commit", "Made"], icon: .rocket
        ) { item in
            let state = text(item, "state")
            return [
                strong(String(item.key.name.prefix { $0 != "/" })),
                chip(state == "READY" ? .ok : state == "ERROR" ? .bad : .info, state), label(text(item, "target")),
                HTML(text(item, "branch")), code(String(text(item, "sha").prefix(12))), ago(item.createdAt, now),
            ]
        }
    }

    /// The branches of repositories and what they stand at, with their pull requests.
    var branches: HTML {
        var pulls: [String: [String]] = [:]
        for pull in items(.gitHubPullRequest) {
            let parts = pull.key.name.split(separator: "/", maxSplits: 2).map(String.init)
            guard parts.count == 3, let head = pull.attributes["head"]?.stringValue else { continue }
            pulls["\(parts[0])/\(parts[1])/\(head)", default: []].append("#\(parts[2])")
        }
        return list(
            "Branches at GitHub", .gitHubBranch, items(.gitHubBranch).sorted { $0.key < $1.key },
            ["Repository", "Branch", "Commit", "Protected", "Pull requests"], icon: .split
        ) { item in
            let parts = item.key.name.split(separator: "/", maxSplits: 2).map(String.init)
            let isProtected = item.attributes["is_protected"]?.boolValue
            return [
                strong(parts.prefix(2).joined(separator: "/")), HTML(parts.last ?? "–"),
                code(String(text(item, "sha").prefix(12))),
                chip(isProtected == true ? .ok : .idle, isProtected == true ? "yes" : "no"),
                HTML(pulls[item.key.name]?.joined(separator: ", ") ?? "–"),
            ]
        }
    }

    var runs: HTML {
        list(
            "Workflow runs at GitHub", .gitHubRun, newest(.gitHubRun),
            ["Repository", "Workflow", "Outcome", "Branch", "What", "Began"], icon: .hammer
        ) { item in
            let parts = item.key.name.split(separator: "/", maxSplits: 2)
            let conclusion = item.attributes["conclusion"]?.stringValue
            let tone: Tone =
                conclusion == "success" ? .ok : conclusion == nil ? .info : conclusion == "failure" ? .bad : .idle
            return [
                strong(parts.prefix(2).joined(separator: "/")),
                HTML(String(text(item, "workflow").split(separator: "/").last ?? "–")),
                chip(tone, conclusion ?? text(item, "status")), HTML(text(item, "head_branch")),
                HTML(text(item, "title")), ago(item.createdAt, now),
            ]
        }
    }
}
