internal import Basics
internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

extension DigitalOceanDriver {
    func createFirewall(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let call = ProviderCall("firewalls.create", "POST", "/v2/firewalls", permission: "firewall:create")
        let body = try await firewallBody(step, change.wanted, current: nil, call, context)
        do throws(ProviderFault) {
            return try await sendFirewall(call, body, context)
        } catch {
            // Some accounts refuse a second firewall of one name.
            guard error.status == 409 else { throw error }
            return try await adopt(error, step, change, context)
        }
    }

    /// Replaces a firewall: what the repository doesn't name is sent as it is now, or the provider would reset it.
    func updateFirewall(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let id = try await requireID(step, change, context)
        let path = "/v2/firewalls/\(id.percentEncoded)"
        let now = try await api.get(path, "firewalls.get", "firewall:read", context)
        guard let current = now.root?["firewall"], current.kind == .object else {
            throw now.broken("it has no `firewall`")
        }
        let call = ProviderCall("firewalls.update", "PUT", path, permission: "firewall:update")
        let body = try await firewallBody(step, change.wanted, current: current, call, context)
        return try await sendFirewall(call, body, context)
    }

    func deleteFirewall(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let id = try await providerID(step, change, context) else { return .done(nil) }
        return try await delete("/v2/firewalls/\(id.percentEncoded)", "firewalls", "firewall", context)
    }

    private func firewallBody(
        _ step: Step, _ wanted: Attributes, current: JSONView?, _ call: ProviderCall, _ context: DriverContext
    ) async throws(ProviderFault) -> Value {
        var names: Set<String> = []
        if case .failure(let unknown) = Mapping.firewallBody(
            name: step.key.name, wanted: wanted, current: current, dropletID: { _ in nil })
        {
            names = Set(unknown.names)
        }
        let ids = try await dropletIDs(names, for: call, context)
        switch Mapping.firewallBody(name: step.key.name, wanted: wanted, current: current, dropletID: { ids[$0] }) {
        case .success(let body): return body
        case .failure(let unknown):
            throw impossible(step, "\(unknown.names.joined(separator: ", ")) is no name of a droplet")
        }
    }

    /// Sends a firewall and waits until it is in force.
    private func sendFirewall(
        _ call: ProviderCall, _ body: Value, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let answer = try await api.send(call, body: body, context)
        let first = try answer.object("firewall") { Mapping.firewall($0, Shared()) }
        return await settle(failing: .actionFailed) { () throws(ProviderFault) in
            var latest = first
            if Self.isWaiting(first) {
                try await polling.rest(limits.firstPause, call)
                latest = try await poll(call, until: limits.actionDeadline, "the firewall") {
                    () throws(ProviderFault) -> ObservedResource? in
                    let path = "/v2/firewalls/\(first.providerID.percentEncoded)"
                    let found = try await one(path, "firewalls.get", "firewall:read", context) {
                        Mapping.firewall($0["firewall"], Shared())
                    }
                    return found.first.flatMap { Self.isWaiting($0) ? nil : $0 }
                }
            }
            guard latest.attributes["status"] != "failed" else {
                throw fault(
                    .actionFailed, call, "DigitalOcean could not put the firewall into force",
                    hint: "see which droplet it fails on in the control panel", .retry(after: .minutes(1)))
            }
            return Mapping.named(latest, by: directory.dropletNames)
        }
    }

    private static func isWaiting(_ firewall: ObservedResource) -> Bool { firewall.attributes["status"] == "waiting" }
}
