import Basics
import Formats
import Web

extension GitHubAccount {
    // MARK: Commit statuses: the newest of a context counts

    mutating func statuses(
        _ request: SimulatedRequest, _ path: [String], _ repository: inout GitHubRepository
    ) -> WebResponse {
        let render = GitHubRender(base: request.base, repository: repository)
        guard let sha = repository.sha(of: path[1]) else { return error(422, "No commit found for SHA: \(path[1])") }
        let all = (repository.lists["statuses"] ?? []).filter { $0["sha"]?.stringValue == sha }
        if request.method == "GET", path[0] == "commits", path[2] == "statuses" {
            return list("statuses", all.reversed(), request, render)
        }
        guard request.method == "POST", path[0] == "statuses", let body = request.json?.objectValue else {
            return error(404, "Not Found")
        }
        guard ["error", "failure", "pending", "success"].contains(body["state"]?.stringValue) else {
            return invalid("Status", "state", "invalid")
        }
        if let text = body["description"]?.stringValue, text.unicodeScalars.count > 140 {
            return invalid("Status", "description", "custom", "description is too long (maximum is 140 characters)")
        }
        let context = body["context"] ?? "default"
        guard all.count(where: { $0["context"] == context }) < 1_000 else {
            return error(422, "This SHA and context has reached the maximum number of statuses.")
        }
        var fields = Value.Object()
        fields["state"] = body["state"]
        for name in ["description", "target_url"] { fields[name] = body[name] ?? .null }
        fields["context"] = context
        fields["sha"] = .string(sha)
        fields["user"] = .string(login)
        let status = made(fields)
        repository.lists["statuses", default: []].append(status)
        return json(201, render.item("statuses", status))
    }

    // MARK: Comments

    mutating func comments(
        _ request: SimulatedRequest, _ path: [String], _ repository: inout GitHubRepository
    ) -> WebResponse {
        let render = GitHubRender(base: request.base, repository: repository)
        let body = request.json?["body"]
        if path[1] == "comments" {
            let all = repository.lists["comments"] ?? []
            guard let place = index(of: path[2], in: all) else { return error(404, "Not Found") }
            guard request.method == "PATCH" else { return json(200, render.item("comments", all[place])) }
            guard all[place]["user"]?.stringValue == login else { return error(403, "Must have admin rights.") }
            var comment = all[place]
            comment["body"] = body
            comment["updated_at"] = .string(GitHubRepository.text(now))
            repository.lists["comments"]?[place] = comment
            return json(200, render.item("comments", comment))
        }
        guard path[2] == "comments", let number = Int64(path[1]) else { return error(404, "Not Found") }
        guard repository.fields["has_issues"]?.boolValue == true else { return error(410, "Issues has been disabled") }
        guard let place = repository.place(ofIssue: path[1]) else { return error(404, "Not Found") }
        let all = (repository.lists["comments"] ?? []).filter { $0["issue"] == .int(number) }
        if request.method == "GET" { return list("comments", all, request, render) }
        guard request.method == "POST", let text = body?.stringValue, !text.isEmpty else {
            return invalid("IssueComment", "body", "missing_field")
        }
        guard text.unicodeScalars.count <= 65_536 else {
            return invalid("IssueComment", "body", "custom", "body is too long (maximum is 65536 characters)")
        }
        var fields = Value.Object()
        fields["issue"] = .int(number)
        fields["body"] = .string(text)
        fields["user"] = .string(login)
        let comment = made(fields)
        repository.lists["comments", default: []].append(comment)
        repository.change(place, Value.Object(), now: now)
        return json(201, render.item("comments", comment))
    }

    // MARK: Deployments

    mutating func deployments(
        _ request: SimulatedRequest, _ path: [String], _ repository: inout GitHubRepository
    ) -> WebResponse {
        let render = GitHubRender(base: request.base, repository: repository)
        let all = repository.lists["deployments"] ?? []
        if path.count == 1, request.method == "GET" {
            let found = all.filter { item in
                ["sha", "ref", "task", "environment"].allSatisfy { name in
                    request.parameter(name).map { item[name]?.stringValue == $0 } ?? true
                }
            }
            return list("deployments", found.reversed(), request, render)
        }
        if path.count == 1 {
            guard let body = request.json?.objectValue, let ref = body["ref"]?.stringValue,
                let sha = repository.sha(of: ref)
            else { return error(422, "No ref found for: \(request.json?["ref"]?.stringValue ?? "")") }
            if body["auto_merge"]?.boolValue != false, repository.fields["merge_on_deploy"]?.boolValue == true {
                return json(202, .members(["message": .string("Auto-merged main into \(ref) on deployment.")]))
            }
            if case .queued = request.fault {
                return json(202, .members(["message": "Auto-merged main into the ref on deployment."]))
            }
            guard body["required_contexts"]?.listValue?.isEmpty == true else {
                return error(409, "Conflict: Commit status checks failed for \(ref)")
            }
            var fields = Value.Object()
            fields["sha"] = .string(sha)
            fields["ref"] = .string(ref)
            fields["task"] = body["task"] ?? "deploy"
            fields["payload"] = body["payload"] ?? .object(Value.Object())
            fields["environment"] = body["environment"] ?? "production"
            fields["description"] = body["description"] ?? .null
            for name in ["production_environment", "transient_environment"] { fields[name] = body[name] ?? false }
            fields["user"] = .string(login)
            let deployment = made(fields)
            repository.lists["deployments", default: []].append(deployment)
            return json(201, render.item("deployments", deployment))
        }
        guard path.count == 3, path[2] == "statuses", let place = index(of: path[1], in: all) else {
            return error(404, "Not Found")
        }
        return deploymentStatuses(request, all[place], &repository)
    }

