internal import Basics
internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

/// Volumes and snapshots: what is deleted of them is gone for good.
extension DigitalOceanDriver {
    func createVolume(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let wanted = change.wanted
        for name in ["region", "size_gb"] where wanted[name] == nil {
            throw impossible(step, "a volume can't be created without `\(name)`")
        }
        var body: Value.Object = ["name": .string(step.key.name)]
        for name in ["region", "description", "filesystem_type"] { body[name] = wanted[name] }
        body["size_gigabytes"] = wanted["size_gb"]
        body["tags"] = marked(wanted["tags"])
        let call = ProviderCall("volumes.create", "POST", "/v2/volumes", permission: "block_storage:create")
        do throws(ProviderFault) {
            let answer = try await api.send(call, body: .object(body), context)
            let volume = try answer.object("volume") { Mapping.volume($0, Shared()) }
            directory.remember(volume: step.key.name, id: volume.providerID)
            return .done(volume)
        } catch {
            return try await adopt(error, step, change, context)
        }
    }

    /// Attaches, detaches or grows; each ends with its action.
    func act(
        onVolume operation: String, _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        var current = change.current
        if current == nil { current = try await find(step.key, context).first }
        guard let current else {
            // A volume that is gone is on no droplet.
            if operation == "detach" { return .done(nil) }
            throw gone(step)
        }
        let call = ProviderCall(
            "volumes.\(operation)", "POST",
            "/v2/volumes/\(current.providerID.percentEncoded)/actions", permission: "block_storage_action:create")
        var body: Value.Object = ["type": .string(operation)]
        body["region"] = current.attributes["region"]
        switch operation {
        case "resize":
            guard let size = change.wanted["size_gb"]?.intValue else { throw impossible(step, "no size is wanted") }
            if let has = current.attributes["size_gb"]?.intValue {
                if size == has { return .done(current) }
                guard size > has else {
                    throw impossible(step, "the volume has \(has) GB and \(size) GB are wanted: a volume never shrinks")
                }
            }
            body["size_gigabytes"] = .int(size)
        case "attach":
            guard let name = change.wanted["droplet"]?.stringValue else {
                throw impossible(step, "no droplet is wanted")
            }
            if current.attributes["droplet"] == .string(name) { return .done(current) }
            let ids = try await dropletIDs([name], for: call, context)
            body["droplet_id"] = ids[name].map { .int($0) }
        default:
            guard let text = current.attributes["droplet"]?.stringValue else { return .done(current) }
            // It is taken off one only for another one that is there.
            if let next = change.wanted["droplet"]?.stringValue, change.change.action != .delete {
                _ = try await dropletIDs([next], for: call, context)
            }
            if text.hasPrefix("#") {
                body["droplet_id"] = Int64(text.dropFirst()).map { .int($0) }
            } else {
                do throws(ProviderFault) {
                    body["droplet_id"] = try await dropletIDs([text], for: call, context)[text].map { .int($0) }
                } catch {
                    // A droplet that is gone holds no volume any more.
                    guard error.problem == .missingReference else { throw error }
                    return .done(try await find(step.key, context).first)
                }
            }
        }
        let answer: ProviderAnswer
        do throws(ProviderFault) {
            answer = try await sendWhenReady(call, body: .object(body), until: limits.actionDeadline, context)
        } catch {
            if error.isNotFound, operation == "detach" { return .done(nil) }
            // Where it should be already, by an earlier effect whose answer was lost: refused, and as wanted.
            guard error.status == 422, let now = try? await find(step.key, context).first,
                Self.isReached(operation, change.wanted, now)
            else { throw error }
            return .done(now)
        }
        guard let action = answer.root?["action"]["id"].int else {
            throw answer.broken("it has no action with an id")
        }
        return await settle(failing: .actionFailed) { () throws(ProviderFault) in
            try await waitForAction(action, call, context)
            let path = "/v2/volumes/\(current.providerID.percentEncoded)"
            let volume = try await poll(call, until: limits.visibilityDeadline, "the volume") {
                () throws(ProviderFault) -> ObservedResource? in
                try await one(path, "volumes.get", "block_storage:read", context) {
                    Mapping.volume($0["volume"], Shared())
                }.first
            }
            return try await named(volume, context)
        }
    }

    private static func isReached(_ operation: String, _ wanted: Attributes, _ now: ObservedResource) -> Bool {
        switch operation {
        case "attach": now.attributes["droplet"] == wanted["droplet"]
        case "resize": now.attributes["size_gb"] == wanted["size_gb"]
        default: now.attributes["droplet"] == nil
        }
    }

    func deleteVolume(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let id = try await providerID(step, change, context) else { return .done(nil) }
        directory.forget(volume: step.key.name)
        return try await delete("/v2/volumes/\(id.percentEncoded)", "volumes", "block_storage", context)
    }

    /// The id of a volume; nil where there is none of that name.
    func volumeID(_ name: String, _ context: DriverContext) async throws(ProviderFault) -> String? {
        if let id = directory.volumeID(name) { return id }
        return try await find(ResourceKey(.volume, name), context).first?.providerID
    }

    // MARK: Snapshots

    func createSnapshot(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        if let volume = change.wanted["volume"]?.stringValue {
            guard let id = try await volumeID(volume, context) else {
                throw fault(
                    .missingReference, ProviderCall(step), "there is no volume \(volume)",
                    hint: "add it to the inventory",
                    .retry(after: nil))
            }
            let call = ProviderCall(
                "volumes.snapshot", "POST", "/v2/volumes/\(id.percentEncoded)/snapshots",
                permission: "block_storage_snapshot:create")
            var body: Value.Object = ["name": .string(step.key.name)]
            body["tags"] = change.wanted["tags"]
            let answer = try await api.send(call, body: .object(body), context)
            return .done(try answer.object("snapshot") { Mapping.snapshot($0, Shared()) })
        }
        guard let droplet = change.wanted["droplet"]?.stringValue else {
            throw impossible(step, "a snapshot can't be made without `droplet` or `volume`")
        }
        let ids = try await dropletIDs([droplet], for: ProviderCall(step), context)
        let id = ids[droplet].map(String.init) ?? ""
        let call = ProviderCall("droplets.snapshot", "POST", "/v2/droplets/\(id)/actions", permission: "droplet:update")
        let body: Value = .object(["type": "snapshot", "name": .string(step.key.name)])
        // While the droplet is busy, what it is busy with may be this very snapshot, asked for by an earlier effect whose
        // answer was lost: made again, there would be two.
        let end = time.uptime + limits.actionDeadline
        var sent: ProviderAnswer?
        while sent == nil {
            do throws(ProviderFault) {
                sent = try await api.send(call, body: body, context)
            } catch {
                guard error.problem == .conflict, time.uptime < end else { throw error }
                try await polling.rest(limits.longestPause, call)
                if let found = try await find(step.key, context).first { return .done(found) }
            }
        }
        guard let action = sent?.root?["action"]["id"].int else {
            throw Self.names.broken(call, status: 201, "it has no action with an id")
        }
        return await settle(failing: .actionFailed) { () throws(ProviderFault) in
            try await waitForAction(action, call, context)
            return try await poll(call, until: limits.visibilityDeadline, "the snapshot") {
                () throws(ProviderFault) -> ObservedResource? in
                try await find(step.key, context).first
            }
        }
    }

    func deleteSnapshot(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let id = try await providerID(step, change, context) else { return .done(nil) }
        return try await delete("/v2/snapshots/\(id.percentEncoded)", "snapshots", "snapshot", context)
    }
}
