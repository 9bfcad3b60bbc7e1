internal import Basics
internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

extension VercelDriver {
    /// Makes a variable from the value that its reference points to.
    ///
    /// Without a value nothing is sent: that the name is missing is what there is to tell. What is there already is never
    /// written over, so without `upsert`: a list may have left it out, and its value may have been rotated since.
    func createVariable(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let name = VariableName(step.key.name) else { throw misnamed(step) }
        let value = try value(step, name, change)
        var body = Value.Object()
        body["key"] = .string(name.key)
        body["type"] = wanted("type", change) ?? .string("encrypted")
        if name.target.hasPrefix("custom:") {
            body["customEnvironmentIds"] = .list([.string(String(name.target.dropFirst(7)))])
        } else {
            body["target"] = .list([.string(name.target)])
        }
        if let branch = name.branch { body["gitBranch"] = .string(branch) }
        body["value"] = value.reveal { .string($0) }
        let call = ProviderCall("env.create", "POST", "/v10/projects/\(name.project.percentEncoded)/env")
        let answer: ProviderAnswer
        do throws(ProviderFault) {
            answer = try await api.send(call, body: .object(body), context)
        } catch {
            guard error.providerCode == Self.conflict else { throw error }
            return try await keep(name, error, step, change, context)
        }
        guard let root = answer.root, let failed = root["failed"].items else {
            throw answer.broken("it does not say what failed")
        }
        if let first = Array(failed).first {
            let error = first["error"]
            let refusal = fault(
                .refusedInSuccess, call,
                "Vercel took the request and refused \(name.key)" + (error["message"].string.map { ": \($0)" } ?? ""),
                hint: "look at the project's variables at Vercel; the message is Vercel's own", status: answer.status,
                providerCode: error["code"].string, .waitForNewCommit)
            guard refusal.providerCode == Self.conflict else { throw refusal }
            return try await keep(name, refusal, step, change, context)
        }
        let created = root["created"]
        let views = created.items.map { Array($0) } ?? [created]
        let made = views.compactMap { Mapping.variables($0, project: name.project) }.flatMap { $0 }
        guard let found = made.first(where: { $0.key == step.key }) else {
            throw answer.broken("it does not hold what was created")
        }
        return .done(found)
    }

    /// Vercel's word for a variable that is there already.
    private static let conflict = "ENV_CONFLICT"

    /// Leaves a variable as it is that Vercel says is there, and takes it where it can be seen and is as wanted.
    private func keep(
        _ name: VariableName, _ refusal: ProviderFault, _ step: Step, _ change: ResolvedChange,
        _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let unseen = fault(
            .nameTaken, ProviderCall(step),
            "Vercel says that \(name.key) is there for \(name.target), and its list does not show it: "
                + "it was left as it is",
            hint: "the next pass reads the list again; where it lasts, look at the project's variables at Vercel",
            status: refusal.status, providerCode: refusal.providerCode, .retry(after: nil))
        return try await adoptDuplicate(unseen, step, change, context)
    }

    /// Changes what differs; never for other targets than that of the change.
    func updateVariable(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let name = VariableName(step.key.name) else { throw misnamed(step) }
        guard let current = try await find(step.key, context).first else { throw gone(step) }
        let others = otherTargets(current, name)
        guard others.isEmpty else {
            throw impossible(
                step, "\(name.key) is one variable for \(name.target) and \(others.joined(separator: ", "))",
                hint: "give each target its own variable at Vercel, then run `reconcile --dry-run`")
        }
        var body = Value.Object()
        body["type"] = wanted("type", change)
        // Vercel asks for the value again when a variable becomes sensitive.
        if change.wanted["value_from"] != nil { body["value"] = try value(step, name, change).reveal { .string($0) } }
        let call = ProviderCall("env.update", "PATCH", variablePath(name, current.providerID))
        let answer = try await api.send(call, body: .object(body), context)
        let made = try answer.object { Mapping.variables($0, project: name.project) }
        guard let found = made.first(where: { $0.key == step.key }) else {
            throw answer.broken("it does not hold what was changed")
        }
        return .done(found)
    }

    /// Takes one target's variable away; what other targets share with it stays theirs.
    func deleteVariable(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let name = VariableName(step.key.name) else { throw misnamed(step) }
        let found = try await find(step.key, context)
        guard found.count < 2 else {
            throw impossible(step, "\(found.count) variables are named \(step.key.name)", hint: "delete all but one")
        }
        guard let current = found.first else { return .done(nil) }
        let path = variablePath(name, current.providerID)
        let others = otherTargets(current, name)
        guard !others.isEmpty else { return try await delete(path, "env", context) }
        let custom = others.filter { $0.hasPrefix("custom:") }.map { String($0.dropFirst(7)) }
        var body = Value.Object()
        body["target"] = .strings(others.filter { !$0.hasPrefix("custom:") })
        if name.target.hasPrefix("custom:") || !custom.isEmpty { body["customEnvironmentIds"] = .strings(custom) }
        let call = ProviderCall("env.update", "PATCH", path)
        _ = try await api.send(call, body: .object(body), accepting: [404, 410], context)
        return .done(nil)
    }

    private func otherTargets(_ current: ObservedResource, _ name: VariableName) -> [String] {
        (current.attributes["targets"]?.listValue ?? []).compactMap(\.stringValue).filter { $0 != name.target }
    }

    private func variablePath(_ name: VariableName, _ id: String) -> String {
        "/\(Self.variableVersion)/projects/\(name.project.percentEncoded)/env/\(id.percentEncoded)"
    }

    private static let variableVersion = "v9"

    private func value(
        _ step: Step, _ name: VariableName, _ change: ResolvedChange
    ) throws(ProviderFault) -> Secret {
        guard let text = change.wanted["value_from"]?.stringValue else {
            throw fault(
                .noValue, ProviderCall(step), "\(name.key) is missing, and nothing says where its value is",
                hint: "set it at Vercel, in the project's environment variables", .waitForNewCommit)
        }
        guard let reference = SecretReference(text) else {
            // The text itself may be the value.
            throw fault(
                .noValue, ProviderCall(step), "`value_from` of \(name.key) is no reference",
                hint: "write `env:NAME` or `file:PATH`; a value itself never belongs into the repository",
                .waitForNewCommit)
        }
        guard let value = resolve(reference) else {
            throw fault(
                .noValue, ProviderCall(step), "\(name.key) is missing, and \(reference) holds no value",
                hint: "give the program \(reference), or set the variable at Vercel", .retry(after: nil))
        }
        return value
    }

    private func misnamed(_ step: Step) -> ProviderFault {
        impossible(step, "\(step.key.name) is no `project/target/KEY`")
    }
}
