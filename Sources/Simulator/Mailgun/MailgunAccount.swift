import Basics
import Formats
import Web

/// Mailgun: the domains of one account in one region, with webhooks and events.
///
/// Facts: the provider's OpenAPI description, and its guides on events and limits. Where its pages are named by opaque
/// tokens, these are named by the instant at which they begin, which the description knows.
struct MailgunAccount: SimulatedProvider {
    static let name = "mailgun"
    /// Requests a minute for domains and webhooks of an account.
    static let limit = 300
    static let events = [
        "accepted", "clicked", "complained", "delivered", "opened", "permanent_fail", "temporary_fail", "unsubscribed",
    ]

    struct Domain: Sendable {
        var object: Value.Object
        var sending: [Value]
        var receiving: [Value]
        var webhooks: [String: [String]] = [:]
        /// Each with `visible_at`, the second from which it can be read.
        var events: [Value.Object] = []

        var name: String { object["name"]?.stringValue ?? "" }
    }

    let seedNumber: UInt64
    let limits: AccountLimits
    var domains: [Domain] = []
    var changes: UInt64 = 0
    var now: Timestamp
    private var window = SlidingWindow()

    var secrets: [String] { domains.compactMap { $0.object["smtp_password"]?.stringValue } }

    init(seed: UInt64, now: Timestamp, limits: AccountLimits) {
        seedNumber = seed
        self.now = now
        self.limits = limits
    }

    init?(_ value: Value, seed: UInt64, limits: AccountLimits) {
        guard let list = value["domains"]?.listValue, let changes = value["changes"]?.intValue else { return nil }
        self.init(seed: seed, now: Timestamp(seconds: 0), limits: limits)
        self.changes = UInt64(max(0, changes))
        for item in list {
            guard let object = item["object"]?.objectValue else { return nil }
            var domain = Domain(
                object: object, sending: item["sending"]?.listValue ?? [], receiving: item["receiving"]?.listValue ?? []
            )
            for member in item["webhooks"]?.objectValue?.members ?? [] {
                domain.webhooks[member.name] = (member.value.listValue ?? []).compactMap(\.stringValue)
            }
            domain.events = (item["events"]?.listValue ?? []).compactMap(\.objectValue)
            domains.append(domain)
        }
    }

    var value: Value {
        let list = domains.map { domain -> Value in
            var hooks = Value.Object()
            for event in Self.events { hooks[event] = domain.webhooks[event].map { .strings($0) } }
            return .members([
                "object": .object(domain.object), "sending": .list(domain.sending),
                "receiving": .list(domain.receiving), "webhooks": .object(hooks),
                "events": .list(domain.events.map { .object($0) }),
            ])
        }
        return .members(["domains": .list(list), "changes": .int(Int64(changes))])
    }

    mutating func settle(at now: Timestamp) { self.now = now }

    mutating func settleAll() {}

    // MARK: Who may pass

    mutating func admit(_ request: SimulatedRequest, expected: String?) -> WebResponse? {
        guard let key = request.basicPassword, !key.isEmpty, expected == nil || expected == key else {
            return .document(401, .members(["message": "Invalid private key"]))
        }
        guard limits == .published, !request.path.hasSuffix("/events"), !request.path.hasSuffix("/messages") else {
            return nil
        }
        let wait = window.admit(at: request.now, limit: Self.limit, per: .seconds(60))
        return wait.map { refusal(.tooManyRequests(retryAfter: $0), request) }
    }

    func refusal(_ kind: AccountRefusal, _ request: SimulatedRequest) -> WebResponse {
        switch kind {
        case .serverError: return .document(500, .members(["message": "Internal Server Error"]))
        case .gatewayTimeout: return .text(504, "upstream request timeout")
        case .notFound: return Self.said(404, "Domain not found")
        // No header: when to come back stands in the body.
        case .tooManyRequests(let seconds):
            return .document(429, .members(["retry-seconds": .int(Int64(seconds ?? 60))]))
        }
    }

    func headers(_ request: SimulatedRequest) -> [(name: String, value: String)] { [] }

    static func said(_ status: Int, _ message: String) -> WebResponse {
        .document(status, .members(["message": .string(message)]))
    }

    // MARK: Paths

    mutating func answer(_ request: SimulatedRequest) -> WebResponse {
        let parts = request.segments
        switch (parts.first, parts.count) {
        case ("v4", 2) where parts[1] == "domains" && request.method == "GET": return list(request)
        case ("v4", 3...4) where parts[1] == "domains":
            guard let place = place(parts[2]) else { return refusal(.notFound, request) }
            if parts.count == 3, request.method == "GET" { return .document(200, described(domains[place])) }
            if parts.count == 4, parts[3] == "verify", request.method == "PUT" { return verify(place) }
        case ("v3", 4...5) where parts[1] == "domains" && parts[3] == "webhooks":
            guard let place = place(parts[2]) else { return refusal(.notFound, request) }
            return parts.count == 4 ? answerWebhooks(request, at: place) : answerWebhook(request, at: place, parts[4])
        case ("v3", 3) where parts[2] == "events" && request.method == "GET":
            guard let place = place(parts[1]) else { return refusal(.notFound, request) }
            return answerEvents(request, of: domains[place])
        case ("v3", 3) where parts[2] == "messages" && request.method == "POST":
            guard let place = place(parts[1]) else { return refusal(.notFound, request) }
            return answerMessage(request, at: place)
        default: break
        }
        return Self.said(404, "Not Found")
    }

    private func place(_ name: String) -> Int? { domains.firstIndex { $0.name == name.lowercased() } }

    private func list(_ request: SimulatedRequest) -> WebResponse {
        let limit = request.parameter("limit").flatMap { Int($0) } ?? 100
        let skip = request.parameter("skip").flatMap { Int($0) } ?? 0
        guard (1...1_000).contains(limit), skip >= 0 else { return Self.said(400, "invalid limit or skip") }
        let start = min(domains.count, max(0, skip + (skip > 0 ? request.shift : 0)))
        let items = domains[start..<min(start + limit, domains.count)].map { Value.object($0.object) }
        return .document(
            200, .members(["total_count": .int(Int64(domains.count)), "items": .list(Array(items))]))
    }

    private func described(_ domain: Domain, _ message: String? = nil) -> Value {
        var body = Value.Object()
        if let message { body["message"] = .string(message) }
        body["domain"] = .object(domain.object)
        body["receiving_dns_records"] = .list(domain.receiving)
        body["sending_dns_records"] = .list(domain.sending)
        return .object(body)
    }

    private mutating func verify(_ place: Int) -> WebResponse {
        let isValid = domains[place].sending.allSatisfy { $0["valid"] == "valid" }
        domains[place].object["state"] = isValid ? "active" : "unverified"
        changes += 1
        return .document(200, described(domains[place], "Domain DNS records have been updated"))
    }
}
