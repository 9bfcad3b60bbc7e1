import Basics
import Formats
import Web

/// GitHub as one token sees it: repositories with their settings, lists and reports.
struct GitHubAccount: SimulatedProvider {
    static let name = "github"

    /// The login of the token's owner.
    var login = "odooops-bot"
    /// By the repository's full name in small letters.
    var repositories: [String: GitHubRepository] = [:]
    var nextID: Int64 = 1_001
    /// The secrets of hooks, which GitHub never shows again, also of those that are gone.
    var secrets: [String] = []
    var changes: UInt64 = 0
    var limits: GitHubLimits
    /// The instant of the request at hand.
    var now: Timestamp

    init(seed: UInt64, now: Timestamp, limits: AccountLimits) {
        self.now = now
        self.limits = GitHubLimits(areEnforced: limits == .published)
    }

    init?(_ value: Value, seed: UInt64, limits: AccountLimits) {
        guard value["format"]?.intValue == 1, let list = value["repositories"]?.listValue else { return nil }
        self.init(seed: seed, now: Timestamp(seconds: 0), limits: limits)
        login = value["login"]?.stringValue ?? login
        nextID = value["next_id"]?.intValue ?? nextID
        secrets = (value["secrets"]?.listValue ?? []).compactMap(\.stringValue)
        for item in list {
            guard let repository = GitHubRepository(item) else { return nil }
            repositories[repository.fullName.lowercased()] = repository
        }
    }

    var value: Value {
        let sorted = repositories.keys.sorted().compactMap { repositories[$0]?.value }
        return .members([
            "format": 1, "login": .string(login), "next_id": .int(nextID), "repositories": .list(sorted),
            "secrets": .strings(secrets),
        ])
    }

    mutating func settle(at now: Timestamp) { self.now = now }

    mutating func settleAll() {}

    mutating func seed(_ document: Value) throws(SimulatorFault) {
        try document.refuseOthers(than: ["login", "repositories"], in: "an account of GitHub")
        if let login = document["login"]?.stringValue { self.login = login }
        for item in document["repositories"]?.listValue ?? [] {
            guard let name = item["name"]?.stringValue, name.split(separator: "/").count == 2 else {
                throw .badWorld("a repository of GitHub needs a `name` of the form owner/repository")
            }
            var repository = repositories[name.lowercased()] ?? GitHubRepository(named: name, id: takeID(), now: now)
            for member in item.objectValue?.members ?? [] where member.name != "name" {
                switch member.value {
                case .list(let items):
                    for entry in items { repository.add(member.name, entry, id: takeID(), now: now, login: login) }
                case .object(let object) where member.name == "branches" || member.name == "tags":
                    for entry in object.members {
                        let sha = entry.value.stringValue ?? ""
                        repository.lists[member.name, default: []]
                            .append(["name": .string(entry.name), "sha": .string(sha)])
                    }
                default: repository.fields[member.name] = member.value
                }
            }
            repositories[name.lowercased()] = repository
        }
        changes += 1
    }

    mutating func takeID() -> Int64 {
        defer { nextID += 1 }
        return nextID
    }

    // MARK: Who may pass

    mutating func admit(_ request: SimulatedRequest, expected: String?) -> WebResponse? {
        now = request.now
        guard request.header("user-agent")?.isEmpty == false else {
            return .text(
                403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header")
        }
        guard let token = request.bearer, expected == nil || token == expected else {
            return error(401, "Bad credentials")
        }
        if let version = request.header("x-github-api-version"), version != "2022-11-28" {
            return error(400, "The version of the API is not supported")
        }
        if request.path == "/rate_limit" { return nil }
        return limits.admit(request).map { message, seconds in
            var response = error(403, message)
            if let seconds { response.headers.append(("Retry-After", String(seconds))) }
            return response
        }
    }

    func headers(_ request: SimulatedRequest) -> [(name: String, value: String)] {
        [
            ("X-RateLimit-Limit", String(limits.perHour)), ("X-RateLimit-Remaining", String(limits.remaining)),
            ("X-RateLimit-Used", String(limits.used)), ("X-RateLimit-Reset", String(limits.reset)),
            ("X-RateLimit-Resource", "core"), ("X-GitHub-Request-Id", request.requestID.uppercased()),
            ("X-GitHub-Media-Type", "github.v3; format=json"),
        ]
    }

    func refusal(_ kind: AccountRefusal, _ request: SimulatedRequest) -> WebResponse {
        switch kind {
        case .serverError: return error(500, "Server Error")
        case .gatewayTimeout: return error(504, "We couldn't respond to your request in time.")
        case .notFound: return error(404, "Not Found")
        case .tooManyRequests(let seconds):
            var response = error(seconds == nil ? 429 : 403, GitHubLimits.secondaryMessage)
            if let seconds { response.headers.append(("Retry-After", String(seconds))) }
            return response
        }
    }

    func error(_ status: Int, _ message: String, _ errors: [Value] = []) -> WebResponse {
        var body = Value.Object()
        body["message"] = .string(message)
        if !errors.isEmpty { body["errors"] = .list(errors) }
        body["documentation_url"] = "https://docs.github.com/rest"
        body["status"] = .string(String(status))
        return json(status, .object(body))
    }

    /// 422 with the reason in the form that GitHub gives it.
    func invalid(_ resource: String, _ field: String, _ code: String, _ message: String? = nil) -> WebResponse {
        var item = Value.Object()
        item["resource"] = .string(resource)
        item["code"] = .string(code)
        item["field"] = .string(field)
        if let message { item["message"] = .string(message) }
        return error(422, "Validation Failed", [.object(item)])
    }

    func json(_ status: Int, _ value: Value) -> WebResponse {
        WebResponse(
            status: status, headers: [("Content-Type", "application/json; charset=utf-8")], body: [UInt8](json: value))
    }
}
