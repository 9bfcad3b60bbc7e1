import Basics
import DesiredState
import Formats
import Simulator

/// What the providers hold, in lines that don't name what is different each time: numbers, addresses, instants.
struct Holdings: Sendable, Hashable {
    /// Sorted; two equal lines are two objects of one name.
    let lines: [String]

    init(_ simulator: Simulator) {
        var reader = HoldingsReader(simulator.snapshot())
        var lines = reader.lines()
        for (name, parts) in [("vercel", ["projects", "variables", "domains"]), ("supabase", ["projects"])] {
            let account = simulator.account(name)
            for part in parts {
                for item in account[part]?.listValue ?? [] { lines.append("\(name) \(part) \(reader.text(item))") }
            }
        }
        lines += Self.gitHub(simulator.account("github"))
        self.lines = lines.sorted()
    }

    /// Of each pull request what is written below it, by its first line.
    private static func gitHub(_ account: Value) -> [String] {
        (account["repositories"]?.listValue ?? []).flatMap { repository in
            (repository["lists"]?["comments"]?.listValue ?? []).map { comment in
                let head = comment["body"]?.stringValue?.split(separator: "\n").first { $0.hasPrefix("#") } ?? ""
                return "comment on #\(comment["issue"]?.intValue ?? 0): \(head)"
            }
        }
    }

    /// What is here and not there, and the other way round, in a few words.
    func difference(from other: Holdings) -> String? {
        guard lines != other.lines else { return nil }
        var (more, less) = (lines, other.lines)
        for line in other.lines { if let index = more.firstIndex(of: line) { more.remove(at: index) } }
        for line in lines { if let index = less.firstIndex(of: line) { less.remove(at: index) } }
        return "too much at the providers: \(more); missing: \(less)"
    }
}

/// Writes objects of an account so that two lives of it can be compared.
struct HoldingsReader {
    private let world: Value
    /// What stands for an id or an address.
    private var names: [String: String] = [:]

    /// Different in each life, and no part of what is wanted.
    private static let passing: Set<String> = [
        "id", "uuid", "cluster_uuid", "created_at", "createdAt", "updatedAt", "updated_at", "password", "vpc",
        "private_network_uuid", "project_id", "accountId", "projectId", "connection", "private_connection", "serial",
        "uri", "owner_uuid", "maintenance_window", "ref", "_serial", "version",
    ]

    init(_ world: Value) {
        self.world = world
        for droplet in world["droplets"]?.listValue ?? [] {
            let name = "droplet:\(droplet["name"]?.stringValue ?? "")"
            guard let id = droplet["id"]?.intValue else { continue }
            names["\(id)"] = name
            names["198.\(18 + id >> 16 & 1).\(id >> 8 & 255).\(id & 255)"] = "\(name):public"
            names["10.104.\(id >> 8 & 15).\(id & 255)"] = "\(name):private"
        }
    }

    mutating func lines() -> [String] {
        var lines: [String] = []
        for kind in ["droplets", "firewalls", "alerts", "keys", "projects", "volumes", "spaces_keys"] {
            for item in world[kind]?.listValue ?? [] { lines.append("\(kind) \(text(item))") }
        }
        // Tags of our own are a way of writing down, and stay where they were once used.
        for tag in world["tags"]?.listValue ?? [] where tag.stringValue?.hasPrefix("odooops:") != true {
            lines.append("tag \(tag.stringValue ?? "")")
        }
        for domain in world["domains"]?.listValue ?? [] {
            let name = domain["name"]?.stringValue ?? ""
            lines.append("domain \(name)")
            for record in domain["records"]?.listValue ?? [] { lines.append("record \(name) \(text(record))") }
        }
        for cluster in world["clusters"]?.listValue ?? [] {
            let name = cluster["object"]?["name"]?.stringValue ?? ""
            lines.append("cluster \(text(cluster["object"] ?? .null))")
            for database in cluster["databases"]?.listValue ?? [] {
                lines.append("database \(name) \(database.stringValue ?? "")")
            }
            for part in ["users", "pools", "rules"] {
                for item in cluster[part]?.listValue ?? [] { lines.append("\(part) \(name) \(text(item))") }
            }
        }
        return lines
    }

    /// One object, its members by name.
    func text(_ value: Value) -> String {
        switch value {
        case .null: return "-"
        case .bool(let flag): return "\(flag)"
        case .int(let number): return names["\(number)"] ?? "\(number)"
        case .number(let text): return text
        case .string(let text): return names[text] ?? text
        case .list(let items): return "[\(items.map { self.text($0) }.sorted().joined(separator: " "))]"
        case .object(let object):
            let members = object.members.filter { !Self.passing.contains($0.name) }
                .sorted { $0.name.precedesByBytes($1.name) }
            return "{\(members.map { "\($0.name)=\(text(ofMember: $0))" }.joined(separator: " "))}"
        }
    }

    /// Of a secret only what tells it from another.
    private func text(ofMember member: Value.Object.Member) -> String {
        guard member.name == "value", let secret = member.value.stringValue else { return text(member.value) }
        return Digest(of: secret).short
    }
}
