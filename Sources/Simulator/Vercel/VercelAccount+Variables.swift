import Basics
import Formats
import Web

extension VercelAccount {
    mutating func newVariable(_ wanted: Value.Object, project: String) -> Value.Object {
        var variable = Value.Object()
        variable["id"] = .string(identifier(""))
        variable["projectId"] = .string(project)
        for member in ["key", "value", "type", "target", "gitBranch", "comment", "customEnvironmentIds"] {
            if let value = wanted[member], !value.isNull { variable[member] = value }
        }
        if variable["type"] == nil { variable["type"] = "encrypted" }
        variable["createdAt"] = milliseconds
        variable["updatedAt"] = milliseconds
        return variable
    }

    mutating func variable(
        _ request: SimulatedRequest, _ version: String, at project: Int, _ rest: [String]
    ) -> WebResponse {
        let id = projects[project]["id"] ?? .null
        switch (request.method, version, rest.count) {
        case ("GET", "v10", 0):
            let shown = variables.filter { $0["projectId"] == id }.map { Value.object(Self.shown($0)) }
            return Self.json(200, .members(["envs": .list(shown)]))
        case ("POST", "v10", 0): return createVariable(request, project: id.stringValue ?? "")
        case (_, _, 1):
            guard let index = variables.firstIndex(where: { $0["id"]?.stringValue == rest[0] && $0["projectId"] == id })
            else { return Self.error(404, "env_not_found", "The environment variable was not found.") }
            switch (request.method, version) {
            case ("PATCH", "v9"): return patchVariable(request, at: index)
            case ("DELETE", "v9"):
                let gone = Self.shown(variables.remove(at: index))
                changed()
                return Self.json(200, .list([.object(gone)]))
            default: return refusal(.notFound, request)
            }
        default: return refusal(.notFound, request)
        }
    }

    /// As lists show it: an encrypted value as something else, a sensitive one not at all.
    private static func shown(_ variable: Value.Object) -> Value.Object {
        var shown = variable
        shown["projectId"] = nil
        switch variable["type"]?.stringValue {
        case "plain", "system": break
        case "sensitive": shown["value"] = ""
        default: shown["value"] = .string("ciphertext-" + Digest(of: variable["value"]?.stringValue ?? "").short)
        }
        return shown
    }

    private static func targets(_ variable: Value.Object) -> Set<String> {
        let targets = variable["target"]?.listValue?.compactMap(\.stringValue) ?? []
        return Set(targets + (variable["customEnvironmentIds"]?.listValue?.compactMap(\.stringValue) ?? []))
    }

    private mutating func createVariable(_ request: SimulatedRequest, project: String) -> WebResponse {
        guard let body = request.json else { return Self.error(400, "bad_request", "Invalid JSON") }
        let isList = body.listValue != nil
        var created: [Value] = []
        var failed: [Value] = []
        for item in body.listValue ?? [body] {
            guard let wanted = item.objectValue, let key = wanted["key"]?.stringValue,
                wanted["value"]?.stringValue != nil, wanted["type"]?.stringValue != nil, !Self.targets(wanted).isEmpty
            else { return Self.error(400, "bad_request", "Invalid request: `key`, `value`, `type` and `target`.") }
            if request.fault == .softFailure {
                failed.append(Self.failure(key, "BAD_REQUEST", "The Environment Variable could not be created."))
                continue
            }
            let rivals = variables.indices.filter { index in
                let other = variables[index]
                return other["projectId"]?.stringValue == project && other["key"]?.stringValue == key
                    && other["gitBranch"] == wanted["gitBranch"].flatMap { $0.isNull ? nil : $0 }
                    && !Self.targets(other).isDisjoint(with: Self.targets(wanted))
            }
            guard rivals.isEmpty || request.parameter("upsert") == "true" else {
                if !isList {
                    return Self.error(
                        400, "ENV_CONFLICT", "A variable with the name `\(key)` already exists for the target.")
                }
                failed.append(Self.failure(key, "ENV_CONFLICT", "A variable with this name exists."))
                continue
            }
            if let rival = rivals.first {
                for member in wanted.members where !member.value.isNull {
                    variables[rival][member.name] = member.value
                }
                variables[rival]["updatedAt"] = milliseconds
                created.append(.object(Self.shown(variables[rival])))
            } else {
                let variable = newVariable(wanted, project: project)
                variables.append(variable)
                created.append(.object(Self.shown(variable)))
            }
            changed()
        }
        var answer = Value.Object()
        answer["created"] = created.count == 1 && !isList ? created[0] : .list(created)
        answer["failed"] = .list(failed)
        return Self.json(201, .object(answer))
    }

    private static func failure(_ key: String, _ code: String, _ message: String) -> Value {
        var error = Value.Object()
        error["code"] = .string(code)
        error["message"] = .string(message)
        error["key"] = .string(key)
        return .members(["error": .object(error)])
    }

    /// Answers without the value.
    private mutating func patchVariable(_ request: SimulatedRequest, at index: Int) -> WebResponse {
        guard let body = request.json?.objectValue else { return Self.error(400, "bad_request", "Invalid JSON") }
        let becomesSensitive = body["type"] == "sensitive" && variables[index]["type"] != "sensitive"
        guard !becomesSensitive || body["value"] != nil else {
            return Self.error(400, "bad_request", "A sensitive variable needs its value.")
        }
        for member in body.members { variables[index][member.name] = member.value.isNull ? nil : member.value }
        variables[index]["updatedAt"] = milliseconds
        changed()
        var shown = Self.shown(variables[index])
        shown["value"] = nil
        return Self.json(200, .object(shown))
    }
}
