import Basics
import Formats

/// Answers as GitHub gives them: every object with its addresses.
struct GitHubRender {
    let base: String
    let repository: GitHubRepository

    var address: String { "\(base)/repos/\(repository.fullName)" }

    private static let userAddresses = [
        "avatar_url", "events_url", "followers_url", "following_url", "gists_url", "html_url", "organizations_url",
        "received_events_url", "repos_url", "starred_url", "subscriptions_url", "url",
    ]

    static func user(_ login: String, _ base: String) -> Value.Object {
        var user = Value.Object()
        user["login"] = .string(login)
        user["id"] = 1_001
        user["node_id"] = "MDQ6VXNlcjEwMDE="
        user["gravatar_id"] = ""
        for name in userAddresses { user[name] = .string("\(base)/users/\(login)") }
        user["type"] = "User"
        user["site_admin"] = false
        return user
    }

    func user(_ login: String) -> Value { .object(Self.user(login, base)) }

    private static let addresses = [
        "archive_url", "assignees_url", "blobs_url", "branches_url", "collaborators_url", "comments_url", "commits_url",
        "compare_url", "contents_url", "contributors_url", "deployments_url", "downloads_url", "events_url",
        "forks_url",
        "git_commits_url", "git_refs_url", "git_tags_url", "hooks_url", "html_url", "issue_comment_url",
        "issue_events_url", "issues_url", "keys_url", "labels_url", "languages_url", "merges_url", "milestones_url",
        "notifications_url", "pulls_url", "releases_url", "stargazers_url", "statuses_url", "subscribers_url",
        "subscription_url", "tags_url", "teams_url", "trees_url", "url", "clone_url", "git_url", "mirror_url",
        "ssh_url",
        "svn_url",
    ]

    func whole() -> Value.Object {
        let fields = repository.fields
        var object = Value.Object()
        object["id"] = .int(repository.id)
        object["node_id"] = .string("R_\(repository.id)")
        object["name"] = .string(repository.name)
        object["full_name"] = .string(repository.fullName)
        object["owner"] = user(repository.owner)
        for name in Self.addresses { object[name] = .string(address) }
        let isPrivate = fields["private"]?.boolValue ?? true
        object["private"] = .bool(isPrivate)
        object["visibility"] = .string(isPrivate ? "private" : "public")
        for name in ["fork", "disabled", "is_template", "has_pages", "has_discussions"] { object[name] = false }
        object["has_downloads"] = true
        for name in [
            "forks", "forks_count", "network_count", "open_issues", "open_issues_count", "size", "stargazers_count",
            "subscribers_count", "watchers", "watchers_count",
        ] { object[name] = 0 }
        object["language"] = .null
        object["license"] = .null
        for name in [
            "description", "homepage", "default_branch", "archived", "has_issues", "has_projects", "has_wiki",
            "allow_squash_merge", "allow_merge_commit", "allow_rebase_merge", "allow_auto_merge", "allow_update_branch",
            "delete_branch_on_merge", "web_commit_signoff_required",
        ] { object[name] = fields[name] }
        for name in ["created_at", "updated_at", "pushed_at"] { object[name] = fields["created_at"] }
        var security = Value.Object()
        for name in ["secret_scanning", "secret_scanning_push_protection", "dependabot_security_updates"] {
            security[name] = .members(["status": fields[name] ?? "disabled"])
        }
        object["security_and_analysis"] = .object(security)
        return object
    }

    /// An item of a list, as its answers show it.
    func item(_ list: String, _ item: Value.Object) -> Value {
        var object = item
        let id = item["id"]?.intValue ?? 0
        let name = item["name"]?.stringValue ?? ""
        let user = self.user(item["user"]?.stringValue ?? repository.owner)
        object["user"] = nil
        object["node_id"] = .string("N_\(id)")
        func addresses(_ names: String...) {
            for name in names { object[name] = .string("\(address)/\(list)/\(id)") }
        }
        switch list {
        // They are told from pull requests before.
        case "issues": return .object(item)
        case "branches":
            return .members([
                "name": .string(name), "commit": commit(item),
                "protected": .bool(repository.protections[name] != nil),
            ])
        case "tags":
            let archive: Value = .string("\(address)/archive")
            return .members([
                "name": .string(name), "commit": commit(item), "zipball_url": archive, "tarball_url": archive,
                "node_id": .string("REF_\(name)"),
            ])
        case "labels":
            addresses("url")
            if object["default"] == nil { object["default"] = false }
            if object["description"] == nil { object["description"] = .null }
        case "environments": addresses("url", "html_url")
        case "secrets":
            return .members([
                "name": .string(name), "created_at": item["created_at"] ?? .null,
                "updated_at": item["updated_at"] ?? .null,
            ])
        case "hooks":
            addresses("url", "test_url", "ping_url")
            object["type"] = "Repository"
            if var config = object["config"]?.objectValue {
                // The secret is never shown; only that there is one.
                if config["secret"] != nil { config["secret"] = "********" }
                object["config"] = .object(config)
            }
            object["last_response"] = .members(["code": .null, "status": "unused", "message": .null])
        case "rulesets":
            object["source"] = .string(repository.fullName)
            object["source_type"] = "Repository"
        case "pulls": return .object(pull(item, user))
        case "runs": return .object(run(item))
        case "statuses":
            addresses("url", "avatar_url")
            object["creator"] = user
            object["sha"] = nil
        case "comments":
            addresses("url", "html_url", "issue_url")
            object["user"] = user
            object["author_association"] = "MEMBER"
            object["issue"] = nil
        case "deployments":
            addresses("url", "statuses_url", "repository_url")
            object["creator"] = user
        case "deployment_statuses":
            addresses("url", "deployment_url", "repository_url")
            if object["target_url"] == nil { object["target_url"] = "" }
            object["creator"] = user
            object["deployment"] = nil
        default: break
        }
        return .object(object)
    }

