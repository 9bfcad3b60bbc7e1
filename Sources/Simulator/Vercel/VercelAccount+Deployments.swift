import Basics
import Formats
import Web

extension VercelAccount {
    mutating func newDeployment(_ wanted: Value.Object, project: String, name: String) -> Value.Object {
        var deployment = Value.Object()
        let uid = wanted["uid"]?.stringValue ?? identifier("dpl_")
        let created = wanted["created"] ?? milliseconds
        let state = wanted["readyState"] ?? "READY"
        deployment["uid"] = .string(uid)
        deployment["name"] = .string(name)
        deployment["projectId"] = .string(project)
        deployment["url"] = .string("\(name)-\(uid.suffix(8).lowercased()).vercel.app")
        deployment["created"] = created
        deployment["createdAt"] = created
        deployment["source"] = "git"
        deployment["state"] = state
        deployment["readyState"] = state
        deployment["type"] = "LAMBDAS"
        var creator = Value.Object()
        creator["uid"] = "simulateduser0000000000"
        deployment["creator"] = .object(creator)
        deployment["inspectorUrl"] = .null
        deployment["target"] = wanted["target"]
        var meta = Value.Object()
        meta["githubCommitSha"] = wanted["sha"]
        meta["githubCommitRef"] = wanted["branch"]
        deployment["meta"] = .object(meta)
        deployment["aliasError"] = .null
        deployment["aliasAssigned"] = state == "READY" ? created : .null
        return deployment
    }

    func deploymentList(_ request: SimulatedRequest) -> WebResponse {
        var found = deployments
        if let name = request.parameter("app") { found.removeAll { $0["name"]?.stringValue != name } }
        if let id = request.parameter("projectId") { found.removeAll { $0["projectId"]?.stringValue != id } }
        if let target = request.parameter("target") { found.removeAll { $0["target"]?.stringValue != target } }
        return page(found, "deployments", request, created: "created")
    }

    /// Every domain of a project that something serves is an alias, and so is `NAME.vercel.app`.
    func aliasList(_ request: SimulatedRequest) -> WebResponse {
        var aliases: [Value.Object] = []
        for project in projects {
            guard let id = project["id"], let serving = project["targets"]?["production"]?["id"] else { continue }
            let own = domains.filter { $0["projectId"] == id && $0["verified"] == .bool(true) }
                .compactMap { $0["name"]?.stringValue }
            for name in own + ["\(project["name"]?.stringValue ?? "").vercel.app"] {
                var alias = Value.Object()
                alias["uid"] = .string("als_\(Digest(of: name).short)")
                alias["alias"] = .string(name)
                alias["created"] = .string("\(Timestamp(microseconds: (project["createdAt"]?.intValue ?? 0) * 1_000))")
                alias["createdAt"] = project["createdAt"]
                alias["deploymentId"] = serving
                alias["projectId"] = id
                aliases.append(alias)
            }
        }
        if let name = request.parameter("domain") { aliases.removeAll { $0["alias"]?.stringValue != name } }
        return page(aliases, "aliases", request, created: "createdAt")
    }

    // MARK: Promotion and rollback

    /// How long a job takes, and how long one waits behind a rolling release.
    private static let jobTime = Duration.seconds(4)
    private static let queueTime = Duration.seconds(60)

    mutating func move(
        _ request: SimulatedRequest, _ type: String, at project: Int, to uid: String
    ) -> WebResponse {
        guard request.method == "POST" else { return refusal(.notFound, request) }
        if type == "promote", request.json?.objectValue == nil {
            return Self.error(400, "bad_request", "Invalid request: the body has to be an object.")
        }
        let id = projects[project]["id"] ?? .null
        guard let deployment = deployments.first(where: { $0["uid"]?.stringValue == uid && $0["projectId"] == id }),
            deployment["target"]?.stringValue == "production", deployment["readyState"]?.stringValue == "READY"
        else {
            return Self.error(400, "bad_request", "Only ready deployments to production can serve it.")
        }
        guard !jobs.contains(where: { $0["project"] == id }) else {
            return Self.error(409, "conflict", "Another promotion or rollback is in progress.")
        }
        let isQueued = type == "promote" && request.fault == .queued
        let begins = isQueued ? now + Self.queueTime : now
        var job = Value.Object()
        job["project"] = id
        job["deployment"] = .string(uid)
        job["type"] = .string(type)
        job["begins"] = .int(begins.microseconds)
        job["ends"] = .int((begins + Self.jobTime).microseconds)
        job["fails"] = .bool(request.fault == .actionErrors)
        jobs.append(job)
        begin(at: request.now)
        changed()
        return WebResponse(status: isQueued ? 202 : 201)
    }

    /// Says at their projects which jobs have begun.
    private mutating func begin(at now: Timestamp) {
        for index in jobs.indices where jobs[index]["began"] == nil {
            guard let begins = jobs[index]["begins"]?.intValue, begins <= now.microseconds,
                let project = jobs[index]["project"]?.stringValue.flatMap(projectIndex)
            else { continue }
            var last = Value.Object()
            last["fromDeploymentId"] = projects[project]["targets"]?["production"]?["id"] ?? ""
            last["toDeploymentId"] = jobs[index]["deployment"]
            last["jobStatus"] = "in-progress"
            last["requestedAt"] = .int(begins / 1_000)
            last["type"] = jobs[index]["type"]
            projects[project]["lastAliasRequest"] = .object(last)
            jobs[index]["began"] = true
            changed()
        }
    }

    mutating func settle(at now: Timestamp) {
        self.now = max(self.now, now)
        begin(at: now)
        let due = jobs.filter { ($0["ends"]?.intValue ?? 0) <= now.microseconds }
        guard !due.isEmpty else { return }
        jobs.removeAll { ($0["ends"]?.intValue ?? 0) <= now.microseconds }
        for job in due {
            guard let project = job["project"]?.stringValue.flatMap(projectIndex),
                var last = projects[project]["lastAliasRequest"]?.objectValue
            else { continue }
            let fails = job["fails"] == .bool(true)
            last["jobStatus"] = fails ? "failed" : "succeeded"
            projects[project]["lastAliasRequest"] = .object(last)
            if !fails, let uid = job["deployment"]?.stringValue { serve(uid, at: project) }
        }
        changed()
    }

    mutating func settleAll() {
        let last = jobs.compactMap { $0["ends"]?.intValue }.max() ?? now.microseconds
        settle(at: Timestamp(microseconds: last))
    }

    /// Lets a deployment serve production.
    mutating func serve(_ uid: String, at project: Int) {
        guard let deployment = deployments.first(where: { $0["uid"]?.stringValue == uid }) else { return }
        var target = Value.Object()
        target["id"] = .string(uid)
        target["createdAt"] = deployment["created"]
        target["createdIn"] = "iad1"
        target["creator"] = .null
        target["deploymentHostname"] = deployment["url"]
        target["name"] = deployment["name"]
        target["plan"] = "pro"
        target["private"] = false
        target["readyState"] = deployment["readyState"]
        target["type"] = "LAMBDAS"
        target["url"] = deployment["url"]
        target["userId"] = "simulateduser0000000000"
        target["aliasAssigned"] = deployment["created"]
        projects[project]["targets"] = .members(["production": .object(target)])
    }
}
