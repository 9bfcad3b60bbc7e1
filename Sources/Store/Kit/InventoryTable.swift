import Basics
import DesiredState
import Diff
import Formats

/// One table of a provider's inventory, and how what was seen is written into it.
struct InventoryTable: Sendable {
    let name: String
    /// `do_id` first; those that every table has are not among them.
    let columns: [String]
    /// The status of what is gone; nil where the table knows no fitting word.
    let goneStatus: String?

    static func of(_ kind: ResourceKind) -> InventoryTable? {
        switch kind {
        case .droplet: droplets
        case .databaseCluster: databases
        case .firewall: firewalls
        default: nil
        }
    }

    private static let droplets = InventoryTable(
        name: "do_droplets",
        columns: [
            "do_id", "name", "region", "size_slug", "ipv4_public", "ipv4_private", "status", "tags", "image_slug",
            "vcpus", "memory_mb", "disk_gb",
        ], goneStatus: "archive")

    private static let databases = InventoryTable(
        name: "do_databases",
        columns: [
            "do_id", "name", "engine", "version", "region", "status", "size_slug", "num_nodes", "endpoint_host",
            "endpoint_port", "tags",
        ],
        goneStatus: "unknown")

    private static let firewalls = InventoryTable(
        name: "do_firewalls",
        columns: ["do_id", "name", "status", "inbound_rules", "outbound_rules", "droplet_ids", "tags"],
        goneStatus: nil)

    /// All that was seen, as the column `raw` keeps it.
    static func raw(_ resource: ObservedResource) -> Value {
        var object = resource.attributes.value.objectValue ?? [:]
        object["name"] = .string(resource.key.name)
        object["owned"] = .bool(resource.isOwned)
        return .object(object)
    }

    /// What tells one observation of a kind from another.
    static func digest(_ kind: ObservedKind) -> Digest {
        var text = "\(kind.completeness)\n"
        for resource in kind.resources {
            text += "\(resource.providerID) \(StoredJSON.sortedText(raw(resource)))\n"
        }
        return Digest(of: text)
    }

    /// The provider's id as the column has it; nil where it can't be one.
    func identifier(_ id: String) -> SQLValue? {
        guard name == "do_droplets" else { return .text(id) }
        return Int64(id).map { .int($0) }
    }

    /// The values of `columns`; nil for what the table has no words for.
    func values(_ resource: ObservedResource, _ numbers: [String: String]) -> [SQLValue]? {
        guard let id = identifier(resource.providerID) else { return nil }
        let attributes = resource.attributes
        func text(_ name: String) -> SQLValue { .optional(attributes[name]?.stringValue) }
        func number(_ name: String) -> SQLValue {
            // The columns hold 32 bits.
            attributes[name]?.intValue.flatMap { Int32(exactly: $0) }.map { .int(Int64($0)) } ?? .null
        }
        func needed(_ name: String) -> SQLValue { .text(attributes[name]?.stringValue ?? "") }
        let tags = Self.array(attributes["tags"]?.listValue?.compactMap(\.stringValue) ?? [])
        let status = attributes["status"]?.stringValue ?? ""
        switch name {
        case "do_droplets":
            guard ["new", "active", "off", "archive"].contains(status) else { return nil }
            return [
                id, .text(resource.key.name), needed("region"), text("size"), Self.address(attributes["ipv4"]),
                Self.address(attributes["ipv4_private"]), .text(status), .text(tags), text("image"),
                number("vcpus"), number("memory_mb"), number("disk_gb"),
            ]
        case "do_databases":
            // Valkey is what became of Redis; the table knows no other engine.
            let engine = attributes["engine"]?.stringValue == "valkey" ? "redis" : attributes["engine"]?.stringValue
            guard let engine, ["pg", "mysql", "redis", "mongodb", "kafka"].contains(engine) else { return nil }
            let known = ["creating", "online", "resizing", "migrating", "forking", "degraded", "error"]
            return [
                id, .text(resource.key.name), .text(engine), text("version"), needed("region"),
                .text(known.contains(status) ? status : "unknown"), text("size"),
                attributes["num_nodes"]?.intValue.flatMap { Int32(exactly: $0) }.map { .int(Int64($0)) } ?? .int(1),
                text("host"), number("port"), .text(tags),
            ]
        default:
            let droplets = (attributes["droplets"]?.listValue ?? []).compactMap(\.stringValue).compactMap { name in
                Int64(name.hasPrefix("#") ? String(name.dropFirst()) : numbers[name] ?? "")
            }
            return [
                id, .text(resource.key.name),
                .text(["waiting", "succeeded", "failed"].contains(status) ? status : "waiting"),
                .jsonb(attributes["inbound_rules"] ?? []), .jsonb(attributes["outbound_rules"] ?? []),
                .text("{\(droplets.map(String.init).joined(separator: ","))}"), .text(tags),
            ]
        }
    }

    /// A list as PostgreSQL writes it.
    static func array(_ texts: [String]) -> String {
        let items = texts.map { text -> String in
            var quoted = "\""
            for character in text where character != "\0" {
                if character == "\"" || character == "\\" { quoted.append("\\") }
                quoted.append(character)
            }
            return quoted + "\""
        }
        return "{\(items.joined(separator: ","))}"
    }

    /// An IPv4 address; null for anything else, which the column would refuse.
    private static func address(_ value: Value?) -> SQLValue {
        guard let text = value?.stringValue else { return .null }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy({ UInt8($0) != nil }) ? .text(text) : .null
    }
}