    private func commit(_ item: Value.Object) -> Value {
        let sha = item["sha"]?.stringValue ?? ""
        return .members(["sha": .string(sha), "url": .string("\(address)/commits/\(sha)")])
    }

    private func pull(_ item: Value.Object, _ user: Value) -> Value.Object {
        var pull = Value.Object()
        for name in ["id", "number", "title", "created_at", "updated_at"] { pull[name] = item[name] }
        pull["node_id"] = .string("PR_\(item["id"]?.intValue ?? 0)")
        pull["state"] = item["state"] ?? "open"
        pull["locked"] = false
        pull["draft"] = item["draft"] ?? false
        pull["user"] = user
        pull["labels"] = .list((item["labels"]?.strings ?? []).enumerated().map(label))
        for name in ["body", "milestone", "closed_at", "merged_at", "merge_commit_sha", "assignee", "auto_merge"] {
            pull[name] = item[name] ?? .null
        }
        pull["author_association"] = "MEMBER"
        for name in [
            "comments_url", "commits_url", "diff_url", "html_url", "issue_url", "patch_url", "review_comment_url",
            "review_comments_url", "statuses_url", "url",
        ] { pull[name] = .string("\(address)/pulls") }
        var links = Value.Object()
        for name in [
            "comments", "commits", "statuses", "html", "issue", "review_comments", "review_comment", "self",
        ] { links[name] = .members(["href": .string("\(address)/pulls")]) }
        pull["_links"] = .object(links)
        for side in ["head", "base"] {
            let ref = item[side]?.stringValue ?? "main"
            let sha = item["\(side)_sha"]?.stringValue ?? repository.sha(of: ref) ?? String(repeating: "0", count: 40)
            // The branch of a fork is in a repository that the account need not know.
            let fork = side == "head" ? item["fork"]?.stringValue : nil
            let place = fork.map { GitHubRepository(named: $0, id: 1, now: Timestamp(seconds: 0)) } ?? repository
            pull[side] = .members([
                "label": .string("\(place.owner):\(ref)"), "ref": .string(ref), "sha": .string(sha),
                "user": self.user(place.owner), "repo": .object(GitHubRender(base: base, repository: place).whole()),
            ])
        }
        return pull
    }

    /// One pull request asked for by its number, which shows more than the list does.
    func wholePull(_ item: Value.Object) -> Value {
        var pull = self.pull(item, user(item["user"]?.stringValue ?? repository.owner))
        for name in ["additions", "changed_files", "comments", "commits", "deletions", "review_comments"] {
            pull[name] = 0
        }
        for name in ["mergeable", "merged_by"] { pull[name] = .null }
        pull["mergeable_state"] = "unknown"
        pull["merged"] = .bool(item["merged_at"]?.stringValue != nil)
        pull["maintainer_can_modify"] = false
        return .object(pull)
    }

    private func label(_ number: Int, _ name: String) -> Value {
        .members([
            "id": .int(Int64(number + 1)), "node_id": .string("LA_\(number + 1)"),
            "url": .string("\(address)/labels/\(name)"), "name": .string(name), "description": "", "color": "ededed",
            "default": false,
        ])
    }

    private func run(_ item: Value.Object) -> Value.Object {
        var run = item
        run["user"] = nil
        run["node_id"] = .string("WFR_\(item["id"]?.intValue ?? 0)")
        let fallbacks: [(String, Value)] = [
            ("head_branch", "main"), ("head_sha", .string(String(repeating: "0", count: 40))), ("event", "push"),
            ("status", "completed"), ("conclusion", .null), ("workflow_id", 1), ("run_number", 1),
            ("path", ".github/workflows/ci.yml"), ("display_title", "CI"), ("pull_requests", []),
            ("head_commit", .null),
        ]
        for (name, value) in fallbacks where run[name] == nil { run[name] = value }
        for name in [
            "url", "html_url", "jobs_url", "logs_url", "check_suite_url", "cancel_url", "rerun_url", "artifacts_url",
            "workflow_url",
        ] { run[name] = .string("\(address)/actions/runs/\(item["id"]?.intValue ?? 0)") }
        run["repository"] = .object(whole())
        run["head_repository"] = .object(whole())
        return run
    }
}
