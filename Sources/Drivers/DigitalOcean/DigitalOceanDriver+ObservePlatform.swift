internal import Basics
internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

extension DigitalOceanDriver {
    /// Networks, volumes, snapshots, projects, alerts and keys: each list only when its kind is asked for.
    func observePlatform(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        let kinds = Self.platformKinds.filter(request.kinds.contains)
        return await kinds.mapBounded(limit: limits.parallelism) { kind in
            let list = await self.listPlatform(kind, context)
            guard kind == .project else { return list.kind(kind) }
            return await self.withResources(list, request.names[.project] ?? [], context).kind(kind)
        }
    }

    static let platformKinds: [ResourceKind] = [.alertPolicy, .project, .snapshot, .spacesKey, .volume, .vpc]

    func listPlatform(_ kind: ResourceKind, _ context: DriverContext) async -> PagedList {
        switch kind {
        case .vpc: await readPages("/v2/vpcs", member: "vpcs", scope: "vpc:read", context, map: Mapping.vpc)
        case .volume:
            await readPages(
                "/v2/volumes", member: "volumes", scope: "block_storage:read", context, map: Mapping.volume)
        case .snapshot:
            await readPages(
                "/v2/snapshots", member: "snapshots", scope: "snapshot:read", context, map: Mapping.snapshot)
        case .project:
            await readPages("/v2/projects", member: "projects", scope: "project:read", context, map: Mapping.project)
        case .alertPolicy:
            await readPages(
                "/v2/monitoring/alerts", member: "policies", scope: "monitoring:read", context,
                map: Mapping.alertPolicy)
        default:
            await readPages(
                "/v2/spaces/keys", member: "keys", scope: "spaces_key:read", context, map: Mapping.spacesKey)
        }
    }

    /// What is in the projects that are wanted or remembered.
    private func withResources(
        _ list: PagedList, _ wanted: Set<String>, _ context: DriverContext
    ) async -> PagedList {
        let parts = await list.items.mapBounded(limit: limits.parallelism) { project in
            guard wanted.contains(project.key.name) else { return PagedList(items: [project], completeness: .complete) }
            return await self.withResources(project, context)
        }
        let faults = parts.compactMap { $0.completeness.isComplete ? nil : $0.completeness.reason }
        let completeness = faults.first.map { Completeness.partial(reason: $0) } ?? list.completeness
        return PagedList(items: parts.flatMap(\.items), completeness: completeness)
    }

    /// A project whose content can't be read is left out: it must not seem to hold nothing.
    func withResources(_ project: ObservedResource, _ context: DriverContext) async -> PagedList {
        let list = await readPages(
            "/v2/projects/\(project.providerID.percentEncoded)/resources", member: "resources", scope: "project:read",
            context
        ) { view, _ in
            guard let urn = view["urn"].string else { return nil }
            // One resource a line for the reader of pages, which tells them apart by id.
            let name = Mapping.projectResource(urn: urn) ?? urn
            return ObservedResource(
                key: ResourceKey(.project, name), providerID: urn, attributes: Attributes())
        }
        guard list.completeness.isComplete else { return PagedList(items: [], completeness: list.completeness) }
        let names = list.items.map(\.key.name).sorted { $0.precedesByBytes($1) }
        let items = project.attributes.items + [Attributes.Item("resources", .list(names.map { .string($0) }))]
        return PagedList(
            items: [
                ObservedResource(
                    key: project.key, providerID: project.providerID, attributes: Attributes(items),
                    isOwned: project.isOwned, createdAt: project.createdAt)
            ], completeness: .complete)
    }

