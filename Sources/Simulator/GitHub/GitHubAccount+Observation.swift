import Basics
import Formats

extension GitHubAccount {
    /// Repositories with their settings and all that is listed of them; secrets of hooks are not seen.
    mutating func load(_ seen: Observation) {
        let parts = [
            "branch", "tag", "pull_request", "label", "webhook", "environment", "actions_secret", "workflow_run",
            "branch_protection", "ruleset",
        ]
        var names = seen["repository"].map(\.name)
        for kind in parts {
            names += seen[kind].map { $0.name.split(separator: "/").prefix(2).joined(separator: "/") }
        }
        for name in names where repositories[name.lowercased()] == nil {
            let settings = seen["repository"].first { $0.name == name }
            let id = settings?.attributes["id"]?.intValue ?? takeID()
            var repository = GitHubRepository(named: name, id: id, now: now)
            if let settings { repository.load(settings) }
            repository.loadLists(seen, login: login, now: now)
            for item in seen.items("branch_protection", in: name) {
                let branch = String(item.name.dropFirst(name.utf8.count + 1))
                repository.protections[branch] = Self.protection(item)
                // It is protected, and was not looked at.
                if !(repository.lists["branches"] ?? []).contains(where: { $0["name"]?.stringValue == branch }) {
                    let sha = String(repeating: "0", count: 40)
                    repository.lists["branches", default: []].append(["name": .string(branch), "sha": .string(sha)])
                }
            }
            for item in ["labels", "webhooks", "rulesets", "hooks"].flatMap({ repository.lists[$0] ?? [] }) {
                nextID = max(nextID, (item["id"]?.intValue ?? 0) + 1)
            }
            repositories[name.lowercased()] = repository
        }
        changes += 1
    }

    /// What is in force, as a PUT would have said it.
    private static func protection(_ item: Observation.Item) -> Value.Object {
        func flag(_ name: String) -> Bool { item.attributes[name]?.boolValue ?? false }
        var kept = Value.Object()
        kept["required_pull_request_reviews"] = .null
        if flag("require_pull_request") {
            var reviews = Value.Object()
            for name in ["dismiss_stale_reviews", "require_code_owner_reviews", "require_last_push_approval"] {
                reviews[name] = .bool(flag(name))
            }
            reviews["required_approving_review_count"] =
                item.attributes["require_pull_request.required_approving_review_count"] ?? 0
            kept["required_pull_request_reviews"] = .object(reviews)
        }
        kept["required_status_checks"] = .null
        if flag("require_status_checks") {
            kept["required_status_checks"] = .members([
                "strict": .bool(flag("require_status_checks.strict")),
                "contexts": item.attributes["require_status_checks.required_checks"] ?? [],
            ])
        }
        kept["restrictions"] = .null
        kept["enforce_admins"] = .bool(!flag("allow_bypass"))
        kept["required_signatures"] = .bool(flag("require_signed_commits"))
        kept["required_linear_history"] = .bool(flag("require_linear_history"))
        kept["required_conversation_resolution"] = .bool(flag("require_conversation_resolution"))
        kept["allow_force_pushes"] = .bool(!flag("restrict_force_push"))
        kept["allow_deletions"] = .bool(!flag("restrict_deletions"))
        kept["block_creations"] = .bool(flag("restrict_creations"))
        kept["lock_branch"] = .bool(flag("lock_branch"))
        return kept
    }
}

extension GitHubRepository {
    fileprivate mutating func load(_ item: Observation.Item) {
        for member in item.attributes.members {
            switch member.name {
            case "id", "pushed_at": continue
            case "visibility": fields["private"] = .bool(member.value != "public")
            case "secret_scanning", "secret_scanning_push_protection", "dependabot_security_updates":
                fields[member.name] = member.value == true ? "enabled" : "disabled"
            default: fields[member.name] = member.value == "" ? .null : member.value
            }
        }
    }

    fileprivate mutating func loadLists(_ seen: Observation, login: String, now: Timestamp) {
        func rest(_ item: Observation.Item) -> Value { .string(String(item.name.dropFirst(fullName.utf8.count + 1))) }
        func fields(_ item: Observation.Item, _ names: String...) -> Value.Object {
            var object = Value.Object()
            for name in names { object[name] = item.attributes[name] }
            return object
        }
        func keep(_ kind: String, _ list: String, _ make: (Observation.Item) -> Value.Object) {
            lists[list] = seen.items(kind, in: fullName).map { item in
                var object = make(item)
                object["id"] = item.attributes["id"] ?? Int64(item.id).map { .int($0) }
                for name in ["created_at", "updated_at"] where object[name] == nil {
                    object[name] = .string(Self.text(now))
                }
                if object["user"] == nil { object["user"] = .string(login) }
                return object
            }
        }
        for (kind, list) in [("branch", "branches"), ("tag", "tags")] {
            lists[list] = seen.items(kind, in: fullName).map { ["name": rest($0), "sha": $0.attributes["sha"] ?? ""] }
        }
        keep("pull_request", "pulls") { item in
            var pull = fields(item, "number", "title", "state", "head", "head_sha", "base")
            pull["draft"] = item.attributes["is_draft"]
            return pull
        }
        keep("label", "labels") { item in
            var label = fields(item, "color", "description")
            label["name"] = rest(item)
            return label
        }
        keep("webhook", "hooks") { item in
            var hook = fields(item, "events", "active")
            var config = fields(item, "content_type", "insecure_ssl")
            config["url"] = rest(item)
            hook["name"] = "web"
            hook["config"] = .object(config)
            return hook
        }
        keep("ruleset", "rulesets") { item in
            var ruleset = fields(item, "bypass_actors", "conditions", "enforcement", "rules")
            ruleset["name"] = rest(item)
            ruleset["target"] = item.attributes["target"]?.listValue?.first ?? "branch"
            return ruleset
        }
        keep("environment", "environments") { ["name": rest($0)] }
        keep("actions_secret", "secrets") { item in
            var secret = fields(item, "updated_at")
            secret["name"] = rest(item)
            return secret
        }
        keep("workflow_run", "runs") { item in
            var run = fields(item, "event", "status", "conclusion", "head_branch", "head_sha")
            run["path"] = item.attributes["workflow"]
            run["display_title"] = item.attributes["title"]
            run["run_number"] = item.attributes["number"]
            return run
        }
        for list in lists.keys where lists[list]?.isEmpty == true { lists[list] = nil }
    }
}
