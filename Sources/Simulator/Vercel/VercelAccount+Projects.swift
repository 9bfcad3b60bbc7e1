import Basics
import Formats
import Web

extension VercelAccount {
    /// What a PATCH may say.
    static let settings = [
        "name", "buildCommand", "commandForIgnoringBuildStep", "devCommand", "framework", "installCommand",
        "nodeVersion", "outputDirectory", "rootDirectory", "sourceFilesOutsideRootDirectory", "publicSource",
        "serverlessFunctionRegion", "autoExposeSystemEnvs", "autoAssignCustomDomains", "gitForkProtection", "gitLFS",
        "previewDeploymentsDisabled", "enablePreviewFeedback", "directoryListing",
    ]

    /// What only a PATCH may say, and no POST.
    private static let onlyLater: Set<String> = [
        "nodeVersion", "sourceFilesOutsideRootDirectory", "autoExposeSystemEnvs", "autoAssignCustomDomains",
        "gitForkProtection", "gitLFS", "directoryListing",
    ]

    private static let nodeVersions = ["24.x", "22.x", "20.x", "18.x", "16.x", "14.x", "12.x", "10.x"]

    func projectIndex(_ text: String) -> Int? {
        projects.firstIndex { $0["id"]?.stringValue == text || $0["name"]?.stringValue == text }
    }

    mutating func newProject(_ name: String) -> Value.Object {
        var project = Value.Object()
        project["accountId"] = .string(team ?? "team_simulated")
        project["id"] = .string(identifier("prj_"))
        project["name"] = .string(name)
        // Without a framework there is no such member: the description takes none but those that it lists.
        for member in ["buildCommand", "commandForIgnoringBuildStep", "devCommand", "installCommand"] {
            project[member] = .null
        }
        for member in ["outputDirectory", "rootDirectory"] { project[member] = .null }
        project["nodeVersion"] = "24.x"
        project["directoryListing"] = false
        project["sourceFilesOutsideRootDirectory"] = true
        var regions = Value.Object()
        regions["functionDefaultRegions"] = .list(["iad1"])
        project["resourceConfig"] = .object(regions)
        project["defaultResourceConfig"] = .object(regions)
        project["createdAt"] = milliseconds
        project["updatedAt"] = milliseconds
        project["targets"] = .object(Value.Object())
        project["lastAliasRequest"] = .null
        return project
    }

    mutating func projectList(_ request: SimulatedRequest, _ version: String) -> WebResponse {
        switch (request.method, version) {
        case ("GET", "v10"): return listProjects(request)
        case ("POST", "v11"): return createProject(request)
        default: return refusal(.notFound, request)
        }
    }

    /// Pages by a token that is no number; items whose times are equal can come twice.
    private func listProjects(_ request: SimulatedRequest) -> WebResponse {
        let size = max(1, min(request.parameter("limit").flatMap { Int($0) } ?? 20, 100))
        let token = request.parameter("from").flatMap { $0.hasPrefix("CURSOR") ? Int($0.dropFirst(6)) : nil } ?? 0
        let start = max(0, min(token, projects.count) - (token > 0 ? abs(request.shift) : 0))
        let end = min(projects.count, start + size)
        var pagination = Value.Object()
        pagination["count"] = .int(Int64(end - start))
        pagination["next"] = end < projects.count ? .string("CURSOR\(end)") : .null
        var body = Value.Object()
        body["projects"] = .list(projects[start..<end].map { .object($0) })
        body["pagination"] = .object(pagination)
        return Self.json(200, .object(body))
    }

    private mutating func createProject(_ request: SimulatedRequest) -> WebResponse {
        guard let body = request.json?.objectValue, let name = body["name"]?.stringValue else {
            return Self.error(400, "bad_request", "Invalid request: missing required property `name`.")
        }
        let isName = name.utf8.allSatisfy {
            (97...122).contains($0) || (48...57).contains($0) || [45, 46, 95].contains($0)
        }
        guard isName, !name.isEmpty, name.utf8.count <= 100, !name.contains("---") else {
            return Self.error(400, "invalid_project_name", "Project names can be up to 100 characters long.")
        }
        guard projectIndex(name) == nil else {
            return Self.error(409, "conflict", "A project named \"\(name)\" already exists.")
        }
        for member in body.members where !Self.settings.contains(member.name) || Self.onlyLater.contains(member.name) {
            return Self.error(
                400, "bad_request", "Invalid request: should NOT have additional property `\(member.name)`.")
        }
        var project = newProject(name)
        for member in body.members { project[member.name] = member.value }
        projects.append(project)
        changed()
        return Self.json(200, .object(project))
    }

    mutating func oneProject(_ request: SimulatedRequest, _ name: String) -> WebResponse {
        guard let index = projectIndex(name) else {
            return Self.error(404, "not_found", "Project not found.")
        }
        switch request.method {
        case "GET": return Self.json(200, .object(projects[index]))
        case "PATCH": return patch(request, at: index)
        case "DELETE":
            let id = projects[index]["id"]
            projects.remove(at: index)
            variables.removeAll { $0["projectId"] == id }
            domains.removeAll { $0["projectId"] == id }
            deployments.removeAll { $0["projectId"] == id }
            jobs.removeAll { $0["project"] == id }
            changed()
            return WebResponse(status: 204)
        default: return refusal(.notFound, request)
        }
    }

    private mutating func patch(_ request: SimulatedRequest, at index: Int) -> WebResponse {
        guard let body = request.json?.objectValue else {
            return Self.error(400, "bad_request", "Invalid JSON")
        }
        for member in body.members {
            guard Self.settings.contains(member.name) else {
                return Self.error(
                    400, "bad_request", "Invalid request: should NOT have additional property `\(member.name)`.")
            }
            if member.name == "nodeVersion", !Self.nodeVersions.contains(member.value.stringValue ?? "") {
                return Self.error(
                    400, "bad_request",
                    "Invalid request: `nodeVersion` should be one of \(Self.nodeVersions.joined(separator: ", ")).")
            }
        }
        for member in body.members {
            let isNone = member.name == "framework" && member.value.isNull
            projects[index][member.name] = isNone ? nil : member.value
        }
        projects[index]["updatedAt"] = milliseconds
        changed()
        return Self.json(200, .object(projects[index]))
    }
}
