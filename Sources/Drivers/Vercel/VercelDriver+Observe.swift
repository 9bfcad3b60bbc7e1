internal import Basics
internal import DesiredState
public import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension VercelDriver {
    /// As many as Vercel's own client asks for.
    static let pageSize = 100
    /// Cursors that never end are no reason to send requests without end.
    static let mostPages = 1_000

    public func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        let ofProjects: Set<ResourceKind> = [
            .vercelProject, .vercelProduction, .vercelVariable, .vercelDomain, .vercelDeployment,
        ]
        var kinds: [ObservedKind] = []
        if !request.kinds.isDisjoint(with: ofProjects) { kinds += await observeProjects(request, context) }
        if request.kinds.contains(.vercelAlias) {
            let aliases = await readPages("/v4/aliases", cursor: "until", "aliases", context) { [Mapping.alias($0)] }
            kinds.append(aliases.kind(.vercelAlias))
        }
        return kinds.filter { request.kinds.contains($0.kind) }.sorted { $0.kind < $1.kind }
    }

    /// The projects, and what belongs to those of them that are wanted or remembered.
    private func observeProjects(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        let pairs = Locked<[ObservedResource]>([])
        let projects = await readPages("/v10/projects", cursor: "from", "projects", context) { view in
            if let production = Mapping.production(view) { pairs.withLock { $0.append(production) } }
            return [Mapping.project(view)]
        }
        var seen: Set<String> = []
        let productions = pairs.withLock { $0.filter { seen.insert($0.providerID).inserted } }
        var kinds = [
            projects.kind(.vercelProject),
            PagedList(items: productions, completeness: projects.completeness).kind(.vercelProduction),
        ]
        let children: [(kind: ResourceKind, read: @Sendable (String) async -> PagedList)] = [
            (.vercelVariable, { await self.listVariables(of: $0, context) }),
            (
                .vercelDomain,
                { project in
                    await self.readDomains(request.names[.vercelDomain] ?? [], of: project, context)
                }
            ),
            (.vercelDeployment, { await self.listDeployments(of: $0, context) }),
        ]
        for (kind, read) in children where request.kinds.contains(kind) {
            let wanted = Set((request.names[kind] ?? []).map { ResourceKey(kind, $0).parentName })
            let there = projects.items.map(\.key.name).filter(wanted.contains)
            let lists = await there.mapBounded(limit: limits.parallelism) { (parent: $0, list: await read($0)) }
            let areAllSeen = !there.isEmpty && there.count == wanted.count
            kinds.append(PagedList.joined(lists, parents: areAllSeen ? nil : projects.completeness.gap).kind(kind))
        }
        return kinds
    }

    func listVariables(of project: String, _ context: DriverContext) async -> PagedList {
        let path = "/v10/projects/\(project.percentEncoded)/env"
        do throws(ProviderFault) {
            let answer = try await api.get(path, "env.list", context)
            let items = try answer.list("envs") { Mapping.variables($0, project: project) }.flatMap { $0 }
            // This list has no pages; should it get some, what is read is not all.
            let isAll = answer.nextCursor == nil
            return PagedList(
                items: items, completeness: isAll ? .complete : .partial(reason: "GET \(path): there are more pages"))
        } catch {
            return error.emptyList
        }
    }

    /// The domains of a project that are wanted or remembered, each by itself: they are few, and a project may carry
    /// hundreds of others.
    private func readDomains(
        _ names: Set<String>, of project: String, _ context: DriverContext
    ) async -> PagedList {
        var list = PagedList()
        let keys = names.map { ResourceKey(.vercelDomain, $0) }.filter { $0.parentName == project }.sorted()
        for key in keys {
            do throws(ProviderFault) {
                list.items += try await find(key, context)
            } catch {
                list.completeness = .partial(reason: error.sentence)
            }
        }
        return list
    }

    /// The newest deployments; whether there are older ones is told, and they are not read.
    func listDeployments(of project: String, _ context: DriverContext) async -> PagedList {
        await readPages(
            "/v7/deployments", query: [("app", project)], cursor: "until", "deployments", pages: 1, context
        ) { [Mapping.deployment($0, project: project)] }
    }

    /// Reads a list by its cursors, each item once by its id, for items with equal times come twice.
    func readPages(
        _ path: String, query: [(String, String)] = [], cursor: String, _ member: String,
        pages: Int = VercelDriver.mostPages, _ context: DriverContext, _ map: (JSONView) -> [ObservedResource?]
    ) async -> PagedList {
        var list = PagedList()
        var seen: Set<String> = []
        var asked: Set<String> = []
        var next: String?
        do throws(ProviderFault) {
            for _ in 0..<pages {
                let page = query + [("limit", String(Self.pageSize))] + (next.map { [(cursor, $0)] } ?? [])
                let answer = try await api.get(path, query: page, "\(member).list", context)
                let items = try answer.list(member) { view -> [ObservedResource]? in
                    let mapped = map(view)
                    return mapped.contains { $0 == nil } ? nil : mapped.compactMap { $0 }
                }
                for item in items.flatMap({ $0 }) where seen.insert(item.providerID).inserted {
                    list.items.append(item)
                }
                next = answer.nextCursor
                guard let found = next else { return list }
                guard asked.insert(found).inserted else {
                    list.completeness = .partial(reason: "GET \(path): the pages go round in a circle")
                    return list
                }
            }
            list.completeness = .partial(reason: "GET \(path): only the first \(list.items.count) are read")
        } catch {
            guard list.items.isEmpty else {
                list.completeness = .partial(reason: error.sentence)
                return list
            }
            return error.emptyList
        }
        return list
    }
}
