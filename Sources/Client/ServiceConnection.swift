import Basics
import Formats
import HTTPClient

/// One answer of the API: what stood in its envelope.
struct Reply: Sendable {
    let status: Int
    let data: Value
    let meta: Value
}

/// Speaks to one service.
struct ServiceConnection: Sendable {
    let address: ServiceAddress
    let credential: Secret?
    var timeout: Duration
    let transport: any HTTPTransport
    let time: any TimeSource
    let version: String
    /// Makes the key of a write.
    let newKey: @Sendable () -> String
    /// Key of the write, where somebody gave one.
    var idempotencyKey: String?
    /// The command that asks, for what a refusal suggests.
    var command = ""
    /// The options with which another command asks the same service.
    var sameService = ""
    /// Where the credential comes from, where it is no login that was kept.
    var given: String?

    /// Whether reading is tried again; nobody waits for an answer that comes late otherwise.
    var isPatient = true

    /// How often reading is tried, and how long is waited between.
    private static let waits: [Duration] = [.milliseconds(200), .seconds(1)]

    /// Reads; tried again where that may help.
    func get(_ path: String, _ query: [(String, String?)] = []) async throws(ClientFault) -> Reply {
        let pairs = query.compactMap { name, value in value.map { "\(name)=\($0.percentEncoded)" } }
        let request = request("GET", path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")))
        var tries = 0
        while true {
            let wait = isPatient && tries < Self.waits.count ? Self.waits[tries] : nil
            tries += 1
            let result = await attempt(request)
            if let wait, let pause = Self.pause(result, wait) {
                try? await time.sleep(for: pause)
                continue
            }
            return try reply(result, to: request, key: nil)
        }
    }

    /// How long to wait before reading again; nil where that helps nothing.
    private static func pause(_ result: Result<HTTPResponse, HTTPFault>, _ wait: Duration) -> Duration? {
        switch result {
        case .failure(let fault): return fault.kind == .lost ? wait : nil
        case .success(let response):
            guard [429, 502, 503, 504].contains(response.status) else { return nil }
            // The service's own 503 says what it lacks; waiting changes nothing.
            if response.status == 503, response.header("X-Request-Id") != nil { return nil }
            let asked = response.header("Retry-After").flatMap { Int($0) }.map { Duration.seconds($0) } ?? wait
            return asked <= .seconds(5) ? max(asked, wait) : nil
        }
    }

    /// Writes, once: with a key, so that whoever sends it again does not do it twice.
    ///
    /// A login is not repeatable: to know it again, a service would have to keep a digest of it.
    func write(
        _ method: String, _ path: String, _ body: Value? = nil, isRepeatable: Bool = true
    ) async throws(ClientFault) -> Reply {
        let key = isRepeatable ? idempotencyKey ?? newKey() : nil
        var request = request(method, path)
        if let key { request.headers.append(HTTPHeader("Idempotency-Key", key)) }
        if let body {
            request.headers.append(HTTPHeader("Content-Type", "application/json"))
            request.body = Array(JSON.write(body).utf8)
        }
        return try reply(await attempt(request), to: request, key: key)
    }

    private func attempt(_ request: HTTPRequest) async -> Result<HTTPResponse, HTTPFault> {
        do throws(HTTPFault) { return .success(try await transport.send(request)) } catch { return .failure(error) }
    }

    private func request(_ method: String, _ path: String) -> HTTPRequest {
        var headers = [
            HTTPHeader("Accept", "application/vnd.odooops.v1+json"), HTTPHeader("User-Agent", "odooops/\(version)"),
        ]
        if let credential {
            headers.append(credential.reveal { HTTPHeader("Authorization", "Bearer \($0)") })
        }
        return HTTPRequest(
            method, address.text + "/api/v1" + path, headers: headers, timeout: timeout, bodyLimit: 256 << 20)
    }

    // MARK: Answers

    private func fault(_ fault: HTTPFault, key: String?) -> ClientFault {
        switch fault.kind {
        case .notSent: .unreachable(fault.message, address, hint: fault.hint)
        case .badURL, .tls: .unreachable(fault.message, address, hint: fault.hint, isPassing: false)
        case .timedOut(sent: false): .unreachable(fault.message, address, hint: nil)
        default: .unanswered(fault.message, place: fault.place, key: key)
        }
    }

    private func reply(
        _ result: Result<HTTPResponse, HTTPFault>, to request: HTTPRequest, key: String?
    ) throws(ClientFault) -> Reply {
        let response: HTTPResponse
        switch result {
        case .failure(let fault): throw self.fault(fault, key: key)
        case .success(let answer): response = answer
        }
        let found = (try? JSON.parse(response.body))?.objectValue
        if let key, response.status >= 500, found?["errors"]?.listValue == nil {
            // A proxy that gave up, or lost the service behind it: that may have got the write, and done it.
            throw .unanswered(
                "status \(response.status), and not from the service itself", place: "\(request.method) \(request.url)",
                key: key)
        }
        guard let object = found else {
            // A proxy's page: the service behind it is not there now.
            throw .strange(
                "status \(response.status) and no JSON object", address, key: key,
                isPassing: [502, 503, 504].contains(response.status))
        }
        // The one document without an envelope describes the API itself.
        if response.status < 300, object["openapi"] != nil {
            return Reply(status: response.status, data: .object(object), meta: .null)
        }
        guard let data = object["data"], let errors = object["errors"]?.listValue else {
            throw .strange("status \(response.status) without data and errors", address, key: key)
        }
        guard response.status < 300, errors.isEmpty else {
            throw AnswerFault.make(
                errors.first ?? .null, status: response.status, command: command, sameService, given: given, key: key)
        }
        return Reply(status: response.status, data: data, meta: object["meta"] ?? .null)
    }
}

/// What the service said it could not do, with the command that mends it.
enum AnswerFault {
    static func make(
        _ error: Value, status: Int, command: String, _ sameService: String = "", given: String? = nil,
        key: String? = nil
    ) -> ClientFault {
        let code = error["code"]?.stringValue ?? "CLI-0003"
        var message = error["message"]?.stringValue ?? "the service answered with status \(status) and no reason"
        // People gave words, and no body.
        if command != "api", let problem = error["details"]?["problem"]?.stringValue { message = problem }
        let remedy = error["remediation"]?.stringValue
        let name = error["error"]?.stringValue ?? ""
        var hint = hint(remedy, code, command, sameService, given)
        var answer = error
        if let key, name == "OUTCOME_UNKNOWN", status == 503 {
            let again = "Sent again under the same key it is not done twice: --idempotency-key \(key)"
            hint = hint.map { "\($0) \(again)" } ?? again
            answer = Self.naming(key, in: error)
        }
        return ClientFault(
            code, exit(status, name), message, hint: hint, answer: answer,
            isPassing: [429, 502, 503, 504].contains(status))
    }

