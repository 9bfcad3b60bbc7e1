public import Basics

/// One provider's API for one credential: base URL, authorisation, budget, retries and the record of what was said.
public final class APIClient: Sendable {
    /// Takes every exchange of the task, beside what each call names.
    @TaskLocal public static var recorder: Recorder?

    /// Takes exchanges.
    ///
    /// It has a type of its own because the optimiser binds a bare closure without the metadata of its type: the runtime then
    /// ends the process in `swift_task_localValuePush`.
    public struct Recorder: Sendable {
        let take: @Sendable (Exchange) -> Void

        public init(_ take: @escaping @Sendable (Exchange) -> Void) { self.take = take }
    }

    public let provider: String
    public let budget: RequestBudget
    let baseURL: String
    private let authorization: Authorization
    private let transport: any HTTPTransport
    private let retry: RetryPolicy
    private let cache: ResponseCache?
    private let headers: [HTTPHeader]
    private let redaction: Redaction
    private let time: any TimeSource
    private let random: RandomSource

    /// - Parameters:
    ///   - provider: the name in records and metrics, `digitalocean`.
    ///   - baseURL: with the prefix that all paths share; a slash at its end is taken away.
    ///   - authorization: how requests prove who sends them.
    ///   - transport: carries the requests.
    ///   - budget: shared by all clients of the same credential; its configuration tells how answers feed it.
    ///   - retry: what is tried again.
    ///   - cache: keeps answers with an `ETag`; nil asks for everything anew.
    ///   - headers: sent with every request; they win over the usual `Accept`.
    ///   - redaction: what else is secret in every exchange.
    ///   - time: measures, and waits between attempts.
    ///   - random: spreads those waits.
    ///   - userAgent: who we are.
    public init(
        provider: String, baseURL: String, authorization: Authorization, transport: any HTTPTransport,
        budget: RequestBudget, retry: RetryPolicy = RetryPolicy(), cache: ResponseCache? = nil,
        headers: [HTTPHeader] = [], redaction: Redaction = .none, time: any TimeSource, random: RandomSource,
        userAgent: String = "odooops"
    ) {
        self.provider = provider
        self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
        self.authorization = authorization
        self.transport = transport
        self.budget = budget
        self.retry = retry
        self.cache = cache
        self.redaction = redaction.merged(with: Redaction(values: authorization.secrets))
        self.time = time
        self.random = random
        var all = [HTTPHeader("Accept", "application/json"), HTTPHeader("User-Agent", userAgent)]
        all.override(with: headers)
        self.headers = all
    }

    /// A client whose `authorization` is the whole value of that header, `Bearer …`.
    public convenience init(
        provider: String, baseURL: String, authorization: Secret, transport: any HTTPTransport, budget: RequestBudget,
        retry: RetryPolicy = RetryPolicy(), time: any TimeSource, random: RandomSource, userAgent: String = "odooops"
    ) {
        self.init(
            provider: provider, baseURL: baseURL, authorization: .header("Authorization", authorization),
            transport: transport, budget: budget, retry: retry, time: time, random: random, userAgent: userAgent)
    }

    /// Sends a request, again where that is safe, and gives the last answer.
    ///
    /// - Parameters:
    ///   - method: in capitals.
    ///   - path: from its slash on; `percentEncoded` each part that isn't a literal.
    ///   - query: names and values, not yet encoded.
    ///   - json: the body.
    ///   - priority: who is served first when the budget is short.
    ///   - timeout: the longest for one attempt.
    ///   - deadline: the longest for the whole call, waits included.
    ///   - record: takes each attempt as it ends, credentials removed.
    /// - Returns: an answer of any status; the retries are spent then, or the status is none to retry.
    /// - Throws: `HTTPFault` when no answer came, or when the wait that is asked for is longer than the call may take.
    public func call(
        _ method: String, _ path: String, query: [(String, String)] = [], json: [UInt8]? = nil,
        priority: RequestPriority = .commit, timeout: Duration = .seconds(30), deadline: Duration = .minutes(5),
        record: (@Sendable (Exchange) -> Void)? = nil
    ) async throws(HTTPFault) -> HTTPResponse {
        var request = APIRequest(method, path, query: query, body: json.map { .json($0) })
        request.priority = priority
        request.timeout = timeout
        request.deadline = deadline
        return try await send(request, record: record).response
    }

