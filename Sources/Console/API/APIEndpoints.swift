public import Basics
public import ConsoleAccess
import Formats
public import Reconciler
public import Store
public import Web

/// What the API works with.
public struct APIServices: Sendable {
    let store: Store
    let access: AccessControl
    let reconciler: Reconciler?
    let service: Service?
    let metrics: Metrics
    let evidence: EvidenceStore?
    let schedules: @Sendable () -> [ScheduledJob]?
    let outlook: @Sendable () -> Outlook?
    let address: String?
    let retention: RetentionRule
    let errorPage: @Sendable (_ code: String) -> String?
    let time: any TimeSource
    let log: Log?
    private let glances = Glances()

    /// - Parameters:
    ///   - store: what is read and written.
    ///   - access: who may.
    ///   - reconciler: explains; nil: nothing is explained.
    ///   - service: is woken; nil: nobody is.
    ///   - metrics: the figures that are asked for.
    ///   - time: now.
    ///   - schedules: what is due by the clock; nil before the first commit was read.
    ///   - outlook: what the last pass of this process found; nil before the first.
    ///   - address: where clients reach the service, without a slash at its end; nil: nobody said.
    ///   - retention: how long what runs leave behind is kept.
    ///   - errorPage: what a code means and what to do, as Markdown; nil for what is no code.
    public init(
        store: Store, access: AccessControl, reconciler: Reconciler? = nil, service: Service? = nil,
        metrics: Metrics = Metrics(), time: any TimeSource,
        schedules: @escaping @Sendable () -> [ScheduledJob]? = { nil },
        outlook: @escaping @Sendable () -> Outlook? = { nil }, address: String? = nil,
        retention: RetentionRule = RetentionRule(),
        errorPage: @escaping @Sendable (_ code: String) -> String? = { _ in nil }
    ) {
        self.store = store
        self.access = access
        self.reconciler = reconciler
        self.service = service
        self.metrics = metrics
        self.address = address
        self.retention = retention
        self.errorPage = errorPage
        evidence = reconciler?.evidence
        self.schedules = schedules
        self.outlook = outlook
        self.time = time
        log = reconciler?.log
    }

    /// What there is, for an explanation, or for a pass that is asked for by hand.
    ///
    /// Whoever may change something gets what was seen a few seconds ago at most, since the last pass began and since the
    /// last change; who only reads, what was seen within the last minute.
    func glance(_ reconciler: Reconciler, isFresh: Bool, isManual: Bool = false) async throws -> Glance {
        try await glances.look(reconciler, store, time, isFresh: isFresh, isManual: isManual)
    }
}

/// Answers everything below `/api`: always JSON, always in the same envelope.
public struct APIEndpoints: Sendable {
    private struct Request {
        let web: WebRequest
        let id: String
        let caller: Caller
    }

    /// The longest body that any route takes.
    public static let bodyLimit = 64 << 10
    static let prefix = "/api/v1"

    public let routes: [APIRoute]
    private let services: APIServices
    private let router: Router

    public init(_ services: APIServices) {
        self.services = services
        let routes = Self.table(services)
        self.routes = routes
        var router = Router()
        for (index, route) in routes.enumerated() {
            // The handler only says which route it is; what follows happens in `respond`.
            router.add(route.method, Self.prefix + route.path) { _, parameters in
                var response = WebResponse(status: index)
                response.headers = route.pathNames.map { ($0, parameters[$0]) }
                return response
            }
        }
        router.notFound = { _ in WebResponse(status: -404) }
        router.methodNotAllowed = { _ in WebResponse(status: -405) }
        self.router = router
    }

    /// Whether a path is the API's.
    public static func owns(_ path: String) -> Bool { path == "/api" || path.hasPrefix("/api/") }

