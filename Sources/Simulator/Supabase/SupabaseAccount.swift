import Basics
import Formats
import Web

/// Supabase's Management API as one organization sees it: projects with their functions, secrets, branches and advice.
struct SupabaseAccount: SimulatedProvider {
    static let name = "supabase"

    let seedNumber: UInt64
    let limits: AccountLimits
    var serial: UInt64 = 0
    var changes: UInt64 = 0
    var now: Timestamp
    var organization = "simulated"
    /// Each as it is answered, with what it holds beside it under names of our own; see ``shown``.
    var projects: [Value.Object] = []
    /// With `parent_project_ref`; `ready_at` says when a new one is ready, `fails` that it won't be.
    var branches: [Value.Object] = []
    /// Windows by endpoint and project: when they end, and how many requests they had.
    var windows: [String: (end: Timestamp, count: Int)] = [:]

    /// Requests of one window.
    static let perMinute = 120

    init(seed: UInt64, now: Timestamp, limits: AccountLimits) {
        seedNumber = seed
        self.now = now
        self.limits = limits
    }

    var secrets: [String] {
        projects.flatMap { $0["_secrets"]?.listValue ?? [] }.compactMap { $0["value"]?.stringValue }
            .filter { $0.utf8.count >= 6 }
    }

    // MARK: Letting in

    mutating func admit(_ request: SimulatedRequest, expected: String?) -> WebResponse? {
        guard let token = request.bearer, expected == nil || token == expected else {
            return Self.error(401, "Unauthorized")
        }
        guard limits == .published else { return nil }
        let key = Self.endpoint(request)
        var window = windows[key] ?? (request.now + .seconds(60), 0)
        if window.end <= request.now { window = (request.now + .seconds(60), 0) }
        guard window.count < Self.perMinute else { return refusal(.tooManyRequests(retryAfter: nil), request) }
        window.count += 1
        windows[key] = window
        return nil
    }

    private static func endpoint(_ request: SimulatedRequest) -> String { "\(request.method) \(request.path)" }

    func headers(_ request: SimulatedRequest) -> [(name: String, value: String)] {
        let window = windows[Self.endpoint(request)]
        let limit = limits == .published ? Self.perMinute : RateLimits.generous.perMinute
        let left = window.map { max(0, limit - $0.count) } ?? limit
        // Seconds that remain, and no instant.
        let wait = window.map { max(0, ($0.end - request.now).microseconds) } ?? 60_000_000
        return [
            ("X-RateLimit-Limit", String(limit)), ("X-RateLimit-Remaining", String(left)),
            ("X-RateLimit-Reset", String((wait + 999_999) / 1_000_000)), ("sb-request-id", request.requestID),
        ]
    }

    func refusal(_ kind: AccountRefusal, _ request: SimulatedRequest) -> WebResponse {
        switch kind {
        case .serverError: return Self.error(500, "Internal server error")
        case .gatewayTimeout: return Self.error(504, "Gateway timeout")
        case .notFound: return Self.error(404, "Not found")
        case .tooManyRequests(let retryAfter):
            var response = Self.error(429, "ThrottlerException: Too Many Requests")
            if let retryAfter { response.headers.append(("Retry-After", String(retryAfter))) }
            return response
        }
    }

    // MARK: Answering

    mutating func answer(_ request: SimulatedRequest) -> WebResponse {
        now = max(now, request.now)
        let parts = request.segments
        guard parts.count >= 2, parts[0] == "v1" else { return refusal(.notFound, request) }
        switch (request.method, parts[1], parts.count) {
        case ("GET", "projects", 2): return Self.json(200, .list(projects.map { .object(Self.shown($0)) }))
        case ("GET", "organizations", 4) where parts[3] == "projects": return list(of: parts[2], request)
        case (_, "projects", 3...):
            // The reference of a branch is none of a project.
            guard let index = projects.firstIndex(where: { $0["ref"]?.stringValue == parts[2] }) else {
                return Self.error(404, "Project not found")
            }
            return project(request, at: index, Array(parts.dropFirst(3)))
        case (_, "branches", 3...): return branch(request, parts[2], Array(parts.dropFirst(3)))
        default: return refusal(.notFound, request)
        }
    }