    private mutating func deploymentStatuses(
        _ request: SimulatedRequest, _ deployment: Value.Object, _ repository: inout GitHubRepository
    ) -> WebResponse {
        let render = GitHubRender(base: request.base, repository: repository)
        let mine = (repository.lists["deployment_statuses"] ?? []).filter { $0["deployment"] == deployment["id"] }
        if request.method == "GET" { return list("deployment_statuses", mine.reversed(), request, render) }
        let states = ["error", "failure", "inactive", "in_progress", "queued", "pending", "success"]
        guard let body = request.json?.objectValue, let state = body["state"]?.stringValue, states.contains(state)
        else { return invalid("DeploymentStatus", "state", "invalid") }
        func fields(_ state: String, of deployment: Value?) -> Value.Object {
            var fields = Value.Object()
            fields["deployment"] = deployment
            fields["state"] = .string(state)
            fields["user"] = .string(login)
            fields["description"] = ""
            return fields
        }
        if state == "success", body["auto_inactive"]?.boolValue != false {
            // Those of production stay as they are.
            let others = (repository.lists["deployments"] ?? []).filter {
                $0["environment"] == deployment["environment"] && $0["id"] != deployment["id"]
                    && $0["production_environment"]?.boolValue != true && $0["transient_environment"]?.boolValue != true
            }
            for other in others {
                let last = repository.lists["deployment_statuses"]?.last { $0["deployment"] == other["id"] }
                guard last?["state"] == "success" else { continue }
                repository.lists["deployment_statuses", default: []].append(made(fields("inactive", of: other["id"])))
            }
        }
        var new = fields(state, of: deployment["id"])
        for name in ["description", "environment_url", "log_url"] { new[name] = body[name] ?? "" }
        let status = made(new)
        repository.lists["deployment_statuses", default: []].append(status)
        return json(201, render.item("deployment_statuses", status))
    }

    // MARK: Workflows

    mutating func actions(
        _ request: SimulatedRequest, _ path: [String], _ repository: inout GitHubRepository
    ) -> WebResponse {
        let render = GitHubRender(base: request.base, repository: repository)
        let runs: [Value.Object] = (repository.lists["runs"] ?? []).reversed()
        if path[1] == "runs", path.count == 2, request.method == "GET" {
            return list("runs", runs, request, render, wrap: "workflow_runs")
        }
        if path[1] == "runs", path.count == 3, request.method == "GET" {
            guard var run = runs.first(where: { $0["id"]?.intValue.map(String.init) == path[2] }) else {
                return error(404, "Not Found")
            }
            // A run takes a minute; a workflow that is named for it fails.
            if run["created_at"]?.instantValue.map({ now - $0 >= .minutes(1) }) == true {
                run["status"] = "completed"
                run["conclusion"] = run["path"]?.stringValue?.contains("fail") == true ? "failure" : "success"
            }
            return json(200, render.item("runs", run))
        }
        guard path.count == 4, path[1] == "workflows",
            repository.lists["workflows"]?.contains(where: { $0["name"]?.stringValue == path[2] }) == true
        else { return error(404, "Not Found") }
        let file = ".github/workflows/\(path[2])"
        if path[3] == "runs", request.method == "GET" {
            let found = runs.filter { run in
                run["path"]?.stringValue == file
                    && (request.parameter("event").map { run["event"]?.stringValue == $0 } ?? true)
            }
            return list("runs", found, request, render, wrap: "workflow_runs")
        }
        guard path[3] == "dispatches", request.method == "POST", let body = request.json?.objectValue,
            let ref = body["ref"]?.stringValue
        else { return error(404, "Not Found") }
        guard let sha = repository.sha(of: ref) else { return error(422, "No ref found for: \(ref)") }
        var fields = Value.Object()
        fields["path"] = .string(file)
        fields["event"] = "workflow_dispatch"
        fields["status"] = "queued"
        fields["head_branch"] = .string(ref)
        fields["head_sha"] = .string(sha)
        // As a workflow does whose `run-name` shows the input.
        fields["display_title"] = body["inputs"]?["odooops_key"] ?? .string(path[2])
        let run = made(fields)
        repository.lists["runs", default: []].append(run)
        guard body["return_run_details"]?.boolValue == true else { return WebResponse(status: 204) }
        let id = run["id"]?.intValue ?? 0
        let address: Value = .string("\(render.address)/actions/runs/\(id)")
        return json(
            200, .members(["workflow_run_id": .int(id), "run_url": address, "html_url": address]))
    }
}
