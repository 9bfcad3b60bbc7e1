import Basics
import Formats
import Web

/// Plane: the projects of any workspace, with states, labels, modules and work items.
///
/// Facts: makeplane/plane, apps/api (paginator, throttles, views of issue and state). Any workspace is there, empty, to
/// whoever has a key.
struct PlaneAccount: SimulatedProvider {
    static let name = "plane"
    /// Requests a minute for each key.
    static let limit = 60

    /// One project and what it holds, each object as the provider shows it.
    struct Project: Sendable {
        var workspace: String
        var object: Value.Object
        var lists: [String: [Value.Object]] = [:]

        var id: String { object["id"]?.stringValue ?? "" }
    }

    /// What a project holds, in the words of its paths.
    static let members = ["labels", "modules", "states", "work-items"]

    let seedNumber: UInt64
    let limits: AccountLimits
    var projects: [Project] = []
    var changes: UInt64 = 0
    /// Counts ids.
    var created: UInt64 = 0
    var now: Timestamp
    private var windows: [String: SlidingWindow] = [:]
    private var remaining = PlaneAccount.limit

    let secrets: [String] = []

    init(seed: UInt64, now: Timestamp, limits: AccountLimits) {
        seedNumber = seed
        self.now = now
        self.limits = limits
    }

    init?(_ value: Value, seed: UInt64, limits: AccountLimits) {
        guard let list = value["projects"]?.listValue, let created = value["created"]?.intValue,
            let changes = value["changes"]?.intValue
        else { return nil }
        self.init(seed: seed, now: Timestamp(seconds: 0), limits: limits)
        self.created = UInt64(max(0, created))
        self.changes = UInt64(max(0, changes))
        for item in list {
            guard let workspace = item["workspace"]?.stringValue, let object = item["object"]?.objectValue else {
                return nil
            }
            var project = Project(workspace: workspace, object: object)
            for member in Self.members {
                project.lists[member] = (item[member]?.listValue ?? []).compactMap(\.objectValue)
            }
            projects.append(project)
        }
    }

    var value: Value {
        let list = projects.map { project -> Value in
            var item: Value.Object = ["workspace": .string(project.workspace), "object": .object(project.object)]
            for member in Self.members {
                item[member] = .list((project.lists[member] ?? []).map { .object($0) })
            }
            return .object(item)
        }
        return .members(["projects": .list(list), "created": .int(Int64(created)), "changes": .int(Int64(changes))])
    }

    mutating func settle(at now: Timestamp) { self.now = now }

    mutating func settleAll() {}

    // MARK: Who may pass

    mutating func admit(_ request: SimulatedRequest, expected: String?) -> WebResponse? {
        guard let key = request.header("x-api-key") ?? request.bearer, !key.isEmpty else {
            return .document(401, .members(["detail": "Authentication credentials were not provided."]))
        }
        guard expected == nil || expected == key else {
            return .document(401, .members(["detail": "Given API token is not valid"]))
        }
        guard limits == .published else { return nil }
        let wait = windows[key, default: SlidingWindow()].admit(at: request.now, limit: Self.limit, per: .seconds(60))
        remaining = windows[key]?.remaining(of: Self.limit) ?? 0
        return wait.map { refusal(.tooManyRequests(retryAfter: $0), request) }
    }

    func refusal(_ kind: AccountRefusal, _ request: SimulatedRequest) -> WebResponse {
        switch kind {
        case .serverError:
            return .document(500, .members(["error": "Something went wrong please try again later"]))
        case .gatewayTimeout:
            return .text(504, "<html><head><title>504 Gateway Time-out</title></head></html>", type: "text/html")
        case .notFound: return Self.missing
        case .tooManyRequests(let seconds):
            let text = "Request was throttled." + (seconds.map { " Expected available in \($0) seconds." } ?? "")
            var response = WebResponse.document(429, .members(["detail": .string(text)]))
            if let seconds { response.headers.append(("Retry-After", String(seconds))) }
            return response
        }
    }