    /// The error with the key of its write, which whoever reads it as JSON needs to send that again.
    private static func naming(_ key: String, in error: Value) -> Value {
        guard var members = error.objectValue else { return error }
        var details = members["details"]?.objectValue ?? Value.Object()
        details["idempotency_key"] = .string(key)
        members["details"] = .object(details)
        return .object(members)
    }

    static func exit(_ status: Int, _ name: String) -> ClientExit {
        switch status {
        case 401, 403: .forbidden
        case 404: .notFound
        case 429: .later
        case 409: ["REQUEST_UNDER_WAY", "BUSY"].contains(name) ? .later : .refused
        case 400..<500: .usage
        case 502, 503, 504: .unavailable
        default: .failed
        }
    }

    /// The commands by which people reach what the API calls by route; where one begins another, the longer comes first.
    static let routes: [(route: String, command: String)] = [
        ("GET /api/v1/webhooks/deliveries", "odooops webhooks list"),
        ("POST /api/v1/auth/login", "odooops auth login"), ("GET /api/v1/environments", "odooops env list"),
        ("GET /api/v1/access/keys", "odooops keys list"), ("GET /api/v1/access/users", "odooops users list"),
        ("PUT /api/v1/access/users/", "odooops users change "), ("GET /api/v1/approvals", "odooops approvals list"),
        ("GET /api/v1/runs/", "odooops runs show "), ("GET /api/v1/runs", "odooops runs list"),
        ("GET /api/v1/plans", "odooops plan list"), ("GET /api/v1/deployments", "odooops deployment list"),
        ("GET /api/v1/notices", "odooops notices dead"), ("GET /api/v1/sweep", "odooops sweep"),
        ("GET /api/v1/audit-logs", "odooops audit list"), ("GET /api/v1/advisor", "odooops advisor list"),
        ("POST /api/v1/reconcile", "odooops reconcile"),
        ("GET /api/v1/metrics/range?figure=runs&step=1h", "odooops metrics --metric runs --step 1h"),
    ]

    private static func hint(
        _ remedy: String?, _ code: String, _ command: String, _ sameService: String, _ given: String?
    ) -> String? {
        if code == "ACCESS-0001" || code == "ACCESS-0002" {
            // As long as one is given it is sent in place of any login.
            if let given {
                return
                    "That is what \(given) holds. Put a key or a token there that counts; or leave it away and log in: "
                    + "odooops auth login\(sameService)"
            }
            return "Log in: odooops auth login\(sameService); or give a key: ODOOOPS_TOKEN or --token-file FILE"
        }
        // Nobody could log in to do it from here.
        if code == "ACCESS-0007" { return remedy }
        if code == "ACCESS-0006" {
            return "Try again. Forgotten: where the service runs, reconcile access user add NAME --password-file FILE"
        }
        guard var text = remedy else { return nil }
        if text.contains("GET /api/v1/openapi.json") {
            return command == "api" || command.isEmpty
                ? "See all routes and what they take: odooops api GET /openapi.json"
                : "See what it takes: odooops \(command) --help"
        }
        for (route, command) in routes {
            guard let range = text.firstRange(of: route) else { continue }
            text.replaceSubrange(range, with: command)
            if route.hasPrefix("PUT /api/v1/access/users/") { text += " --role ROLE" }
            break
        }
        return Remedy.here(text)
    }
}
