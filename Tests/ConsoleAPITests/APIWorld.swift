import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import StoreSQLite
import Web

@testable import ConsoleAPI
@testable import ConsoleAccess

/// An API over a store in memory, with somebody of each role.
struct APIWorld {
    static let now = Timestamp(seconds: 1_800_000_000)

    let store: Store
    let access: AccessControl
    let api: APIEndpoints
    let reconciler: Reconciler?
    let time: SimulatedTime
    /// A key for each role, and for a developer at staging alone.
    let keys: [String: String]
    /// What the last pass of the service found; nil: there was none.
    let outlook = Locked<Outlook?>(nil)
    let runID = "0199a1b2-7b1c-7a54-9d0c-2f2b7c1b9e11"

    init(
        keyLimit: Int = 0, isLoopback: Bool = false, withKeys: Bool = true, address: String? = nil,
        schedules: [ScheduledJob]? = nil,
        reconciler: (Store, SimulatedTime) throws -> Reconciler? = { _, _ in nil },
        over engine: (any SQLEngine) -> any SQLEngine = { $0 }
    ) async throws {
        let time = SimulatedTime(now: Self.now)
        let store = Store(engine: engine(try await SQLiteEngine.open(path: ":memory:", isReadOnly: false)), time: time)
        _ = try await store.migrate()
        var settings = AccessSettings(isLoopback: isLoopback)
        settings.keyLimit = keyLimit
        settings.userLimit = 0
        settings.signingKey = TokenKey(Secret(String(repeating: "k", count: 32)))
        access = AccessControl(store: store, settings: settings, time: time)
        var keys: [String: String] = [:]
        for role in withKeys ? Role.allCases.map(\.rawValue) + ["developer@staging"] : [] {
            let added = try await access.addKey(
                role, grants: [Grant(role)].compactMap { $0 }, scopes: nil, lasting: nil, by: "test")
            keys[role] = added.key.reveal { $0 }
        }
        self.keys = keys
        self.store = store
        self.time = time
        let made = try reconciler(store, time)
        self.reconciler = made
        api = APIEndpoints(
            APIServices(
                store: store, access: access, reconciler: made,
                service: made.map { Service(reconciler: $0, interval: .hours(1)) }, time: time,
                schedules: { schedules }, outlook: { [outlook] in outlook.withLock { $0 } }, address: address,
                errorPage: { $0 == "API-0001" ? "# API-0001: a page\n" : nil }))
    }

    /// Two environments, and a run that waits for nothing.
    func fill() async throws {
        var staging = EnvironmentRow(slug: "staging", tier: .staging, createdAt: Self.now, expiresAt: nil)
        staging.branch = "release/1"
        let preview = EnvironmentRow(
            slug: "feature-a", tier: .dev, createdAt: Self.now, expiresAt: Self.now + .days(3))
        _ = try await store.saveEnvironments([staging, preview])
        try await store.beginRun(
            RunRecord(id: runID, trigger: .manual, phase: .succeeded, isDryRun: false, startedAt: Self.now))
    }

    /// An answer, taken apart.
    struct Answer {
        let status: Int
        let body: Value
        let headers: [String: String]

        var data: Value { body["data"] ?? .null }
        var error: String? { body["errors"]?[0]?["error"]?.stringValue }
        var code: String? { body["errors"]?[0]?["code"]?.stringValue }
        /// What is said to be done about it; empty where nothing is.
        var remedy: String { body["errors"]?[0]?["remediation"]?.stringValue ?? "" }
    }

    func send(
        _ method: String, _ path: String, as role: String? = nil, body: Value? = nil,
        headers: [(String, String)] = [], peer: String = "192.0.2.7"
    ) async throws -> Answer {
        let parts = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let query = (parts.dropFirst().first ?? "").split(separator: "&").map { pair -> (String, String) in
            let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
            return (sides[0], sides.dropFirst().first ?? "")
        }
        var all = headers + [("Host", "127.0.0.1:8080")]
        if let role { all.append(("Authorization", "Bearer \(keys[role] ?? role)")) }
        if body != nil { all.append(("Content-Type", "application/json")) }
        return try await send(
            WebRequest(
                method: method, path: "/api/v1\(parts[0])", query: query.map { (name: $0.0, value: $0.1) },
                headers: all.map { (name: $0.0, value: $0.1) }, body: body.map { Array(JSON.write($0).utf8) } ?? [],
                peer: peer))
    }

    /// Reads what is at a path whose parts may hold slashes, as a server hands on `%2F`.
    func get(_ segments: [String], as role: String) async throws -> Answer {
        let all = ["api", "v1"] + segments
        return try await send(
            WebRequest(
                method: "GET", path: "/" + all.joined(separator: "/"), segments: all,
                headers: [("Host", "127.0.0.1:8080"), ("Authorization", "Bearer \(keys[role] ?? role)")]))
    }

    private func send(_ request: WebRequest) async throws -> Answer {
        let response = await api.answer(request)
        return Answer(
            status: response.status, body: try JSON.parse(response.body),
            headers: Dictionary(response.headers.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }))
    }
}
