import Basics
import Formats

/// DigitalOcean: what each operation checks, changes and answers.
///
/// Handlers check first and change afterwards; one that throws has changed nothing.
struct Provider: Sendable {
    var world: World
    /// Set before each call.
    var now: Timestamp
    var lifecycle: Lifecycle
    var dropletLimit: Int
    var firewallNamesAreUnique: Bool
    /// Without it, passwords are left out of answers (scope `database:view_credentials`).
    var showsCredentials: Bool
    /// Paths of what the last call created.
    var created: [String] = []

    /// Answers one call.
    ///
    /// - Throws: `Refusal`; the world is then as it was.
    mutating func answer(_ call: Call) throws(Refusal) -> Answer {
        created = []
        let before = world
        do throws(Refusal) {
            return try route(call)
        } catch {
            // A refused read may still have been the look that finished something.
            if call.method != "GET" { world = before }
            throw error
        }
    }

    private mutating func route(_ call: Call) throws(Refusal) -> Answer {
        switch call.path.first {
        case "account": try account(call)
        case "customers" where call.path == ["customers", "my", "balance"]: balance(call)
        case "droplets": try droplets(call)
        case "actions": try actions(call)
        case "tags": try tags(call)
        case "domains": try domains(call)
        case "firewalls": try firewalls(call)
        case "databases": try databases(call)
        case "sizes", "regions", "images": try catalogue(call)
        case "vpcs": try networks(call)
        case "projects": try projects(call)
        case "monitoring": try alerts(call)
        case "volumes": try volumes(call)
        case "snapshots": try snapshots(call)
        case "spaces": try spacesKeys(call)
        default: throw .notFound
        }
    }

    /// The clock as answers show it: whole seconds.
    var nowText: Value { .string("\(Timestamp(seconds: now.seconds))") }

    /// The scopes that a call needs, all of them, such as `droplet:create`: those of the provider's specification.
    static func scopes(_ call: Call) -> [String] {
        let (name, part) = (call.path.first ?? "", call.path.dropFirst(2).first ?? "")
        let isRead = call.method == "GET"
        let verb =
            switch call.method {
            case "POST": "create"
            case "PUT", "PATCH": "update"
            case "DELETE": "delete"
            default: "read"
            }
        switch (name, part) {
        case ("account", _): return [call.path.count > 1 ? "ssh_key:\(verb)" : "account:\(verb)"]
        case ("actions", _), ("regions", _): return ["\(name):\(verb)"]
        case ("customers", _): return ["billing:\(verb)"]
        case ("databases", _): return [call.path.last == "reset_auth" ? "database:update" : "database:\(verb)"]
        case ("domains", "records") where verb == "create" || verb == "delete":
            return ["domain:\(verb)", "domain:update"]
        case ("droplets", "firewalls"): return ["firewall:\(verb)"]
        case ("droplets", _): return [call.path.last == "actions" && !isRead ? "droplet:update" : "droplet:\(verb)"]
        case ("firewalls", "droplets"), ("firewalls", "rules"), ("firewalls", "tags"): return ["firewall:update"]
        case ("monitoring", _): return ["monitoring:\(verb)"]
        case ("projects", "resources") where !isRead: return ["project:assign_resource"]
        case ("sizes", _): return ["regions:\(verb)", "sizes:\(verb)"]
        case ("snapshots", _) where verb == "delete": return ["image:delete", "snapshot:delete"]
        case ("snapshots", _) where call.path.count > 1: return ["block_storage_snapshot:read", "snapshot:read"]
        case ("spaces", _): return ["spaces_key:\(verb == "create" ? "create_credentials" : verb)"]
        case ("volumes", "actions"): return ["block_storage_action:\(verb)"]
        case ("volumes", "snapshots"): return ["block_storage_snapshot:\(verb)"]
        case ("volumes", _): return ["block_storage:\(verb)"]
        default: return ["\(name.dropLast()):\(verb)"]
        }
    }
}
