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

    /// The scope that a call needs, such as `droplet:create`.
    static func scope(_ call: Call) -> String {
        let resource =
            switch call.path.first {
            case "account": call.path.count > 1 ? "ssh_key" : "account"
            case "customers": "billing"
            case "databases": "database"
            case "monitoring": "monitoring"
            case "spaces": "spaces_key"
            case "volumes":
                switch call.path.dropFirst(2).first {
                case "actions"?: "block_storage_action"
                case "snapshots"?: "block_storage_snapshot"
                default: "block_storage"
                }
            case let name?: name.hasSuffix("s") ? String(name.dropLast()) : name
            case nil: "account"
            }
        let verb =
            switch call.method {
            case "POST":
                // Sub-resources of an existing thing change it.
                resource == "spaces_key"
                    ? "create_credentials"
                    : call.path.count > 1 && !["monitoring", "ssh_key"].contains(resource)
                        && !resource.hasPrefix("block_storage_") ? "update" : "create"
            case "PUT", "PATCH": "update"
            case "DELETE":
                call.path.count > 2 && !["monitoring", "ssh_key", "spaces_key"].contains(resource)
                    ? "update" : "delete"
            default: "read"
            }
        return "\(resource):\(verb)"
    }
}
