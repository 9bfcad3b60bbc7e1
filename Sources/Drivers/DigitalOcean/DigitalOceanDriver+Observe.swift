internal import Basics
internal import DesiredState
public import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension DigitalOceanDriver {
    public func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        async let droplets = observeDroplets(request, context)
        async let tags = observeTags(request, context)
        async let domains = observeDomains(request, context)
        async let firewalls = observeFirewalls(request, context)
        async let databases = observeDatabases(request, context)
        async let platform = observePlatform(request, context)
        var seen = await tags + domains
        var guards = await firewalls + databases
        var rest = await platform
        var dropletList = await droplets
        // Firewalls and trusted sources name droplets by id; the list is read for them alone when nothing else needs it.
        let needsNames = guards.contains { $0.resources.contains(where: Mapping.needsNames) }
        let restNeedsNames = rest.contains { kind in
            request.names[kind.kind] != nil
                && kind.resources.contains {
                    Mapping.needsResolving($0, "#") || Mapping.isLoadAlert($0) && $0.isOwned
                }
        }
        if needsNames || restNeedsNames, dropletList == nil { dropletList = await listDroplets(context) }
        if let dropletList {
            directory.setDroplets(
                dropletList.resources.compactMap { droplet in Int64(droplet.providerID).map { (droplet.key.name, $0) } }
            )
            if needsNames {
                let names = directory.dropletNames
                guards = guards.map { Self.naming($0, names, dropletList.completeness) }
            }
            if !rest.isEmpty { directory.setProcessors(dropletList.resources) }
        }
        if !rest.isEmpty {
            rest = await resolved(rest, droplets: dropletList?.completeness, context)
        }
        seen += guards + rest
        if let dropletList { seen.append(dropletList) }
        return seen.filter { request.kinds.contains($0.kind) }.sorted { $0.kind < $1.kind }
    }

    /// Puts names in the place of ids; where droplets are not all known, neither is what names them.
    private static func naming(
        _ kind: ObservedKind, _ names: [Int64: String], _ droplets: Completeness
    ) -> ObservedKind {
        guard kind.resources.contains(where: Mapping.needsNames) else { return kind }
        let resources = kind.resources.map { Mapping.named($0, by: names) }
        var completeness = kind.completeness
        if !droplets.isComplete, completeness.isComplete, resources.contains(where: Mapping.needsNames) {
            completeness = .partial(reason: "it names droplets that could not be read: \(droplets.reason)")
        }
        return ObservedKind(kind: kind.kind, completeness: completeness, resources: resources)
    }

    // MARK: Lists of the whole account

    private func observeDroplets(_ request: ObserveRequest, _ context: DriverContext) async -> ObservedKind? {
        request.kinds.contains(.droplet) ? await listDroplets(context) : nil
    }

    private func listDroplets(_ context: DriverContext) async -> ObservedKind {
        await readPages("/v2/droplets", member: "droplets", scope: "droplet:read", context, map: Mapping.droplet)
            .kind(.droplet)
    }

    private func observeTags(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        guard request.kinds.contains(.tag) else { return [] }
        let names = RequestedNames(request.names)
        let tags = await readPages("/v2/tags", member: "tags", scope: "tag:read", context) { view, _ in
            Mapping.tag(view, as: view["name"].string.map(names.tag))
        }
        return [tags.kind(.tag)]
    }

    private func observeFirewalls(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        guard request.kinds.contains(.firewall) else { return [] }
        return [await listFirewalls(context).kind(.firewall)]
    }

    func listFirewalls(_ context: DriverContext) async -> PagedList {
        await readPages("/v2/firewalls", member: "firewalls", scope: "firewall:read", context, map: Mapping.firewall)
    }

    // MARK: Domains and their records

    private func observeDomains(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        guard request.kinds.contains(.domain) || request.kinds.contains(.record) else { return [] }
        let names = RequestedNames(request.names)
        let domains = await readPages("/v2/domains", member: "domains", scope: "domain:read", context) { view, _ in
            Mapping.domain(view, as: view["name"].string.map(names.domain))
        }
        guard request.kinds.contains(.record) else { return [domains.kind(.domain)] }
        let parents = wantedParents(request, .domain, children: [.record])
        let there = present(parents, in: domains)
        let lists = await there.mapBounded(limit: limits.parallelism) { domain in
            (parent: domain, list: await self.listRecords(of: domain, names, context))
        }
        return [
            domains.kind(.domain),
            PagedList.joined(lists, parents: there.count == parents.count ? nil : domains.completeness.gap)
                .kind(.record),
        ]
    }

    private func listRecords(
        of domain: String, _ names: RequestedNames, _ context: DriverContext
    ) async -> PagedList {
        await readPages(
            "/v2/domains/\(domain.percentEncoded)/records", member: "domain_records", scope: "domain:read", context
        ) { view, _ in
            Mapping.record(view, domain: domain, names)
        }
    }

    // MARK: Clusters and what is in them

    private func observeDatabases(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        let nested: [ResourceKind] = [
            .database, .databaseUser, .databasePool, .databaseFirewall, .databaseBackup,
        ]
        .filter(request.kinds.contains)
        guard request.kinds.contains(.databaseCluster) || !nested.isEmpty else { return [] }
        let clusters = await readWhole(
            "/v2/databases", member: "databases", context, map: Mapping.cluster)
        if !clusters.completeness.isUnknown {
            directory.setClusters(clusters.items.map { ($0.key.name, $0.providerID) })
        }
        let parents = wantedParents(request, .databaseCluster, children: nested)
        let there = clusters.items.filter { parents.contains($0.key.name) }
            .map { ClusterName(name: $0.key.name, id: $0.providerID) }
        let jobs = nested.flatMap { kind in there.map { (kind, $0) } }
        let lists = await jobs.mapBounded(limit: limits.parallelism) { kind, cluster in
            (kind: kind, cluster: cluster.name, list: await self.listNested(kind, of: cluster, context))
        }
        return [clusters.kind(.databaseCluster)]
            + nested.map { kind in
                let own = lists.filter { $0.kind == kind }.map { (parent: $0.cluster, list: $0.list) }
                let gap = there.count >= parents.count ? nil : clusters.completeness.gap
                return PagedList.joined(own, parents: gap).kind(kind)
            }
    }

    private func listNested(_ kind: ResourceKind, of cluster: ClusterName, _ context: DriverContext) async -> PagedList
    {
        let base = "/v2/databases/\(cluster.id.percentEncoded)"
        switch kind {
        case .database:
            return await readWhole("\(base)/dbs", member: "dbs", context) { view, _ in
                Mapping.database(view, cluster: cluster)
            }
        case .databaseUser:
            return await readWhole("\(base)/users", member: "users", context) { view, _ in
                Mapping.databaseUser(view, cluster: cluster)
            }
        case .databasePool:
            return await readWhole("\(base)/pools", member: "pools", context) { view, _ in
                Mapping.databasePool(view, cluster: cluster)
            }
        case .databaseBackup:
            return await PagedList.of { () throws(ProviderFault) in
                let answer = try await api.get("\(base)/backups", "databases.backups", "database:read", context)
                guard let root = answer.root, let resource = Mapping.databaseBackup(root, cluster: cluster)
                else { throw answer.broken("it has no list `backups`") }
                return [resource]
            }
        default:
            return await PagedList.of { () throws(ProviderFault) in
                let answer = try await api.get("\(base)/firewall", "databases.firewall", "database:read", context)
                guard let root = answer.root, let resource = Mapping.databaseFirewall(root["rules"], cluster: cluster)
                else { throw answer.broken("it has no list `rules`") }
                return [resource]
            }
        }
    }

    /// A list that comes in one piece: those of databases have no pages.
    private func readWhole(
        _ path: String, member: String, _ context: DriverContext, map: (JSONView, Shared) -> ObservedResource?
    ) async -> PagedList {
        await PagedList.of { () throws(ProviderFault) in
            let answer = try await api.get(path, "\(member).list", "database:read", context)
            let shared = Shared()
            return try answer.list(member, isNullable: true) { map($0, shared) }
        }
    }

    // MARK: Parents

    /// The parents that are wanted or remembered, by their own names and those of their children.
    private func wantedParents(
        _ request: ObserveRequest, _ kind: ResourceKind, children: [ResourceKind]
    ) -> Set<String> {
        var names = request.names[kind] ?? []
        for child in children {
            for name in request.names[child] ?? [] { names.insert(String(name.prefix { $0 != "/" })) }
        }
        return names
    }

    /// The parents to ask for their children.
    private func present(_ parents: Set<String>, in list: PagedList) -> [String] {
        let names = Set(list.items.map(\.key.name))
        return parents.filter(names.contains).sorted { $0.precedesByBytes($1) }
    }
}