    /// Puts names in the place of ids; a kind of which one stays without is partial where droplets are not all known.
    func resolved(
        _ kinds: [ObservedKind], droplets: Completeness?, _ context: DriverContext
    ) async -> [ObservedKind] {
        if let volumes = kinds.first(where: { $0.kind == .volume }), !volumes.completeness.isUnknown {
            directory.setVolumes(volumes.resources.map { ($0.key.name, $0.providerID) })
        }
        let all = kinds.flatMap(\.resources)
        if all.contains(where: { Mapping.needsResolving($0, "database_cluster:#") }), !directory.knowsClusters {
            _ = try? await find(ResourceKey(.databaseCluster, ""), context)
        }
        if all.contains(where: { Mapping.needsResolving($0, "volume:#") }), !directory.knowsVolumes {
            let list = await listPlatform(.volume, context)
            if list.completeness.isComplete {
                directory.setVolumes(list.items.map { ($0.key.name, $0.providerID) })
            }
        }
        let names = directory.names
        return kinds.map { kind in
            let resources = kind.resources.map { Mapping.resolved($0, by: names) }
            if kind.kind == .volume, let droplets { return Self.volumes(resources, kind.completeness, droplets) }
            var completeness = kind.completeness
            if completeness.isComplete, let droplets, !droplets.isComplete,
                resources.contains(where: { Mapping.needsResolving($0, "#") })
            {
                completeness = .partial(reason: "it names droplets that could not be read: \(droplets.reason)")
            }
            return ObservedKind(kind: kind.kind, completeness: completeness, resources: resources)
        }
    }

    /// The volumes, without those of which nobody can say by name what they are attached to: such a one is left as it is, for
    /// what it hangs on may be what is wanted.
    private static func volumes(
        _ resources: [ObservedResource], _ completeness: Completeness, _ droplets: Completeness
    ) -> ObservedKind {
        let lost = resources.filter { Mapping.needsResolving($0, "#") }
        guard !lost.isEmpty, !completeness.isUnknown else {
            return ObservedKind(kind: .volume, completeness: completeness, resources: resources)
        }
        let why = droplets.isComplete ? "which no list shows" : "and the droplets could not be read: \(droplets.reason)"
        let gaps = lost.map { volume in
            let id = volume.attributes["droplet"]?.stringValue ?? ""
            return (volume.key.name, Completeness.unknown(reason: "it is attached to the droplet \(id), \(why)"))
        }
        let names = Set(lost.map(\.key.name))
        return ObservedKind(
            kind: .volume,
            completeness: completeness.isComplete
                ? .partial(reason: "\(lost.count.of("volume")) of which the droplet could not be told") : completeness,
            gaps: completeness.isComplete ? Dictionary(gaps, uniquingKeysWith: { first, _ in first }) : [:],
            resources: resources.filter { !names.contains($0.key.name) })
    }

    /// Every object that answers to a key of these kinds.
    func findPlatform(
        _ key: ResourceKey, _ context: DriverContext
    ) async throws(ProviderFault) -> [ObservedResource] {
        let list = await listPlatform(key.kind, context)
        guard list.completeness.isComplete else {
            let call = ProviderCall("\(key.kind).look", "look", "\(key)")
            throw fault(.brokenAnswer, call, list.completeness.reason, .observeAgain)
        }
        if key.kind == .volume { directory.setVolumes(list.items.map { ($0.key.name, $0.providerID) }) }
        var found: [ObservedResource] = []
        for item in list.items where item.key == key {
            guard key.kind == .project else {
                found.append(try await named(item, context))
                continue
            }
            let whole = await withResources(item, context)
            guard let project = whole.items.first else {
                let call = ProviderCall("projects.look", "look", "\(key)")
                throw fault(.brokenAnswer, call, whole.completeness.reason, .observeAgain)
            }
            found += await resolved(
                [ObservedKind(kind: .project, completeness: .complete, resources: [project])], droplets: .complete,
                context
            ).flatMap(\.resources)
        }
        return found
    }

    /// One object with its droplet by name, looked up where nobody has seen it yet.
    func named(
        _ resource: ObservedResource, _ context: DriverContext
    ) async throws(ProviderFault) -> ObservedResource {
        let names = directory.names
        var unknown: Int64?
        if let text = resource.attributes["droplet"]?.stringValue, text.hasPrefix("#") {
            unknown = Int64(text.dropFirst()).flatMap { names.droplets[$0] == nil ? $0 : nil }
        } else if Mapping.isLoadAlert(resource) {
            unknown = resource.attributes["droplet_id"]?.intValue.flatMap { names.processors[$0] == nil ? $0 : nil }
        }
        if let id = unknown {
            do throws(ProviderFault) {
                directory.remember(try await droplet(id, context))
            } catch {
                // A droplet that is gone leaves its number.
                guard error.isNotFound else { throw error }
            }
        }
        return Mapping.resolved(resource, by: directory.names)
    }
}
