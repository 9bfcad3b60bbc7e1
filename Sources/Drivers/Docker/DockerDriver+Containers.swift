internal import Basics
internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

/// The effects on containers.
extension DockerDriver {
    func createContainer(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let body = ContainerBody(change.wanted, inPlaceOf: change.replaced, installation: installation)
        if let problem = body.problem { throw impossible(step, problem) }
        guard Self.isName(step.key.name) else { throw impossible(step, "\(step.key.name) can't be a container's name") }
        try await ensureImage(try image(step, change), step, context)
        let site = CallSite(operation: "containers.create", method: "POST", path: "/containers/create")
        do throws(ProviderFault) {
            let answer = try await api.send(site, query: [("name", step.key.name)], body: body.value, context)
            _ = try answer.object(with: "Id")
        } catch {
            guard error.code == FaultCode.nameTaken.rawValue else { throw error }
            // The one that has the name is ours when it was made of the same wish.
            let found = try await find(step.key, context)
            guard found.count == 1, found[0].isOwned,
                found[0].attributes["desired_digest"] == .string(ContainerBody.digest(change.wanted))
            else { throw error }
            return .done(found[0])
        }
        return await settle { () async throws(ProviderFault) in try await seen(step, context) }
    }

    /// Stops and removes; volumes stay, with or without a name.
    func removeContainer(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        // By id, so that another container that took the name meanwhile is left alone.
        let id = (change.current?.providerID ?? change.change.providerID ?? step.key.name).percentEncoded
        let end = time.uptime + limits.removalDeadline
        while true {
            do throws(ProviderFault) {
                try await sendStop(id, context)
                let site = CallSite(operation: "containers.remove", method: "DELETE", path: "/containers/\(id)")
                let answer = try await api.send(site, query: [("v", "false"), ("force", "false")], context)
                guard answer.status == 204 else { throw .broken(site, status: answer.status, "it should be empty") }
                return .done(nil)
            } catch {
                if error.isNotFound { return .done(nil) }
                // Somebody else is removing it: that ends with 404.
                guard error.code == FaultCode.busy.rawValue, time.uptime < end else { throw error }
            }
            do {
                try await time.sleep(for: .seconds(1))
            } catch {
                throw .make(.tookTooLong, site(step), "the wait was cancelled", .observeAgain)
            }
        }
    }

    func start(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let id = (change.current?.providerID ?? step.key.name).percentEncoded
        let call = CallSite(operation: "containers.start", method: "POST", path: "/containers/\(id)/start")
        let answer = try await api.send(call, context)
        guard answer.body.isEmpty else { throw .broken(call, status: answer.status, "it should be empty") }
        let outcome = await settle { () async throws(ProviderFault) in try await seen(step, context) }
        guard case .done(let object?) = outcome, object.attributes["running"] == .bool(false),
            object.attributes["restart"] == "no" || object.attributes["restart"] == nil
        else { return outcome }
        throw .make(
            .endedAtOnce, site(step), "the container ended as soon as it had started",
            hint: "look at `docker logs \(step.key.name)`", .waitForNewCommit)
    }

    func stop(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        try await sendStop((change.current?.providerID ?? step.key.name).percentEncoded, context)
        return await settle { () async throws(ProviderFault) in try await seen(step, context) }
    }

    private func sendStop(_ id: String, _ context: DriverContext) async throws(ProviderFault) {
        let grace = max(0, limits.stopGrace.components.seconds)
        let call = CallSite(operation: "containers.stop", method: "POST", path: "/containers/\(id)/stop")
        _ = try await api.send(
            call, query: [("t", String(grace))], timeout: limits.stopGrace + .seconds(60), context)
    }

    func configure(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        var problem: String?
        let settings = ContainerBody.settings(change.wanted, &problem)
        if let problem { throw impossible(step, problem) }
        let id = (change.current?.providerID ?? step.key.name).percentEncoded
        let call = CallSite(operation: "containers.update", method: "POST", path: "/containers/\(id)/update")
        _ = try await api.send(call, body: .object(settings), context)
        return await settle { () async throws(ProviderFault) in try await seen(step, context) }
    }

    func connect(
        _ network: String, _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let path = "/networks/\(network.percentEncoded)/connect"
        let call = CallSite(operation: "networks.connect", method: "POST", path: path)
        var body = Value.Object()
        body["Container"] = .string(change.current?.providerID ?? step.key.name)
        do throws(ProviderFault) {
            _ = try await api.send(call, body: .object(body), context)
        } catch {
            // Connected already: by an attempt whose answer was lost.
            guard error.status == 403, error.message.contains("already exists") else { throw error }
        }
        return await settle { () async throws(ProviderFault) in try await seen(step, context) }
    }

    /// What the engine takes for a name.
    static func isName(_ text: String) -> Bool {
        let letters = { (byte: UInt8) in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        guard let first = text.utf8.first, letters(first), text.utf8.count >= 2 else { return false }
        return text.utf8.allSatisfy { letters($0) || $0 == 0x5F || $0 == 0x2E || $0 == 0x2D }
    }
}
