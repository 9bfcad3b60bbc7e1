import Basics
import Formats
import Web

extension GitHubAccount {
    mutating func answer(_ request: SimulatedRequest) -> WebResponse {
        now = request.now
        var response = route(request)
        guard request.method == "GET", response.status == 200 else { return response }
        let tag = "W/\"\(Digest(of: response.body).hex)\""
        if request.header("if-none-match") == tag {
            limits.giveBack()
            response = WebResponse(status: 304)
        }
        response.headers.append(("ETag", tag))
        return response
    }

    private mutating func route(_ request: SimulatedRequest) -> WebResponse {
        let path = request.segments
        switch (request.method, path.first) {
        case ("GET", "rate_limit") where path.count == 1:
            let resources: Value = .members(["core": limits.document, "search": limits.document])
            return json(200, .members(["resources": resources, "rate": limits.document]))
        case ("GET", "user") where path.count == 1: return json(200, .object(owner(request.base)))
        case (_, "repos") where path.count >= 3:
            guard var repository = repositories["\(path[1])/\(path[2])".lowercased()] else {
                return error(404, "Not Found")
            }
            if request.method != "GET", repository.fields["archived"]?.boolValue == true {
                return error(403, "Repository was archived so is read-only.")
            }
            let before = repository.value
            let response = route(request, Array(path.dropFirst(3)), &repository)
            if request.method != "GET", (200..<300).contains(response.status), repository.value != before {
                repositories[repository.fullName.lowercased()] = repository
                changes += 1
            }
            return response
        default: return error(404, "Not Found")
        }
    }

    private func owner(_ base: String) -> Value.Object {
        var user = GitHubRender.user(login, base)
        for name in ["name", "company", "blog", "location", "email", "hireable", "bio"] { user[name] = .null }
        for name in [
            "public_repos", "public_gists", "followers", "following", "private_gists", "total_private_repos",
            "owned_private_repos", "disk_usage", "collaborators",
        ] { user[name] = 0 }
        user["two_factor_authentication"] = true
        user["user_view_type"] = "private"
        for name in ["created_at", "updated_at"] { user[name] = "2026-01-01T00:00:00Z" }
        return user
    }

    private mutating func route(
        _ request: SimulatedRequest, _ path: [String], _ repository: inout GitHubRepository
    ) -> WebResponse {
        let render = GitHubRender(base: request.base, repository: repository)
        switch (request.method, path.first ?? "", path.count) {
        case ("GET", "", _): return json(200, .object(render.whole()))
        case ("PATCH", "", _): return patch(request, &repository)
        case ("GET", "branches", 1), ("GET", "tags", 1), ("GET", "labels", 1), ("GET", "hooks", 1):
            return list(path[0], repository.lists[path[0]] ?? [], request, render)
        case (_, "branches", 3...) where path[2] == "protection":
            return protection(request, path[1], Array(path.dropFirst(3)), &repository)
        case ("GET", "pulls", 1):
            let state = request.parameter("state") ?? "open"
            let pulls = (repository.lists["pulls"] ?? []).filter {
                state == "all" || ($0["state"]?.stringValue ?? "open") == state
            }
            return list("pulls", pulls.reversed(), request, render)
        case ("GET", "pulls", 2):
            let pull = repository.lists["pulls"]?.first { $0["number"]?.intValue.map(String.init) == path[1] }
            return pull.map { json(200, render.wholePull($0)) } ?? error(404, "Not Found")
        case ("GET", "environments", 1):
            return list("environments", repository.lists["environments"] ?? [], request, render, wrap: "environments")
        case ("GET", "actions", 2) where path[1] == "secrets":
            return list("secrets", repository.lists["secrets"] ?? [], request, render, wrap: "secrets")
        case (_, "actions", 2...): return actions(request, path, &repository)
        case (_, "labels", _): return labels(request, path, &repository)
        case (_, "hooks", _): return hooks(request, path, &repository)
        case (_, "rulesets", _): return rulesets(request, path, &repository)
        case (_, "statuses", 2), (_, "commits", 3): return statuses(request, path, &repository)
        case (_, "issues", 1...2): return issues(request, path, &repository)
        case (_, "issues", 3): return comments(request, path, &repository)
        case (_, "deployments", _): return deployments(request, path, &repository)
        default: return error(404, "Not Found")
        }
    }

    /// A page of a list, with the links that lead to the others.
    func list(
        _ name: String, _ items: [Value.Object], _ request: SimulatedRequest, _ render: GitHubRender,
        wrap: String? = nil
    ) -> WebResponse {
        let size = max(1, min(100, request.parameter("per_page").flatMap { Int($0) } ?? 30))
        let page = max(1, min(100_000, request.parameter("page").flatMap { Int($0) } ?? 1))
        let moved = page > 1 ? request.shift : 0
        let start = min(max(0, (page - 1) * size + moved), items.count)
        let end = min(items.count, start + size)
        let shown: Value = .list(items[start..<end].map { render.item(name, $0) })
        var response = json(
            200, wrap.map { .members(["total_count": .int(Int64(items.count)), $0: shown]) } ?? shown)
        let last = max(1, (items.count + size - 1) / size)
        var rest = "per_page=\(size)"
        for (key, value) in request.query where key != "page" && key != "per_page" {
            rest += "&\(Paging.encode(key))=\(Paging.encode(value))"
        }
        let address = request.base + "/" + request.segments.map(Paging.encode).joined(separator: "/")
        func link(_ page: Int, _ relation: String) -> String {
            "<\(address)?\(rest)&page=\(page)>; rel=\"\(relation)\""
        }
        var links: [String] = []
        if page > 1 { links.append(link(page - 1, "prev")) }
        if end < items.count, page < last { links += [link(page + 1, "next"), link(last, "last")] }
        if page > 1 { links.append(link(1, "first")) }
        if !links.isEmpty { response.headers.append(("Link", links.joined(separator: ", "))) }
        return response
    }

    private mutating func patch(_ request: SimulatedRequest, _ repository: inout GitHubRepository) -> WebResponse {
        guard let body = request.json?.objectValue else { return error(400, "Problems parsing JSON") }
        for member in body.members {
            switch member.name {
            case "security_and_analysis":
                for setting in member.value.objectValue?.members ?? [] {
                    repository.fields[setting.name] = setting.value["status"]
                }
            // Spaces at the ends are taken away, and an empty text is none.
            case "description", "homepage":
                let text = member.value.stringValue.map { $0.split(separator: " ").joined(separator: " ") } ?? ""
                repository.fields[member.name] = text.isEmpty ? .null : .string(text)
            case "visibility": repository.fields["private"] = .bool(member.value != "public")
            default: repository.fields[member.name] = member.value
            }
        }
        let methods = ["allow_squash_merge", "allow_merge_commit", "allow_rebase_merge"]
        guard methods.contains(where: { repository.fields[$0]?.boolValue == true }) else {
            return invalid("Repository", "merge_commit_allowed", "no_merge_method")
        }
        return json(200, .object(GitHubRender(base: request.base, repository: repository).whole()))
    }
}
