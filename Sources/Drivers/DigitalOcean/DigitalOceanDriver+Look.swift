internal import Basics
public import DesiredState
internal import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension DigitalOceanDriver {
    public func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome {
        do throws(ProviderFault) {
            let found = try await find(key, context)
            guard found.count > 1 else { return found.first.map(LookOutcome.present) ?? .absent }
            let owned = found.filter(\.isOwned)
            return owned.count == 1 ? .present(owned[0]) : .ambiguous(found)
        } catch {
            return .unknown(error)
        }
    }

    /// Every object that answers to a key.
    func find(_ key: ResourceKey, _ context: DriverContext) async throws(ProviderFault) -> [ObservedResource] {
        let shared = Shared()
        switch key.kind {
        case .droplet:
            let answer = try await api.get(
                "/v2/droplets", query: [("name", key.name), ("per_page", "200")], "droplets.look", "droplet:read",
                context)
            // The provider compares names without regard to case.
            let found = try answer.list("droplets") { Mapping.droplet($0, shared) }.filter { $0.key == key }
            if found.count == 1 { directory.remember(found[0]) }
            return found
        case .tag:
            return try await one("/v2/tags/\(key.name.percentEncoded)", "tags.look", "tag:read", context) { view in
                Mapping.tag(view["tag"], as: key.name)
            }
        case .domain:
            return try await one("/v2/domains/\(key.name.percentEncoded)", "domains.look", "domain:read", context) {
                view in
                Mapping.domain(view["domain"], as: key.name)
            }
        case .record: return try await findRecord(key, context)
        case .firewall:
            let list = await listFirewalls(context)
            guard list.completeness.isComplete else {
                let site = CallSite(
                    operation: "firewalls.look", method: "GET", path: "/v2/firewalls", scope: "firewall:read")
                throw .make(.brokenAnswer, site, list.completeness.reason, .observeAgain)
            }
            let names = directory.dropletNames
            return list.items.filter { $0.key == key }.map { Mapping.named($0, by: names) }
        case .databaseCluster: return try await findClusters(context).filter { $0.key == key }
        case .database, .databaseUser, .databasePool, .databaseFirewall: return try await findNested(key, context)
        case .databaseBackup: return try await findNested(key, context)
        default: return Self.platformKinds.contains(key.kind) ? try await findPlatform(key, context) : []
        }
    }

    private func findRecord(_ key: ResourceKey, _ context: DriverContext) async throws(ProviderFault)
        -> [ObservedResource]
    {
        guard let name = RecordName(key.name) else { return [] }
        do throws(ProviderFault) {
            let answer = try await api.get(
                "/v2/domains/\(name.domain.percentEncoded)/records",
                query: [("type", name.type), ("name", name.hostName), ("per_page", "200")], "domain_records.look",
                "domain:read", context)
            let names = RequestedNames([.record: [key.name]])
            return try answer.list("domain_records") { Mapping.record($0, domain: name.domain, names) }
                .filter { $0.key == key }
        } catch {
            if error.isNotFound { return [] }
            throw error
        }
    }

    private func findClusters(_ context: DriverContext) async throws(ProviderFault) -> [ObservedResource] {
        let shared = Shared()
        let answer = try await api.get("/v2/databases", "databases.look", "database:read", context)
        let found = try answer.list("databases") { Mapping.cluster($0, shared) }
        directory.setClusters(found.map { ($0.key.name, $0.providerID) })
        return found
    }

    private func findNested(_ key: ResourceKey, _ context: DriverContext) async throws(ProviderFault)
        -> [ObservedResource]
    {
        guard let cluster = try await cluster(of: key, context) else { return [] }
        let base = "/v2/databases/\(cluster.id.percentEncoded)"
        let child = key.childName.percentEncoded
        switch key.kind {
        case .database:
            return try await one("\(base)/dbs/\(child)", "dbs.look", "database:read", context) {
                Mapping.database($0["db"], cluster: cluster)
            }
        case .databaseUser:
            return try await one("\(base)/users/\(child)", "users.look", "database:read", context) {
                Mapping.databaseUser($0["user"], cluster: cluster)
            }
        case .databasePool:
            return try await one("\(base)/pools/\(child)", "pools.look", "database:read", context) {
                Mapping.databasePool($0["pool"], cluster: cluster)
            }
        case .databaseBackup:
            return try await one("\(base)/backups", "backups.look", "database:read", context) {
                Mapping.databaseBackup($0, cluster: cluster)
            }
        default:
            let names = directory.dropletNames
            return try await one("\(base)/firewall", "databases.firewall", "database:read", context) {
                Mapping.databaseFirewall($0["rules"], cluster: cluster)
            }.map { Mapping.named($0, by: names) }
        }
    }

    /// One object; none where there is no such object.
    func one(
        _ path: String, _ operation: String, _ scope: String, _ context: DriverContext,
        _ map: (JSONView) -> ObservedResource?
    ) async throws(ProviderFault) -> [ObservedResource] {
        do throws(ProviderFault) {
            let answer = try await api.get(path, operation, scope, context)
            guard let root = answer.root, let resource = map(root) else {
                throw .broken(answer.site, status: answer.status, "the object has no id or name")
            }
            return [resource]
        } catch {
            if error.isNotFound { return [] }
            throw error
        }
    }

    // MARK: Ids of names

    /// The cluster in which something stands; nil where there is none of that name.
    func cluster(of key: ResourceKey, _ context: DriverContext) async throws(ProviderFault) -> ClusterName? {
        let name = key.parentName
        if let id = directory.clusterID(name) { return ClusterName(name: name, id: id) }
        guard let found = try await findClusters(context).first(where: { $0.key.name == name }) else { return nil }
        return ClusterName(name: name, id: found.providerID)
    }

    /// The ids of droplets by name, those that nobody has seen yet looked up.
    ///
    /// - Throws: a fault when one is missing, or when several share the name.
    func dropletIDs(
        _ names: Set<String>, for site: CallSite, _ context: DriverContext
    ) async throws(ProviderFault) -> [String: Int64] {
        var ids: [String: Int64] = [:]
        for name in names.sorted(by: { $0.precedesByBytes($1) }) {
            if let id = directory.dropletID(name) {
                ids[name] = id
                continue
            }
            let found = try await find(ResourceKey(.droplet, name), context)
            guard found.count == 1, let id = Int64(found[0].providerID) else {
                throw found.isEmpty
                    ? .make(
                        .missingReference, site, "there is no droplet \(name)", hint: "add it to the inventory",
                        .retry(after: nil))
                    : .make(
                        .ambiguous, site, "\(found.count) droplets are named \(name)",
                        hint: "rename all but one of them at DigitalOcean", .stop)
            }
            ids[name] = id
        }
        return ids
    }
}

extension ProviderFault {
    var isNotFound: Bool { code == FaultCode.notFound.rawValue }
}

extension ResourceKey {
    /// `cluster` of `cluster/user`; the whole name where there is no slash.
    var parentName: String { String(name.prefix { $0 != "/" }) }

    /// `user` of `cluster/user`; what follows the first slash.
    var childName: String { String(name.drop { $0 != "/" }.dropFirst()) }
}
