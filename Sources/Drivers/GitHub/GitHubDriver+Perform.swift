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
        guard let id = try await providerID(effect.step, effect.change, effect.context) else { return .done(nil) }
        let call = effect.call("\(noun).delete", "DELETE", "/\(noun)/\(id.percentEncoded)", permission)
        do throws(ProviderFault) {
            _ = try await api.send(call, effect.context)
        } catch {
            guard error.isNotFound else { throw error }
            // 404 also hides what the token may not see: only the list tells whether it is gone.
            guard try await find(effect.step.key, effect.context).isEmpty else { throw error }
        }
        return .done(nil)
    }

    /// What stands under the effect's unique name, where GitHub refused to create it.
    func adoptDuplicate(_ refusal: ProviderFault, _ effect: Effect) async throws(ProviderFault) -> StepOutcome {
        guard refusal.status == 422 || refusal.status == 409 else { throw refusal }
        return try await adoptDuplicate(refusal, effect.step, effect.change, effect.context)
    }

    func requireID(_ effect: Effect) async throws(ProviderFault) -> String {
        try await requireID(effect.step, effect.change, effect.context)
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

    var call: ProviderCall { ProviderCall(step) }

    /// A call below the repository.
    func call(_ operation: String, _ method: String, _ path: String, _ permission: String) -> ProviderCall {
        ProviderCall(operation, method, repository.path + path, permission: permission)
    }
}
