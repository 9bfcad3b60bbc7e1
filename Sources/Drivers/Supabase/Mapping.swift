internal import Basics
internal import DesiredState
internal import Diff
internal import Formats

/// What the provider says, as attributes; pure.
///
/// It reads leniently: an unknown state is a text, a missing field an attribute that isn't there. Only an object
/// without id or name is nil, for nothing can be said of it.
enum Mapping {
    static func project(_ json: JSONView, health: [(name: String, isHealthy: Bool)]?) -> ObservedResource? {
        guard let ref = json["ref"].string ?? json["id"].string, !ref.isEmpty else { return nil }
        var items: [Attributes.Item] = []
        func add(_ name: String, _ text: String?) { if let text { items.append(Attributes.Item(name, .string(text))) } }
        add("name", json["name"].string)
        add("organization", json["organization_slug"].string)
        add("postgres_version", json["database"]["version"].string)
        add("region", json["region"].string)
        add("status", json["status"].string)
        if let health {
            // Active says little of the services behind it.
            let ill = health.filter { !$0.isHealthy }.map(\.name).sorted { $0.precedesByBytes($1) }
            items.append(
                Attributes.Item("is_healthy", .bool(ill.isEmpty && json["status"].holds("ACTIVE_HEALTHY"))))
            items.append(Attributes.Item("unhealthy", .strings(ill)))
        }
        return resource(.supabaseProject, ref, id: ref, items, json["created_at"])
    }

    static func function(_ json: JSONView, project: String) -> ObservedResource? {
        guard let slug = json["slug"].string, !slug.isEmpty, let id = json["id"].string else { return nil }
        var items: [Attributes.Item] = [Attributes.Item("project_ref", .string(project))]
        if let hash = json["ezbr_sha256"].string { items.append(Attributes.Item("ezbr_sha256", .string(hash))) }
        if let status = json["status"].string { items.append(Attributes.Item("status", .string(status))) }
        if let flag = json["verify_jwt"].bool { items.append(Attributes.Item("verify_jwt", .bool(flag))) }
        if let version = json["version"].int { items.append(Attributes.Item("version", .int(version))) }
        let created = json["created_at"].int.flatMap {
            (0..<(1 << 50)).contains($0) ? Timestamp(microseconds: $0 * 1_000) : nil
        }
        return ObservedResource(
            key: ResourceKey(.supabaseFunction, slug), providerID: id, attributes: Attributes(items), createdAt: created
        )
    }

    /// What the list gives as a secret's value is the SHA-256 of the value.
    static func secret(_ json: JSONView, project: String) -> ObservedResource? {
        guard let name = json["name"].string, !name.isEmpty, let digest = json["value"].string else { return nil }
        var items: [Attributes.Item] = [Attributes.Item("value_sha256", .string(digest))]
        if let at = json["updated_at"].string { items.append(Attributes.Item("updated_at", .string(at))) }
        return resource(.supabaseSecret, "\(project)/\(name)", id: name, items, nil)
    }

    /// A branch that is to be deleted soon counts as gone: nobody should rely on it.
    static func isLeaving(_ json: JSONView) -> Bool { !json["deletion_scheduled_at"].isMissingOrNull }

    static func branch(_ json: JSONView, project: String) -> ObservedResource? {
        guard let id = json["id"].string, let name = json["name"].string, !name.isEmpty else { return nil }
        var items: [Attributes.Item] = []
        items.append(Attributes.Item("git_branch", json["git_branch"].string.map(Value.string) ?? .null))
        if let flag = json["persistent"].bool { items.append(Attributes.Item("persistent", .bool(flag))) }
        for (attribute, member) in [
            ("created_at", "created_at"), ("project_ref", "project_ref"), ("project_status", "preview_project_status"),
            ("status", "status"),
        ] {
            if let text = json[member].string { items.append(Attributes.Item(attribute, .string(text))) }
        }
        return resource(.supabaseBranch, "\(project)/\(name)", id: id, items, json["created_at"])
    }

    static func backup(_ json: JSONView, project: String) -> ObservedResource? {
        guard let backups = json["backups"].items else { return nil }
        var items: [Attributes.Item] = []
        let all = backups.map { (at: $0["inserted_at"].string ?? "", status: $0["status"].string ?? "") }
            .sorted { $0.at.precedesByBytes($1.at) }
        items.append(Attributes.Item("count", .int(Int64(all.count))))
        if let flag = json["pitr_enabled"].bool { items.append(Attributes.Item("is_pitr_enabled", .bool(flag))) }
        if let last = all.last { items.append(Attributes.Item("latest_status", .string(last.status))) }
        if let last = all.last(where: { $0.status == "COMPLETED" }) {
            items.append(Attributes.Item("latest", .string(last.at)))
        }
        if let region = json["region"].string { items.append(Attributes.Item("region", .string(region))) }
        return resource(.supabaseBackup, project, id: project, items, nil)
    }

    static func network(_ json: JSONView, project: String) -> ObservedResource? {
        guard let status = json["status"].string else { return nil }
        var items: [Attributes.Item] = [Attributes.Item("status", .string(status))]
        if let text = json["entitlement"].string { items.append(Attributes.Item("entitlement", .string(text))) }
        for (attribute, member) in [("allowed_cidrs", "dbAllowedCidrs"), ("allowed_cidrs_v6", "dbAllowedCidrsV6")] {
            let list = json["config"][member].items?.compactMap(\.string).sorted { $0.precedesByBytes($1) }
            if let list { items.append(Attributes.Item(attribute, .strings(list))) }
        }
        return resource(.supabaseNetwork, project, id: project, items, nil)
    }

    static func advice(_ json: JSONView, project: String) -> ObservedResource? {
        guard let key = json["cache_key"].string, !key.isEmpty else { return nil }
        var items: [Attributes.Item] = []
        for name in ["detail", "level", "name", "title"] {
            if let text = json[name].string { items.append(Attributes.Item(name, .string(text))) }
        }
        if let list = json["categories"].items?.compactMap(\.string) {
            items.append(Attributes.Item("categories", .strings(list)))
        }
        return resource(.supabaseAdvice, "\(project)/\(key)", id: key, items, nil)
    }

    private static func resource(
        _ kind: ResourceKind, _ name: String, id: String, _ items: [Attributes.Item], _ created: JSONView?
    ) -> ObservedResource {
        ObservedResource(
            key: ResourceKey(kind, name), providerID: id, attributes: Attributes(items),
            createdAt: created?.string.flatMap { Timestamp($0) })
    }
}