    func headers(_ request: SimulatedRequest) -> [(name: String, value: String)] {
        guard limits == .published else { return [] }
        return [
            ("X-RateLimit-Remaining", String(remaining)), ("X-RateLimit-Reset", String(request.now.seconds + 60)),
        ]
    }

    static let missing = WebResponse.document(404, .members(["error": "The requested resource does not exist."]))

    static func refused(_ status: Int, _ error: String, id: String? = nil) -> WebResponse {
        var body: Value.Object = ["error": .string(error)]
        if let id { body["id"] = .string(id) }
        return .document(status, .object(body))
    }

    // MARK: Paths

    mutating func answer(_ request: SimulatedRequest) -> WebResponse {
        guard request.path.hasSuffix("/") else {
            // Django sends everyone to the path with a slash; a POST loses its body on the way.
            return WebResponse(status: 301, headers: [("Location", "\(request.base)\(request.path)/")])
        }
        let parts = request.segments
        guard parts.starts(with: ["api", "v1"]) else { return Self.missing }
        if parts == ["api", "v1", "users", "me"], request.method == "GET" { return me }
        guard parts.count >= 5, parts[2] == "workspaces", parts[4] == "projects" else { return Self.missing }
        let workspace = parts[3]
        if parts.count == 5 { return answerProjects(request, workspace) }
        guard let place = projects.firstIndex(where: { $0.workspace == workspace && $0.id == parts[5] }) else {
            return Self.missing
        }
        if parts.count == 6 { return answerProject(request, at: place) }
        guard Self.members.contains(parts[6]) else { return Self.missing }
        if parts.count == 7 { return answerList(request, at: place, parts[6]) }
        return parts.count == 8 ? answerItem(request, at: place, parts[6], parts[7]) : Self.missing
    }

    private var me: WebResponse {
        let id = SimulatedID.uuid("plane user", seed: seedNumber, 0)
        return .document(200, .object(Self.person(id, seed: seedNumber)))
    }

    mutating func nextID() -> String {
        created += 1
        return SimulatedID.uuid("plane", seed: seedNumber, created)
    }

    func workspaceID(_ slug: String) -> String { SimulatedID.uuid("workspace \(slug)", seed: seedNumber, 0) }

    // MARK: Pages

    /// One page by its offset: `cursor` is `size:page:0`, and the next one is always named, also where there is none.
    func page(
        _ items: [Value.Object], _ request: SimulatedRequest, _ show: (Value.Object) -> Value.Object = { $0 }
    ) -> WebResponse {
        let size = request.parameter("per_page").flatMap { Int($0) } ?? 1_000
        guard (1...1_000).contains(size) else {
            return .document(400, .members(["detail": "Invalid per_page value. Cannot exceed 1000."]))
        }
        var number = 0
        if let cursor = request.parameter("cursor") {
            let parts = cursor.split(separator: ":").compactMap { Int($0) }
            guard parts.count == 3, parts[1] >= 0, parts[1] < 1 << 20 else {
                return .document(400, .members(["detail": "Invalid cursor parameter."]))
            }
            number = parts[1]
        }
        let start = min(max(0, number * size + (number > 0 ? request.shift : 0)), items.count)
        let end = min(start + size, items.count)
        let total = Value.int(Int64(items.count))
        let body: Value.Object = [
            "grouped_by": .null, "sub_grouped_by": .null, "total_count": total,
            "next_cursor": .string("\(size):\(number + 1):0"), "prev_cursor": .string("\(size):\(number - 1):1"),
            "next_page_results": .bool(end < items.count), "prev_page_results": .bool(number > 0),
            "count": .int(Int64(end - start)), "total_pages": .int(Int64((items.count + size - 1) / size)),
            "total_results": total, "extra_stats": .null,
            "results": .list(items[start..<end].map { .object(show($0)) }),
        ]
        return .document(200, .object(body))
    }
}
