internal import Basics
internal import DesiredState
public import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension GitHubDriver {
    public func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        let kinds = schemas.map(\.kind).filter(request.kinds.contains)
        return await kinds.mapBounded(limit: parallelism) { kind in
            await self.observe(kind, request, context)
        }.sorted { $0.kind < $1.kind }
    }

    private func observe(
        _ kind: ResourceKind, _ request: ObserveRequest, _ context: DriverContext
    ) async -> ObservedKind {
        let names = request.names[kind] ?? []
        var repositories = Set(names.compactMap { RepositoryName.split($0)?.repository })
        if repositories.isEmpty {
            repositories = Set((request.names[.repository] ?? []).compactMap { RepositoryName($0) })
        }
        guard !repositories.isEmpty else {
            let reason = "no repository is named, and GitHub is asked for one at a time"
            return ObservedKind(kind: kind, completeness: .unknown(reason: reason), resources: [])
        }
        let sorted = repositories.sorted { $0.description.precedesByBytes($1.description) }
        let lists = await sorted.mapBounded(limit: parallelism) { repository in
            (parent: "\(repository)", list: await self.observe(kind, in: repository, names, context))
        }
        return PagedList.joined(lists).kind(kind)
    }

    private func observe(
        _ kind: ResourceKind, in repository: RepositoryName, _ names: Set<String>, _ context: DriverContext
    ) async -> PagedList {
        switch kind {
        case .repository:
            return await PagedList.of { () throws(ProviderFault) in [try await self.readRepository(repository, context)]
            }
        case .branchProtection:
            return await eachNamed(in: repository, names) { branch throws(ProviderFault) in
                try await self.readProtection(of: branch, in: repository, context)
            }
        case .ruleset: return await listRulesets(repository, names, context)
        default:
            guard let list = list(kind, in: repository, wanted: names) else {
                return PagedList(items: [], completeness: .unknown(reason: "\(kind) has no list"))
            }
            return await readPages(list, context)
        }
    }

    /// The lists that hold whole objects.
    func list(_ kind: ResourceKind, in repository: RepositoryName, wanted: Set<String>) -> ListRequest? {
        let mapping = Mapping(repository: repository, wanted: kind == .gitHubLabel ? wanted : [])
        func request(
            _ name: String, _ path: String, _ permission: String,
            _ map: @escaping @Sendable (JSONView) -> ObservedResource?
        ) -> ListRequest {
            ListRequest(
                operation: "\(name).list", path: "\(repository.path)/\(path)", permission: permission, map: map)
        }
        switch kind {
        case .gitHubLabel: return request("labels", "labels", "Issues: read", mapping.label)
        case .gitHubHook: return request("hooks", "hooks", "Webhooks: read", mapping.hook)
        case .gitHubBranch: return request("branches", "branches", "Contents: read", mapping.branch)
        case .gitHubTag: return request("tags", "tags", "Contents: read", mapping.tag)
        case .gitHubPullRequest:
            var list = request("pulls", "pulls", "Pull requests: read", mapping.pullRequest)
            list.query = [("state", "open")]
            return list
        case .gitHubEnvironment:
            var list = request("environments", "environments", "Actions: read", mapping.environment)
            list.member = "environments"
            return list
        case .gitHubSecret:
            var list = request("secrets", "actions/secrets", "Secrets: read", mapping.secret)
            list.member = "secrets"
            return list
        case .gitHubRun:
            var list = request("runs", "actions/runs", "Actions: read", mapping.run)
            list.member = "workflow_runs"
            list.isNewestOnly = true
            return list
        default: return nil
        }
    }

    // MARK: What has to be asked for one by one

    func readRepository(
        _ repository: RepositoryName, _ context: DriverContext
    ) async throws(ProviderFault) -> ObservedResource {
        let answer = try await api.get(repository.path, "repos.get", "Metadata: read", context)
        return try answer.object(Mapping(repository: repository).repository)
    }

    /// The protection of one branch; nil where it has none.
    ///
    /// - Throws: a fault also for 404 in other words than `Branch not protected`: then nothing is proved.
    func readProtection(
        of branch: String, in repository: RepositoryName, _ context: DriverContext
    ) async throws(ProviderFault) -> ObservedResource? {
        guard let json = try await protectionDocument(of: branch, in: repository, context) else { return nil }
        var items = Protection.attributes(json)
        let settings = try await readRepository(repository, context).attributes
        items.append(("allowed_merge_methods", Self.mergeMethods(settings)))
        return ObservedResource(
            key: repository.key(.branchProtection, branch), providerID: branch, attributes: Mapping.attributes(items))
    }

    func protectionDocument(
        of branch: String, in repository: RepositoryName, _ context: DriverContext
    ) async throws(ProviderFault) -> Value? {
        do throws(ProviderFault) {
            let answer = try await api.get(
                "\(repository.path)/branches/\(branch.percentEncoded)/protection", "protection.get",
                "Administration: read", context)
            return try answer.object { $0["url"].exists || $0["enforce_admins"].exists ? $0.value : nil }
        } catch {
            guard error.isNotFound, error.message.lowercased().contains("branch not protected") else { throw error }
            return nil
        }
    }

    /// GitHub knows merge methods of a repository only; nil where the token may not see them.
    static func mergeMethods(_ settings: Attributes) -> Value? {
        let flags = [
            ("merge", "allow_merge_commit"), ("rebase", "allow_rebase_merge"), ("squash", "allow_squash_merge"),
        ]
        guard flags.allSatisfy({ settings[$0.1]?.boolValue != nil }) else { return nil }
        return .strings(flags.filter { settings[$0.1]?.boolValue == true }.map(\.0))
    }

    /// All rulesets by name, and of those that are named also what they hold: the list doesn't show it.
    func listRulesets(
        _ repository: RepositoryName, _ names: Set<String>, _ context: DriverContext
    ) async -> PagedList {
        let mapping = Mapping(repository: repository)
        let request = ListRequest(
            operation: "rulesets.list", path: "\(repository.path)/rulesets", permission: "Metadata: read",
            // Those of the organisation are not the repository's to change.
            query: [("includes_parents", "false")], map: mapping.ruleset)
        let list = await readPages(request, context)
        let details = await list.items.mapBounded(limit: 2) { item in
            guard names.contains(item.key.name) else { return PagedList(items: [item]) }
            return await PagedList.of { () throws(ProviderFault) in
                [try await self.readRuleset(item.providerID, in: repository, context)]
            }
        }
        let broken = details.first { !$0.completeness.isComplete }
        var completeness = list.completeness
        if let broken, completeness.isComplete { completeness = .partial(reason: broken.completeness.reason) }
        return PagedList(items: details.flatMap(\.items), completeness: completeness)
    }

    func readRuleset(
        _ id: String, in repository: RepositoryName, _ context: DriverContext
    ) async throws(ProviderFault) -> ObservedResource {
        let answer = try await api.get(
            "\(repository.path)/rulesets/\(id.percentEncoded)", "rulesets.get", "Metadata: read", context)
        return try answer.object(Mapping(repository: repository).ruleset)
    }

    // MARK: Putting lists together

    /// One read for each name below a repository; one that fails leaves the others as they are.
    private func eachNamed(
        in repository: RepositoryName, _ names: Set<String>,
        _ read: @escaping @Sendable (String) async throws(ProviderFault) -> ObservedResource?
    ) async -> PagedList {
        let own = names.compactMap { name -> String? in
            guard let parts = RepositoryName.split(name), parts.repository == repository, !parts.rest.isEmpty else {
                return nil
            }
            return parts.rest
        }.sorted { $0.precedesByBytes($1) }
        let lists = await own.mapBounded(limit: parallelism) { name in
            let list = await PagedList.of { () throws(ProviderFault) in try await read(name).map { [$0] } ?? [] }
            return (parent: "\(repository)/\(name)", list: list)
        }
        return PagedList.joined(lists)
    }
}
