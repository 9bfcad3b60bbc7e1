internal import Basics
internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

/// Networks and projects: named, small, and never deleted while something is in them.
extension DigitalOceanDriver {
    func createNetwork(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard change.wanted["region"] != nil else {
            throw impossible(step, "a network can't be created without `region`")
        }
        var body: Value.Object = ["name": .string(step.key.name)]
        for name in ["region", "ip_range", "description"] { body[name] = change.wanted[name] }
        let document: Value = .object(body)
        let call = ProviderCall("vpcs.create", "POST", "/v2/vpcs", permission: "vpc:create")
        // Networks that are created at once get in each other's way at the provider.
        let result = await userCreation.withLock("vpcs") { () -> Result<ProviderAnswer, ProviderFault> in
            do throws(ProviderFault) {
                return .success(try await api.send(call, body: document, context))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let answer): return .done(try answer.object("vpc") { Mapping.vpc($0, Shared()) })
        case .failure(let fault): return try await adopt(fault, step, change, context)
        }
    }

    func updateNetwork(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let description = change.wanted["description"] else { return .done(change.current) }
        let id = try await requireID(step, change, context)
        // PUT would reset what it isn't given.
        let call = ProviderCall("vpcs.update", "PATCH", "/v2/vpcs/\(id.percentEncoded)", permission: "vpc:update")
        let answer = try await api.send(call, body: .object(["description": description]), context)
        return .done(try answer.object("vpc") { Mapping.vpc($0, Shared()) })
    }

    func createProject(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        var body: Value.Object = ["name": .string(step.key.name)]
        body["purpose"] = change.wanted["purpose"] ?? "Service or API"
        body["description"] = change.wanted["description"]
        body["environment"] = change.wanted["environment"].map(Normal.projectEnvironment)
        let call = ProviderCall("projects.create", "POST", "/v2/projects", permission: "project:create")
        do throws(ProviderFault) {
            let answer = try await api.send(call, body: .object(body), context)
            return .done(try answer.object("project") { Mapping.project($0, Shared()) })
        } catch {
            return try await adopt(error, step, change, context)
        }
    }

    func updateProject(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let id = try await requireID(step, change, context)
        var body = Value.Object()
        for name in ["description", "purpose", "environment"] { body[name] = change.wanted[name] }
        body["environment"] = body["environment"].map(Normal.projectEnvironment)
        let call = ProviderCall(
            "projects.update", "PATCH", "/v2/projects/\(id.percentEncoded)",
            permission: "project:update")
        let answer = try await api.send(call, body: .object(body), context)
        let project = try answer.object("project") { Mapping.project($0, Shared()) }
        return .done(project.with("resources", change.current?.attributes["resources"]))
    }

    /// Moves what is wanted into a project; what else is in it stays.
    func assign(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let wanted = (change.wanted["resources"]?.listValue ?? []).compactMap(\.stringValue)
        let present = (change.current?.attributes["resources"]?.listValue ?? []).compactMap(\.stringValue)
        let missing = wanted.filter { !present.contains($0) }
        guard !missing.isEmpty else { return .done(change.current) }
        let id = try await requireID(step, change, context)
        let call = ProviderCall(
            "projects.assign", "POST", "/v2/projects/\(id.percentEncoded)/resources",
            permission: "project:assign_resource")
        var urns: [String] = []
        for name in missing { urns.append(try await urn(of: name, step, call, context)) }
        let answer = try await api.send(call, body: .object(["resources": .strings(urns)]), context)
        let lost = answer.root?["resources"].items?.first { $0["status"].holds("not_found") }
        if let item = lost {
            throw fault(
                .missingReference, call, "\(item["urn"].string ?? "something") is not there, so no project can hold it",
                status: answer.status, .observeAgain)
        }
        let all = Set(wanted + present).sorted { $0.precedesByBytes($1) }
        return await settle(failing: .actionFailed) { () throws(ProviderFault) in
            var current = change.current
            if current == nil { current = try await find(step.key, context).first }
            return current?.with("resources", .strings(all))
        }
    }

    /// Moves everything in a project to the default one: the provider deletes no project that holds something.
    func emptyProject(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let id = try await providerID(step, change, context) else { return .done(nil) }
        let path = "/v2/projects/\(id.percentEncoded)/resources"
        let list = await readPages(path, member: "resources", scope: "project:read", context) { view, _ in
            view["urn"].string.map {
                ObservedResource(key: ResourceKey(.project, $0), providerID: $0, attributes: Attributes())
            }
        }
        guard list.completeness.isComplete else {
            let call = ProviderCall("projects.resources", "GET", path, permission: "project:read")
            if try await find(step.key, context).isEmpty { return .done(nil) }
            throw fault(.brokenAnswer, call, list.completeness.reason, .retry(after: nil))
        }
        guard !list.items.isEmpty else { return .done(change.current) }
        let call = ProviderCall(
            "projects.empty", "POST", "/v2/projects/default/resources", permission: "project:assign_resource"
        )
        let urns = list.items.map(\.providerID)
        _ = try await api.send(call, body: .object(["resources": .strings(urns)]), context)
        return .done(change.current?.with("resources", .list([])))
    }

    private func urn(
        of name: String, _ step: Step, _ call: ProviderCall, _ context: DriverContext
    ) async throws(ProviderFault) -> String {
        let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { throw impossible(step, "\(name) is nothing that a project can hold") }
        switch parts[0] {
        case "droplet":
            let ids = try await dropletIDs([parts[1]], for: call, context)
            return "do:droplet:\(ids[parts[1]].map(String.init) ?? "")"
        case "database_cluster":
            let key = ResourceKey(.databaseCluster, parts[1])
            if let cluster = try await cluster(of: key, context) { return "do:dbaas:\(cluster.id)" }
        case "volume":
            if let id = try await volumeID(parts[1], context) { return "do:volume:\(id)" }
        case "domain": return "do:domain:\(parts[1])"
        case "spaces_bucket": return "do:space:\(parts[1])"
        default: throw impossible(step, "\(name) is nothing that a project can hold")
        }
        throw fault(
            .missingReference, call, "there is no \(parts[0]) \(parts[1])", hint: "add it to the inventory",
            .retry(after: nil))
    }

    /// Deletes what the provider refuses to delete while something is in it.
    func deleteEmpty(
        _ path: String, _ noun: String, _ scope: String, refusal: Int, _ why: String, _ step: Step,
        _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let id = try await providerID(step, change, context) else { return .done(nil) }
        let call = ProviderCall(
            "\(noun).delete", "DELETE", "\(path)/\(id.percentEncoded)",
            permission: "\(scope):delete")
        do throws(ProviderFault) {
            _ = try await api.send(call, context)
        } catch {
            if error.isNotFound { return .done(nil) }
            guard error.status == refusal else { throw error }
            throw fault(
                .stillInUse, call, "\(step.key.name) stays: \(why): \(error.message)",
                hint: "move or delete what is in it first", status: error.status, providerCode: error.providerCode,
                requestID: error.requestID, .retry(after: .minutes(1)))
        }
        return .done(nil)
    }
}

extension ObservedResource {
    /// The same object with one attribute in another way; nil leaves it as it is.
    func with(_ name: String, _ value: Value?) -> ObservedResource {
        guard let value else { return self }
        return ObservedResource(
            key: key, providerID: providerID,
            attributes: Attributes(attributes.items.filter { $0.name != name } + [Attributes.Item(name, value)]),
            isOwned: isOwned, createdAt: createdAt)
    }
}
