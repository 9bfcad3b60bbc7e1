import Basics
import Formats
import Web

/// Issues, and pull requests as GitHub lists them among issues.
extension GitHubAccount {
    mutating func issues(
        _ request: SimulatedRequest, _ path: [String], _ repository: inout GitHubRepository
    ) -> WebResponse {
        guard repository.fields["has_issues"]?.boolValue == true else {
            return error(410, "Issues has been disabled in this repository.")
        }
        let render = GitHubRender(base: request.base, repository: repository)
        if path.count == 1 { return request.method == "GET" ? listIssues(request, render) : error(404, "Not Found") }
        guard let place = repository.place(ofIssue: path[1]) else { return error(404, "Not Found") }
        switch request.method {
        case "GET": return json(200, .object(render.issue(place)))
        case "PATCH":
            guard let body = request.json?.objectValue else { return error(400, "Problems parsing JSON") }
            if let state = body["state"], !["open", "closed"].contains(state.stringValue) {
                return invalid("Issue", "state", "invalid")
            }
            if let title = body["title"], title.stringValue?.isEmpty != false {
                return invalid("Issue", "title", "missing_field")
            }
            repository.change(place, body, now: now)
            return json(200, .object(GitHubRender(base: request.base, repository: repository).issue(place)))
        default: return error(404, "Not Found")
        }
    }

    private func listIssues(_ request: SimulatedRequest, _ render: GitHubRender) -> WebResponse {
        func word(_ name: String, _ words: [String]) -> String? {
            let word = request.parameter(name) ?? words[0]
            return words.contains(word) ? word : nil
        }
        guard let state = word("state", ["open", "closed", "all"]) else { return invalid("Issue", "state", "invalid") }
        guard let sort = word("sort", ["created", "updated", "comments"]) else {
            return invalid("Issue", "sort", "invalid")
        }
        guard let direction = word("direction", ["desc", "asc"]) else {
            return invalid("Issue", "direction", "invalid")
        }
        let since = request.parameter("since").flatMap { Timestamp($0) }
        let labels = Set(
            (request.parameter("labels") ?? "").split(separator: ",").map { $0.lowercased() })
        func key(_ issue: Value.Object) -> (Int64, Int64) {
            let number = issue["number"]?.intValue ?? 0
            if sort == "comments" { return (issue["comments"]?.intValue ?? 0, number) }
            return (instant(issue, sort == "updated" ? "updated_at" : "created_at").seconds, number)
        }
        let found = render.repository.issuePlaces.map { render.issue($0) }.filter { issue in
            let names = (issue["labels"]?.listValue ?? []).compactMap { $0["name"]?.stringValue?.lowercased() }
            return (state == "all" || issue["state"]?.stringValue == state)
                && (since.map { instant(issue, "updated_at") >= $0 } ?? true) && labels.isSubset(of: names)
        }.sorted { direction == "asc" ? key($0) < key($1) : key($0) > key($1) }
        return list("issues", found, request, render)
    }

    private func instant(_ issue: Value.Object, _ name: String) -> Timestamp {
        issue[name]?.instantValue ?? Timestamp(seconds: 0)
    }
}

extension GitHubRepository {
    /// Where an issue stands: in the list of issues or in that of pull requests, which share their numbers.
    struct IssuePlace: Sendable {
        let list: String
        let index: Int
    }

    var issuePlaces: [IssuePlace] {
        ["issues", "pulls"].flatMap { list in (lists[list] ?? []).indices.map { IssuePlace(list: list, index: $0) } }
    }

    func place(ofIssue number: String) -> IssuePlace? {
        guard let number = Int64(number) else { return nil }
        return issuePlaces.first { lists[$0.list]?[$0.index]["number"] == .int(number) }
    }

    /// The number that the next issue or pull request gets.
    var nextNumber: Int64 {
        (issuePlaces.compactMap { lists[$0.list]?[$0.index]["number"]?.intValue }.max() ?? 0) + 1
    }

    mutating func change(_ place: IssuePlace, _ body: Value.Object, now: Timestamp) {
        guard var issue = lists[place.list]?[place.index] else { return }
        for name in ["title", "body", "state", "state_reason", "labels", "assignees"] where body[name] != nil {
            issue[name] = body[name]
        }
        if let login = body["assignee"] { issue["assignees"] = login.isNull ? [] : [login] }
        if let state = body["state"]?.stringValue {
            let isClosed = state == "closed"
            issue["closed_at"] = isClosed ? .string(Self.text(now)) : .null
            if body["state_reason"] == nil { issue["state_reason"] = isClosed ? "completed" : "reopened" }
        }
        issue["updated_at"] = .string(Self.text(now))
        lists[place.list]?[place.index] = issue
    }
}

extension GitHubRender {
    /// An issue, or a pull request in the form of one.
    func issue(_ place: GitHubRepository.IssuePlace) -> Value.Object {
        let item = repository.lists[place.list]?[place.index] ?? Value.Object()
        let number = item["number"] ?? 0
        let here = "\(address)/issues/\(number.intValue ?? 0)"
        var issue = Value.Object()
        for name in ["id", "number", "title", "created_at", "updated_at"] { issue[name] = item[name] }
        issue["node_id"] = .string("I_\(item["id"]?.intValue ?? 0)")
        for name in ["url", "html_url"] { issue[name] = .string(here) }
        issue["repository_url"] = .string(address)
        issue["labels_url"] = .string("\(here)/labels{/name}")
        issue["comments_url"] = .string("\(here)/comments")
        issue["events_url"] = .string("\(here)/events")
        issue["state"] = item["state"] ?? "open"
        for name in ["body", "closed_at", "milestone"] { issue[name] = item[name] ?? .null }
        // The description at hand knows no null here.
        issue["state_reason"] = item["state_reason"]
        issue["locked"] = false
        issue["user"] = user(item["user"]?.stringValue ?? repository.owner)
        issue["author_association"] = "MEMBER"
        issue["labels"] = .list((item["labels"]?.listValue ?? []).compactMap { label($0) })
        let people = (item["assignees"]?.listValue ?? []).compactMap(\.stringValue).map { user($0) }
        issue["assignees"] = .list(people)
        issue["assignee"] = people.first ?? .null
        let comments = (repository.lists["comments"] ?? []).count { $0["issue"] == number }
        issue["comments"] = .int(Int64(comments))
        if place.list == "pulls" {
            issue["draft"] = item["draft"] ?? false
            let pull: Value = .string("\(address)/pulls/\(number.intValue ?? 0)")
            issue["pull_request"] = .members([
                "url": pull, "html_url": pull, "diff_url": pull, "patch_url": pull,
                "merged_at": item["merged_at"] ?? .null,
            ])
        }
        return issue
    }

    /// A label of an issue; one that the repository doesn't have gets GitHub's usual colour.
    private func label(_ wanted: Value) -> Value? {
        guard let name = wanted.stringValue ?? wanted["name"]?.stringValue else { return nil }
        let known = repository.lists["labels"]?.first { $0["name"]?.stringValue?.lowercased() == name.lowercased() }
        var label = known ?? ["name": .string(name), "color": "ededed", "id": 0]
        for member in ["created_at", "updated_at"] { label[member] = nil }
        return item("labels", label)
    }
}
