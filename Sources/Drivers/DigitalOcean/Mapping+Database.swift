internal import Basics
internal import DesiredState
internal import Diff
internal import Formats

/// Clusters and what is in them. Connections and passwords are never looked at.
extension Mapping {
    static func cluster(_ json: JSONView, _ shared: Shared) -> ObservedResource? {
        guard let id = json["id"].string, let name = json["name"].string, !name.isEmpty else { return nil }
        var items: [Attributes.Item] = [Attributes.Item("id", .string(id))]
        for member in ["engine", "region", "size", "status"] {
            if let value = shared.string(json[member]) { items.append(Attributes.Item(member, value)) }
        }
        if let version = json["version"].string ?? json["version"].numberText {
            items.append(Attributes.Item("version", .string(version)))
        }
        if let nodes = json["num_nodes"].int { items.append(Attributes.Item("num_nodes", .int(nodes))) }
        // Of the connection only where it leads: user and password stand beside that. A cluster that is being made has none.
        if let host = json["connection"]["host"].string, !host.isEmpty {
            items.append(Attributes.Item("host", .string(host)))
            if let port = json["connection"]["port"].int { items.append(Attributes.Item("port", .int(port))) }
        }
        if let tags = shared.strings(json["tags"]) { items.append(Attributes.Item("tags", tags)) }
        return ObservedResource(
            key: ResourceKey(.databaseCluster, name), providerID: id, attributes: Attributes(items),
            isOwned: isMarked(json["tags"]), createdAt: json["created_at"].string.flatMap { Timestamp($0) })
    }

    static func database(_ json: JSONView, cluster: ClusterName) -> ObservedResource? {
        json["name"].string.map { cluster.resource(.database, $0) }
    }

    static func databaseUser(_ json: JSONView, cluster: ClusterName) -> ObservedResource? {
        json["name"].string.map { name in
            cluster.resource(
                .databaseUser, name, json["role"].string.map { [Attributes.Item("role", .string($0))] } ?? [])
        }
    }

    static func databasePool(_ json: JSONView, cluster: ClusterName) -> ObservedResource? {
        guard let name = json["name"].string else { return nil }
        var items: [Attributes.Item] = []
        for member in ["db", "user"] {
            if let text = json[member].string { items.append(Attributes.Item(member, .string(text))) }
        }
        if let mode = json["mode"].string { items.append(Attributes.Item("mode", .string(mode.lowercased()))) }
        if let size = json["size"].int { items.append(Attributes.Item("size", .int(size))) }
        return cluster.resource(.databasePool, name, items)
    }

    /// The trusted sources of a cluster as one resource; droplets as `#` and their id until `named` puts their names there.
    static func databaseFirewall(_ rules: JSONView, cluster: ClusterName) -> ObservedResource? {
        guard let items = rules.items else { return nil }
        let texts = items.compactMap { rule -> String? in
            guard let type = rule["type"].string else { return nil }
            let value = rule["value"].string ?? rule["value"].numberText ?? ""
            guard type == "droplet" else { return "\(type):\(value)" }
            return "droplet:#\(value)"
        }
        let sources = Normal.trustedSources(sorted(texts))
        return ObservedResource(
            key: ResourceKey(.databaseFirewall, cluster.name), providerID: cluster.id,
            attributes: Attributes([Attributes.Item("rules", sources)]))
    }

    /// The rules of a replacement; a failure names the droplets without an id.
    static func trustedSources(
        _ value: Value?, dropletID: (String) -> Int64?
    ) -> Result<Value, UnknownDroplets> {
        var unknown: [String] = []
        func rule(_ type: String, _ value: String) -> Value {
            .object(["type": .string(type), "value": .string(value)] as Value.Object)
        }
        let rules = (Normal.trustedSources(value ?? []).listValue ?? []).compactMap(\.stringValue).compactMap {
            text -> Value? in
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { return nil }
            guard parts[0] == "droplet" else { return rule(parts[0], parts[1]) }
            let id = parts[1].hasPrefix("#") ? Int64(parts[1].dropFirst()) : dropletID(parts[1])
            guard let id else {
                unknown.append(parts[1])
                return nil
            }
            return rule("droplet", String(id))
        }
        return unknown.isEmpty ? .success(.list(rules)) : .failure(UnknownDroplets(names: unknown))
    }
}

/// A cluster by name and id.
struct ClusterName: Sendable, Hashable {
    let name: String
    let id: String

    /// Something in the cluster; its provider id holds the cluster's, for neither alone is unique.
    func resource(_ kind: ResourceKind, _ name: String, _ items: [Attributes.Item] = []) -> ObservedResource {
        ObservedResource(
            key: ResourceKey(kind, "\(self.name)/\(name)"), providerID: "\(id)/\(name)", attributes: Attributes(items))
    }
}
