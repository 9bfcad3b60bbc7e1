internal import Basics
internal import DesiredState
public import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension SupabaseDriver {
    public func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        let kinds = SupabaseKinds.all.map(\.kind).filter(request.kinds.contains)
        // Before any kind is read: the usual project, of which others ask too, may be the one that is documented.
        if kinds.contains(.supabaseFunction) { usual.homes.withLock { $0 = request.parents[.supabaseFunction] ?? [:] } }
        return await kinds.mapBounded(limit: limits.parallelism) { kind in
            kind == .supabaseFunction
                ? await self.observeFunctions(request, context)
                : await self.observe(kind, request.names[kind] ?? [], context)
        }.sorted { $0.kind < $1.kind }
    }

    /// The functions of each project in which one is wanted or remembered.
    ///
    /// A function's name doesn't tell its project: of two with one name the one where it is wanted counts, and what can't
    /// be read of any of the projects leaves all of them in doubt.
    private func observeFunctions(_ request: ObserveRequest, _ context: DriverContext) async -> ObservedKind {
        let kind = ResourceKind.supabaseFunction
        let homes = request.parents[kind] ?? [:]
        let names = request.names[kind] ?? []
        var projects = Set(homes.values).sorted { $0.precedesByBytes($1) }
        var gap: Completeness?
        if names.isEmpty || names.contains(where: { homes[$0] == nil }) {
            do throws(ProviderFault) {
                let usual = try await defaultProject(context)
                // Of a function of which nobody says where it is, the usual project's counts: it comes first.
                projects.removeAll { $0 == usual }
                projects.insert(usual, at: 0)
            } catch {
                gap = error.emptyList.completeness
            }
        }
        let lists = await projects.mapBounded(limit: limits.parallelism) {
            (parent: $0, list: await self.read(kind, of: $0, context))
        }
        var taken: Set<String> = []
        let items = lists.flatMap { project, list in
            list.items.filter {
                (homes[$0.key.name] ?? project) == project && taken.insert($0.key.name).inserted
            }
        }
        let gaps = lists.map(\.list.completeness).filter { !$0.isComplete } + (gap.map { [$0] } ?? [])
        guard let reason = gaps.first?.reason else { return PagedList(items: items).kind(kind) }
        let isUnknown = items.isEmpty && gaps.allSatisfy(\.isUnknown)
        return PagedList(
            items: items, completeness: isUnknown ? .unknown(reason: reason) : .partial(reason: reason)
        ).kind(kind)
    }

    /// A kind in the projects that are wanted or remembered, and in the one whose functions are looked after.
    private func observe(
        _ kind: ResourceKind, _ names: Set<String>, _ context: DriverContext
    ) async -> ObservedKind {
        var projects = Set(names.map { ResourceKey(kind, $0).parentName })
        if projects.isEmpty {
            do throws(ProviderFault) {
                projects = [try await defaultProject(context)]
            } catch {
                return error.emptyList.kind(kind)
            }
        }
        let sorted = projects.sorted { $0.precedesByBytes($1) }
        let lists = await sorted.mapBounded(limit: limits.parallelism) {
            (parent: $0, list: await self.read(kind, of: $0, context))
        }
        return PagedList.joined(lists).kind(kind)
    }

    /// What one project holds of a kind.
    private func read(_ kind: ResourceKind, of project: String, _ context: DriverContext) async -> PagedList {
        do throws(ProviderFault) {
            return PagedList(items: try await list(kind, of: project, context))
        } catch {
            // That a project is gone is known; what it held was lost with it, and nobody may guess about that.
            if kind == .supabaseProject, error.isNotFound { return PagedList() }
            return error.emptyList
        }
    }

    /// What one project holds of a kind.
    ///
    /// - Throws: a fault when it can't be read; also when the project isn't there.
    func list(
        _ kind: ResourceKind, of project: String, _ context: DriverContext
    ) async throws(ProviderFault) -> [ObservedResource] {
        let base = projectPath(project)
        if kind == .supabaseProject { return [try await readProject(project, context)] }
        // An empty list proves something only of a project that is there.
        if !seen.withLock({ $0.contains(project) }) { try await see(project, context) }
        switch kind {
        case .supabaseFunction:
            return try await api.get(base + "/functions", "functions.list", context).list {
                Mapping.function($0, project: project)
            }
        case .supabaseSecret:
            return try await api.get(base + "/secrets", "secrets.list", context).list {
                Mapping.secret($0, project: project)
            }
        case .supabaseBranch:
            return try await api.get(base + "/branches", "branches.list", context)
                .list { (branch: Mapping.branch($0, project: project), isLeaving: Mapping.isLeaving($0)) }
                .compactMap { $0.isLeaving ? nil : $0.branch }
        case .supabaseBackup:
            return [
                try await api.get(base + "/database/backups", "backups.list", context).object {
                    Mapping.backup($0, project: project)
                }
            ]
        case .supabaseNetwork:
            return [
                try await api.get(base + "/network-restrictions", "network_restrictions.get", context).object {
                    Mapping.network($0, project: project)
                }
            ]
        case .supabaseAdvice:
            var found: [ObservedResource] = []
            for part in ["security", "performance"] {
                found += try await api.get(base + "/advisors/\(part)", "advisors.\(part)", context).list("lints") {
                    Mapping.advice($0, project: project)
                }
            }
            var keys: Set<ResourceKey> = []
            return found.filter { keys.insert($0.key).inserted }
        default: return []
        }
    }

    // MARK: Projects

    static let services = ["auth", "db", "pooler", "realtime", "rest", "storage"]

    /// The project with the health of its services, where it is up.
    private func readProject(
        _ project: String, _ context: DriverContext
    ) async throws(ProviderFault) -> ObservedResource {
        let answer = try await api.get(projectPath(project), "projects.get", context)
        let bare = try answer.object { Mapping.project($0, health: nil) }
        seen.withLock { _ = $0.insert(project) }
        guard bare.attributes["status"]?.stringValue?.hasPrefix("ACTIVE") == true else { return bare }
        let health = try await api.get(
            projectPath(project) + "/health", query: Self.services.map { ("services", $0) }, "projects.health", context
        ).list { view in
            view["name"].string.map {
                (name: $0, isHealthy: view["healthy"].bool ?? view["status"].holds("ACTIVE_HEALTHY"))
            }
        }
        return try answer.object { Mapping.project($0, health: health) }
    }

    /// Makes sure that a project is there.
    func see(_ project: String, _ context: DriverContext) async throws(ProviderFault) {
        let answer = try await api.get(projectPath(project), "projects.get", context)
        _ = try answer.object { Mapping.project($0, health: nil) }
        seen.withLock { _ = $0.insert(project) }
    }

    /// The project of a function: the one that is wanted, or else the usual one.
    func project(ofFunction name: String, _ context: DriverContext) async throws(ProviderFault) -> String {
        if let home = usual.homes.withLock({ $0[name] }) { return home }
        return try await defaultProject(context)
    }

    /// The project of which nobody says which it is.
    ///
    /// - Throws: `noProject` where there is none, or several.
    func defaultProject(_ context: DriverContext) async throws(ProviderFault) -> String {
        if let known = usual.known { return known }
        let refs = try await listProjects(context)
        guard refs.count == 1 else {
            throw fault(
                .noProject, ProviderCall("projects.list", "GET", "/v1/projects"),
                refs.isEmpty ? "the token sees no project" : "the token sees \(refs.count) projects",
                hint: "name the project as providers.supabase.project in reconciler.yaml, or with SUPABASE_PROJECT_ID; "
                    + "`supabase projects list` shows those there are",
                .stop)
        }
        usual.only.withLock { $0 = refs[0] }
        return refs[0]
    }

    /// The projects of the organization by page, without those that are branches of others; or all that the token sees.
    private func listProjects(_ context: DriverContext) async throws(ProviderFault) -> [String] {
        guard let organization else {
            return try await api.get("/v1/projects", "projects.list", context).list {
                $0["ref"].string ?? $0["id"].string
            }
        }
        var refs: [String] = []
        var offset: Int64 = 0
        for _ in 0..<1_000 {
            let answer = try await api.get(
                "/v1/organizations/\(organization.percentEncoded)/projects",
                query: [("offset", String(offset)), ("limit", "100")], "organizations.projects", context)
            let page = try answer.list("projects") { view in
                view["ref"].string.map { (ref: $0, isBranch: view["is_branch"].bool ?? false) }
            }
            for item in page where !item.isBranch && !refs.contains(item.ref) { refs.append(item.ref) }
            offset += Int64(page.count)
            guard !page.isEmpty, let count = answer.root?["pagination"]["count"].int, offset < count else {
                return refs
            }
        }
        return refs
    }

    func projectPath(_ ref: String) -> String { "/v1/projects/\(ref.percentEncoded)" }
}
