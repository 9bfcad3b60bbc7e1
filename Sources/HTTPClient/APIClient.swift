public import Basics

/// One provider's API for one credential: base URL, authorisation, budget, retries and the record of what was said.
public final class APIClient: Sendable {
    public let provider: String
    public let budget: RequestBudget
    private let baseURL: String
    private let authorization: Secret
    private let transport: any HTTPTransport
    private let retry: RetryPolicy
    private let time: any TimeSource
    private let random: RandomSource
    private let userAgent: String

    /// - Parameters:
    ///   - provider: the name in records and metrics, `digitalocean`.
    ///   - baseURL: without the slash at its end.
    ///   - authorization: the whole value of the header, `Bearer …`.
    ///   - transport: carries the requests.
    ///   - budget: shared by all clients of the same credential.
    ///   - retry: what is tried again.
    ///   - time: measures, and waits between attempts.
    ///   - random: spreads those waits.
    ///   - userAgent: who we are.
    public init(
        provider: String, baseURL: String, authorization: Secret, transport: any HTTPTransport, budget: RequestBudget,
        retry: RetryPolicy = RetryPolicy(), time: any TimeSource, random: RandomSource, userAgent: String = "odooops"
    ) {
        self.provider = provider
        self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
        self.authorization = authorization
        self.transport = transport
        self.budget = budget
        self.retry = retry
        self.time = time
        self.random = random
        self.userAgent = userAgent
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
        let end = time.uptime + deadline
        let request = try makeRequest(method, path, query: query, json: json, timeout: timeout)
        var attempt = 1
        while true {
            let outcome = try await send(request, attempt: attempt, priority: priority, until: end, record: record)
            let decision = retry.decide(
                attempt: attempt, method: method, outcome: outcome, now: time.now, random: random)
            switch decision {
            case .stop: return try outcome.get()
            case .giveUp(let asked): return try giveUp(outcome, asked: asked, request)
            case .retry(let wait):
                guard time.uptime + wait < end else { return try giveUp(outcome, asked: wait, request) }
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

    private func makeRequest(
        _ method: String, _ path: String, query: [(String, String)], json: [UInt8]?, timeout: Duration
    ) throws(HTTPFault) -> HTTPRequest {
        guard path.utf8.first == 0x2F else {
            throw HTTPFault(
                .badURL, code: "HTTP-0001", message: "a path has to begin with a slash", place: "\(method) \(path)")
        }
        var url = baseURL + path
        for (index, (name, value)) in query.enumerated() {
            url += (index == 0 ? "?" : "&") + name.percentEncoded + "=" + value.percentEncoded
        }
        var headers = [HTTPHeader("Accept", "application/json"), HTTPHeader("User-Agent", userAgent)]
        if !authorization.isEmpty {
            headers.append(authorization.reveal { HTTPHeader("Authorization", $0) })
        }
        if json != nil { headers.append(HTTPHeader("Content-Type", "application/json")) }
        return HTTPRequest(method, url, headers: headers, body: json ?? [], timeout: timeout)
    }

    /// One attempt: granted, sent, counted and recorded.
    private func send(
        _ request: HTTPRequest, attempt: Int, priority: RequestPriority, until end: Duration,
        record: (@Sendable (Exchange) -> Void)?
    ) async throws(HTTPFault) -> Result<HTTPResponse, HTTPFault> {
        let grant = try await budget.acquire(priority, patience: max(.zero, end - time.uptime))
        let start = time.uptime
        var request = request
        request.timeout = min(request.timeout, max(.milliseconds(1), end - start))
        let outcome: Result<HTTPResponse, HTTPFault>
        do throws(HTTPFault) {
            outcome = .success(try await transport.send(request))
        } catch {
            outcome = .failure(error)
        }
        let response = try? outcome.get()
        budget.release(grant, response)
        if let record {
            record(
                Exchange(
                    provider: provider, method: request.method, url: URLText.forRecord(request.url),
                    requestBytes: request.body, status: response?.status ?? 0, responseBytes: response?.body ?? [],
                    duration: time.uptime - start, attempt: attempt,
                    requestID: response?.header("x-request-id") ?? response?.header("x-request_id")))
        }
        return outcome
    }

    /// Ends a call whose next attempt would come too late.
    private func giveUp(
        _ outcome: Result<HTTPResponse, HTTPFault>, asked: Duration, _ request: HTTPRequest
    ) throws(HTTPFault) -> HTTPResponse {
        let response = try outcome.get()
        guard response.status == 429 else { return response }
        throw HTTPFault(
            .notSent, code: "HTTP-0008",
            message: "the provider refused the request by its rate limit, for \(asked.shortText)",
            place: request.place, hint: "wait, or let fewer programs use the same credential", retryAfter: asked)
    }
}
