internal import Basics
internal import DesiredState
internal import Diff
internal import Formats

/// Networks, volumes, snapshots, projects, alerts and keys; droplets as `#` and their id until `resolved` names them.
extension Mapping {
    private static func text(_ json: JSONView, _ member: String, as name: String? = nil) -> [Attributes.Item] {
        json[member].string.map { [Attributes.Item(name ?? member, .string($0))] } ?? []
    }

    /// A list that has no order, in the one that it is compared in.
    static func sorted(_ texts: [String]) -> Value { .strings(texts.sorted { $0.precedesByBytes($1) }) }

    static func vpc(_ json: JSONView, _: Shared) -> ObservedResource? {
        guard let id = json["id"].string, let name = json["name"].string, !name.isEmpty else { return nil }
        var items = text(json, "description") + text(json, "id") + text(json, "ip_range") + text(json, "region")
        if let isDefault = json["default"].bool { items.append(Attributes.Item("default", .bool(isDefault))) }
        return ObservedResource(
            key: ResourceKey(.vpc, name), providerID: id, attributes: Attributes(items), createdAt: created(json))
    }

    static func volume(_ json: JSONView, _ shared: Shared) -> ObservedResource? {
        guard let id = json["id"].string, let name = json["name"].string, !name.isEmpty else { return nil }
        var items = text(json, "id") + text(json, "description") + text(json, "filesystem_type")
        if let region = shared.string(json["region"]["slug"]) { items.append(Attributes.Item("region", region)) }
        if let size = json["size_gigabytes"].int { items.append(Attributes.Item("size_gb", .int(size))) }
        if let tags = shared.strings(json["tags"]) { items.append(Attributes.Item("tags", tags)) }
        // A volume is attached to one droplet at the most.
        if let droplets = json["droplet_ids"].items.map(Array.init) {
            items.append(Attributes.Item("is_attached", .bool(!droplets.isEmpty)))
            if let droplet = droplets.lazy.compactMap(\.int).first {
                items.append(Attributes.Item("droplet", .string("#\(droplet)")))
            }
        }
        return ObservedResource(
            key: ResourceKey(.volume, name), providerID: id, attributes: Attributes(items),
            isOwned: isMarked(json["tags"]), createdAt: created(json))
    }

    static func snapshot(_ json: JSONView, _ shared: Shared) -> ObservedResource? {
        guard let id = json["id"].string ?? json["id"].int.map(String.init), let name = json["name"].string,
            !name.isEmpty
        else { return nil }
        var items = text(json, "created_at") + text(json, "resource_id") + text(json, "resource_type")
        items.append(Attributes.Item("id", .string(id)))
        if let tags = shared.strings(json["tags"]) { items.append(Attributes.Item("seen_tags", tags)) }
        if let size = json["size_gigabytes"].numberText.flatMap(Double.init) {
            items.append(Attributes.Item("size_gb", Normal.decimal(size)))
        }
        return ObservedResource(
            key: ResourceKey(.snapshot, name), providerID: id, attributes: Attributes(items), createdAt: created(json))
    }

    static func project(_ json: JSONView, _: Shared) -> ObservedResource? {
        guard let id = json["id"].string, let name = json["name"].string, !name.isEmpty else { return nil }
        var items = text(json, "id") + text(json, "description") + text(json, "purpose") + text(json, "environment")
        if let isDefault = json["is_default"].bool { items.append(Attributes.Item("default", .bool(isDefault))) }
        return ObservedResource(
            key: ResourceKey(.project, name), providerID: id, attributes: Attributes(items), createdAt: created(json))
    }

    /// `droplet:#412` of `do:droplet:412`; nil for what a project may hold and this program knows no name of.
    static func projectResource(urn: String) -> String? {
        let parts = urn.split(separator: ":", maxSplits: 2).map(String.init)
        guard parts.count == 3, parts[0] == "do" else { return nil }
        return switch parts[1] {
        case "droplet": "droplet:#\(parts[2])"
        case "dbaas": "database_cluster:#\(parts[2])"
        case "volume": "volume:#\(parts[2])"
        case "domain": "domain:\(parts[2])"
        case "space": "spaces_bucket:\(parts[2])"
        default: nil
        }
    }

    /// What a policy that we made says in its description: it has no name.
    static let alertMark = "odooops:"

    static func alertPolicy(_ json: JSONView, _: Shared) -> ObservedResource? {
        guard let id = json["uuid"].string, !id.isEmpty else { return nil }
        let description = json["description"].string ?? ""
        let isOwned = description.hasPrefix(alertMark) && description.utf8.count > alertMark.utf8.count
        var items = text(json, "compare") + text(json, "type") + text(json, "window")
        items.append(Attributes.Item("id", .string(id)))
        if let isEnabled = json["enabled"].bool { items.append(Attributes.Item("enabled", .bool(isEnabled))) }
        if let value = json["value"].numberText.flatMap(Double.init) {
            items.append(Attributes.Item("value", Normal.decimal(value)))
        }
        let droplets = json["entities"].items?.compactMap(\.string) ?? []
        if droplets.count == 1, let id = Int64(droplets[0]) { items.append(Attributes.Item("droplet_id", .int(id))) }
        let emails = json["alerts"]["email"].items?.compactMap(\.string) ?? []
        items.append(Attributes.Item("emails", sorted(emails)))
        if let slack = json["alerts"]["slack"].items {
            // Whoever knows the address of a hook may write there: of each only its channel is kept.
            let channels = slack.map { hook in
                hook["channel"].string.flatMap { $0.contains("://") ? nil : $0 } ?? ""
            }
            items.append(Attributes.Item("slack_channels", sorted(channels)))
        }
        // Those of others have their id for a name, which nobody wants.
        let name = isOwned ? String(description.dropFirst(alertMark.count)) : "#\(id)"
        return ObservedResource(
            key: ResourceKey(.alertPolicy, name), providerID: id, attributes: Attributes(items), isOwned: isOwned)
    }

