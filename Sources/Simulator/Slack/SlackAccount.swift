import Basics
import Formats
import Web

/// Slack: one workspace with one installed app, its channels and their messages.
///
/// Facts: the provider's OpenAPI description, and its guide on rate limits. Errors are answers of 200 with `ok: false`.
struct SlackAccount: SimulatedProvider {
    static let name = "slack"

    struct Channel: Sendable {
        var object: Value.Object
        /// Oldest first.
        var messages: [Value.Object] = []

        var id: String { object["id"]?.stringValue ?? "" }
    }

    let seedNumber: UInt64
    let limits: AccountLimits
    var channels: [Channel] = []
    var scopes = [
        "channels:history", "channels:read", "chat:write", "groups:history", "groups:read",
    ]
    var team = "Simulated"
    var user = "ops_agent"
    var changes: UInt64 = 0
    var created: UInt64 = 0
    /// The last `ts`, in microseconds: no two messages share one.
    var lastTS: Int64 = 0
    var now: Timestamp
    private var windows: [String: SlidingWindow] = [:]

    let secrets: [String] = []

    init(seed: UInt64, now: Timestamp, limits: AccountLimits) {
        seedNumber = seed
        self.now = now
        self.limits = limits
        addChannel("general", Value.Object(), messages: ["Welcome."])
    }

    init?(_ value: Value, seed: UInt64, limits: AccountLimits) {
        guard let list = value["channels"]?.listValue, let counts = value["counts"]?.listValue?.compactMap(\.intValue),
            counts.count == 3, let team = value["team"]?.stringValue, let user = value["user"]?.stringValue
        else { return nil }
        self.init(seed: seed, now: Timestamp(seconds: 0), limits: limits)
        self.team = team
        self.user = user
        scopes = (value["scopes"]?.listValue ?? []).compactMap(\.stringValue)
        (changes, created, lastTS) = (UInt64(max(0, counts[0])), UInt64(max(0, counts[1])), counts[2])
        channels = list.compactMap { item in
            item["object"]?.objectValue.map {
                Channel(object: $0, messages: (item["messages"]?.listValue ?? []).compactMap(\.objectValue))
            }
        }
    }

    var value: Value {
        let list = channels.map { channel -> Value in
            .members([
                "object": .object(channel.object), "messages": .list(channel.messages.map { .object($0) }),
            ])
        }
        return .members([
            "team": .string(team), "user": .string(user), "scopes": .strings(scopes), "channels": .list(list),
            "counts": .list([.int(Int64(changes)), .int(Int64(created)), .int(lastTS)]),
        ])
    }

    var botID: String { SimulatedID.capitals("B", seed: seedNumber, 0) }
    var userID: String { SimulatedID.capitals("U", seed: seedNumber, 0) }
    var teamID: String { SimulatedID.capitals("T", seed: seedNumber, 0) }

    mutating func settle(at now: Timestamp) { self.now = now }

    mutating func settleAll() {}

    // MARK: Who may pass

    /// Calls a minute, by method; messages also one a second for each channel.
    static let perMinute = [
        "auth.test": 100, "conversations.list": 20, "conversations.history": 50, "conversations.info": 50,
        "chat.update": 50, "chat.postMessage": 60,
    ]

    mutating func admit(_ request: SimulatedRequest, expected: String?) -> WebResponse? {
        guard let token = request.bearer else { return Self.no("not_authed") }
        guard expected == nil || expected == token else { return Self.no("invalid_auth") }
        guard limits == .published else { return nil }
        let method = request.segments.last ?? ""
        var wait = windows[method, default: SlidingWindow()]
            .admit(at: request.now, limit: Self.perMinute[method] ?? 20, per: .seconds(60))
        if wait == nil, method == "chat.postMessage", let channel = argument("channel", request) {
            // Short bursts are let through.
            wait = windows["\(method) \(channel)", default: SlidingWindow()]
                .admit(at: request.now, limit: 3, per: .seconds(3))
        }
        return wait.map { refusal(.tooManyRequests(retryAfter: $0), request) }
    }

    func refusal(_ kind: AccountRefusal, _ request: SimulatedRequest) -> WebResponse {
        switch kind {
        case .serverError: return Self.no("internal_error", status: 500)
        case .gatewayTimeout: return .text(504, "upstream request timeout")
        case .notFound: return Self.no("channel_not_found")
        case .tooManyRequests(let seconds):
            var response = Self.no("ratelimited", status: 429)
            if let seconds { response.headers.append(("Retry-After", String(seconds))) }
            return response
        }
    }

    func headers(_ request: SimulatedRequest) -> [(name: String, value: String)] {
        [("X-OAuth-Scopes", scopes.joined(separator: ",")), ("X-Slack-Req-Id", request.requestID)]
    }

    static func no(_ error: String, status: Int = 200) -> WebResponse {
        .document(status, .members(["ok": false, "error": .string(error)]))
    }

    static func yes(_ members: Value.Object) -> WebResponse {
        var body: Value.Object = ["ok": true]
        for member in members.members { body[member.name] = member.value }
        return .document(200, .object(body))
    }

    // MARK: Methods

    /// An argument of the query, of a form or of JSON.
    func argument(_ name: String, _ request: SimulatedRequest) -> String? {
        if let value = request.parameter(name) { return value }
        if let field = request.form.first(where: { $0.name == name }) { return field.value }
        guard let value = request.json?[name] else { return nil }
        return value.stringValue ?? String(decoding: [UInt8](json: value), as: UTF8.self)
    }

    mutating func answer(_ request: SimulatedRequest) -> WebResponse {
        guard request.segments.count == 2, request.segments[0] == "api" else { return Self.no("unknown_method") }
        if request.fault == .softFailure { return Self.no("internal_error") }
        switch request.segments[1] {
        case "auth.test":
            return Self.yes([
                "url": "https://simulated.slack.com/", "team": .string(team), "user": .string(user),
                "team_id": .string(teamID), "user_id": .string(userID), "bot_id": .string(botID),
                "is_enterprise_install": false,
            ])
        case "conversations.list": return needs("channels:read", "groups:read") ?? listChannels(request)
        case "conversations.history": return needs("channels:history", "groups:history") ?? history(request)
        case "chat.postMessage": return needs("chat:write") ?? post(request)
        case "chat.update": return needs("chat:write") ?? update(request)
        default: return Self.no("unknown_method")
        }
    }

    private func needs(_ wanted: String...) -> WebResponse? {
        guard !wanted.contains(where: scopes.contains) else { return nil }
        return .document(
            200,
            .members([
                "ok": false, "error": "missing_scope", "needed": .string(wanted[0]),
                "provided": .string(scopes.joined(separator: ",")),
            ]))
    }
}
