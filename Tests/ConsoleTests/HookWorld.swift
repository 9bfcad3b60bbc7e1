import Basics
import Console
import Formats
import Reconciler
import Store
import StoreSQLite
import TestKit
import Testing
import Web

/// The endpoints of hooks over a store of their own, and what works on what they keep.
struct HookWorld {
    static let secrets: [HookProvider: String] = [
        .github: "s3cret-of-github", .vercel: "whsec_vercel", .mailgun: "key-example", .slack: "8f742231b10e8888",
        .plane: "plane_wh_0123456789",
    ]

    let store: Store
    let engine: any SQLEngine
    let time: SimulatedTime
    let endpoints: HookEndpoints
    let processor: HookProcessor
    let wakeup = Wakeup()
    let metrics = Metrics()
    let lines: Locked<[String]>

    static func door(_ provider: HookProvider) -> HookEndpoints.Door {
        secrets[provider].map { .guarded(Secret($0)) } ?? .closed
    }

    /// A world over an engine, or one in memory; without a door all are guarded by the secrets above.
    static func make(
        engine: (any SQLEngine)? = nil, door: (@Sendable (HookProvider) -> HookEndpoints.Door)? = nil,
        repositories: [String] = ["https://github.com/Acme/odoo.git", "git@github.com:acme/addons"],
        time: SimulatedTime = SimulatedTime(now: Timestamp(seconds: 1_772_000_000))
    ) async throws -> HookWorld {
        let own: any SQLEngine
        if let engine { own = engine } else { own = try await SQLiteEngine.open(path: ":memory:") }
        let store = Store(engine: own, time: time)
        if engine == nil { _ = try await store.migrate() }
        return HookWorld(store, own, time, door: door, repositories: repositories)
    }

    private init(
        _ store: Store, _ engine: any SQLEngine, _ time: SimulatedTime,
        door: (@Sendable (HookProvider) -> HookEndpoints.Door)?, repositories: [String]
    ) {
        self.store = store
        self.engine = engine
        self.time = time
        let lines = Locked<[String]>([])
        self.lines = lines
        metrics.declareHookMetrics()
        endpoints = HookEndpoints(
            intake: DeliveryIntake(store: store, time: time), metrics: metrics, time: time, door: door ?? Self.door)
        processor = HookProcessor(
            store: store, repositories: HookRepositories(repositories),
            bell: WakeBell(store: store, wakeup: wakeup, time: time), time: time,
            random: RandomSource(seed: 1), log: Log(write: { line in lines.withLock { $0.append(line) } }),
            metrics: metrics, holder: "test")
    }

    func close() async { await engine.close() }

    // MARK: Sending

    /// What a provider would send, signed by its secret.
    func request(
        _ provider: HookProvider, _ body: String, headers: [(String, String)] = [], secret: String? = nil,
        at instant: Timestamp? = nil
    ) -> WebRequest {
        let key = secret ?? Self.secrets[provider] ?? ""
        let bytes = Array(body.utf8)
        let seconds = (instant ?? time.now).seconds
        var all = headers
        switch provider {
        case .github: all.append(("X-Hub-Signature-256", "sha256=" + Hex.encode(hmacSHA256(key: key.utf8, bytes))))
        case .vercel: all.append(("x-vercel-signature", Hex.encode(hmacSHA1(key: key.utf8, bytes))))
        case .plane: all.append(("X-Plane-Signature", Hex.encode(hmacSHA256(key: key.utf8, bytes))))
        case .slack:
            let base = Array("v0:\(seconds):".utf8) + bytes
            all.append(("X-Slack-Request-Timestamp", String(seconds)))
            all.append(("X-Slack-Signature", "v0=" + Hex.encode(hmacSHA256(key: key.utf8, base))))
        case .mailgun: break
        }
        return WebRequest(method: "POST", path: provider.path, headers: all, body: bytes)
    }

    /// Sends it.
    func post(
        _ provider: HookProvider, _ body: String, headers: [(String, String)] = [], secret: String? = nil,
        at instant: Timestamp? = nil
    ) async -> (status: Int, json: Value) {
        await answer(request(provider, body, headers: headers, secret: secret, at: instant))
    }

    func answer(_ request: WebRequest) async -> (status: Int, json: Value) {
        guard let response = await endpoints.answer(request) else { return (0, .null) }
        return (response.status, (try? JSON.parse(response.body)) ?? .null)
    }

    /// A GitHub event of a repository.
    func gitHub(
        _ event: String, _ body: String, id: String, secret: String? = nil
    ) async -> (status: Int, json: Value) {
        await post(
            .github, body, headers: [("X-GitHub-Event", event), ("X-GitHub-Delivery", id)], secret: secret)
    }

    /// The body of an event of Mailgun.
    func mail(
        _ data: String, token: String, at instant: Timestamp? = nil, key: String = "key-example"
    ) -> String {
        let seconds = String((instant ?? time.now).seconds)
        let code = Hex.encode(hmacSHA256(key: key.utf8, (seconds + token).utf8))
        return """
            {"signature": {"timestamp": "\(seconds)", "token": "\(token)", "signature": "\(code)"}, "event-data": \(data)}
            """
    }

    static func issue(
        _ number: Int, _ title: String, minute: Int, state: String = "open", action: String = "edited",
        more: String = ""
    ) -> String {
        let updated = Timestamp(seconds: 1_771_990_000) + .minutes(minute)
        return """
            {"action": "\(action)", "repository": {"full_name": "Acme/odoo"}, "issue": {"number": \(number), \
            "title": "\(title)", "state": "\(state)", "assignee": {"login": "ada"}, \
            "html_url": "https://github.com/Acme/odoo/issues/\(number)", "updated_at": "\(updated)"\(more)}}
            """
    }

    // MARK: Looking

    func rows(_ sql: String) async throws -> [[String]] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [[String]] in
            try db.run(sql, []).map { row in row.values.indices.map { row.optionalText($0) ?? "-" } }
        }
    }

    func deliveries() async throws -> [DeliveryRecord] { try await store.deliveries(limit: 100).reversed() }

    func count(_ outcome: String, _ provider: HookProvider = .github) -> Int {
        Int(
            metrics.value(
                "reconciler_hook_deliveries_total", ["provider": provider.rawValue, "outcome": outcome]) ?? 0)
    }
}