    /// Answers a request.
    public func answer(_ request: WebRequest) async -> WebResponse {
        let id = Self.requestID(request)
        let origin = services.access.origin(of: request)
        var envelope: Envelope
        var bare: Value?
        do {
            (envelope, bare) = try await respond(request, id)
        } catch {
            if !(error is any Fault) {
                services.log?.error("a request to the API failed", ["request": id, "error": "\(error)"])
            }
            envelope = Envelope(APIFault(error))
        }
        let isVendor = request.header("Accept")?.contains(Envelope.mediaType) == true
        var response = envelope.response(
            requestID: id, at: services.time.now, type: isVendor ? Envelope.mediaType : "application/json",
            address: envelope.errors.isEmpty ? nil : services.address ?? origin.localAddress(of: request))
        if let bare, envelope.errors.isEmpty { response.body = Envelope.line(bare) }
        SecurityHeaders.add(to: &response, isSecure: origin.isSecure, policy: SecurityHeaders.dataPolicy)
        return response
    }

    /// Refuses, in the API's own form, what the server couldn't take for a request; nil where that is not the API's.
    public func refusal(ofTarget target: String, status: Int, reason: String) -> WebResponse? {
        guard Self.owns(String(target.prefix { $0 != "?" })) else { return nil }
        let fault = status == 413 ? APIFault.tooLarge(Self.bodyLimit) : APIFault.unreadable(status, reason)
        var response = Envelope(fault).response(
            requestID: "req-" + Hex.encode(SystemRandom.bytes(8)), at: services.time.now, address: services.address)
        SecurityHeaders.add(
            to: &response, isSecure: services.access.isSecure, policy: SecurityHeaders.dataPolicy)
        return response
    }

    private func respond(_ request: WebRequest, _ id: String) async throws -> (Envelope, bare: Value?) {
        let found = await router.respond(request)
        // Who asks is settled first: somebody without access learns nothing of what is there.
        var caller = try await services.access.caller(of: request)
        // Whoever lets something go or gives access was let in by the store itself, and not by what it said seconds ago.
        // Somebody without access changes nothing of what is remembered of others.
        if found.status >= 0, routes[found.status].isGrave, !caller.isAnonymous {
            services.access.forgetAll()
            caller = try await services.access.caller(of: request)
        }
        let standing = services.access.count(caller)
        if let refusal = AccessControl.refusal(of: standing) {
            var fault = APIFault(refusal)
            fault.headers = standing.headers
            throw fault
        }
        do {
            guard found.status >= 0 else {
                if found.status == -404 { throw APIFault.noRoute(request.path) }
                let allowed = found.headers.first { $0.name == "Allow" }?.value ?? ""
                throw APIFault.noMethod(
                    request.method, allowed: allowed.split(separator: ",").map { String($0.filter { $0 != " " }) })
            }
            let route = routes[found.status]
            var envelope: Envelope
            do {
                envelope = try await run(route, found.headers, request, caller, id)
            } catch {
                // Who parses finds `ok` and `error` whatever happens; who may not ask at all is told as everywhere.
                guard route.isBareWrite, let fault = error as? any Fault, !(fault is AccessFault) else { throw error }
                envelope = Envelope(bare: fault)
            }
            envelope.headers += standing.headers
            return (envelope, route.isBare ? envelope.data : nil)
        } catch {
            var fault = APIFault(error)
            if !(error is any Fault) { throw error }
            fault.headers += standing.headers
            throw fault
        }
    }

