import Basics
import Formats
import Web

/// Vercel as one team's account sees it: projects, their variables and domains, deployments and what serves production.
struct VercelAccount: SimulatedProvider {
    static let name = "vercel"

    let seedNumber: UInt64
    let limits: AccountLimits
    var serial: UInt64 = 0
    var changes: UInt64 = 0
    var now: Timestamp
    /// The team that every call has to name; nil takes any.
    var team: String?
    /// Whose account it is a copy of, `team team_…` or `user …`; nil where it is of nobody but the simulator.
    var copied: String?
    /// As they are answered.
    var projects: [Value.Object] = []
    /// With `projectId`, and with the value in clear text.
    var variables: [Value.Object] = []
    /// With `projectId`.
    var domains: [Value.Object] = []
    var deployments: [Value.Object] = []
    /// Promotions and rollbacks that are under way.
    var jobs: [Value.Object] = []
    /// Domains that other accounts use too: they have to be verified.
    var foreignDomains: [String] = []
    /// Domains whose challenge stands in the DNS.
    var publishedChallenges: [String] = []
    /// Requests of the minute that began at `minute`.
    var minute: Int64 = 0
    var count = 0

    /// Requests of one minute's bucket.
    static let perMinute = 120

    init(seed: UInt64, now: Timestamp, limits: AccountLimits) {
        seedNumber = seed
        self.now = now
        self.limits = limits
    }

    var secrets: [String] { variables.compactMap { $0["value"]?.stringValue }.filter { $0.utf8.count >= 6 } }

    // MARK: Letting in

    mutating func admit(_ request: SimulatedRequest, expected: String?) -> WebResponse? {
        guard let token = request.bearer else {
            return Self.error(401, "unauthorized", "The request is missing an authentication token")
        }
        if let expected, token != expected {
            var error = Value.Object()
            error["code"] = "forbidden"
            error["message"] = "Not authorized"
            error["invalidToken"] = true
            return Self.json(403, .members(["error": .object(error)]))
        }
        if limits == .published, let refusal = tooMany(request) { return refusal }
        if let team, request.parameter("teamId") != team {
            return Self.error(403, "forbidden", "You don't have permission to access this resource of the team.")
        }
        return nil
    }

    /// Counts the request in its minute; nil when there was room.
    private mutating func tooMany(_ request: SimulatedRequest) -> WebResponse? {
        let current = request.now.seconds / 60
        if current != minute {
            minute = current
            count = 0
        }
        guard count >= Self.perMinute else {
            count += 1
            return nil
        }
        let reset = (current + 1) * 60
        return Self.limited(retryAfter: Int(max(1, reset - request.now.seconds)), reset: reset)
    }

    private static func limited(retryAfter: Int?, reset: Int64) -> WebResponse {
        var limit = Value.Object()
        limit["total"] = .int(Int64(perMinute))
        limit["remaining"] = 0
        limit["reset"] = .int(reset)
        limit["resetMs"] = .int(reset * 1_000)
        var error = Value.Object()
        error["code"] = "rate_limited"
        error["message"] = "Rate limit exceeded"
        error["limit"] = .object(limit)
        var response = json(429, .members(["error": .object(error)]))
        if let retryAfter { response.headers.append(("Retry-After", String(retryAfter))) }
        return response
    }

    func refusal(_ kind: AccountRefusal, _ request: SimulatedRequest) -> WebResponse {
        switch kind {
        case .serverError: Self.error(500, "internal_server_error", "An unexpected internal error occurred")
        case .gatewayTimeout: Self.error(504, "gateway_timeout", "The request took too long")
        case .notFound: Self.error(404, "not_found", "Not found")
        case .tooManyRequests(let retryAfter):
            Self.limited(retryAfter: retryAfter, reset: request.now.seconds + Int64(retryAfter ?? 60))
        }
    }

    func headers(_ request: SimulatedRequest) -> [(name: String, value: String)] {
        [("x-vercel-id", "sim1::\(request.requestID)")]
    }

