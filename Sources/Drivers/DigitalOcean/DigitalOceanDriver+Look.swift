internal import Basics
public import DesiredState
public import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension DigitalOceanDriver {
    public func find(_ key: ResourceKey, _ context: DriverContext) async throws(ProviderFault) -> [ObservedResource] {
        let shared = Shared()
        switch key.kind {
        case .droplet:
            let answer = try await api.get(
                "/v2/droplets", query: [("name", key.name), ("per_page", "200")], "droplets.look", "droplet:read",
                context)
            // The provider compares names without regard to case.
            let found = try answer.list("droplets", isNullable: true) { Mapping.droplet($0, shared) }.filter {
                $0.key == key
            }
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
                let call = ProviderCall("firewalls.look", "GET", "/v2/firewalls", permission: "firewall:read")
                throw fault(.brokenAnswer, call, list.completeness.reason, .observeAgain)
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
        let call = ProviderCall(
            "domain_records.look", "GET", "/v2/domains/\(name.domain.percentEncoded)/records",
            permission: "domain:read")
        let answer = try await api.send(
            call, query: [("type", name.type), ("name", name.hostName), ("per_page", "200")],
            accepting: [404, 410], context)
        guard answer.isSuccess else { return [] }
        let names = RequestedNames([.record: [key.name]])
        return try answer.list("domain_records", isNullable: true) {
            Mapping.record($0, domain: name.domain, names)
        }.filter { $0.key == key }
    }

    private func findClusters(_ context: DriverContext) async throws(ProviderFault) -> [ObservedResource] {
        let shared = Shared()
        let answer = try await api.get("/v2/databases", "databases.look", "database:read", context)
        let found = try answer.list("databases", isNullable: true) { Mapping.cluster($0, shared) }
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
        let call = ProviderCall(operation, "GET", path, permission: scope)
        let answer = try await api.send(call, accepting: [404, 410], context)
        return answer.isSuccess ? [try answer.object(map)] : []
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
        _ names: Set<String>, for call: ProviderCall, _ context: DriverContext
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
                    ? fault(
                        .missingReference, call, "there is no droplet \(name)", hint: "add it to the inventory",
                        .retry(after: nil))
                    : fault(
                        .ambiguous, call, "\(found.count) droplets are named \(name)",
                        hint: "rename all but one of them at DigitalOcean", .stop)
            }
            ids[name] = id
        }
        return ids
    }
}