    private func run(
        _ route: APIRoute, _ names: [(name: String, value: String)], _ request: WebRequest, _ caller: Caller,
        _ id: String
    ) async throws -> Envelope {
        var parameters: [String: Value] = [:]
        for (name, value) in names { parameters[name] = .string(value) }
        try await authorise(route, &parameters, caller)
        if route.isWrite { try services.access.checkForgery(request, by: caller) }
        guard Self.accepts(request.header("Accept")) else { throw APIFault.notAcceptable }
        for (name, value) in try Self.query(request, of: route) { parameters[name] = value }
        if !route.pathNames.contains("environment"), let word = parameters["environment"]?.stringValue {
            parameters["environment"] = .string(
                try await Self.environmentName(ofFilter: word, route.permission, caller, services))
        }
        for parameter in route.parameters where route.pathNames.contains(parameter.name) {
            guard let value = parameters[parameter.name] else { continue }
            // A name that can't be is the name of nothing.
            if let problem = parameter.schema.problem(value, at: parameter.name) {
                let hint =
                    parameter.name == "run"
                    ? "List them: GET /api/v1/runs" : "See what the route takes: GET /api/v1/openapi.json"
                throw APIFault.notFound("there is no such \(parameter.name): \(problem)", hint: hint)
            }
        }
        let call = APICall(
            request: request, caller: caller, route: route, parameters: parameters, body: try Self.body(request, route),
            now: services.time.now)
        // Of a write that needs nobody's permission nothing is kept: its body may be a password.
        guard route.isWrite, route.permission != nil, let key = request.header("Idempotency-Key") else {
            return try await route.handler(call)
        }
        return try await once(key, call, id)
    }

    /// Whether the caller may; an environment that was called by its id or its branch has its name from here on.
    private func authorise(_ route: APIRoute, _ parameters: inout [String: Value], _ caller: Caller) async throws {
        guard let permission = route.permission else { return }
        switch route.place {
        case .project: try caller.demand(permission)
        case .list: try caller.demand(permission, at: .list)
        case .environment:
            // Nobody who may nothing anywhere makes the store look.
            try caller.demand(permission, at: .list)
            let word = parameters["environment"]?.stringValue ?? ""
            let name =
                APISchema.line(least: 1, most: 255).problem(.string(word), at: "environment") == nil
                ? try await services.store.environmentName(of: word) ?? word : word
            // What is none of theirs and what isn't there look alike, by whichever word it was asked for.
            try caller.demand(permission, at: .environment(name), called: word)
            parameters["environment"] = .string(name)
        }
    }

    /// Does a write once, however often it is sent.
    private func once(_ key: String, _ call: APICall, _ id: String) async throws -> Envelope {
        guard (16...64).contains(key.utf8.count), key.utf8.allSatisfy(Self.isNameByte) else {
            throw APIFault.badHeader("Idempotency-Key has to have 16 to 64 letters, digits, - and _")
        }
        let caller = call.caller.accountName
        let content = "\(call.request.method) \(call.request.path)\n"
        let digest = Digest(of: Array(content.utf8) + JSON.canonical(try await unguessable(call.body, key, caller)))
        switch try await services.store.claimRequest(key, of: caller, digest: digest, at: call.now) {
        case .first: break
        case .other: throw APIFault.otherRequest
        case .underWay: throw APIFault.underWay
        case .unanswered(let since): throw APIFault.unanswered(since: since)
        case .answered(let status, let body):
            let kept = (try? JSON.parse(body)) ?? .null
            var envelope = Envelope(status, kept)
            envelope.headers = [("Idempotent-Replayed", "true")]
            return envelope
        }
        let envelope: Envelope
        do {
            envelope = try await call.route.handler(call)
        } catch {
            // Nothing was done, and the same key may be sent again, where the fault doesn't say that nobody knows: the answer
            // to a commit was lost, or it is one that nobody thought of.
            if let fault = error as? any Fault, fault.disposition != .observeAgain {
                try? await services.store.settleRequest(key, of: caller, answer: nil)
            }
            throw error
        }
        // An answer that can't be kept leaves the claim as it is: what was done must not be done again.
        let isDone = envelope.status < 400
        try await services.store.settleRequest(
            key, of: caller,
            answer: isDone ? (envelope.status, JSON.write(Self.withoutSecrets(envelope.data, call.route))) : nil)
        return envelope
    }