    private mutating func project(
        _ request: SimulatedRequest, at index: Int, _ rest: [String]
    ) -> WebResponse {
        let project = projects[index]
        switch (request.method, rest.joined(separator: "/")) {
        case ("GET", ""): return Self.json(200, .object(Self.shown(project)))
        case ("GET", "health"): return health(request, project)
        case ("GET", "functions"): return Self.json(200, project["_functions"] ?? .list([]))
        case ("PATCH", _) where rest.count == 2 && rest[0] == "functions":
            return patchFunction(request, at: index, rest[1])
        case ("GET", "secrets"): return Self.json(200, .list(digests(project)))
        case ("POST", "secrets"): return setSecrets(request, at: index)
        case ("DELETE", "secrets"): return deleteSecrets(request, at: index)
        case ("GET", "branches"):
            let own = branches.filter { $0["parent_project_ref"] == project["ref"] }
            return Self.json(200, .list(own.map { .object(Self.shownBranch($0)) }))
        case ("POST", "branches"): return createBranch(request, project)
        case ("GET", "database/backups"): return Self.json(200, backups(project))
        case ("GET", "network-restrictions"): return Self.json(200, project["_network"] ?? .null)
        case ("GET", "advisors/security"): return Self.json(200, lints(project, "SECURITY"))
        case ("GET", "advisors/performance"): return Self.json(200, lints(project, "PERFORMANCE"))
        default: return refusal(.notFound, request)
        }
    }

    private func list(of slug: String, _ request: SimulatedRequest) -> WebResponse {
        guard slug == organization else { return Self.error(404, "Organization not found") }
        let offset = max(0, request.parameter("offset").flatMap { Int($0) } ?? 0)
        let limit = max(1, min(request.parameter("limit").flatMap { Int($0) } ?? 100, 100))
        let all =
            projects.map { Self.entry($0["ref"], $0["name"], $0["region"], $0["status"], isBranch: false) }
            + branches.map {
                Self.entry(
                    $0["project_ref"], $0["name"], "ap-southeast-1", $0["preview_project_status"], isBranch: true)
            }
        let start = max(0, min(offset, all.count) - (offset > 0 ? abs(request.shift) : 0))
        var pagination = Value.Object()
        pagination["count"] = .int(Int64(all.count))
        pagination["limit"] = .int(Int64(limit))
        pagination["offset"] = .int(Int64(offset))
        var body = Value.Object()
        body["projects"] = .list(Array(all[start...].prefix(limit)))
        body["pagination"] = .object(pagination)
        return Self.json(200, .object(body))
    }

    private static func entry(
        _ ref: Value?, _ name: Value?, _ region: Value?, _ status: Value?, isBranch: Bool
    ) -> Value {
        var entry = Value.Object()
        entry["ref"] = ref
        entry["name"] = name
        entry["cloud_provider"] = "AWS"
        entry["region"] = region
        entry["is_branch"] = .bool(isBranch)
        entry["status"] = status ?? "UNKNOWN"
        entry["inserted_at"] = "2026-01-05T08:00:00Z"
        entry["databases"] = .list([])
        return .object(entry)
    }

    // MARK: Forms

    /// Without what it holds.
    static func shown(_ object: Value.Object) -> Value.Object {
        Value.Object(object.members.filter { !$0.name.hasPrefix("_") })
    }

    static func json(_ status: Int, _ value: Value) -> WebResponse {
        WebResponse(
            status: status, headers: [("Content-Type", "application/json; charset=utf-8")], body: [UInt8](json: value))
    }

    static func error(_ status: Int, _ message: String) -> WebResponse {
        json(status, .members(["message": .string(message)]))
    }

    mutating func changed() { changes += 1 }

    /// The next random digits, decided by the seed.
    mutating func draw() -> UInt64 {
        serial += 1
        return FaultPlan.mix(seedNumber &+ serial)
    }

    /// 20 small letters.
    mutating func reference() -> String {
        var high = draw()
        var low = FaultPlan.mix(high)
        var letters: [UInt8] = []
        for index in 0..<20 {
            letters.append(97 + UInt8(truncatingIfNeeded: (index < 10 ? high : low) % 26))
            if index < 10 { high /= 26 } else { low /= 26 }
        }
        return String(decoding: letters, as: UTF8.self)
    }

    mutating func uuid() -> String {
        let digits = Array(Hex.encode(draw()) + Hex.encode(draw()))
        return [digits[0..<8], digits[8..<12], digits[12..<16], digits[16..<20], digits[20..<32]]
            .map { String($0) }.joined(separator: "-")
    }
}
