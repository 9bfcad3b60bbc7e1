internal import Basics
internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

/// What is in a cluster: databases, users, pools, trusted sources.
extension DigitalOceanDriver {
    func createNested(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let cluster = try await requireCluster(step, context)
        // Two users that are created at once get in each other's way at the provider.
        guard step.key.kind == .databaseUser else { return try await addNested(step, change, cluster, context) }
        let result = await userCreation.withLock(cluster.id) { () -> Result<StepOutcome, ProviderFault> in
            do throws(ProviderFault) {
                return .success(try await addNested(step, change, cluster, context))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func addNested(
        _ step: Step, _ change: ResolvedChange, _ cluster: ClusterName, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let (list, member) = Self.path(of: step.key.kind)
        var body: Value.Object = ["name": .string(step.key.childName)]
        if step.key.kind == .databasePool {
            for name in ["mode", "size", "db"] where change.wanted[name] == nil {
                throw impossible(step, "a pool can't be created without `\(name)`")
            }
            for name in ["mode", "size", "db", "user"] { body[name] = change.wanted[name] }
            body["mode"] = body["mode"].map(Normal.lowercase)
        }
        let call = ProviderCall(
            "\(list).create", "POST", "/v2/databases/\(cluster.id.percentEncoded)/\(list)",
            permission: "database:create")
        let answer: ProviderAnswer
        do throws(ProviderFault) {
            answer = try await sendWhenReady(call, body: .object(body), until: limits.clusterDeadline, context)
        } catch {
            return try await adopt(error, step, change, context)
        }
        // The answer may hold a password: only what the mapping takes from it goes on.
        return .done(
            try answer.object(member) { view in
                switch step.key.kind {
                case .databaseUser: Mapping.databaseUser(view, cluster: cluster)
                case .databasePool: Mapping.databasePool(view, cluster: cluster)
                default: Mapping.database(view, cluster: cluster)
                }
            })
    }

    func deleteNested(_ step: Step, _ context: DriverContext) async throws(ProviderFault) -> StepOutcome {
        guard let cluster = try await cluster(of: step.key, context) else { return .done(nil) }
        let (list, _) = Self.path(of: step.key.kind)
        return try await delete(
            "/v2/databases/\(cluster.id.percentEncoded)/\(list)/\(step.key.childName.percentEncoded)", list, "database",
            context)
    }

    /// Replaces what a pool is: the provider wants all of it.
    func updatePool(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let cluster = try await requireCluster(step, context)
        var current = change.current
        if current == nil { current = try await find(step.key, context).first }
        var body = Value.Object()
        for name in ["mode", "size", "db", "user"] {
            body[name] = change.wanted[name] ?? current?.attributes[name]
            guard body[name] != nil || name == "user" else {
                throw impossible(step, "`\(name)` of the pool is neither wanted nor known")
            }
        }
        body["mode"] = body["mode"].map(Normal.lowercase)
        let call = ProviderCall(
            "pools.update", "PUT",
            "/v2/databases/\(cluster.id.percentEncoded)/pools/\(step.key.childName.percentEncoded)",
            permission: "database:update")
        _ = try await sendWhenReady(call, body: .object(body), until: limits.clusterDeadline, context)
        return .done(
            cluster.resource(
                .databasePool, step.key.childName, body.members.map { Attributes.Item($0.name, $0.value) }))
    }

    /// Replaces the trusted sources of a cluster.
    func replaceRules(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let wanted = change.wanted["rules"] else { throw impossible(step, "no rules are wanted") }
        let cluster = try await requireCluster(step, context)
        let path = "/v2/databases/\(cluster.id.percentEncoded)/firewall"
        let call = ProviderCall("databases.firewall", "PUT", path, permission: "database:update")
        var names: Set<String> = []
        if case .failure(let unknown) = Mapping.trustedSources(wanted, dropletID: { _ in nil }) {
            names = Set(unknown.names)
        }
        let ids = try await dropletIDs(names, for: call, context)
        guard case .success(let rules) = Mapping.trustedSources(wanted, dropletID: { ids[$0] }) else {
            throw impossible(step, "a trusted source is no droplet that is known")
        }
        let body: Value = .object(["rules": rules])
        _ = try await sendWhenReady(call, body: body, until: limits.clusterDeadline, context)
        return await settle(failing: .actionFailed) { () throws(ProviderFault) in
            try await one(path, "databases.firewall", "database:read", context) {
                Mapping.databaseFirewall($0["rules"], cluster: cluster)
            }.first.map { Mapping.named($0, by: directory.dropletNames) }
        }
    }

    private func requireCluster(_ step: Step, _ context: DriverContext) async throws(ProviderFault) -> ClusterName {
        guard let cluster = try await cluster(of: step.key, context) else {
            throw fault(
                .missingReference, ProviderCall(step), "there is no database cluster \(step.key.parentName)",
                hint: "add it to the inventory", .retry(after: nil))
        }
        return cluster
    }

    private static func path(of kind: ResourceKind) -> (list: String, member: String) {
        switch kind {
        case .databaseUser: ("users", "user")
        case .databasePool: ("pools", "pool")
        default: ("dbs", "db")
        }
    }
}