    /// A body whose digest may be kept: a password that it holds takes as much work to guess as one that is kept.
    private func unguessable(_ body: Value, _ key: String, _ caller: String) async throws -> Value {
        guard var object = body.objectValue, let password = object["password"]?.stringValue else { return body }
        guard let word = await services.access.slowWord(for: Secret(password), "\(caller)\n\(key)") else {
            throw APIFault.busy
        }
        object["password"] = .string(word)
        return .object(object)
    }

    /// What is shown once is not kept to be shown again.
    private static func withoutSecrets(_ data: Value, _ route: APIRoute) -> Value {
        guard route.tag == "access" || route.tag == "auth", var object = data.objectValue else { return data }
        for name in ["key", "token"] where object[name] != nil { object[name] = .null }
        return .object(object)
    }

    // MARK: Reading

    private static func requestID(_ request: WebRequest) -> String {
        if let given = request.header("X-Request-Id"), (8...64).contains(given.utf8.count),
            given.utf8.allSatisfy({ isNameByte($0) && $0 != 95 })
        {
            return given
        }
        return "req-" + Hex.encode(SystemRandom.bytes(8))
    }

    /// A letter, a digit, `-` or `_`.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 95
    }

    /// Whether JSON of version 1 is taken.
    static func accepts(_ header: String?) -> Bool {
        guard let header, !header.isEmpty else { return true }
        return header.split(separator: ",").contains { part in
            let pieces = part.split(separator: ";").map { String($0.filter { $0 != " " }).lowercased() }
            guard let type = pieces.first, !pieces.dropFirst().contains(where: { ["q=0", "q=0.0"].contains($0) }) else {
                return false
            }
            return ["*/*", "application/*", "application/json", Envelope.mediaType].contains(type)
        }
    }

    private static func query(_ request: WebRequest, of route: APIRoute) throws(APIFault) -> [String: Value] {
        var values: [String: Value] = [:]
        let known = route.parameters.filter { !route.pathNames.contains($0.name) }
        for (name, text) in request.query {
            guard let parameter = known.first(where: { $0.name == name }) else {
                let follows = name == "follow" && known.contains { $0.name == "since" }
                throw APIFault.badParameter(
                    RequestProblem(
                        "\(name) is not known\(Suggestion.afterthought(on: name, among: known.map(\.name)))",
                        advice: follows
                            ? "Ask again with since=AT, the at of the newest line; or run: odooops logs TARGET --follow"
                            : nil))
            }
            guard values[name] == nil else { throw APIFault.badParameter("\(name) is given twice") }
            let value = parameter.schema.value(ofText: text)
            if let problem = parameter.schema.problem(value, at: name) {
                throw APIFault.badParameter(RequestProblem(problem))
            }
            values[name] = value
        }
        for parameter in known where parameter.isRequired && values[parameter.name] == nil {
            throw APIFault.badParameter("\(parameter.name) is missing")
        }
        return values
    }

    private static func body(_ request: WebRequest, _ route: APIRoute) throws(APIFault) -> Value {
        guard request.body.count <= bodyLimit else { throw APIFault.tooLarge(bodyLimit) }
        guard let schema = route.body else {
            guard request.body.isEmpty else { throw APIFault.badBody(.notTaken) }
            return .null
        }
        if let type = request.header("Content-Type"), !request.body.isEmpty {
            let media = type.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
            guard media == "application/json" || media == Envelope.mediaType else { throw APIFault.badMediaType }
        }
        // A route all of whose members may be left out is called without a body as well.
        if request.body.isEmpty, schema.problem(.object([:]), at: "") == nil { return .object([:]) }
        let value: Value
        do throws(JSONFault) {
            value = try JSON.parse(request.body, limits: JSONLimits(maximumBytes: bodyLimit, maximumDepth: 16))
        } catch { throw APIFault.badBody(.noJSON(error.message)) }
        let whole = schema.coerced(value)
        if let problem = schema.problem(whole, at: "") {
            throw APIFault.badBody(RequestProblem(problem))
        }
        return whole
    }
}