    // MARK: Answering

    mutating func answer(_ request: SimulatedRequest) -> WebResponse {
        now = max(now, request.now)
        let parts = request.segments
        guard parts.count >= 2, parts[0].hasPrefix("v") else { return refusal(.notFound, request) }
        let version = parts[0]
        switch (parts[1], parts.count) {
        case ("projects", 2): return projectList(request, version)
        case ("projects", 3): return version == "v9" ? oneProject(request, parts[2]) : refusal(.notFound, request)
        case ("projects", _):
            guard let project = projectIndex(parts[2]) else { return refusal(.notFound, request) }
            switch parts[3] {
            case "env": return variable(request, version, at: project, Array(parts.dropFirst(4)))
            case "domains": return domain(request, version, at: project, Array(parts.dropFirst(4)))
            case "promote" where version == "v10" && parts.count == 5:
                return move(request, "promote", at: project, to: parts[4])
            case "rollback" where version == "v1" && parts.count == 5:
                return move(request, "rollback", at: project, to: parts[4])
            default: return refusal(.notFound, request)
            }
        case ("deployments", 2) where version == "v6" || version == "v7": return deploymentList(request)
        case ("aliases", 2) where version == "v4": return aliasList(request)
        case ("user", 2) where version == "v2": return user()
        default: return refusal(.notFound, request)
        }
    }

    private func user() -> WebResponse {
        var user = Value.Object()
        user["id"] = "simulateduser0000000000"
        user["email"] = "simulated@example.com"
        user["name"] = "Simulated user"
        user["username"] = "simulated"
        user["avatar"] = .null
        user["defaultTeamId"] = team.map(Value.string) ?? .null
        let parts = (copied ?? "").split(separator: " ", maxSplits: 1).map(String.init)
        if parts.count == 2 {
            user[parts[0] == "team" ? "defaultTeamId" : "id"] = .string(parts[1])
        }
        user["limited"] = true
        return Self.json(200, .members(["user": .object(user)]))
    }

    mutating func changed() { changes += 1 }

    /// The next id of a kind: `prj_…`, decided by the seed.
    mutating func identifier(_ prefix: String) -> String {
        serial += 1
        let high = FaultPlan.mix(seedNumber &+ serial)
        return prefix + Hex.encode(high) + String(Hex.encode(FaultPlan.mix(high)).prefix(8))
    }

    var milliseconds: Value { .int(now.microseconds / 1_000) }

    // MARK: Forms

    static func json(_ status: Int, _ value: Value) -> WebResponse {
        WebResponse(
            status: status, headers: [("Content-Type", "application/json; charset=utf-8")], body: [UInt8](json: value))
    }

    static func error(_ status: Int, _ code: String, _ message: String) -> WebResponse {
        var error = Value.Object()
        error["code"] = .string(code)
        error["message"] = .string(message)
        return json(status, .members(["error": .object(error)]))
    }

    /// A page of a list whose pages are asked for by the instant of their first item; equal instants come twice.
    func page(
        _ items: [Value.Object], _ member: String, _ request: SimulatedRequest, created: String
    ) -> WebResponse {
        let size = max(1, min(request.parameter("limit").flatMap { Int($0) } ?? 20, 100))
        let sorted = items.sorted { ($0[created]?.intValue ?? 0) > ($1[created]?.intValue ?? 0) }
        let until = request.parameter("until").flatMap { Int64($0) }
        let rest = sorted.filter { item in until.map { (item[created]?.intValue ?? 0) <= $0 } ?? true }
        let next: Value = rest.count > size ? rest[size][created] ?? .null : .null
        let shown = Array(rest.prefix(size))
        var pagination = Value.Object()
        pagination["count"] = .int(Int64(shown.count))
        pagination["next"] = next
        pagination["prev"] = .null
        var body = Value.Object()
        body[member] = .list(shown.map { .object($0) })
        body["pagination"] = .object(pagination)
        return Self.json(200, .object(body))
    }
}
