internal import Basics
internal import DesiredState
public import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension PlaneDriver {
    static let pageSize = 100

    public func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        let kinds = schemas.map(\.kind).filter(request.kinds.contains).sorted()
        guard !kinds.isEmpty else { return [] }
        if let told = request.parents[.planeProject] { homes.withLock { $0 = told } }
        let all = withoutStrangers(await listProjects(context))
        let children = kinds.filter { $0 != .planeProject }
        let wanted = Set(children.flatMap { request.names[$0] ?? [] }.compactMap { PlaneMapping.split($0)?.project })
        let there = all.items.filter { wanted.contains($0.key.name) }
        let strangers = all.gaps.filter { wanted.contains($0.key) }
        // Two projects of one identifier can't be told apart; what is in them is unknown.
        let shared = Set(Dictionary(grouping: there, by: \.key.name).filter { $0.value.count > 1 }.keys)
        let jobs = children.flatMap { kind in
            there.filter { project in
                !shared.contains(project.key.name)
                    && (request.names[kind] ?? []).contains { $0.hasPrefix(project.key.name + "/") }
            }.map { (kind, $0) }
        }
        let lists = await jobs.mapBounded(limit: 4) { kind, project in
            (
                kind: kind, parent: project.key.name,
                list: await self.list(kind, of: project.key.name, id: project.providerID, context)
            )
        }
        return kinds.map { kind in
            if kind == .planeProject { return all.kind(kind) }
            let needed = Set((request.names[kind] ?? []).compactMap { PlaneMapping.split($0)?.project })
            let own =
                lists.filter { $0.kind == kind }.map { (parent: $0.parent, list: $0.list) }
                + shared.intersection(needed).sorted().map { name in
                    (
                        parent: name,
                        list: PagedList(completeness: .unknown(reason: "several projects are named \(name)"))
                    )
                }
                + strangers.keys.filter(needed.contains).sorted().map { name in
                    (parent: name, list: PagedList(completeness: strangers[name] ?? all.completeness))
                }
            let areAllSeen = needed.allSatisfy { name in
                strangers[name] != nil || there.contains { $0.key.name == name }
            }
            // What is told of strangers says nothing against the list of the others.
            let gap = areAllSeen || !all.gaps.isEmpty ? nil : all.completeness.gap
            return PagedList.joined(own, parents: gap).kind(kind)
        }
    }

    /// The projects without those that are wanted in another workspace: what this one has under their names is another
    /// project, and of the wanted one nothing is known.
    private func withoutStrangers(_ list: PagedList) -> PagedList {
        let reasons = homes.withLock { Array($0.keys) }.compactMap { name in
            elsewhere(name).map { (name: name, reason: "\($0.message): \($0.remedy)") }
        }.sorted { $0.name.precedesByBytes($1.name) }
        guard let first = reasons.first else { return list }
        let names = Set(reasons.map(\.name))
        var rest = PagedList(
            items: list.items.filter { !names.contains($0.key.name) }, completeness: list.completeness)
        guard list.completeness.isComplete else { return rest }
        rest.completeness = .partial(reason: first.reason)
        for (name, reason) in reasons { rest.gaps[name] = .unknown(reason: reason) }
        return rest
    }

    /// Why a project is none of this driver's: it is wanted in a workspace that this one doesn't speak to.
    func elsewhere(_ project: String, wanted: String? = nil) -> (message: String, remedy: String)? {
        guard let workspace, let home = wanted ?? homes.withLock({ $0[project] }), home != workspace else { return nil }
        return (
            "the project \(project) is wanted in the workspace \(home), and PLANE_WORKSPACE is \(workspace)",
            "set PLANE_WORKSPACE (providers.plane.workspace) to \(home), or correct `workspace_slug` in the project's "
                + "document"
        )
    }

    /// Nothing is written to a workspace that nobody wants it in, and nothing that is found there is taken for the same.
    func requireHome(
        of project: String, wanted: String? = nil, _ call: ProviderCall
    ) throws(ProviderFault) {
        guard let why = elsewhere(project, wanted: wanted) else { return }
        throw fault(.impossible, call, why.message, hint: why.remedy, .stop)
    }

    /// The projects of the workspace; their ids are remembered.
    func listProjects(_ context: DriverContext) async -> PagedList {
        guard let workspace else {
            let reason = unconfigured(ProviderCall("projects.list", "GET", "/api/v1/workspaces/")).message
            return PagedList(completeness: .unknown(reason: "\(reason): set PLANE_WORKSPACE"))
        }
        let list = await readPages("projects.list", "\(base(workspace))/", context) {
            PlaneMapping.project($0, workspace: workspace)
        }
        if list.completeness.isComplete {
            let ids = Dictionary(
                list.items.map { ($0.key.name, $0.providerID) }, uniquingKeysWith: { first, _ in first })
            projects.withLock { $0 = ids }
        }
        return list
    }

    /// What a project holds of one kind.
    func list(_ kind: ResourceKind, of project: String, id: String, _ context: DriverContext) async -> PagedList {
        guard let workspace else { return PagedList(completeness: .unknown(reason: "no workspace is configured")) }
        let path = "\(base(workspace))/\(id.percentEncoded)/\(Self.member(kind))/"
        guard kind == .planeWorkItem else {
            return await readPages("\(Self.member(kind)).list", path, context) {
                PlaneMapping.child($0, kind, project: project)
            }
        }
        async let states = list(.planeState, of: project, id: id, context)
        async let labels = list(.planeLabel, of: project, id: id, context)
        let names = await ProjectNames(states: states, labels: labels)
        return await readPages("work_items.list", path, context, isSparse: true) {
            PlaneMapping.workItem($0, project: project, names)
        }
    }

    func base(_ workspace: String) -> String { "/api/v1/workspaces/\(workspace.percentEncoded)/projects" }

    static func member(_ kind: ResourceKind) -> String {
        switch kind {
        case .planeState: "states"
        case .planeLabel: "labels"
        case .planeModule: "modules"
        default: "work-items"
        }
    }

    // MARK: Pages

    /// Reads a list by page until the provider says that there is none after it.
    ///
    /// Pages are offsets, so that what is created or deleted meanwhile moves items between them: items are counted once
    /// by id, and a list whose pages disagree is read once more. What then still disagrees is partial.
    func readPages(
        _ operation: String, _ path: String, _ context: DriverContext, isSparse: Bool = false,
        map: @escaping @Sendable (JSONView) -> ObservedResource?
    ) async -> PagedList {
        let call = ProviderCall(operation, "GET", path)
        var list = PagedList()
        for _ in 0..<2 {
            do throws(ProviderFault) {
                let (items, isWhole) = try await readOnce(call, context, isSparse: isSparse, map)
                list = PagedList(items: items)
                if isWhole { return list }
                list.completeness = .partial(reason: "GET \(path): the list changed while it was read, twice")
            } catch {
                return error.emptyList
            }
        }
        return list
    }

    private func readOnce(
        _ call: ProviderCall, _ context: DriverContext, isSparse: Bool,
        _ map: @Sendable (JSONView) -> ObservedResource?
    ) async throws(ProviderFault) -> (items: [ObservedResource], isWhole: Bool) {
        var items: [ObservedResource] = []
        var seen: Set<String> = []
        var totals: Set<Int64> = []
        var cursor: String?
        for _ in 0..<10_000 {
            let query = [("per_page", String(Self.pageSize))] + (cursor.map { [("cursor", $0)] } ?? [])
            let answer = try await api.send(call, query: query, context)
            guard let views = answer.root?["results"].items, let hasNext = answer.root?["next_page_results"].bool else {
                throw answer.broken("it is no page: `results` or `next_page_results` is missing")
            }
            if let total = answer.root?["total_count"].int { totals.insert(total) }
            for view in views {
                guard let id = view["id"].string, !id.isEmpty else { throw answer.broken("an item has no id") }
                guard seen.insert(id).inserted else { continue }
                if let item = map(view) {
                    items.append(item)
                } else if !isSparse {
                    throw answer.broken("an item has no id or name")
                }
            }
            // The next cursor is always there; only this tells that nothing follows.
            guard hasNext else {
                return (items, totals.isEmpty || totals == [Int64(seen.count)])
            }
            guard let next = answer.root?["next_cursor"].string, !next.isEmpty, next != cursor else {
                throw answer.broken("it says that a page follows and not which")
            }
            cursor = next
        }
        throw Self.names.broken(call, status: 200, "the list has no end")
    }
}

extension ProjectNames {
    init(states: PagedList, labels: PagedList) {
        func names(_ list: PagedList) -> [String: String] {
            Dictionary(
                list.items.map { ($0.providerID, $0.attributes["name"]?.stringValue ?? "") },
                uniquingKeysWith: { first, _ in first })
        }
        self.init(states: names(states), labels: names(labels))
    }
}
