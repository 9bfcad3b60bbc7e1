internal import Basics
internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

extension DigitalOceanDriver {
    func createCluster(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let wanted = change.wanted
        for name in ["engine", "region", "size"] where wanted[name] == nil {
            throw impossible(step, "a database cluster can't be created without `\(name)`")
        }
        var body: Value.Object = ["name": .string(step.key.name)]
        for name in ["engine", "region", "size"] { body[name] = wanted[name] }
        body["version"] = wanted["version"].map(Normal.text)
        body["num_nodes"] = wanted["num_nodes"] ?? 1
        body["tags"] = marked(wanted["tags"])
        let call = ProviderCall("databases.create", "POST", "/v2/databases", permission: "database:create")
        let answer = try await api.send(call, body: .object(body), context)
        let cluster = try answer.object("database") { Mapping.cluster($0, Shared()) }
        directory.remember(cluster: step.key.name, id: cluster.providerID)
        return await settle(failing: .actionFailed) { () throws(ProviderFault) in
            try await waitForCluster(cluster.providerID, call, context) { _ in true }
        }
    }

    func deleteCluster(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let id = try await providerID(step, change, context) else { return .done(nil) }
        let path = "/v2/databases/\(id.percentEncoded)"
        _ = try await delete(path, "databases", "database", context)
        directory.forget(cluster: step.key.name)
        return await settle(failing: .actionFailed) { () throws(ProviderFault) in
            try await waitUntilGone(path, "databases.get", "database:read", limits.clusterDeadline, context)
            return nil
        }
    }

    /// Resizes, upgrades or migrates; each ends when the cluster is online again and shows what was wanted.
    func changeCluster(
        _ operation: String, _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let members: [String]
        switch operation {
        case "resize": members = ["size", "num_nodes"]
        case "upgrade": members = ["version"]
        case "migrate": members = ["region"]
        default: throw impossible(step, "this version knows no effect named \(operation)")
        }
        var body = Value.Object()
        for member in members {
            let value = change.wanted[member] ?? change.current?.attributes[member]
            guard let value else { throw impossible(step, "`\(member)` is neither wanted nor known") }
            body[member] = member == "version" ? Normal.text(value) : value
        }
        func isReached(_ cluster: ObservedResource) -> Bool {
            body.members.allSatisfy { cluster.attributes[$0.name] == $0.value }
        }
        if let current = change.current, isReached(current), current.attributes["status"] == "online" {
            return .done(current)
        }
        let id = try await requireID(step, change, context)
        let call = ProviderCall(
            "databases.\(operation)", "PUT", "/v2/databases/\(id.percentEncoded)/\(operation)",
            permission: "database:update")
        if let status = change.current?.attributes["status"], status != "online" {
            // It may still be on its way from an earlier effect.
            _ = try await waitForCluster(id, call, context) { _ in true }
        }
        _ = try await sendWhenReady(call, body: .object(body), until: limits.clusterDeadline, context)
        return await settle(failing: .actionFailed) { () throws(ProviderFault) in
            try await waitForCluster(id, call, context, until: isReached)
        }
    }

    private func waitForCluster(
        _ id: String, _ call: ProviderCall, _ context: DriverContext, until isReached: (ObservedResource) -> Bool
    ) async throws(ProviderFault) -> ObservedResource {
        let start = time.uptime
        try await polling.rest(limits.firstPause, call)
        return try await poll(call, until: limits.clusterDeadline, "the cluster") {
            () throws(ProviderFault) -> ObservedResource? in
            let path = "/v2/databases/\(id.percentEncoded)"
            let found = try await one(path, "databases.get", "database:read", context) {
                Mapping.cluster($0["database"], Shared())
            }
            guard let cluster = found.first else {
                guard time.uptime - start < limits.visibilityDeadline else {
                    throw fault(.notFound, call, "the cluster is not there any more", status: 404, .observeAgain)
                }
                return nil
            }
            return cluster.attributes["status"] == "online" && isReached(cluster) ? cluster : nil
        }
    }
}
