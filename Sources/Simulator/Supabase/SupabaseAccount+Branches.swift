import Basics
import Formats
import Web

extension SupabaseAccount {
    /// How long the project of a branch takes to come up, and its migrations after that.
    private static let creation = Duration.seconds(20)
    private static let migration = Duration.seconds(10)
    private static let grace = Duration.hours(1)

    static func shownBranch(_ branch: Value.Object) -> Value.Object { shown(branch) }

    mutating func createBranch(_ request: SimulatedRequest, _ project: Value.Object) -> WebResponse {
        guard let body = request.json?.objectValue, let name = body["branch_name"]?.stringValue, !name.isEmpty else {
            return Self.error(400, "branch_name should not be empty")
        }
        let rivals = branches.filter { $0["parent_project_ref"] == project["ref"] && $0["name"]?.stringValue == name }
        guard rivals.isEmpty else { return Self.error(409, "A branch with this name already exists") }
        var branch = Value.Object()
        branch["id"] = .string(uuid())
        branch["name"] = .string(name)
        branch["project_ref"] = .string(reference())
        branch["parent_project_ref"] = project["ref"]
        branch["is_default"] = false
        if let git = body["git_branch"], !git.isNull { branch["git_branch"] = git }
        branch["persistent"] = body["persistent"] ?? false
        branch["status"] = "CREATING_PROJECT"
        branch["preview_project_status"] = "COMING_UP"
        branch["created_at"] = .string("\(now)")
        branch["updated_at"] = .string("\(now)")
        branch["with_data"] = body["with_data"] ?? false
        branch["_up"] = .int((now + Self.creation).microseconds)
        branch["_ready"] = .int((now + Self.creation + Self.migration).microseconds)
        branch["_fails"] = .bool(request.fault == .actionErrors)
        branches.append(branch)
        changed()
        return Self.json(201, .object(Self.shown(branch)))
    }

    mutating func branch(_ request: SimulatedRequest, _ id: String, _ rest: [String]) -> WebResponse {
        let found = branches.firstIndex { $0["id"]?.stringValue == id || $0["project_ref"]?.stringValue == id }
        guard let index = found else { return Self.error(404, "Branch not found") }
        switch (request.method, rest.joined(separator: "/")) {
        case ("GET", ""): return Self.json(200, detail(branches[index]))
        case ("PATCH", ""):
            guard let body = request.json?.objectValue else { return Self.error(400, "Bad Request") }
            for (member, kept) in [("git_branch", "git_branch"), ("persistent", "persistent"), ("branch_name", "name")]
            {
                if let value = body[member] { branches[index][kept] = value }
            }
            branches[index]["updated_at"] = .string("\(now)")
            changed()
            return Self.json(200, .object(Self.shown(branches[index])))
        case ("DELETE", ""):
            guard branches[index]["persistent"] != .bool(true) else {
                return Self.error(422, "Persistent branches can not be deleted")
            }
            if request.parameter("force") == "false" {
                branches[index]["deletion_scheduled_at"] = .string("\(now + Self.grace)")
                branches[index]["_gone"] = .int((now + Self.grace).microseconds)
            } else {
                branches.remove(at: index)
            }
            changed()
            return Self.json(200, .members(["message": "ok"]))
        case ("POST", "restore"):
            branches[index]["deletion_scheduled_at"] = nil
            branches[index]["_gone"] = nil
            changed()
            return Self.json(200, .members(["message": "Branch restoration initiated"]))
        default: return refusal(.notFound, request)
        }
    }

    /// One branch by itself speaks of its project's state, and of a password.
    private func detail(_ branch: Value.Object) -> Value {
        var detail = Value.Object()
        detail["ref"] = branch["project_ref"]
        detail["postgres_version"] = "17.4.1"
        detail["postgres_engine"] = "17"
        detail["release_channel"] = "ga"
        detail["status"] = branch["preview_project_status"]
        detail["db_host"] = .string("db.\(branch["project_ref"]?.stringValue ?? "").supabase.co")
        detail["db_port"] = 5432
        return .object(detail)
    }

    mutating func settle(at now: Timestamp) {
        self.now = max(self.now, now)
        let before = branches
        branches.removeAll { ($0["_gone"]?.intValue).map { $0 <= now.microseconds } ?? false }
        for index in branches.indices {
            if let up = branches[index]["_up"]?.intValue, up <= now.microseconds {
                branches[index]["_up"] = nil
                branches[index]["status"] = "RUNNING_MIGRATIONS"
                branches[index]["preview_project_status"] = "ACTIVE_HEALTHY"
            }
            if let ready = branches[index]["_ready"]?.intValue, ready <= now.microseconds {
                branches[index]["_ready"] = nil
                let fails = branches[index]["_fails"] == .bool(true)
                branches[index]["status"] = fails ? "MIGRATIONS_FAILED" : "FUNCTIONS_DEPLOYED"
            }
        }
        if branches != before { changed() }
    }

    mutating func settleAll() {
        let last = branches.flatMap { [$0["_up"]?.intValue, $0["_ready"]?.intValue] }.compactMap { $0 }.max()
        if let last { settle(at: Timestamp(microseconds: last)) }
    }
}
