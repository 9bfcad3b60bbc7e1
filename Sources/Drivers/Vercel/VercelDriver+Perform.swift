internal import Basics
internal import DesiredState
internal import Diff
public import Drivers
internal import Formats

extension VercelDriver {
    public func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        do throws(ProviderFault) {
            switch (step.key.kind, step.operation) {
            case (.vercelProject, "create"): return try await createProject(step, change, context)
            case (.vercelProject, "configure"): return try await configure(step, change, context)
            case (.vercelProject, "production_branch"):
                throw impossible(
                    step, "the API can't change the production branch",
                    hint: "change it at Vercel, in the project's settings under Git")
            case (.vercelProject, "delete"): return try await deleteProject(step, change, context)
            case (.vercelVariable, "create"): return try await createVariable(step, change, context)
            case (.vercelVariable, "update"): return try await updateVariable(step, change, context)
            case (.vercelVariable, "delete"): return try await deleteVariable(step, change, context)
            case (.vercelDomain, "create"): return try await createDomain(step, change, context)
            case (.vercelDomain, "update"): return try await updateDomain(step, change, context)
            case (.vercelDomain, "verify"): return try await verifyDomain(step, change, context)
            case (.vercelDomain, "delete"): return try await delete(domainPath(step.key), "domains", context)
            case (.vercelProduction, "activate"): return try await activate(step, change, context)
            case (.vercelProduction, "leave"): return .done(nil)
            case (.vercelProduction, "absent"):
                throw impossible(
                    step, "there is no project \(step.key.name), so nothing can serve its production",
                    hint: "create the project and deploy to it")
            default: throw impossible(step, "this version knows no effect named \(step.operation)")
            }
        } catch {
            return error.stepOutcome
        }
    }

    // MARK: Projects

    private func createProject(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        var body = Value.Object()
        body["name"] = .string(step.key.name)
        for setting in VercelKinds.settings where !VercelKinds.settableLater.contains(setting.name) {
            body[setting.member] = wanted(setting.name, change)
        }
        let call = ProviderCall("projects.create", "POST", "/v11/projects")
        do throws(ProviderFault) {
            return .done(try await api.send(call, body: .object(body), context).object(Mapping.project))
        } catch {
            guard error.status == 409 else { throw error }
            return try await adopt(error, step, change, context)
        }
    }

    /// Sends only what differs, so that nothing else is touched.
    private func configure(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let isNew = change.change.action == .create || change.change.action == .replace
        let differing = Set(change.change.attributes.map(\.path))
        var body = Value.Object()
        for setting in VercelKinds.settings
        where isNew ? VercelKinds.settableLater.contains(setting.name) : differing.contains(setting.name) {
            body[setting.member] = wanted(setting.name, change)
        }
        guard !body.isEmpty else { throw impossible(step, "none of what is to change has a value") }
        let call = ProviderCall("projects.update", "PATCH", projectPath(step.key.name))
        return .done(try await api.send(call, body: .object(body), context).object(Mapping.project))
    }

    /// By its id: another project that took the name since the plan was made is left alone.
    private func deleteProject(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let id = change.current?.providerID ?? change.change.providerID, !id.isEmpty else {
            throw impossible(step, "the project's id is not known, and another one may have its name")
        }
        return try await delete(projectPath(id), "projects", context)
    }

    /// What is wanted of an attribute, as its rule writes it; nil when nothing is.
    func wanted(_ name: String, _ change: ResolvedChange) -> Value? {
        guard let value = change.wanted[name] else { return nil }
        let schema = schemas.first { $0.kind == change.change.key.kind }
        return schema?.rule(name)?.normalise(value) ?? value
    }

    // MARK: What the effects share

    /// Deletes; what isn't there is deleted.
    func delete(
        _ path: String, _ noun: String, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        _ = try await api.send(ProviderCall("\(noun).delete", "DELETE", path), accepting: [404, 410], context)
        return .done(nil)
    }

    /// Takes what stands under a unique name already as ours when it is as wanted; often it is in another account.
    func adopt(
        _ refusal: ProviderFault, _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let name = step.key.childName.isEmpty ? step.key.name : step.key.childName
        let taken = fault(
            .nameTaken, ProviderCall(step), "\(name) is taken: \(refusal.message)",
            hint: "it belongs to another project, team or account: release it there, or choose another name",
            status: refusal.status, providerCode: refusal.providerCode, .waitForNewCommit)
        return try await adoptDuplicate(taken, step, change, context)
    }
}
