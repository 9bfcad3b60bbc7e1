internal import Basics
internal import DesiredState
internal import Diff
internal import Formats

/// What the provider says, as attributes; pure.
///
/// It reads leniently: an unknown status is a text, a missing field an attribute that isn't there. Only an object
/// without id or name is nil, for nothing can be said of it.
struct Mapping: Sendable {
    let repository: RepositoryName
    /// The names that are wanted or remembered, by their small letters: GitHub takes capitals for no difference in labels.
    private let spellings: [String: String]

    /// - Parameters:
    ///   - repository: whose objects they are.
    ///   - wanted: the names, with their repository, that are wanted or remembered.
    init(repository: RepositoryName, wanted: Set<String> = []) {
        self.repository = repository
        spellings = Dictionary(
            wanted.map { ($0.lowercased(), $0) }, uniquingKeysWith: { $0.precedesByBytes($1) ? $0 : $1 })
    }

    func branch(_ json: JSONView) -> ObservedResource? {
        guard let name = said(json["name"]), !name.isEmpty else { return nil }
        return resource(
            .gitHubBranch, name, id: name,
            [("is_protected", json["protected"].bool.map(Value.bool)), ("sha", text(json["commit"]["sha"]))])
    }

    func tag(_ json: JSONView) -> ObservedResource? {
        guard let name = said(json["name"]), !name.isEmpty else { return nil }
        return resource(.gitHubTag, name, id: name, [("sha", text(json["commit"]["sha"]))])
    }

    func pullRequest(_ json: JSONView) -> ObservedResource? {
        guard let number = json["number"].int else { return nil }
        let labels = json["labels"].items.map { items in
            Value.strings(items.compactMap { said($0["name"]) }.sorted { $0.precedesByBytes($1) })
        }
        let items: [(String, Value?)] = [
            ("base", said(json["base"]["ref"]).map(Value.string)),
            ("head", said(json["head"]["ref"]).map(Value.string)),
            ("head_repository", text(json["head"]["repo"]["full_name"])), ("head_sha", text(json["head"]["sha"])),
            ("is_draft", json["draft"].bool.map(Value.bool)), ("labels", labels),
            ("merged_at", text(json["merged_at"])), ("number", .int(number)), ("state", text(json["state"])),
            ("title", said(json["title"]).map(Value.string)), ("updated_at", text(json["updated_at"])),
        ]
        return resource(.gitHubPullRequest, String(number), id: String(number), items, json["created_at"])
    }

    func environment(_ json: JSONView) -> ObservedResource? {
        guard let id = json["id"].int, let name = json["name"].string, !name.isEmpty else { return nil }
        var minutes: Value?
        var reviewers: Value = 0
        for rule in json["protection_rules"].items.map(Array.init) ?? [] {
            if rule["type"].holds("wait_timer") { minutes = rule["wait_timer"].int.map(Value.int) }
            if rule["type"].holds("required_reviewers") { reviewers = .int(Int64(rule["reviewers"].count ?? 0)) }
        }
        let items: [(String, Value?)] = [
            ("branch_policy", .bool(json["deployment_branch_policy"].kind == .object)), ("id", .int(id)),
            ("required_reviewers", reviewers), ("wait_minutes", minutes ?? 0),
        ]
        return resource(.gitHubEnvironment, name, id: String(id), items, json["created_at"])
    }

    /// Name and dates only: GitHub shows the value to nobody.
    func secret(_ json: JSONView) -> ObservedResource? {
        guard let name = json["name"].string, !name.isEmpty else { return nil }
        return resource(.gitHubSecret, name, id: name, [("updated_at", text(json["updated_at"]))], json["created_at"])
    }

    func run(_ json: JSONView) -> ObservedResource? {
        guard let id = json["id"].int else { return nil }
        let items: [(String, Value?)] = [
            ("conclusion", text(json["conclusion"])), ("event", text(json["event"])),
            ("head_branch", said(json["head_branch"]).map(Value.string)), ("head_sha", text(json["head_sha"])),
            ("number", json["run_number"].int.map(Value.int)), ("status", text(json["status"])),
            ("title", said(json["display_title"]).map(Value.string)), ("workflow", text(json["path"])),
        ]
        return resource(.gitHubRun, String(id), id: String(id), items, json["created_at"])
    }

    func label(_ json: JSONView) -> ObservedResource? {
        guard let id = json["id"].int, let name = json["name"].string, !name.isEmpty else { return nil }
        let items: [(String, Value?)] = [
            ("color", text(json["color"])), ("description", .string(json["description"].string ?? "")),
            ("id", .int(id)),
        ]
        // Capitals make no other label.
        let other = spellings[repository.key(.gitHubLabel, name).name.lowercased()]
        return resource(
            .gitHubLabel, other.flatMap { RepositoryName.split($0)?.rest } ?? name, id: name, items)
    }

