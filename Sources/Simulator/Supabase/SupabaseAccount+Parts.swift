import Basics
import Formats
import Web

extension SupabaseAccount {
    // MARK: Health, backups, advice

    func health(_ request: SimulatedRequest, _ project: Value.Object) -> WebResponse {
        let asked = request.query.filter { $0.name == "services" || $0.name == "services[]" }.map(\.value)
        guard !asked.isEmpty else { return Self.error(400, "services should not be empty") }
        let ill = Set(project["_unhealthy"]?.listValue?.compactMap(\.stringValue) ?? [])
        let list = asked.map { name -> Value in
            var service = Value.Object()
            service["name"] = .string(name)
            service["healthy"] = .bool(!ill.contains(name))
            service["status"] = ill.contains(name) ? "UNHEALTHY" : "ACTIVE_HEALTHY"
            return .object(service)
        }
        return Self.json(200, .list(list))
    }

    func backups(_ project: Value.Object) -> Value {
        var answer = Value.Object()
        answer["region"] = project["region"]
        answer["walg_enabled"] = true
        answer["pitr_enabled"] = project["_pitr"] ?? false
        answer["backups"] = project["_backups"] ?? .list([])
        answer["physical_backup_data"] = .object(Value.Object())
        return .object(answer)
    }

    func lints(_ project: Value.Object, _ category: String) -> Value {
        let all = project["_lints"]?.listValue ?? []
        let own = all.filter { $0["categories"]?.listValue?.contains(.string(category)) == true }
        return .members(["lints": .list(own)])
    }

    // MARK: Functions

    mutating func patchFunction(_ request: SimulatedRequest, at index: Int, _ slug: String) -> WebResponse {
        guard let body = request.json?.objectValue else { return Self.error(400, "Bad Request") }
        var functions = projects[index]["_functions"]?.listValue ?? []
        guard let place = functions.firstIndex(where: { $0["slug"]?.stringValue == slug }),
            var function = functions[place].objectValue
        else { return Self.error(404, "Function not found") }
        for member in body.members where ["name", "verify_jwt"].contains(member.name) {
            function[member.name] = member.value
        }
        function["version"] = .int((function["version"]?.intValue ?? 0) + 1)
        function["updated_at"] = .int(now.microseconds / 1_000)
        functions[place] = .object(function)
        projects[index]["_functions"] = .list(functions)
        changed()
        return Self.json(200, .object(function))
    }

    // MARK: Secrets

    /// What Supabase shows of secrets: the SHA-256 of each.
    func digests(_ project: Value.Object) -> [Value] {
        (project["_secrets"]?.listValue ?? []).compactMap(\.objectValue).map { secret in
            var shown = secret
            shown["value"] = .string(Digest(of: secret["value"]?.stringValue ?? "").hex)
            return .object(shown)
        }
    }

    mutating func setSecrets(_ request: SimulatedRequest, at index: Int) -> WebResponse {
        guard let items = request.json?.listValue, !items.isEmpty else {
            return Self.error(400, "Expected an array of secrets")
        }
        for item in items {
            guard let name = item["name"]?.stringValue, !name.isEmpty, item["value"]?.stringValue != nil else {
                return Self.error(400, "A secret needs a name and a value")
            }
            guard !name.hasPrefix("SUPABASE_") else {
                return Self.error(400, "Secret names must not start with the SUPABASE_ prefix")
            }
        }
        for item in items { store(item["name"]?.stringValue ?? "", item["value"]?.stringValue ?? "", at: index) }
        changed()
        return WebResponse(status: 201)
    }

    mutating func store(_ name: String, _ value: String, at index: Int, updatedAt: Value? = nil) {
        var kept = projects[index]["_secrets"]?.listValue ?? []
        var secret = Value.Object()
        secret["name"] = .string(name)
        secret["value"] = .string(value)
        secret["updated_at"] = updatedAt ?? .string("\(now)")
        kept.removeAll { $0["name"]?.stringValue == name }
        kept.append(.object(secret))
        projects[index]["_secrets"] = .list(kept)
    }

    mutating func deleteSecrets(_ request: SimulatedRequest, at index: Int) -> WebResponse {
        guard let names = request.json?.listValue?.compactMap(\.stringValue) else {
            return Self.error(400, "Expected an array of names")
        }
        var kept = projects[index]["_secrets"]?.listValue ?? []
        kept.removeAll { names.contains($0["name"]?.stringValue ?? "") }
        projects[index]["_secrets"] = .list(kept)
        changed()
        return Self.json(200, .object(Value.Object()))
    }
}
