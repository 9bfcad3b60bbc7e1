internal import Basics
internal import DesiredState
internal import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension DockerDriver {
    public func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        do throws(ProviderFault) {
            switch (step.key.kind, step.operation) {
            case (.container, "create"): return try await createContainer(step, change, context)
            case (.container, "pull"):
                try await ensureImage(try image(step, change), step, context)
                return .done(change.current)
            case (.container, "remove"): return try await removeContainer(step, change, context)
            case (.container, "start"): return try await start(step, change, context)
            case (.container, "stop"): return try await stop(step, change, context)
            case (.container, "configure"): return try await configure(step, change, context)
            case (.container, let name) where name.hasPrefix("connect:"):
                return try await connect(String(name.dropFirst(8)), step, change, context)
            case (.containerImage, "create"):
                try await ensureImage(step.key.name, step, context)
                return .done(try await seen(step, context))
            case (.containerImage, "remove"):
                return try await remove("images.remove", "/images/\(Self.path(step.key.name))", context)
            case (.containerNetwork, "create"): return try await createNetwork(step, change, context)
            case (.containerNetwork, "remove"):
                let id = change.current?.providerID ?? change.change.providerID ?? step.key.name
                return try await remove("networks.remove", "/networks/\(id.percentEncoded)", context)
            case (.containerVolume, "create"): return try await createVolume(step, change, context)
            case (.containerVolume, "remove"):
                return try await remove("volumes.remove", "/volumes/\(step.key.name.percentEncoded)", context)
            default: throw impossible(step, "this version knows no effect named \(step.operation)")
            }
        } catch {
            return error.outcome
        }
    }

    // MARK: Networks, volumes, images

    private func createNetwork(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        var body = Value.Object()
        body["Name"] = .string(step.key.name)
        body["Driver"] = .string(change.wanted["driver"]?.stringValue ?? "bridge")
        if let isInternal = change.wanted["internal"]?.boolValue { body["Internal"] = .bool(isInternal) }
        if let subnet = change.wanted["subnet"]?.stringValue {
            var config = Value.Object()
            config["Subnet"] = .string(subnet)
            var addresses = Value.Object()
            addresses["Config"] = .list([.object(config)])
            body["IPAM"] = .object(addresses)
        }
        body["Labels"] = .object(labels(change))
        let site = CallSite(operation: "networks.create", method: "POST", path: "/networks/create")
        _ = try await api.send(site, body: .object(body), context)
        return await settle { () async throws(ProviderFault) in try await seen(step, context) }
    }

    private func createVolume(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        var body = Value.Object()
        body["Name"] = .string(step.key.name)
        body["Driver"] = .string(change.wanted["driver"]?.stringValue ?? "local")
        var options = Value.Object()
        for text in change.wanted["driver_opts"].map(Normal.pairs)?.listValue?.map(Normal.text) ?? [] {
            let name = String(text.prefix { $0 != "=" })
            options[name] = .string(String(text.dropFirst(name.count + 1)))
        }
        if !options.isEmpty { body["DriverOpts"] = .object(options) }
        body["Labels"] = .object(labels(change))
        let site = CallSite(operation: "volumes.create", method: "POST", path: "/volumes/create")
        _ = try await api.send(site, body: .object(body), context)
        // A volume of this name that was there before is given back as if it had just been made.
        return await settle { () async throws(ProviderFault) in try await seen(step, context) }
    }

    private func labels(_ change: ResolvedChange) -> Value.Object {
        ContainerBody.labels(
            change.wanted, change.wanted["labels"].map(Normal.pairs)?.listValue?.map(Normal.text) ?? [], [],
            installation)
    }

    /// Removes without force; what isn't there is removed.
    private func remove(
        _ operation: String, _ path: String, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        do throws(ProviderFault) {
            let site = CallSite(operation: operation, method: "DELETE", path: path)
            let answer = try await api.send(site, context)
            if answer.status != 204 { _ = try answer.list() }
        } catch {
            guard error.isNotFound else { throw error }
        }
        return .done(nil)
    }

    /// Pulls an image that isn't there.
    ///
    /// The answer begins with 200 before anything has come: whether it came is only said in what follows, and by a look
    /// at the image.
    func ensureImage(_ name: String, _ step: Step, _ context: DriverContext) async throws(ProviderFault) {
        guard let parts = ImageName(name) else { throw impossible(step, "\(name) is no name of an image") }
        let key = ResourceKey(.containerImage, name)
        if !(try await find(key, context)).isEmpty { return }
        let site = CallSite(operation: "images.pull", method: "POST", path: "/images/create")
        let answer: Answer
        do throws(ProviderFault) {
            // Without a tag the engine would pull all of them.
            answer = try await api.send(
                site, query: [("fromImage", parts.repository), ("tag", parts.digest ?? parts.tag ?? "latest")],
                headers: logins?.header(for: parts.repository).map { [$0] } ?? [], timeout: limits.pullDeadline,
                context)
        } catch {
            // What the registry says may come as the engine's own failure. Nothing was made by then, so nothing is in doubt.
            guard error.status > 0, error.disposition == .observeAgain else { throw error }
            throw Self.notPulled(name, error.message, status: error.status, site)
        }
        for line in answer.body.split(separator: UInt8(ascii: "\n")) {
            guard let root = (try? JSONDocument(Array(line)))?.root else { continue }
            guard let message = root["errorDetail"]["message"].string ?? root["error"].string else { continue }
            throw Self.notPulled(name, message, status: 200, site)
        }
        guard !(try await find(key, context)).isEmpty else {
            throw .make(.pullFailed, site, "the pull of \(name) ended without the image", .retry(after: .minutes(1)))
        }
    }

    /// Why an image didn't come, by the words of its registry.
    private static func notPulled(
        _ name: String, _ message: String, status: Int, _ site: CallSite
    ) -> ProviderFault {
        if message.contains("toomanyrequests") {
            return .make(
                .pullLimit, site, "the registry's limit of pulls is used up: \(message)", status: status,
                .retry(after: .hours(1)))
        }
        let isRefused = ["denied", "unauthorized", "authentication"].contains { message.contains($0) }
        return .make(
            .pullFailed, site, "\(name) could not be pulled: \(message)",
            hint: isRefused
                ? "is its name right, and does DOCKER_AUTH_CONFIG hold a login for its registry?"
                : "is its name right?",
            status: status, .retry(after: .minutes(5)))
    }

    // MARK: What the effects share

    /// The object as it is now.
    func seen(_ step: Step, _ context: DriverContext) async throws(ProviderFault) -> ObservedResource {
        let found = try await find(step.key, context)
        guard found.count == 1, let object = found.first else {
            throw .make(
                found.isEmpty ? .notFound : .ambiguous, site(step),
                found.isEmpty
                    ? "\(step.key.name) is not there" : "\(found.count) objects are named \(step.key.name)",
                status: found.isEmpty ? 404 : 0, .observeAgain)
        }
        return object
    }

    /// Ends an effect that the engine has accepted: whatever can't be seen from here on is unknown and not undone.
    func settle(_ body: () async throws(ProviderFault) -> ObservedResource?) async -> StepOutcome {
        do throws(ProviderFault) {
            return .done(try await body())
        } catch {
            return .unknown(error)
        }
    }

    func site(_ step: Step) -> CallSite {
        CallSite(operation: "\(step.key.kind).\(step.operation)", method: "apply", path: "\(step.key)")
    }

    func impossible(_ step: Step, _ message: String) -> ProviderFault {
        .make(.impossible, site(step), message, .waitForNewCommit)
    }

    func image(_ step: Step, _ change: ResolvedChange) throws(ProviderFault) -> String {
        guard let image = change.wanted["image"]?.stringValue, !image.isEmpty else {
            throw impossible(step, "no image is wanted for the container")
        }
        return image
    }
}
