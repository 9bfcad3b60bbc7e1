internal import Basics
internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

extension DigitalOceanDriver {
    func createDroplet(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let wanted = change.wanted
        for name in ["size", "image"] where wanted[name] == nil {
            throw impossible(step, "a droplet can't be created without `\(name)`")
        }
        var body: Value.Object = ["name": .string(step.key.name)]
        for name in ["region", "size", "vpc_uuid", "monitoring", "backups", "ipv6", "ssh_keys", "user_data"] {
            body[name] = wanted[name]
        }
        body["image"] = wanted["image"].map(Self.imageBody)
        body["tags"] = marked(wanted["tags"])
        let call = ProviderCall("droplets.create", "POST", "/v2/droplets", permission: "droplet:create")
        let answer = try await api.send(call, body: .object(body), context)
        guard let id = answer.root?["droplet"]["id"].int else {
            throw answer.broken("it has no droplet with an id")
        }
        let action = answer.root?["links"]["actions"].items?.first { $0["rel"].holds("create") }?["id"].int
        return await settle(failing: .actionFailed) { () throws(ProviderFault) in
            if let action { try await waitForAction(action, call, context) }
            return try await waitForDroplet(id, call, context) { $0 == "active" }
        }
    }

    func deleteDroplet(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let id = try await providerID(step, change, context) else { return .done(nil) }
        let path = "/v2/droplets/\(id.percentEncoded)"
        _ = try await delete(path, "droplets", "droplet", context)
        directory.forget(droplet: step.key.name)
        return await settle(failing: .actionFailed) { () throws(ProviderFault) in
            // The answer means accepted: it stays listed for a while.
            try await waitUntilGone(path, "droplets.get", "droplet:read", limits.actionDeadline, context)
            return nil
        }
    }

    /// An action on a droplet: power, size, backups, IPv6.
    func act(
        _ operation: String, _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        var body: Value.Object = ["type": .string(operation)]
        switch operation {
        case "resize":
            guard let size = change.wanted["size"] else { throw impossible(step, "no size is wanted") }
            body["disk"] = false
            body["size"] = size
        case "power_off", "power_on", "enable_backups", "disable_backups", "enable_ipv6": break
        case "disable_ipv6":
            throw impossible(step, "DigitalOcean can't take an IPv6 address away from a droplet")
        default: throw impossible(step, "this version knows no effect named \(operation)")
        }
        if let current = change.current, Self.isDone(operation, change.wanted, current) { return .done(current) }
        let id = try await requireID(step, change, context)
        guard let number = Int64(id) else { throw impossible(step, "\(id) is no id of a droplet") }
        let call = ProviderCall(
            "droplets.\(operation)", "POST", "/v2/droplets/\(id.percentEncoded)/actions",
            permission: "droplet:update")
        let answer: ProviderAnswer
        do throws(ProviderFault) {
            answer = try await sendWhenReady(call, body: .object(body), until: limits.actionDeadline, context)
        } catch {
            // Off already, or on already: refused, and as wanted.
            guard error.status == 422, let now = try? await droplet(number, context),
                Self.isDone(operation, change.wanted, now)
            else {
                guard operation == "resize", error.status == 422 else { throw error }
                throw await powerOnAgain(call.path, error, number, context)
            }
            return .done(now)
        }
        guard let action = answer.root?["action"]["id"].int else {
            throw answer.broken("it has no action with an id")
        }
        return await settle(failing: .actionFailed) { () throws(ProviderFault) in
            try await waitForAction(action, call, context)
            return try await waitForDroplet(number, call, context) { _ in true }
        }
    }

    private static func isDone(_ operation: String, _ wanted: Attributes, _ current: ObservedResource) -> Bool {
        switch operation {
        // It is off only for a resize: where that has happened, it needn't be.
        case "power_off": current.attributes["status"] == "off" || isDone("resize", wanted, current)
        case "power_on": current.attributes["status"] == "active"
        case "resize": current.attributes["size"].map(Mapping.realSize) == wanted["size"]
        case "enable_backups": current.attributes["backups"] == true
        case "disable_backups": current.attributes["backups"] == false
        case "enable_ipv6": current.attributes["ipv6"] == true
        default: false
        }
    }

    private static func imageBody(_ image: Value) -> Value {
        if let text = image.stringValue, let number = Int64(text) { return .int(number) }
        return image
    }

    // MARK: Waiting

    func waitForAction(_ id: Int64, _ call: ProviderCall, _ context: DriverContext) async throws(ProviderFault) {
        let path = "/v2/actions/\(id)"
        let start = time.uptime
        try await polling.rest(limits.firstPause, call)
        try await poll(call, until: limits.actionDeadline, "the action") { () throws(ProviderFault) -> Void? in
            do throws(ProviderFault) {
                let action = try await api.get(path, "actions.get", "actions:read", context).root?["action"]
                switch action?["status"].string {
                case "completed"?: return ()
                case "errored"?:
                    throw fault(
                        .actionFailed, call, "DigitalOcean began the action \(id) and it ended in an error",
                        hint: "the provider's status page may tell why; the next pass tries again",
                        .retry(after: .minutes(1)))
                default: return nil
                }
            } catch {
                guard error.isNotFound, time.uptime - start < limits.visibilityDeadline else { throw error }
                return nil
            }
        }
    }

    /// Waits until a droplet shows a status; one that is new may not be visible yet.
    func waitForDroplet(
        _ id: Int64, _ call: ProviderCall, _ context: DriverContext, until isReached: (String) -> Bool
    ) async throws(ProviderFault) -> ObservedResource {
        let start = time.uptime
        return try await poll(call, until: limits.actionDeadline, "the droplet") {
            () throws(ProviderFault) -> ObservedResource? in
            do throws(ProviderFault) {
                let droplet = try await droplet(id, context)
                // Its processors, too, may be others than before.
                directory.remember(droplet)
                return isReached(droplet.attributes["status"]?.stringValue ?? "") ? droplet : nil
            } catch {
                guard error.isNotFound, time.uptime - start < limits.visibilityDeadline else { throw error }
                return nil
            }
        }
    }

    func waitUntilGone(
        _ path: String, _ operation: String, _ scope: String, _ deadline: Duration, _ context: DriverContext
    ) async throws(ProviderFault) {
        let call = ProviderCall(operation, "GET", path, permission: scope)
        try await polling.rest(limits.firstPause, call)
        try await poll(call, until: deadline, "the deletion") { () throws(ProviderFault) -> Void? in
            do throws(ProviderFault) {
                _ = try await api.send(call, context)
                return nil
            } catch {
                guard error.isNotFound else { throw error }
                return ()
            }
        }
    }

    func droplet(_ id: Int64, _ context: DriverContext) async throws(ProviderFault) -> ObservedResource {
        let answer = try await api.get("/v2/droplets/\(id)", "droplets.get", "droplet:read", context)
        return try answer.object("droplet") { Mapping.droplet($0, Shared()) }
    }
}
