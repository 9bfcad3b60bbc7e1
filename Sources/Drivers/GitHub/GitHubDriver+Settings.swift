internal import Basics
internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

extension GitHubDriver {
    // MARK: Repositories

    /// Changes what the repository's document names and nothing else.
    func updateRepository(_ effect: Effect) async throws(ProviderFault) -> StepOutcome {
        var body = Value.Object()
        var security = Value.Object()
        for attribute in effect.change.change.attributes {
            guard let value = effect.wanted[attribute.path] else { continue }
            switch attribute.path {
            case "description", "homepage": body[attribute.path] = Normal.text(value)
            case "secret_scanning", "secret_scanning_push_protection":
                let status: Value = .string(value.boolValue == true ? "enabled" : "disabled")
                security[attribute.path] = .object(["status": status])
            case let name where Mapping.switches.contains(name): body[name] = value
            default: throw impossible(effect.step, "\(attribute.path) is not changed from here")
            }
        }
        if !security.isEmpty { body["security_and_analysis"] = .object(security) }
        let answer = try await api.send(
            effect.call("repos.update", "PATCH", "", "Administration: write"), body: .object(body), effect.context)
        return .done(try answer.object(effect.mapping.repository))
    }

    // MARK: Labels

    func createLabel(_ effect: Effect) async throws(ProviderFault) -> StepOutcome {
        var body = labelBody(effect)
        body["name"] = .string(effect.rest)
        let answer: ProviderAnswer
        do throws(ProviderFault) {
            answer = try await api.send(
                effect.call("labels.create", "POST", "/labels", "Issues: write"), body: .object(body), effect.context)
        } catch {
            return try await adoptDuplicate(error, effect)
        }
        return .done(try answer.object(effect.mapping.label))
    }

    func updateLabel(_ effect: Effect) async throws(ProviderFault) -> StepOutcome {
        let id = try await requireID(effect)
        let answer = try await api.send(
            effect.call("labels.update", "PATCH", "/labels/\(id.percentEncoded)", "Issues: write"),
            body: .object(labelBody(effect)), effect.context)
        return .done(try answer.object(effect.mapping.label))
    }

    private func labelBody(_ effect: Effect) -> Value.Object {
        var body = Value.Object()
        body["color"] = effect.wanted["color"].map(Normal.color)
        body["description"] = effect.wanted["description"].map(Normal.text)
        return body
    }

    // MARK: Hooks

    func createHook(_ effect: Effect) async throws(ProviderFault) -> StepOutcome {
        guard effect.rest.hasPrefix("https://") || effect.rest.hasPrefix("http://") else {
            throw impossible(effect.step, "a hook is named after the address that it calls, not \(effect.rest)")
        }
        let secret = try hookSecret(effect)
        var config = Value.Object()
        config["url"] = .string(effect.rest)
        config["content_type"] = effect.wanted["content_type"].map(Normal.lowercase) ?? "json"
        config["insecure_ssl"] = effect.wanted["insecure_ssl"].map(Normal.digit) ?? "0"
        config["secret"] = secret.reveal { .string($0) }
        var body = Value.Object()
        body["name"] = "web"
        body["active"] = effect.wanted["active"] ?? true
        body["events"] = effect.wanted["events"] ?? ["push"]
        body["config"] = .object(config)
        let answer: ProviderAnswer
        do throws(ProviderFault) {
            answer = try await api.send(
                effect.call("hooks.create", "POST", "/hooks", "Webhooks: write"), body: .object(body), effect.context)
        } catch {
            return try await adoptDuplicate(error, effect)
        }
        return .done(try answer.object(effect.mapping.hook))
    }

    /// What the hook signs with: the secret that its document names, else the one of the configuration.
    private func hookSecret(_ effect: Effect) throws(ProviderFault) -> Secret {
        guard let text = effect.wanted["secret_from"]?.stringValue else {
            guard let hookSecret else {
                throw impossible(effect.step, GitHubKinds.unsigned)
            }
            return hookSecret
        }
        guard let reference = SecretReference(text) else {
            // The text itself may be the secret.
            throw impossible(effect.step, "`secret_from` of a hook is no reference: write `env:NAME` or `file:PATH`")
        }
        guard let secret = resolve(reference) else {
            throw fault(
                .noValue, ProviderCall(effect.step),
                "the hook's secret is to come from \(reference), and nothing is there",
                hint: "give the program \(reference)", .retry(after: nil))
        }
        return secret
    }

    /// Sends no `config`: one without the secret would take the secret away.
    func updateHook(_ effect: Effect) async throws(ProviderFault) -> StepOutcome {
        let id = try await requireID(effect)
        var body = Value.Object()
        body["active"] = effect.wanted["active"]
        body["events"] = effect.wanted["events"]
        let answer = try await api.send(
            effect.call("hooks.update", "PATCH", "/hooks/\(id.percentEncoded)", "Webhooks: write"),
            body: .object(body), effect.context)
        return .done(try answer.object(effect.mapping.hook))
    }

    /// Sets how a hook is called, by the address that leaves what isn't sent as it is.
    func configureHook(_ effect: Effect) async throws(ProviderFault) -> StepOutcome {
        let id = try await requireID(effect)
        var body = Value.Object()
        body["content_type"] = effect.wanted["content_type"].map(Normal.lowercase)
        body["insecure_ssl"] = effect.wanted["insecure_ssl"].map(Normal.digit)
        let path = "/hooks/\(id.percentEncoded)"
        _ = try await api.send(
            effect.call("hooks.configure", "PATCH", "\(path)/config", "Webhooks: write"), body: .object(body),
            effect.context)
        return await settle { () throws(ProviderFault) in
            try await api.send(effect.call("hooks.get", "GET", path, "Webhooks: read"), effect.context)
                .object(effect.mapping.hook)
        }
    }
}
