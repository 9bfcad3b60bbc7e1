import Basics
import Formats

/// One repository: its settings, and lists of what is in it, each item without the addresses that answers add.
struct GitHubRepository: Sendable {
    let fullName: String
    let id: Int64
    var fields: Value.Object
    /// `branches`, `tags`, `pulls`, `issues`, `labels`, `hooks`, `rulesets`, `environments`, `secrets`, `runs`, `workflows`,
    /// `statuses`, `comments`, `deployments`, `deployment_statuses`; newest last.
    var lists: [String: [Value.Object]] = [:]
    /// By branch.
    var protections: [String: Value.Object] = [:]

    init(named fullName: String, id: Int64, now: Timestamp) {
        self.fullName = fullName
        self.id = id
        fields = Value.Object()
        fields["description"] = .null
        fields["homepage"] = .null
        fields["private"] = true
        fields["default_branch"] = "main"
        fields["archived"] = false
        for name in ["has_issues", "has_projects", "has_wiki"] { fields[name] = true }
        for name in ["allow_squash_merge", "allow_merge_commit", "allow_rebase_merge"] { fields[name] = true }
        for name in [
            "allow_auto_merge", "allow_update_branch", "delete_branch_on_merge", "web_commit_signoff_required",
        ] { fields[name] = false }
        for name in ["secret_scanning", "secret_scanning_push_protection", "dependabot_security_updates"] {
            fields[name] = "disabled"
        }
        fields["created_at"] = .string(Self.text(now))
    }

    init?(_ value: Value) {
        guard let name = value["full_name"]?.stringValue, let id = value["id"]?.intValue,
            let fields = value["fields"]?.objectValue
        else { return nil }
        fullName = name
        self.id = id
        self.fields = fields
        for member in value["lists"]?.objectValue?.members ?? [] {
            lists[member.name] = (member.value.listValue ?? []).compactMap(\.objectValue)
        }
        for member in value["protections"]?.objectValue?.members ?? [] {
            protections[member.name] = member.value.objectValue
        }
    }

    var value: Value {
        var kept = Value.Object()
        for name in lists.keys.sorted() { kept[name] = .list((lists[name] ?? []).map { .object($0) }) }
        var guarded = Value.Object()
        for name in protections.keys.sorted() { guarded[name] = protections[name].map { .object($0) } }
        return .members([
            "full_name": .string(fullName), "id": .int(id), "fields": .object(fields), "lists": .object(kept),
            "protections": .object(guarded),
        ])
    }

    var name: String { fullName.split(separator: "/").last.map(String.init) ?? "" }
    var owner: String { fullName.split(separator: "/").first.map(String.init) ?? "" }

    static func text(_ now: Timestamp) -> String { "\(Timestamp(seconds: now.seconds))" }

    /// Adds one item of a list as a document gives it: a name alone, or what is known of it.
    ///
    /// A pull request of a number that is there already is changed, as its people would.
    mutating func add(_ list: String, _ item: Value, id: Int64, now: Timestamp, login: String) {
        var object = item.objectValue ?? Value.Object()
        if let name = item.stringValue { object["name"] = .string(name) }
        if list == "pulls", let place = lists[list]?.firstIndex(where: { $0["number"] == object["number"] }) {
            if object["updated_at"] == nil { object["updated_at"] = .string(Self.text(now)) }
            for member in object.members { lists[list]?[place][member.name] = member.value }
            return
        }
        if object["id"] == nil { object["id"] = .int(id) }
        if list == "issues" || list == "pulls", object["number"] == nil { object["number"] = .int(nextNumber) }
        for member in ["created_at", "updated_at"] where object[member] == nil {
            object[member] = .string(Self.text(now))
        }
        if object["user"] == nil { object["user"] = .string(login) }
        lists[list, default: []].append(object)
    }

    /// The commit that a branch, a tag or a commit's own name means; nil where there is none.
    func sha(of ref: String) -> String? {
        for list in ["branches", "tags"] {
            let found = lists[list]?.first { $0["name"]?.stringValue == ref }
            if let found { return found["sha"]?.stringValue }
        }
        let isHex = ref.utf8.count == 40 && Hex.decode(ref) != nil
        return isHex ? ref : nil
    }
}