    static func spacesKey(_ json: JSONView, _: Shared) -> ObservedResource? {
        guard let id = json["access_key"].string, let name = json["name"].string, !name.isEmpty else { return nil }
        let grants = (json["grants"].items.map(Array.init) ?? []).map { grant -> String in
            let bucket = grant["bucket"].string ?? ""
            return "\(bucket.isEmpty ? "*" : bucket):\(grant["permission"].string ?? "")".lowercased()
        }
        let items = text(json, "created_at") + [Attributes.Item("grants", sorted(grants))]
        return ObservedResource(
            key: ResourceKey(.spacesKey, name), providerID: id, attributes: Attributes(items), createdAt: created(json))
    }

    /// The grants of a request; nil where one is none.
    static func grants(_ value: Value?) -> Value? {
        var grants: [Value] = []
        for item in value?.listValue ?? [] {
            let parts = (item.stringValue ?? "").split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, ["read", "readwrite", "fullaccess"].contains(parts[1].lowercased()) else {
                return nil
            }
            let bucket = parts[0] == "*" ? "" : String(parts[0])
            grants.append(
                .object(
                    ["bucket": .string(bucket), "permission": .string(parts[1].lowercased())] as Value.Object))
        }
        return .list(grants)
    }

    /// All backups of one cluster as one resource; none where the provider keeps none.
    static func databaseBackup(_ json: JSONView, cluster: ClusterName) -> ObservedResource? {
        guard let backups = json["backups"].items else { return nil }
        var latest: Timestamp?
        var size = 0.0
        var count: Int64 = 0
        for backup in backups {
            count += 1
            let made = created(backup)
            guard latest == nil || made.map({ $0 > latest ?? $0 }) == true else { continue }
            latest = made ?? latest
            size = backup["size_gigabytes"].numberText.flatMap(Double.init) ?? size
        }
        var items = [Attributes.Item("count", .int(count))]
        if let latest {
            items += [
                Attributes.Item("latest", .string("\(latest)")), Attributes.Item("size_gb", Normal.decimal(size)),
            ]
        }
        if let hours = json["scheduled_backup_time"]["backup_interval_hours"].int {
            items.append(Attributes.Item("interval_hours", .int(hours)))
        }
        return ObservedResource(
            key: ResourceKey(.databaseBackup, cluster.name), providerID: cluster.id, attributes: Attributes(items))
    }

    private static func created(_ json: JSONView) -> Timestamp? { json["created_at"].string.flatMap { Timestamp($0) } }
}

/// Names of what others are named by: by number or id.
struct KnownNames: Sendable {
    var droplets: [Int64: String] = [:]
    var clusters: [String: String] = [:]
    var volumes: [String: String] = [:]
    /// Processors by the id of their droplet.
    var processors: [Int64: Int64] = [:]

    /// The same text with a name in the place of an id, where there is one.
    func named(_ text: String) -> String {
        for (prefix, name) in [
            ("#", { self.droplets[Int64($0) ?? 0] }), ("droplet:#", { self.droplets[Int64($0) ?? 0] }),
            ("database_cluster:#", { self.clusters[$0] }), ("volume:#", { self.volumes[$0] }),
        ] as [(String, (String) -> String?)] where text.hasPrefix(prefix) {
            guard let found = name(String(text.dropFirst(prefix.count))) else { return text }
            return String(prefix.dropLast()) + found
        }
        return text
    }
}

extension Mapping {
    /// The same resource with names in the place of ids; a threshold also for each processor of its droplet.
    static func resolved(_ resource: ObservedResource, by names: KnownNames) -> ObservedResource {
        guard [.volume, .project, .alertPolicy].contains(resource.key.kind) else { return resource }
        var items = resource.attributes.items.filter { $0.name != "threshold_per_vcpu" }.map { item in
            switch (item.name, item.value) {
            case ("droplet", .string(let text)): Attributes.Item("droplet", .string(names.named(text)))
            case ("resources", .list(let list)):
                Attributes.Item("resources", sorted(list.compactMap(\.stringValue).map(names.named)))
            default: item
            }
        }
        if isLoadAlert(resource),
            let droplet = resource.attributes["droplet_id"]?.intValue, let processors = names.processors[droplet],
            processors > 0,
            let value = resource.attributes["value"]?.doubleValue
        {
            items.append(Attributes.Item("threshold_per_vcpu", Normal.decimal(value / Double(processors))))
        }
        return ObservedResource(
            key: resource.key, providerID: resource.providerID, attributes: Attributes(items),
            isOwned: resource.isOwned, createdAt: resource.createdAt)
    }

    static func isLoadAlert(_ resource: ObservedResource) -> Bool {
        resource.key.kind == .alertPolicy && resource.attributes["type"]?.stringValue?.contains("/load_") == true
    }

    /// Whether something is still given by id.
    static func needsResolving(_ resource: ObservedResource, _ prefix: String) -> Bool {
        resource.attributes["droplet"]?.stringValue?.hasPrefix(prefix) == true
            || resource.attributes["resources"]?.listValue?.contains {
                $0.stringValue?.hasPrefix(prefix == "#" ? "droplet:#" : prefix) == true
            } == true
    }
}