    func hook(_ json: JSONView) -> ObservedResource? {
        guard let id = json["id"].int else { return nil }
        let config = json["config"]
        let events = json["events"].items.map { Value.strings($0.compactMap(\.string)) }
        let items: [(String, Value?)] = [
            ("active", json["active"].bool.map(Value.bool)),
            ("content_type", .string(config["content_type"].string ?? "form")), ("events", events), ("id", .int(id)),
            ("insecure_ssl", Normal.digit(config["insecure_ssl"].isMissingOrNull ? "0" : config["insecure_ssl"].value)),
            ("last_status", text(json["last_response"]["status"])),
        ]
        // A hook of another service has no address of this form; it is told by its id.
        return resource(
            .gitHubHook, config["url"].string ?? "#\(id)", id: String(id), items, json["created_at"])
    }

    func repository(_ json: JSONView) -> ObservedResource? {
        guard let id = json["id"].int, json["full_name"].string != nil else { return nil }
        let security = json["security_and_analysis"]
        func isEnabled(_ name: String) -> Value? { security[name]["status"].string.map { .bool($0 == "enabled") } }
        let isPrivate = json["private"].bool
        var items: [(String, Value?)] = [
            ("archived", json["archived"].bool.map(Value.bool)), ("default_branch", text(json["default_branch"])),
            ("dependabot_security_updates", isEnabled("dependabot_security_updates")),
            ("description", .string(json["description"].string ?? "")),
            ("homepage", .string(json["homepage"].string ?? "")), ("id", .int(id)),
            ("pushed_at", text(json["pushed_at"])), ("secret_scanning", isEnabled("secret_scanning")),
            ("secret_scanning_push_protection", isEnabled("secret_scanning_push_protection")),
            ("visibility", text(json["visibility"]) ?? isPrivate.map { .string($0 ? "private" : "public") }),
        ]
        for name in Self.switches { items.append((name, json[name].bool.map(Value.bool))) }
        return ObservedResource(
            key: ResourceKey(.repository, "\(repository)"), providerID: String(id), attributes: Self.attributes(items),
            createdAt: json["created_at"].string.flatMap { Timestamp($0) })
    }

    /// Settings of a repository that are one flag each, named alike here and there.
    static let switches = [
        "allow_auto_merge", "allow_merge_commit", "allow_rebase_merge", "allow_squash_merge", "allow_update_branch",
        "delete_branch_on_merge", "has_issues", "has_projects", "has_wiki", "web_commit_signoff_required",
    ]

    /// A ruleset; a list shows only part of it.
    func ruleset(_ json: JSONView) -> ObservedResource? {
        guard let id = json["id"].int, let name = json["name"].string, !name.isEmpty else { return nil }
        let conditions = json["conditions"]
        var targets: [String] = [json["target"].string ?? "branch"]
        let names = conditions["ref_name"]
        let included = names["include"].items?.compactMap(\.string) ?? []
        if targets == ["branch"], included == ["~DEFAULT_BRANCH"], (names["exclude"].count ?? 0) == 0 {
            targets.append("default_branch")
        }
        func whole(_ view: JSONView) -> Value? { view.isMissingOrNull ? nil : view.value }
        let items: [(String, Value?)] = [
            ("bypass_actors", whole(json["bypass_actors"])), ("conditions", whole(conditions)),
            ("enforcement", text(json["enforcement"])), ("id", .int(id)), ("rules", whole(json["rules"])),
            ("target", .strings(targets)),
        ]
        return resource(.ruleset, name, id: String(id), items, json["created_at"])
    }

    // MARK: Pieces

    private func text(_ json: JSONView) -> Value? { json.string.map(Value.string) }

    /// What anybody may have written, with every secret in it hidden.
    private func said(_ json: JSONView) -> String? { json.string.map { PastedSecret.hidden(in: $0) } }

    private func resource(
        _ kind: ResourceKind, _ name: String, id: String, _ items: [(String, Value?)], _ created: JSONView? = nil
    ) -> ObservedResource {
        ObservedResource(
            key: repository.key(kind, name), providerID: id, attributes: Self.attributes(items),
            createdAt: created?.string.flatMap { Timestamp($0) })
    }

    static func attributes(_ items: [(String, Value?)]) -> Attributes {
        Attributes(items.compactMap { item in item.1.map { Attributes.Item(item.0, $0) } })
    }
}
