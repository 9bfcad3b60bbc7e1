internal import Basics
internal import DesiredState
internal import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension GitHubDriver {
    public func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        guard let (repository, rest) = RepositoryName.split(step.key.name) else {
            return .failed(impossible(step, "\(step.key.name) names no repository"))
        }
        let effect = Effect(step: step, repository: repository, rest: rest, change: change, context: context)
        do throws(ProviderFault) {
            switch (step.key.kind, step.operation) {
            case (.branchProtection, "protect"): return try await protect(effect)
            case (.branchProtection, "unprotect"): return try await unprotect(effect)
            case (.branchProtection, "require_signatures"): return try await setSignatures(effect, true)
            case (.branchProtection, "drop_signatures"): return try await setSignatures(effect, false)
            case (.branchProtection, "merge_methods"): return try await setMergeMethods(effect)
            case (.ruleset, "create"): return try await createRuleset(effect)
            case (.ruleset, "update"): return try await updateRuleset(effect)
            case (.ruleset, "delete"): return try await delete(effect, "rulesets", "Administration: write")
            case (.repository, "update"): return try await updateRepository(effect)
            case (.gitHubLabel, "create"): return try await createLabel(effect)
            case (.gitHubLabel, "update"): return try await updateLabel(effect)
            case (.gitHubLabel, "delete"): return try await delete(effect, "labels", "Issues: write")
            case (.gitHubHook, "create"): return try await createHook(effect)
            case (.gitHubHook, "update"): return try await updateHook(effect)
            case (.gitHubHook, "configure"): return try await configureHook(effect)
            case (.gitHubHook, "delete"): return try await delete(effect, "hooks", "Webhooks: write")
            default: throw impossible(step, "GitHub's driver never does this: \(step.operation) of a \(step.key.kind)")
            }
        } catch {
            return error.stepOutcome
        }
    }

    // MARK: What the effects share

    /// Deletes by the provider's id; what isn't there is deleted.
    private func delete(
        _ effect: Effect, _ noun: String, _ permission: String
    ) async throws(ProviderFault) -> StepOutcome {
        guard let id = try await providerID(effect) else { return .done(nil) }
        let site = effect.site("\(noun).delete", "DELETE", "/\(noun)/\(id.percentEncoded)", permission)
        do throws(ProviderFault) {
            _ = try await api.send(site, effect.context)
        } catch {
            guard error.isNotFound else { throw error }
            // 404 also hides what the token may not see: only the list tells whether it is gone.
            guard try await find(effect.step.key, effect.context).isEmpty else { throw error }
        }
        return .done(nil)
    }

    /// The provider's id of what a change is about: known from the observation, or looked up.
    ///
    /// - Throws: a fault when there are several.
    func providerID(_ effect: Effect) async throws(ProviderFault) -> String? {
        if let id = effect.change.current?.providerID ?? effect.change.change.providerID { return id }
        let found = try await find(effect.step.key, effect.context)
        guard found.count < 2 else {
            throw .make(
                .ambiguous, effect.site, "\(found.count) objects are named \(effect.step.key.name)",
                hint: "rename all but one of them at GitHub", .stop)
        }
        return found.first?.providerID
    }

    /// The same, of something that has to be there.
    func requireID(_ effect: Effect) async throws(ProviderFault) -> String {
        guard let id = try await providerID(effect) else {
            throw .make(
                .notFound, effect.site, "\(effect.step.key.name) is not there any more",
                hint: "run `reconcile --dry-run`: the next plan creates it again", status: 404, .observeAgain)
        }
        return id
    }

    /// Takes what stands under a unique name already as ours when it is as wanted.
    ///
    /// - Throws: the refusal where nothing stands there, and `nameTaken` where something else does.
    func adoptDuplicate(_ fault: ProviderFault, _ effect: Effect) async throws(ProviderFault) -> StepOutcome {
        guard fault.status == 422 || fault.status == 409 else { throw fault }
        // A look that fails says nothing against the refusal.
        guard let found = try? await find(effect.step.key, effect.context), found.count == 1,
            let schema = schemas.first(where: { $0.kind == effect.step.key.kind })
        else { throw fault }
        let differing = schema.differences(wanted: effect.change.wanted, observed: found[0].attributes)
        guard differing.isEmpty else {
            throw .make(
                .nameTaken, effect.site,
                "\(effect.step.key.name) exists already, with another \(differing.joined(separator: ", "))",
                hint: "run `reconcile --dry-run`: the next plan shows it as an update", status: fault.status,
                .observeAgain)
        }
        return .done(found[0])
    }

    /// Ends an effect that the provider has accepted: what can't be seen from here on is unknown and not undone.
    func settle(_ body: () async throws(ProviderFault) -> ObservedResource?) async -> StepOutcome {
        do throws(ProviderFault) {
            return .done(try await body())
        } catch {
            return .unknown(error)
        }
    }

    func impossible(_ step: Step, _ message: String) -> ProviderFault {
        let site = CallSite(
            operation: "\(step.key.kind).\(step.operation)", method: "apply", path: "\(step.key)", permission: "")
        return .make(.impossible, site, message, .waitForNewCommit)
    }
}

/// One step, and all that it is about.
struct Effect: Sendable {
    let step: Step
    let repository: RepositoryName
    /// The resource's name without the repository's.
    let rest: String
    let change: ResolvedChange
    let context: DriverContext

    var wanted: Attributes { change.wanted }
    var mapping: Mapping { Mapping(repository: repository, wanted: [step.key.name]) }

    var site: CallSite {
        CallSite(operation: "\(step.key.kind).\(step.operation)", method: "apply", path: "\(step.key)", permission: "")
    }

    /// A call below the repository.
    func site(_ operation: String, _ method: String, _ path: String, _ permission: String) -> CallSite {
        CallSite(operation: operation, method: method, path: repository.path + path, permission: permission)
    }
}
