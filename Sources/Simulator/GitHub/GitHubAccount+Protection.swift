import Basics
import Formats
import Web

extension GitHubAccount {
    mutating func protection(
        _ request: SimulatedRequest, _ branch: String, _ rest: [String], _ repository: inout GitHubRepository
    ) -> WebResponse {
        guard repository.lists["branches"]?.contains(where: { $0["name"]?.stringValue == branch }) == true else {
            return error(404, "Branch not found")
        }
        let address = "\(request.base)/repos/\(repository.fullName)/branches/\(branch)/protection"
        if request.method == "PUT", rest.isEmpty { return put(request, branch, address, &repository) }
        guard var kept = repository.protections[branch] else { return error(404, "Branch not protected") }
        func signatures(_ flag: Bool) -> Value {
            .members(["url": .string("\(address)/required_signatures"), "enabled": .bool(flag)])
        }
        switch (request.method, rest.first) {
        case ("GET", nil): return json(200, .object(shown(kept, address)))
        case ("DELETE", nil):
            repository.protections[branch] = nil
            return WebResponse(status: 204)
        case ("GET", "required_signatures"):
            return json(200, signatures(kept["required_signatures"]?.boolValue ?? false))
        case ("POST", "required_signatures"), ("DELETE", "required_signatures"):
            let isOn = request.method == "POST"
            kept["required_signatures"] = .bool(isOn)
            repository.protections[branch] = kept
            return isOn ? json(200, signatures(true)) : WebResponse(status: 204)
        default: return error(404, "Not Found")
        }
    }

    /// Replaces all but the signatures, which are a setting of their own.
    private mutating func put(
        _ request: SimulatedRequest, _ branch: String, _ address: String, _ repository: inout GitHubRepository
    ) -> WebResponse {
        guard let body = request.json?.objectValue else { return error(400, "Problems parsing JSON") }
        for name in ["required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions"]
        where body[name] == nil {
            return error(422, "Invalid request.\n\n\"\(name)\" wasn't supplied.")
        }
        if let count = body["required_pull_request_reviews"]?["required_approving_review_count"]?.intValue,
            !(0...6).contains(count)
        {
            return invalid("ProtectedBranch", "required_approving_review_count", "invalid")
        }
        var kept = body
        kept["required_signatures"] = repository.protections[branch]?["required_signatures"] ?? false
        repository.protections[branch] = kept
        var answer = shown(kept, address)
        // The answer to a PUT says less of these than that to a GET.
        answer["required_signatures"] = nil
        return json(200, .object(answer))
    }

    private func shown(_ kept: Value.Object, _ address: String) -> Value.Object {
        var answer = Value.Object()
        answer["url"] = .string(address)
        func flag(_ name: String, url: Bool = false) {
            var object = Value.Object()
            if url { object["url"] = .string("\(address)/\(name)") }
            object["enabled"] = .bool(kept[name]?.boolValue ?? false)
            answer[name] = .object(object)
        }
        flag("enforce_admins", url: true)
        flag("required_signatures", url: true)
        for name in [
            "required_linear_history", "allow_force_pushes", "allow_deletions", "block_creations",
            "required_conversation_resolution", "lock_branch", "allow_fork_syncing",
        ] { flag(name) }
        if let checks = kept["required_status_checks"]?.objectValue {
            var object = Value.Object()
            object["url"] = .string("\(address)/required_status_checks")
            object["strict"] = checks["strict"]
            let names = checks["contexts"]?.listValue ?? []
            let given = checks["checks"]?.listValue ?? names.map { .members(["context": $0, "app_id": .null]) }
            object["contexts"] = .list(given.compactMap { $0["context"] })
            object["contexts_url"] = .string("\(address)/required_status_checks/contexts")
            object["checks"] = .list(
                given.map { check in
                    let app = check["app_id"]?.intValue
                    return .members([
                        "context": check["context"] ?? "", "app_id": app == -1 ? .null : app.map(Value.int) ?? .null,
                    ])
                })
            answer["required_status_checks"] = .object(object)
        }
        if let reviews = kept["required_pull_request_reviews"]?.objectValue {
            var object = reviews
            object["url"] = .string("\(address)/required_pull_request_reviews")
            for name in ["dismiss_stale_reviews", "require_code_owner_reviews", "require_last_push_approval"]
            where object[name] == nil { object[name] = false }
            for name in ["dismissal_restrictions", "bypass_pull_request_allowances"] {
                guard let given = object[name]?.objectValue else { continue }
                object[name] = .object(actors(given, address))
            }
            answer["required_pull_request_reviews"] = .object(object)
        }
        return answer
    }

    /// People, by the login that was sent; teams and apps are left to those who need them.
    private func actors(_ given: Value.Object, _ address: String) -> Value.Object {
        var object = Value.Object()
        let logins = (given["users"]?.listValue ?? []).compactMap(\.stringValue)
        object["users"] = .list(logins.map { .object(GitHubRender.user($0, address)) })
        object["teams"] = []
        object["apps"] = []
        return object
    }
}
