internal import Basics
internal import DesiredState
internal import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension DigitalOceanDriver {
    public func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        do throws(ProviderFault) {
            switch (step.key.kind, step.operation) {
            case (.droplet, "create"): return try await createDroplet(step, change, context)
            case (.droplet, "delete"): return try await deleteDroplet(step, change, context)
            case (.droplet, let name) where name.hasPrefix("untag:"):
                return try await untag(String(name.dropFirst(6)), step, change, context)
            case (.droplet, let name) where !name.hasPrefix("tag:"):
                if name == "power_off" { try await requireSizeFits(step, change, context) }
                return try await act(name, step, change, context)
            case (.databaseCluster, "create"): return try await createCluster(step, change, context)
            case (.databaseCluster, "delete"): return try await deleteCluster(step, change, context)
            case (.databaseCluster, let name) where !name.hasPrefix("tag:"):
                return try await changeCluster(name, step, change, context)
            case (.droplet, "tag:\(DigitalOceanKinds.resizeTag)"):
                try await requireSizeFits(step, change, context)
                return try await tag(DigitalOceanKinds.resizeTag, step, change, context)
            case (.droplet, let name), (.databaseCluster, let name):
                return try await tag(String(name.dropFirst(4)), step, change, context)
            case (.tag, "create"): return try await createNamed("/v2/tags", "tag", "tag:create", step, change, context)
            case (.tag, "delete"): return try await deleteTag(step, context)
            case (.domain, "create"):
                return try await createNamed("/v2/domains", "domain", "domain:create", step, change, context)
            case (.domain, "delete"):
                return try await delete("/v2/domains/\(step.key.name.percentEncoded)", "domains", "domain", context)
            case (.record, "create"): return try await createRecord(step, change, context)
            case (.record, "update"): return try await updateRecord(step, change, context)
            case (.record, "delete"): return try await deleteRecord(step, change, context)
            case (.firewall, "create"): return try await createFirewall(step, change, context)
            case (.firewall, "update"): return try await updateFirewall(step, change, context)
            case (.firewall, "delete"): return try await deleteFirewall(step, change, context)
            case (.database, "create"), (.databaseUser, "create"), (.databasePool, "create"):
                return try await createNested(step, change, context)
            case (.database, "delete"), (.databaseUser, "delete"), (.databasePool, "delete"):
                return try await deleteNested(step, context)
            case (.databasePool, "update"): return try await updatePool(step, change, context)
            case (.databaseFirewall, "leave"): return .done(nil)
            case (.databaseFirewall, "replace_rules"): return try await replaceRules(step, change, context)
            default: return try await performPlatform(step, change, context)
            }
        } catch {
            return error.stepOutcome
        }
    }

    private func performPlatform(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        switch (step.key.kind, step.operation) {
        case (.vpc, "create"): return try await createNetwork(step, change, context)
        case (.vpc, "update"): return try await updateNetwork(step, change, context)
        case (.vpc, "delete"):
            return try await deleteEmpty(
                "/v2/vpcs", "vpcs", "vpc", refusal: 403, "it has members, or is the default of its region", step,
                change, context)
        case (.volume, "create"): return try await createVolume(step, change, context)
        case (.volume, "delete"): return try await deleteVolume(step, change, context)
        case (.volume, let name) where name.hasPrefix("tag:"):
            return try await tag(String(name.dropFirst(4)), step, change, context)
        case (.volume, "attach"), (.volume, "detach"), (.volume, "resize"):
            return try await act(onVolume: step.operation, step, change, context)
        case (.snapshot, "create"): return try await createSnapshot(step, change, context)
        case (.snapshot, "delete"): return try await deleteSnapshot(step, change, context)
        case (.project, "create"): return try await createProject(step, change, context)
        case (.project, "update"): return try await updateProject(step, change, context)
        case (.project, "assign"): return try await assign(step, change, context)
        case (.project, "empty"): return try await emptyProject(step, change, context)
        case (.project, "delete"):
            return try await deleteEmpty(
                "/v2/projects", "projects", "project", refusal: 412, "it holds something", step, change, context)
        case (.alertPolicy, "create"): return try await createAlert(step, change, context)
        case (.alertPolicy, "update"): return try await updateAlert(step, change, context)
        case (.alertPolicy, "delete"): return try await deleteAlert(step, change, context)
        case (.spacesKey, "create"): return try await createKey(step, change, context)
        case (.spacesKey, "update"): return try await updateKey(step, change, context)
        case (.spacesKey, "delete"): return try await deleteKey(step, change, context)
        default: throw impossible(step, "this version knows no effect named \(step.operation)")
        }
    }

    // MARK: What the effects share

    /// Deletes; what isn't there is deleted.
    func delete(
        _ path: String, _ noun: String, _ scope: String, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let call = ProviderCall("\(noun).delete", "DELETE", path, permission: "\(scope):delete")
        _ = try await sendWhenReady(call, accepting: [404, 410], until: limits.actionDeadline, context)
        return .done(nil)
    }

    /// What stands under a unique name already, where the provider refused to create it.
    func adopt(
        _ refusal: ProviderFault, _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard refusal.status == 422 || refusal.status == 409 else { throw refusal }
        return try await adoptDuplicate(refusal, step, change, context)
    }

    func poll<Result>(
        _ call: ProviderCall, until deadline: Duration, _ what: String,
        _ body: () async throws(ProviderFault) -> Result?
    ) async throws(ProviderFault) -> Result {
        try await polling.poll(
            call, until: deadline, late: "\(what) has not ended within \(deadline.shortText)",
            hint: "look at it in the control panel; the next pass looks again", body)
    }

    /// Sends what changes something, again while the object is busy with something else: such a refusal has no effect.
    func sendWhenReady(
        _ call: ProviderCall, body: Value? = nil, accepting accepted: Set<Int> = [], until deadline: Duration,
        _ context: DriverContext
    ) async throws(ProviderFault) -> ProviderAnswer {
        let end = time.uptime + deadline
        var pause = limits.firstPause
        while true {
            do throws(ProviderFault) {
                return try await api.send(call, body: body, accepting: accepted, context)
            } catch {
                // A name that is taken is a conflict too, and one that waiting doesn't mend.
                guard error.problem == .conflict, error.status != 409, time.uptime < end else {
                    throw error
                }
            }
            try await polling.rest(pause, call)
            pause = min(pause * 2, limits.longestPause)
        }
    }
}
