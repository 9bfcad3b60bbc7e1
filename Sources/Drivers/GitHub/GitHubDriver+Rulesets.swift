internal import Basics
internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

extension GitHubDriver {
    func createRuleset(_ effect: Effect) async throws(ProviderFault) -> StepOutcome {
        let call = effect.call("rulesets.create", "POST", "/rulesets", "Administration: write")
        let body = try rulesetBody(effect, current: nil)
        let answer: ProviderAnswer
        do throws(ProviderFault) {
            answer = try await api.send(call, body: body, effect.context)
        } catch {
            return try await adoptDuplicate(error, effect)
        }
        return .done(try answer.object(effect.mapping.ruleset))
    }

    /// Reads the ruleset and puts it back with what is wanted: what the document doesn't name stays.
    func updateRuleset(_ effect: Effect) async throws(ProviderFault) -> StepOutcome {
        let id = try await requireID(effect)
        let path = "/rulesets/\(id.percentEncoded)"
        let current = try await api.send(
            effect.call("rulesets.get", "GET", path, "Metadata: read"), effect.context
        ).object { $0["rules"].exists ? $0.value : nil }
        let answer = try await api.send(
            effect.call("rulesets.update", "PUT", path, "Administration: write"),
            body: try rulesetBody(effect, current: current), effect.context)
        return .done(try answer.object(effect.mapping.ruleset))
    }

    private func rulesetBody(_ effect: Effect, current: Value?) throws(ProviderFault) -> Value {
        let wanted = effect.wanted
        var body = Value.Object()
        body["name"] = .string(effect.rest)
        var target = wanted["target"]?.stringValue ?? current?["target"]?.stringValue ?? "branch"
        var conditions = wanted["conditions"].map(Normal.conditions)
        if target == "default_branch" {
            target = "branch"
            let names: Value = .object(["include": ["~DEFAULT_BRANCH"], "exclude": []])
            conditions = conditions ?? .object(["ref_name": names])
        }
        guard ["branch", "tag", "push"].contains(target) else {
            throw impossible(effect.step, "a ruleset's target is default_branch, branch, tag or push, not \(target)")
        }
        body["target"] = .string(target)
        body["enforcement"] = wanted["enforcement"] ?? current?["enforcement"] ?? "active"
        if let conditions = conditions ?? current?["conditions"], !conditions.isNull { body["conditions"] = conditions }
        body["bypass_actors"] = (wanted["bypass_actors"] ?? current?["bypass_actors"]).map(Normal.actors) ?? []
        body["rules"] = .list(Rules.merged(current?["rules"]?.listValue ?? [], wanted["rules"]?.listValue ?? []))
        return .object(body)
    }
}

/// The rules of a ruleset, as they are written.
enum Rules {
    /// What GitHub demands of a rule and documents don't always name.
    private static let required: [String: [(String, Value)]] = [
        "pull_request": [
            ("dismiss_stale_reviews_on_push", false), ("require_code_owner_review", false),
            ("require_last_push_approval", false), ("required_approving_review_count", 0),
            ("required_review_thread_resolution", false),
        ],
        "required_status_checks": [("required_status_checks", []), ("strict_required_status_checks_policy", false)],
    ]

    /// The rules that are there, each with what is wanted of it put over it, and the wanted ones that are not.
    static func merged(_ current: [Value], _ wanted: [Value]) -> [Value] {
        var rules = current
        for rule in wanted {
            guard let type = rule["type"]?.stringValue else { continue }
            let place = rules.firstIndex { $0["type"]?.stringValue == type }
            var parameters = place.flatMap { rules[$0]["parameters"]?.objectValue } ?? Value.Object()
            for member in rule["parameters"]?.objectValue?.members ?? [] where !member.value.isNull {
                parameters[member.name] = union(parameters[member.name], Normal.canonical(member.value))
            }
            for (name, value) in required[type] ?? [] where parameters[name] == nil { parameters[name] = value }
            var merged = Value.Object()
            merged["type"] = .string(type)
            if !parameters.isEmpty { merged["parameters"] = .object(parameters) }
            if let place { rules[place] = .object(merged) } else { rules.append(.object(merged)) }
        }
        return rules
    }

    /// Lists grow by what is wanted; a check that is there with its app is the one that is wanted without.
    private static func union(_ current: Value?, _ wanted: Value) -> Value {
        guard case .list(let items) = wanted, case .list(let there)? = current else { return wanted }
        let contexts = Set(there.compactMap { $0["context"]?.stringValue })
        let missing = items.filter { item in
            guard !there.contains(item) else { return false }
            guard let context = item["context"]?.stringValue, item["integration_id"] == nil else { return true }
            return !contexts.contains(context)
        }
        return .list(there + missing)
    }
}