    /// Sends a request, again where that is safe, and gives the last answer.
    ///
    /// - Parameters:
    ///   - call: what is asked.
    ///   - record: takes each attempt as it ends, credentials removed.
    /// - Returns: an answer of any status; the retries are spent then, or the status is none to retry.
    /// - Throws: `HTTPFault` when no answer came, or when the wait that is asked for is longer than the call may take.
    public func send(
        _ call: APIRequest, record: (@Sendable (Exchange) -> Void)? = nil
    ) async throws(HTTPFault) -> APIAnswer {
        let end = time.uptime + call.deadline
        var request = try makeRequest(call)
        let key = cacheKey(call, request)
        let kept = key.flatMap { cache?.entry($0) }
        if let kept { request.headers.append(HTTPHeader("If-None-Match", kept.tag)) }
        var attempt = 1
        var redirects = call.redirects
        while true {
            let (outcome, reading) = try await send(request, call, attempt: attempt, until: end, record: record)
            let decision = retry.decide(
                attempt: attempt, isRepeatable: call.isRepeatable ?? RetryPolicy.isRepeatable(call.method),
                outcome: outcome, refusal: reading.refusal, now: time.now, random: random)
            switch decision {
            case .stop:
                let response = try outcome.get()
                if redirects > 0, let url = redirection(of: response, to: call) {
                    redirects -= 1
                    request.url = url
                    continue
                }
                return finish(response, attempt: attempt, key: key, kept: kept?.response)
            case .giveUp(let asked):
                let response = try giveUp(outcome, asked: asked, request, isRefused: reading.refusal != nil)
                return APIAnswer(response: response, attempts: attempt, isUnchanged: false)
            case .retry(let wait):
                guard time.uptime + wait < end else {
                    let response = try giveUp(outcome, asked: wait, request, isRefused: reading.refusal != nil)
                    return APIAnswer(response: response, attempts: attempt, isUnchanged: false)
                }
                let pause = reading.refusal == nil ? nil : budget.pause(for: wait)
                defer { if let pause { budget.resume(pause) } }
                do {
                    try await time.sleep(for: wait)
                } catch {
                    // What the attempts before did is already known by their outcome.
                    throw HTTPFault(
                        .cancelled, code: "HTTP-0007", message: "the request was cancelled between two attempts",
                        place: request.place)
                }
            }
            attempt += 1
        }
    }

    /// Keeps the answer to a call no longer, for it turned out to be broken: the next call asks for it anew.
    public func forgetAnswer(to call: APIRequest) {
        guard let request = try? makeRequest(call), let key = cacheKey(call, request) else { return }
        cache?.forget(key)
    }

    private func makeRequest(_ call: APIRequest) throws(HTTPFault) -> HTTPRequest {
        var url = try address(of: call.path, method: call.method)
        for (name, value) in call.query {
            url += (url.utf8.contains(0x3F) ? "&" : "?") + name.percentEncoded + "=" + value.percentEncoded
        }
        var headers = headers
        let body = try call.body?.encoded()
        if let body { headers.override(with: [HTTPHeader("Content-Type", body.contentType)]) }
        headers.override(with: call.headers)
        return HTTPRequest(
            call.method, url, headers: headers, body: body?.bytes ?? [], timeout: call.timeout,
            bodyLimit: call.bodyLimit)
    }

    private func cacheKey(_ call: APIRequest, _ request: HTTPRequest) -> String? {
        guard cache != nil, call.isConditional, call.method == "GET" else { return nil }
        let accept = request.headers.first { $0.name.matchesIgnoringCase("accept") }?.value ?? ""
        return "\(request.url) \(accept)"
    }

    private func finish(_ response: HTTPResponse, attempt: Int, key: String?, kept: HTTPResponse?) -> APIAnswer {
        if response.status == 304, let kept {
            return APIAnswer(response: kept, attempts: attempt, isUnchanged: true)
        }
        if let key, response.status == 200 { cache?.store(key, response) }
        return APIAnswer(response: response, attempts: attempt, isUnchanged: false)
    }

    /// One attempt: granted, sent, counted and recorded.
    private func send(
        _ request: HTTPRequest, _ call: APIRequest, attempt: Int, until end: Duration,
        record: (@Sendable (Exchange) -> Void)?
    ) async throws(HTTPFault) -> (Result<HTTPResponse, HTTPFault>, RateReading) {
        let grant = try await budget.acquire(
            call.priority, scopes: call.scopes, patience: max(.zero, end - time.uptime))
        let start = time.uptime
        var request = request
        request.timeout = min(request.timeout, max(.milliseconds(1), end - start))
        let outcome: Result<HTTPResponse, HTTPFault>
        do throws(HTTPFault) {
            try await authorization.authorize(&request)
            outcome = .success(try await transport.send(request))
        } catch {
            outcome = .failure(error)
        }
        let response = try? outcome.get()
        let reading: RateReading
        switch outcome {
        case .success(let response): reading = budget.configuration.rates.read(response, time.now)
        // What never arrived is not counted there.
        case .failure(let fault): reading = RateReading(isSent: fault.mayHaveHadEffect)
        }
        budget.release(grant, reading: reading)
        let takers = [record, Self.recorder?.take].compactMap { $0 }
        if !takers.isEmpty {
            let redaction = redaction.merged(with: call.redaction)
            let exchange = Exchange(
                provider: provider, method: request.method, url: redaction.scrub(URLText.forRecord(request.url)),
                body: call.body, status: response?.status ?? 0, responseBytes: response?.body ?? [],
                duration: time.uptime - start, attempt: attempt, requestID: response?.requestID, redaction: redaction)
            for take in takers { take(exchange) }
        }
        return (outcome, reading)
    }

    /// Ends a call whose next attempt would come too late.
    private func giveUp(
        _ outcome: Result<HTTPResponse, HTTPFault>, asked: Duration, _ request: HTTPRequest, isRefused: Bool
    ) throws(HTTPFault) -> HTTPResponse {
        let response = try outcome.get()
        guard isRefused else { return response }
        throw HTTPFault(
            .notSent, code: "HTTP-0008",
            message: "the provider refused the request by its rate limit, for \(asked.shortText)",
            place: request.place, hint: "wait, or let fewer programs use the same credential", retryAfter: asked)
    }
}

extension [HTTPHeader] {
    /// Takes the place of those with the same name.
    mutating func override(with others: [HTTPHeader]) {
        for header in others {
            removeAll { $0.name.matchesIgnoringCase(header.name) }
            append(header)
        }
    }
}
