internal import Basics
public import DesiredState
public import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension DockerDriver {
    public func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        let kinds = schemas.map(\.kind).filter(request.kinds.contains)
        return await kinds.mapBounded(limit: 4) { kind in
            do throws(ProviderFault) {
                let resources = try await self.list(kind, names: request.names[kind] ?? [], context)
                return ObservedKind(kind: kind, completeness: .complete, resources: resources)
            } catch {
                return ObservedKind(kind: kind, completeness: .unknown(reason: error.reason), resources: [])
            }
        }.sorted { $0.kind < $1.kind }
    }

    public func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome {
        do throws(ProviderFault) {
            let found = try await find(key, context)
            return found.count > 1 ? .ambiguous(found) : found.first.map(LookOutcome.present) ?? .absent
        } catch {
            return .unknown(error)
        }
    }

    private func list(
        _ kind: ResourceKind, names: Set<String>, _ context: DriverContext
    ) async throws(ProviderFault) -> [ObservedResource] {
        switch kind {
        case .container: return try await listContainers(names: names, context)
        case .containerNetwork:
            return try await map(try await api.get("networks.list", "/networks", context), Mapping.network)
        case .containerVolume:
            let answer = try await api.get("volumes.list", "/volumes", context)
            let root = try answer.object(with: "Volumes")
            guard let items = root["Volumes"].items else {
                guard root["Volumes"].isNull else { throw .broken(answer.site, status: 200, "`Volumes` is no list") }
                return []
            }
            return try map(Array(items), answer, Mapping.volume)
        default:
            // Of images only those with a wanted name are told: an engine holds many that nobody named here.
            let ids = try await imageIDs(context)
            var images: [ObservedResource] = []
            for name in names.sorted(by: { $0.precedesByBytes($1) }) where ids[ImageName(name)?.canonical ?? ""] != nil
            {
                images += try await find(ResourceKey(.containerImage, name), context)
            }
            return images
        }
    }

    /// All containers; in full those that are wanted, for they are asked one by one.
    private func listContainers(
        names: Set<String>, _ context: DriverContext
    ) async throws(ProviderFault) -> [ObservedResource] {
        let answer = try await api.get("containers.list", "/containers/json", query: [("all", "true")], context)
        let all = try await map(answer, Mapping.summary)
        let wanted = all.filter { names.contains($0.key.name) }
        let ids = wanted.isEmpty ? [:] : try await imageIDs(context)
        let looked = await wanted.mapBounded(limit: limits.parallelism) { summary in
            await self.inspected(summary, ids, context)
        }
        var resources = all.filter { !names.contains($0.key.name) }
        for result in looked { resources += try result.get() }
        return resources
    }

    private func inspected(
        _ summary: ObservedResource, _ ids: [String: String], _ context: DriverContext
    ) async -> Result<[ObservedResource], ProviderFault> {
        do throws(ProviderFault) {
            return .success(try await inspect(summary.providerID, as: summary.key.name, ids, context))
        } catch {
            return .failure(error)
        }
    }

    /// A container in full; none where it has gone meanwhile, or where another one answers.
    func inspect(
        _ id: String, as name: String, _ ids: [String: String], _ context: DriverContext
    ) async throws(ProviderFault) -> [ObservedResource] {
        do throws(ProviderFault) {
            let answer = try await api.get("containers.inspect", "/containers/\(id.percentEncoded)/json", context)
            let root = try answer.object(with: "Id")
            guard let resource = Mapping.container(root, imageIDs: ids) else {
                throw .broken(answer.site, status: 200, "the container has no id, name or configuration")
            }
            // A name that nobody has may be the beginning of another one's id.
            return resource.key.name == name ? [resource] : []
        } catch {
            guard error.isNotFound else { throw error }
            return []
        }
    }

    /// The id of each image by its canonical names.
    func imageIDs(_ context: DriverContext) async throws(ProviderFault) -> [String: String] {
        let answer = try await api.get("images.list", "/images/json", context)
        var ids: [String: String] = [:]
        for view in try answer.list() {
            guard let id = view["Id"].string else { throw .broken(answer.site, status: 200, "an image has no id") }
            for member in ["RepoTags", "RepoDigests"] {
                for name in view[member].items?.compactMap(\.string) ?? [] {
                    if let canonical = ImageName(name)?.canonical { ids[canonical] = id }
                }
            }
        }
        return ids
    }

    /// Every object that answers to a key.
    func find(_ key: ResourceKey, _ context: DriverContext) async throws(ProviderFault) -> [ObservedResource] {
        switch key.kind {
        case .container:
            let found = try await inspect(key.name, as: key.name, [:], context)
            return found.isEmpty ? [] : try await inspect(key.name, as: key.name, try await imageIDs(context), context)
        case .containerNetwork:
            // The engine finds parts of names too, and before 1.44 lets several networks share one.
            let filter = JSON.write(.object(["name": .strings([key.name])]))
            let answer = try await api.get("networks.look", "/networks", query: [("filters", filter)], context)
            return try await map(answer, Mapping.network).filter { $0.key == key }
        case .containerVolume:
            return try await one("volumes.look", "/volumes/\(key.name.percentEncoded)", "Name", context) {
                Mapping.volume($0)
            }.filter { $0.key == key }
        default:
            return try await one("images.look", "/images/\(Self.path(key.name))/json", "Id", context) {
                Mapping.image($0, as: key.name)
            }
        }
    }

    /// Slashes of an image's name are slashes of the path.
    static func path(_ image: String) -> String {
        image.split(separator: "/", omittingEmptySubsequences: false).map { String($0).percentEncoded }
            .joined(separator: "/")
    }

    private func one(
        _ operation: String, _ path: String, _ member: String, _ context: DriverContext,
        _ map: (JSONView) -> ObservedResource?
    ) async throws(ProviderFault) -> [ObservedResource] {
        do throws(ProviderFault) {
            let answer = try await api.get(operation, path, context)
            guard let resource = map(try answer.object(with: member)) else {
                throw .broken(answer.site, status: 200, "the object has no name")
            }
            return [resource]
        } catch {
            guard error.isNotFound else { throw error }
            return []
        }
    }

    private func map(
        _ answer: Answer, _ map: (JSONView) -> ObservedResource?
    ) async throws(ProviderFault) -> [ObservedResource] {
        try self.map(try answer.list(), answer, map)
    }

    private func map(
        _ views: [JSONView], _ answer: Answer, _ map: (JSONView) -> ObservedResource?
    ) throws(ProviderFault) -> [ObservedResource] {
        var resources: [ObservedResource] = []
        for view in views {
            guard let resource = map(view) else {
                throw .broken(answer.site, status: answer.status, "an item has no id or name")
            }
            resources.append(resource)
        }
        return resources
    }
}
