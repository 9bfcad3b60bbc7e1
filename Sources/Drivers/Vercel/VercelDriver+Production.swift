internal import Basics
internal import DesiredState
internal import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension VercelDriver {
    /// Which of the two ways leads to a deployment.
    enum Way: String, Sendable {
        case promote, rollback
    }

    /// Lets a deployment serve production: forward by promoting it, back by a rollback.
    func activate(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let deployment = change.wanted["deployment"]?.stringValue, !deployment.isEmpty else {
            throw impossible(step, "it is not said which deployment shall serve production")
        }
        let project = try await project(step.key.name, step, context)
        if let current = project.settled(on: deployment) { return .done(current) }
        var way: Way?
        if !project.isUnderWay(to: deployment) {
            way = try await self.way(to: deployment, from: project, step, context)
        }
        return try await run(deployment, way, project, step, context)
    }

    /// Promotes a deployment to production; doing it twice is doing it once.
    ///
    /// - Returns: done when the aliases point to it; unknown when the job outlived the deadline.
    public func promote(_ deployment: String, of project: String, _ context: DriverContext) async -> StepOutcome {
        await move(to: deployment, .promote, of: project, context)
    }

    /// Rolls production back to a deployment that served it before; doing it twice is doing it once.
    ///
    /// From then on Vercel assigns production to no new deployment until one is promoted.
    public func rollback(to deployment: String, of project: String, _ context: DriverContext) async -> StepOutcome {
        await move(to: deployment, .rollback, of: project, context)
    }

    private func move(
        to deployment: String, _ way: Way, of name: String, _ context: DriverContext
    ) async -> StepOutcome {
        let key = ResourceKey(.vercelProduction, name)
        let step = Step(key: key, index: 1, operation: way.rawValue, title: "\(way.rawValue) \(deployment)")
        do throws(ProviderFault) {
            let project = try await project(name, step, context)
            if let current = project.settled(on: deployment) { return .done(current) }
            let start: Way? = project.isUnderWay(to: deployment) ? nil : way
            return try await run(deployment, start, project, step, context)
        } catch {
            return error.stepOutcome
        }
    }

    /// A rollback when the deployment is older than the one that serves production, else a promotion.
    private func way(
        to deployment: String, from project: ProjectState, _ step: Step, _ context: DriverContext
    ) async throws(ProviderFault) -> Way {
        let name = step.key.name
        let list = await readPages(
            "/v7/deployments", query: [("app", name), ("target", "production")], cursor: "until", "deployments", context
        ) { [Mapping.deployment($0, project: name)] }
        guard let wanted = list.items.first(where: { $0.providerID == deployment }) else {
            // It may stand on what could not be read.
            if let gap = list.completeness.gap {
                throw fault(
                    .brokenAnswer, ProviderCall("deployments.list", "GET", "/v7/deployments"), gap, .retry(after: nil))
            }
            throw impossible(
                step, "\(deployment) is no production deployment of \(name)",
                hint: "only deployments to production can be promoted; deploy the commit to production first")
        }
        guard wanted.attributes["state"] == .string("READY") else {
            throw impossible(step, "\(deployment) is not ready to serve", hint: "look at its build at Vercel")
        }
        let serving = list.items.first { $0.providerID == project.serving }
        guard let older = wanted.createdAt, let newer = serving?.createdAt else { return .promote }
        return older < newer ? .rollback : .promote
    }

    /// Starts the job, unless it is under way already, and waits for its end.
    private func run(
        _ deployment: String, _ way: Way?, _ before: ProjectState, _ step: Step, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let id = before.resource.providerID.percentEncoded
        switch way {
        case .promote?:
            // The body has to be there, and empty.
            let path = "/v10/projects/\(id)/promote/\(deployment.percentEncoded)"
            _ = try await api.send(ProviderCall("promote", "POST", path), body: .object(Value.Object()), context)
        case .rollback?:
            let path = "/v1/projects/\(id)/rollback/\(deployment.percentEncoded)"
            _ = try await api.send(ProviderCall("rollback", "POST", path), context)
        case nil: break
        }
        return await settle(failing: .jobFailed) { () throws(ProviderFault) in
            try await wait(for: deployment, since: way == nil ? nil : before.requestedAt, step, context)
        }
    }

    private func wait(
        for deployment: String, since last: Int64?, _ step: Step, _ context: DriverContext
    ) async throws(ProviderFault) -> ObservedResource {
        let polling = Polling(
            Self.names, time: time, firstPause: limits.firstPause, longestPause: limits.longestPause)
        return try await polling.poll(
            ProviderCall(step), until: limits.jobDeadline,
            late: "the move to \(deployment) has not ended within \(limits.jobDeadline.shortText)",
            hint: "it may wait for a rolling release; the next pass looks again"
        ) { () throws(ProviderFault) in
            let project = try await project(step.key.name, step, context)
            // A job of before with the same aim says nothing of ours.
            guard project.aim == deployment, last == nil || project.requestedAt != last else { return nil }
            switch project.job {
            case "succeeded": return project.resource
            case "skipped" where project.serving == deployment: return project.resource
            case "failed", "skipped":
                throw fault(
                    .jobFailed, ProviderCall(step), "Vercel ended the move to \(deployment) as \(project.job ?? "")",
                    hint: "look at the project's deployments at Vercel", .retry(after: nil))
            default: return nil
            }
        }
    }

    /// What a project says of its production.
    struct ProjectState: Sendable {
        let resource: ObservedResource
        let serving: String?
        /// Of the last promotion or rollback: where it leads, how it stands, when it was asked for.
        let aim: String?
        let job: String?
        let requestedAt: Int64?

        func isUnderWay(to deployment: String) -> Bool {
            aim == deployment && (job == "pending" || job == "in-progress")
        }

        /// The project, when the deployment serves production and nothing is about to change that.
        func settled(on deployment: String) -> ObservedResource? {
            serving == deployment && job != "pending" && job != "in-progress" ? resource : nil
        }
    }

    private func project(
        _ name: String, _ step: Step, _ context: DriverContext
    ) async throws(ProviderFault) -> ProjectState {
        let answer = try await api.get(projectPath(name), "projects.look", context)
        return try answer.object { view in
            guard let resource = Mapping.production(view) else { return nil }
            let last = view["lastAliasRequest"]
            return ProjectState(
                resource: resource, serving: view["targets"]["production"]["id"].string,
                aim: last["toDeploymentId"].string, job: last["jobStatus"].string, requestedAt: last["requestedAt"].int)
        }
    }
}
