internal import Basics
internal import DesiredState
internal import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension SupabaseDriver {
    public func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        do throws(ProviderFault) {
            switch (step.key.kind, step.operation) {
            case (.supabaseSecret, "set"): return try await setSecret(step, change, context)
            case (.supabaseSecret, "delete"): return try await deleteSecret(step, context)
            case (.supabaseBranch, "create"): return try await createBranch(step, change, context)
            case (.supabaseBranch, "update"): return try await updateBranch(step, change, context)
            case (.supabaseBranch, "delete"): return try await deleteBranch(step, context)
            case (.supabaseFunction, "configure"): return try await configure(step, change, context)
            case (.supabaseFunction, "deploy"): throw notDeployed(step, change)
            case (_, "leave"): return .done(nil)
            case (_, "absent"):
                throw impossible(
                    step, "\(step.key.name) can't be made by this program",
                    hint: "create the project at Supabase, then run `reconcile --dry-run`")
            default: throw impossible(step, "this version knows no effect named \(step.operation)")
            }
        } catch {
            return error.stepOutcome
        }
    }

    // MARK: Secrets

    private func setSecret(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let name = step.key.childName
        guard !name.hasPrefix("SUPABASE_") else {
            throw impossible(step, "names that begin with SUPABASE_ are Supabase's own", hint: "choose another name")
        }
        let value = try value(of: name, change.wanted["value_from"]?.stringValue, ProviderCall(step))
        let digest = value.reveal { Digest(of: $0).hex }
        if case .string(let wanted)? = change.wanted["value_sha256"].map(Normal.digest), wanted != digest {
            throw fault(
                .digestDiffers, ProviderCall(step),
                "the value of \(name) has another SHA-256 than the one that is wanted",
                hint: "correct `value_sha256`, or the value behind `value_from`", .waitForNewCommit)
        }
        var doubt: ProviderFault?
        do throws(ProviderFault) {
            try await push([(name, value)], to: step.key.parentName, context)
        } catch {
            guard error.mayHaveHappened else { throw error }
            doubt = error
        }
        // What Supabase keeps is read back by its digest: a success that changed nothing is none, and where no answer told
        // what became of it, the name alone would not say which value is there.
        let found: [ObservedResource]
        do throws(ProviderFault) {
            found = try await list(.supabaseSecret, of: step.key.parentName, context)
        } catch {
            // Another fault of a read would say that nothing happened.
            throw doubt
                ?? fault(
                    .brokenAnswer, ProviderCall(step),
                    "the secret was accepted, and could not be looked at again: \(error.reason)",
                    hint: "run `reconcile --dry-run`: the next plan looks again", .observeAgain)
        }
        guard let kept = found.first(where: { $0.key == step.key }), kept.attributes["value_sha256"] == .string(digest)
        else {
            if let doubt { throw doubt }
            throw fault(
                .brokenAnswer, ProviderCall(step), "the secret was accepted and is not there as it was sent",
                hint: "run `reconcile --dry-run`: the next plan looks again", .observeAgain)
        }
        return .done(kept)
    }

    /// Sets several secrets at once; setting what is there already is harmless.
    func push(
        _ secrets: [(name: String, value: Secret)], to project: String, _ context: DriverContext
    ) async throws(ProviderFault) {
        let items = secrets.map { secret -> Value in
            var item = Value.Object()
            item["name"] = .string(secret.name)
            item["value"] = secret.value.reveal { .string($0) }
            return .object(item)
        }
        let call = ProviderCall("secrets.set", "POST", projectPath(project) + "/secrets")
        _ = try await api.send(call, body: .list(items), context)
    }

    func value(
        of name: String, _ text: String?, _ call: ProviderCall
    ) throws(ProviderFault) -> Secret {
        guard let text else {
            throw fault(
                .noValue, call, "\(name) is missing, and nothing says where its value is",
                hint: "set it at Supabase, or say where its value is as `value_from`", .waitForNewCommit)
        }
        guard let reference = SecretReference(text) else {
            // The text itself may be the value.
            throw fault(
                .noValue, call, "`value_from` of \(name) is no reference",
                hint: "write `env:NAME` or `file:PATH`; a value itself never belongs into the repository",
                .waitForNewCommit)
        }
        guard let value = resolve(reference) else {
            throw fault(
                .noValue, call, "\(name) has no value: \(reference) holds none",
                hint: "give the program \(reference), or set the secret at Supabase", .retry(after: nil))
        }
        return value
    }

    private func deleteSecret(_ step: Step, _ context: DriverContext) async throws(ProviderFault) -> StepOutcome {
        let call = ProviderCall("secrets.delete", "DELETE", projectPath(step.key.parentName) + "/secrets")
        let names: Value = .list([.string(step.key.childName)])
        _ = try await api.send(call, body: names, accepting: [404, 410], context)
        return .done(nil)
    }

    // MARK: Functions

    private func configure(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let flag = change.wanted["verify_jwt"]?.boolValue else {
            throw impossible(step, "`verify_jwt` has no value")
        }
        // What was looked at since the plan may have forgotten where it is wanted.
        let project: String
        if let wanted = change.wanted["project_ref"]?.stringValue {
            project = wanted
        } else {
            project = try await self.project(ofFunction: step.key.name, context)
        }
        var body = Value.Object()
        body["verify_jwt"] = .bool(flag)
        let call = ProviderCall(
            "functions.update", "PATCH", projectPath(project) + "/functions/\(step.key.name.percentEncoded)")
        return .done(
            try await api.send(call, body: .object(body), context).object { Mapping.function($0, project: project) })
    }

    /// A function's code is built and deployed by the repository's own pipeline.
    private func notDeployed(_ step: Step, _ change: ResolvedChange) -> ProviderFault {
        fault(
            .notDeployed, ProviderCall(step), "the function \(step.key.name) is not deployed as it is wanted",
            hint: "deploy it: \(SupabaseKinds.deployment(of: step.key, change.change.wanted, usual.known))",
            .waitForNewCommit)
    }
}
