internal import Basics
internal import DesiredState
internal import Diff
internal import Formats

/// What the provider says, as attributes; pure.
///
/// It reads leniently: an unknown state is a text, a missing field an attribute that isn't there. Only an object
/// without id or name is nil, for nothing can be said of it.
enum Mapping {
    static func project(_ json: JSONView) -> ObservedResource? {
        guard let id = json["id"].string, let name = json["name"].string, !name.isEmpty else { return nil }
        var items = VercelKinds.settings.compactMap { setting -> Attributes.Item? in
            let view = json[setting.member]
            // What was never said is no statement; of a text, nothing is the same as null.
            if setting.name == "include_files_outside_root" {
                return view.bool.map { Attributes.Item(setting.name, .bool($0)) }
            }
            return Attributes.Item(setting.name, view.string.map(Value.string) ?? .null)
        }
        items.append(Attributes.Item("id", .string(id)))
        if let owner = json["accountId"].string { items.append(Attributes.Item("org_id", .string(owner))) }
        let branch = json["link"]["productionBranch"].string
        items.append(Attributes.Item("production_branch", branch.map(Value.string) ?? .null))
        return ObservedResource(
            key: ResourceKey(.vercelProject, name), providerID: id, attributes: Attributes(items),
            createdAt: instant(json["createdAt"]))
    }

    /// A variable once for each of its targets; nil when it has no id or no key.
    static func variables(_ json: JSONView, project: String) -> [ObservedResource]? {
        guard let id = json["id"].string, let key = json["key"].string, !key.isEmpty else { return nil }
        var targets = json["target"].items?.compactMap(\.string) ?? json["target"].string.map { [$0] } ?? []
        targets += (json["customEnvironmentIds"].items?.compactMap(\.string) ?? []).map { "custom:\($0)" }
        targets = Array(Set(targets)).sorted { $0.precedesByBytes($1) }
        let branch = json["gitBranch"].string.flatMap { $0.isEmpty ? nil : $0 }
        var items: [Attributes.Item] = [
            Attributes.Item("id", .string(id)), Attributes.Item("targets", .strings(targets)),
        ]
        if let type = json["type"].string { items.append(Attributes.Item("type", .string(type))) }
        // Only what Vercel itself shows to everybody in clear text; of the rest not even a hash.
        if json["type"].holds("plain"), let value = json["value"].string {
            items.append(Attributes.Item("value_sha256", .string(Digest(of: value).hex)))
        }
        let created = instant(json["createdAt"])
        return targets.map { target in
            let name = VariableName(project: project, target: target, branch: branch, key: key)
            return ObservedResource(
                key: ResourceKey(.vercelVariable, name.text), providerID: id, attributes: Attributes(items),
                createdAt: created)
        }
    }

    static func domain(_ json: JSONView, project: String) -> ObservedResource? {
        guard let name = json["name"].string, !name.isEmpty, let isVerified = json["verified"].bool else { return nil }
        var items: [Attributes.Item] = [Attributes.Item("verified", .bool(isVerified))]
        for (attribute, member) in [("git_branch", "gitBranch"), ("redirect", "redirect")] {
            items.append(Attributes.Item(attribute, json[member].string.map(Value.string) ?? .null))
        }
        items.append(
            Attributes.Item("redirect_status_code", json["redirectStatusCode"].int.map(Value.int) ?? .null))
        if let apex = json["apexName"].string { items.append(Attributes.Item("apex", .string(apex))) }
        return ObservedResource(
            key: ResourceKey(.vercelDomain, "\(project)/\(name)"), providerID: name, attributes: Attributes(items),
            createdAt: instant(json["createdAt"]))
    }

    /// Which deployment serves production, as the project tells it; no attribute where none does.
    static func production(_ json: JSONView) -> ObservedResource? {
        guard let id = json["id"].string, let name = json["name"].string, !name.isEmpty else { return nil }
        let target = json["targets"]["production"]
        var items: [Attributes.Item] = []
        items.append(Attributes.Item("deployment", target["id"].string.map(Value.string) ?? .null))
        if let state = target["readyState"].string { items.append(Attributes.Item("state", .string(state))) }
        if let url = target["url"].string { items.append(Attributes.Item("url", .string(url))) }
        return ObservedResource(
            key: ResourceKey(.vercelProduction, name), providerID: id, attributes: Attributes(items))
    }

    static func deployment(_ json: JSONView, project: String) -> ObservedResource? {
        // Lists say `uid`, one deployment by itself says `id`.
        guard let id = json["uid"].string ?? json["id"].string, !id.isEmpty else { return nil }
        var items: [Attributes.Item] = []
        func add(_ name: String, _ value: Value?) { if let value { items.append(Attributes.Item(name, value)) } }
        add("state", (json["readyState"].string ?? json["state"].string).map(Value.string))
        add("target", .string(json["target"].string ?? "preview"))
        add("url", json["url"].string.map(Value.string))
        add("sha", json["meta"]["githubCommitSha"].string.map(Value.string))
        add("branch", json["meta"]["githubCommitRef"].string.map(Value.string))
        add("is_aliased", .bool(json["aliasAssigned"].bool ?? (json["aliasAssigned"].int != nil)))
        add(
            "alias_error", (json["aliasError"]["message"].string ?? json["aliasError"]["code"].string).map(Value.string)
        )
        return ObservedResource(
            key: ResourceKey(.vercelDeployment, "\(project)/\(id)"), providerID: id, attributes: Attributes(items),
            createdAt: instant(json["createdAt"]) ?? instant(json["created"]))
    }

    static func alias(_ json: JSONView) -> ObservedResource? {
        guard let id = json["uid"].string, let name = json["alias"].string, !name.isEmpty else { return nil }
        var items: [Attributes.Item] = []
        for (attribute, member) in [
            ("deployment", "deploymentId"), ("project_id", "projectId"), ("redirect", "redirect"),
        ] {
            if let text = json[member].string { items.append(Attributes.Item(attribute, .string(text))) }
        }
        return ObservedResource(
            key: ResourceKey(.vercelAlias, name), providerID: id, attributes: Attributes(items),
            createdAt: instant(json["createdAt"]))
    }

    /// Milliseconds since the epoch.
    private static func instant(_ json: JSONView) -> Timestamp? {
        guard let milliseconds = json.int, (0..<(1 << 50)).contains(milliseconds) else { return nil }
        return Timestamp(microseconds: milliseconds * 1_000)
    }
}
