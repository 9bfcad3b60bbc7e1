import Basics
import Formats
import Web

extension GitHubAccount {
    func index(of id: String, in items: [Value.Object]?) -> Int? {
        items?.firstIndex { $0["id"]?.intValue.map { String($0) } == id }
    }

    /// A new object with an id and both dates.
    mutating func made(_ fields: Value.Object) -> Value.Object {
        var object = Value.Object()
        object["id"] = .int(takeID())
        for member in fields.members { object[member.name] = member.value }
        for name in ["created_at", "updated_at"] { object[name] = .string(GitHubRepository.text(now)) }
        return object
    }

    // MARK: Labels, told by their names without regard to case

    mutating func labels(
        _ request: SimulatedRequest, _ path: [String], _ repository: inout GitHubRepository
    ) -> WebResponse {
        let render = GitHubRender(base: request.base, repository: repository)
        let labels = repository.lists["labels"] ?? []
        func place(_ name: String) -> Int? {
            labels.firstIndex { $0["name"]?.stringValue?.lowercased() == name.lowercased() }
        }
        if path.count == 1 {
            guard request.method == "POST", let body = request.json?.objectValue, let name = body["name"]?.stringValue,
                !name.isEmpty
            else { return invalid("Label", "name", "missing_field") }
            guard place(name) == nil else { return invalid("Label", "name", "already_exists") }
            var fields = Value.Object()
            fields["name"] = .string(name)
            fields["color"] = body["color"] ?? "ededed"
            fields["description"] = body["description"] ?? .null
            guard isColor(fields["color"]) else { return invalid("Label", "color", "invalid") }
            var label = made(fields)
            label["created_at"] = nil
            label["updated_at"] = nil
            repository.lists["labels", default: []].append(label)
            return json(201, render.item("labels", label))
        }
        guard path.count == 2, let place = place(path[1]) else { return error(404, "Not Found") }
        var label = labels[place]
        switch request.method {
        case "GET": return json(200, render.item("labels", label))
        case "DELETE":
            repository.lists["labels"]?.remove(at: place)
            return WebResponse(status: 204)
        case "PATCH":
            let body = request.json?.objectValue ?? Value.Object()
            if let name = body["new_name"] { label["name"] = name }
            for name in ["color", "description"] { label[name] = body[name] ?? label[name] }
            guard isColor(label["color"]) else { return invalid("Label", "color", "invalid") }
            repository.lists["labels"]?[place] = label
            return json(200, render.item("labels", label))
        default: return error(404, "Not Found")
        }
    }

    private func isColor(_ value: Value?) -> Bool {
        guard let text = value?.stringValue else { return false }
        return text.utf8.count == 6 && Hex.decode(text) != nil
    }

    // MARK: Hooks, told by what they call

    mutating func hooks(
        _ request: SimulatedRequest, _ path: [String], _ repository: inout GitHubRepository
    ) -> WebResponse {
        let render = GitHubRender(base: request.base, repository: repository)
        let hooks = repository.lists["hooks"] ?? []
        let body = request.json?.objectValue ?? Value.Object()
        if path.count == 1 {
            guard request.method == "POST", let config = body["config"]?.objectValue, config["url"] != nil else {
                return invalid("Hook", "config", "missing_field")
            }
            guard !hooks.contains(where: { $0["config"]?["url"] == config["url"] }) else {
                return invalid("Hook", "url", "custom", "Hook already exists on this repository")
            }
            var fields = Value.Object()
            fields["name"] = "web"
            fields["active"] = body["active"] ?? true
            fields["events"] = body["events"] ?? ["push"]
            fields["config"] = .object(config)
            if let secret = config["secret"]?.stringValue, !secrets.contains(secret) { secrets.append(secret) }
            let hook = made(fields)
            repository.lists["hooks", default: []].append(hook)
            return json(201, render.item("hooks", hook))
        }
        guard let place = index(of: path[1], in: hooks) else { return error(404, "Not Found") }
        var hook = hooks[place]
        switch (request.method, path.count) {
        case ("GET", 2): return json(200, render.item("hooks", hook))
        case ("DELETE", 2):
            repository.lists["hooks"]?.remove(at: place)
            return WebResponse(status: 204)
        case ("PATCH", 2):
            // A config replaces all of the config, its secret too.
            for name in ["active", "events", "config"] { hook[name] = body[name] ?? hook[name] }
            repository.lists["hooks"]?[place] = hook
            return json(200, render.item("hooks", hook))
        case ("PATCH", 3) where path[2] == "config":
            var config = hook["config"]?.objectValue ?? Value.Object()
            for member in body.members { config[member.name] = member.value }
            hook["config"] = .object(config)
            repository.lists["hooks"]?[place] = hook
            var shown = config
            if shown["secret"] != nil { shown["secret"] = "********" }
            return json(200, .object(shown))
        default: return error(404, "Not Found")
        }
    }

    // MARK: Rulesets, whose names need not be unique

    mutating func rulesets(
        _ request: SimulatedRequest, _ path: [String], _ repository: inout GitHubRepository
    ) -> WebResponse {
        let render = GitHubRender(base: request.base, repository: repository)
        let rulesets = repository.lists["rulesets"] ?? []
        let body = request.json?.objectValue ?? Value.Object()
        if path.count == 1, request.method == "GET" {
            let short = rulesets.map { ruleset in
                var short = ruleset
                for name in ["rules", "conditions", "bypass_actors"] { short[name] = nil }
                return short
            }
            return list("rulesets", short, request, render)
        }
        if path.count == 1 {
            guard request.method == "POST", body["name"] != nil, body["enforcement"] != nil else {
                return error(422, "Invalid request.")
            }
            let ruleset = filled(made(body))
            repository.lists["rulesets", default: []].append(ruleset)
            return json(201, render.item("rulesets", ruleset))
        }
        guard path.count == 2, let place = index(of: path[1], in: rulesets) else { return error(404, "Not Found") }
        switch request.method {
        case "GET": return json(200, render.item("rulesets", rulesets[place]))
        case "DELETE":
            repository.lists["rulesets"]?.remove(at: place)
            return WebResponse(status: 204)
        case "PUT":
            var ruleset = rulesets[place]
            for member in body.members { ruleset[member.name] = member.value }
            ruleset["updated_at"] = .string(GitHubRepository.text(now))
            ruleset = filled(ruleset)
            repository.lists["rulesets"]?[place] = ruleset
            return json(200, render.item("rulesets", ruleset))
        default: return error(404, "Not Found")
        }
    }

    /// What GitHub adds to what was sent.
    private func filled(_ ruleset: Value.Object) -> Value.Object {
        var ruleset = ruleset
        if ruleset["target"] == nil { ruleset["target"] = "branch" }
        if ruleset["bypass_actors"] == nil { ruleset["bypass_actors"] = [] }
        let rules = ruleset["rules"]?.listValue ?? []
        ruleset["rules"] = .list(
            rules.map { rule in
                guard rule["type"] == "pull_request", var object = rule.objectValue,
                    var parameters = object["parameters"]?.objectValue
                else { return rule }
                if parameters["allowed_merge_methods"] == nil {
                    parameters["allowed_merge_methods"] = ["merge", "squash", "rebase"]
                }
                object["parameters"] = .object(parameters)
                return .object(object)
            })
        return ruleset
    }
}
