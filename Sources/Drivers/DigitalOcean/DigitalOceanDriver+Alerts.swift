internal import Basics
internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

extension DigitalOceanDriver {
    func createAlert(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let call = ProviderCall("alerts.create", "POST", "/v2/monitoring/alerts", permission: "monitoring:create")
        let body = try await alertBody(step, change.wanted, current: nil, call, context)
        return try await sendAlert(call, body, context)
    }

    /// Replaces a policy: what the repository doesn't name, such as who is told, is sent as it is now.
    func updateAlert(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let id = try await requireID(step, change, context)
        let path = "/v2/monitoring/alerts/\(id.percentEncoded)"
        let now = try await api.get(path, "alerts.get", "monitoring:read", context)
        guard let current = now.root?["policy"], current.kind == .object else {
            throw now.broken("it has no `policy`")
        }
        let call = ProviderCall("alerts.update", "PUT", path, permission: "monitoring:update")
        return try await sendAlert(
            call, try await alertBody(step, change.wanted, current: current, call, context), context)
    }

    func deleteAlert(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let id = try await providerID(step, change, context) else { return .done(nil) }
        return try await delete("/v2/monitoring/alerts/\(id.percentEncoded)", "alerts", "monitoring", context)
    }

    private func sendAlert(
        _ call: ProviderCall, _ body: Value, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let answer = try await api.send(call, body: body, context)
        let policy = try answer.object("policy") { Mapping.alertPolicy($0, Shared()) }
        return .done(Mapping.resolved(policy, by: directory.names))
    }

    private func alertBody(
        _ step: Step, _ wanted: Attributes, current: JSONView?, _ call: ProviderCall, _ context: DriverContext
    ) async throws(ProviderFault) -> Value {
        var body: Value.Object = ["description": .string(Mapping.alertMark + step.key.name)]
        for name in ["type", "compare", "window"] {
            let value = wanted[name] ?? current.flatMap { $0[name].string.map { .string($0) } }
            guard let value else { throw impossible(step, "an alert can't be made without `\(name)`") }
            body[name] = value
        }
        body["enabled"] = wanted["enabled"] ?? .bool(current?["enabled"].bool ?? true)
        body["tags"] = .strings(current?["tags"].items?.compactMap(\.string) ?? [])
        var entities = current?["entities"].items?.compactMap(\.string) ?? []
        var processors: Int64?
        if let id = wanted["droplet_id"]?.intValue {
            entities = [String(id)]
            processors = directory.names.processors[id]
            if processors == nil, wanted["threshold_per_vcpu"] != nil {
                let seen = try await self.droplet(id, context)
                directory.remember(seen)
                processors = seen.attributes["vcpus"]?.intValue
            }
        }
        body["entities"] = .strings(entities)
        if let each = wanted["threshold_per_vcpu"]?.doubleValue {
            guard let processors, processors > 0 else {
                throw impossible(step, "a threshold for each processor needs a droplet whose processors are known")
            }
            body["value"] = Normal.decimal(each * Double(processors))
        } else if let value = wanted["value"] {
            body["value"] = Normal.decimal(value)
        } else {
            guard let value = current?["value"].numberText.flatMap(Double.init) else {
                throw impossible(step, "an alert can't be made without `value`")
            }
            body["value"] = Normal.decimal(value)
        }
        var alerts = current?["alerts"].value.objectValue ?? ["email": [], "slack": []]
        if let emails = wanted["emails"] { alerts["email"] = emails }
        body["alerts"] = .object(alerts)
        return .object(body)
    }
}
