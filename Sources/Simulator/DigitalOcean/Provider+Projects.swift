import Basics
import Formats

extension Provider {
    mutating func projects(_ call: Call) throws(Refusal) -> Answer {
        if call.path.count == 1 {
            switch call.method {
            case "GET": return call.list("projects", world.projects)
            case "POST": return try createProject(call)
            default: throw .notFound
            }
        }
        let found = world.projects.firstIndex { project in
            call.path[1] == "default" ? project["is_default"] == true : project["id"]?.stringValue == call.path[1]
        }
        guard let index = found else { throw .notFound }
        let id = world.projects[index]["id"]?.stringValue ?? ""
        switch (call.method, call.path.dropFirst(2).first, call.path.count) {
        case ("GET", nil, _): return .one("project", world.projects[index])
        case ("PUT", nil, _), ("PATCH", nil, _):
            for name in ["name", "description", "purpose", "environment"] {
                guard call.has(name) else {
                    guard call.method == "PATCH" else { throw .unprocessable("\(name) is required") }
                    continue
                }
                if name == "environment" { try checkEnvironment(call) }
                if name == "name" { try checkName(call, except: id) }
                world.projects[index][name] = call.body[name]
            }
            world.projects[index]["updated_at"] = nowText
            return .one("project", world.projects[index])
        case ("DELETE", nil, _):
            guard world.projects[index]["is_default"] != true, resources(of: id, isDefault: false).isEmpty else {
                throw .precondition("cannot delete a project with resources")
            }
            world.projects.remove(at: index)
            return .noContent
        case ("GET", "resources"?, 3):
            let names = resources(of: id, isDefault: world.projects[index]["is_default"] == true)
            return call.list("resources", names.map { resourceObject($0, "ok") })
        case ("POST", "resources"?, 3): return try assign(call, to: id)
        default: throw .notFound
        }
    }

    private mutating func createProject(_ call: Call) throws(Refusal) -> Answer {
        try checkName(call, except: nil)
        guard let purpose = call.text("purpose"), !purpose.isEmpty else { throw .unprocessable("purpose is required") }
        if call.has("environment") { try checkEnvironment(call) }
        let id = world.uuid()
        let project: Value.Object = [
            "id": .string(id), "owner_uuid": world.projects.first?["owner_uuid"] ?? "",
            "owner_id": world.projects.first?["owner_id"] ?? 1, "name": call.body["name"] ?? "",
            "description": .string(call.text("description") ?? ""), "purpose": .string(purpose),
            "environment": .string(call.text("environment") ?? "Development"), "created_at": nowText,
            "updated_at": nowText, "is_default": false,
        ]
        world.projects.append(project)
        created.append("/v2/projects/\(id)")
        return .made(201, "project", project)
    }

    private func checkName(_ call: Call, except id: String?) throws(Refusal) {
        guard let name = call.text("name"), !name.isEmpty, name.utf8.count <= 175 else {
            throw .unprocessable("name is required")
        }
        guard !world.projects.contains(where: { $0["name"] == .string(name) && $0["id"]?.stringValue != id }) else {
            throw .conflict("name is already in use")
        }
    }

    private func checkEnvironment(_ call: Call) throws(Refusal) {
        guard ["Development", "Staging", "Production"].contains(call.text("environment") ?? "") else {
            throw .unprocessable("environment is invalid")
        }
    }

    /// What a project holds; what nobody has moved is in the default one.
    private func resources(of id: String, isDefault: Bool) -> [String] {
        urns.filter { urn in
            guard let owner = world.assignments[urn] else { return isDefault }
            return owner == id || isDefault && !world.projects.contains { $0["id"]?.stringValue == owner }
        }
    }

    private var urns: [String] {
        world.droplets.map { "do:droplet:\($0.id)" } + world.clusters.map { "do:dbaas:\($0.id)" }
            + world.domains.map { "do:domain:\($0.name)" }
            + world.volumes.map { "do:volume:\($0["id"]?.stringValue ?? "")" }
    }

    private mutating func assign(_ call: Call, to id: String) throws(Refusal) -> Answer {
        guard let given = call.body["resources"]?.strings, !given.isEmpty else {
            throw .unprocessable("resources can't be blank")
        }
        let known = Set(urns)
        var results: [Value] = []
        for urn in given {
            guard urn.split(separator: ":").count >= 3, urn.hasPrefix("do:") else {
                throw .unprocessable("\(urn) is no uniform resource name")
            }
            let status =
                !known.contains(urn) ? "not_found" : world.assignments[urn] == id ? "already_assigned" : "assigned"
            if status == "assigned" { world.assignments[urn] = id }
            results.append(.object(resourceObject(urn, status)))
        }
        return .one("resources", .list(results))
    }

    private func resourceObject(_ urn: String, _ status: String) -> Value.Object {
        let parts = urn.split(separator: ":", maxSplits: 2)
        let kind = parts[1] == "dbaas" ? "databases" : "\(parts[1])s"
        return [
            "urn": .string(urn), "assigned_at": nowText,
            "links": .members(["self": .string("https://api.digitalocean.com/v2/\(kind)/\(parts[2])")]),
            "status": .string(status),
        ]
    }
}
