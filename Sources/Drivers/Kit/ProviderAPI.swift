public import Basics
public import Formats
public import HTTPClient

/// The calls of one provider and their answers as JSON: every call of a driver goes through `send`.
public struct ProviderAPI: Sendable {
    public let client: APIClient
    public let names: ProviderNames
    public let time: any TimeSource
    private let rates: RateRules
    private let prepare: @Sendable (inout APIRequest, ProviderCall) -> Void
    private let readError: @Sendable (HTTPResponse) -> ProviderError

    /// - Parameters:
    ///   - client: the provider's own.
    ///   - names: how faults speak of it.
    ///   - time: what a date in `Retry-After` is held against.
    ///   - rates: how a refusal by a limit is told from others; nil: as the budget does.
    ///   - prepare: adds what every request of the provider has: limits, what is secret, what may be repeated.
    ///   - readError: finds the provider's own words in an answer that is no success.
    public init(
        client: APIClient, names: ProviderNames, time: any TimeSource, rates: RateRules? = nil,
        prepare: @escaping @Sendable (inout APIRequest, ProviderCall) -> Void = { _, _ in },
        readError: @escaping @Sendable (HTTPResponse) -> ProviderError
    ) {
        self.client = client
        self.names = names
        self.time = time
        self.rates = rates ?? client.budget.configuration.rates
        self.prepare = prepare
        self.readError = readError
    }

    /// One call and its answer.
    ///
    /// - Parameters:
    ///   - call: what is sent, and how faults name it.
    ///   - address: of a next page, as the provider wrote it; nil: the call's path.
    ///   - query: names and values, not yet encoded.
    ///   - body: written as JSON.
    ///   - accepted: statuses beside 2xx whose answers are given back, not thrown.
    ///   - context: where the call comes from.
    /// - Returns: a success, or an answer of an accepted status.
    /// - Throws: `ProviderFault` for everything else.
    public func send(
        _ call: ProviderCall, to address: String? = nil, query: [(String, String)] = [], body: Value? = nil,
        accepting accepted: Set<Int> = [], _ context: DriverContext
    ) async throws(ProviderFault) -> ProviderAnswer {
        let request = APIRequest(
            call.method, address ?? call.path, query: query, body: body.map { .json(Array(JSON.write($0).utf8)) })
        return try await send(call, request, accepting: accepted, context)
    }

    /// One call and its answer, of a request that is more than a method, a path and a document.
    ///
    /// - Parameters:
    ///   - call: how faults name it.
    ///   - request: what is sent; its priority is taken from the context.
    ///   - accepted: statuses beside 2xx whose answers are given back, not thrown.
    ///   - context: where the call comes from.
    /// - Returns: a success, or an answer of an accepted status.
    /// - Throws: `ProviderFault` for everything else.
    public func send(
        _ call: ProviderCall, _ request: APIRequest, accepting accepted: Set<Int> = [], _ context: DriverContext
    ) async throws(ProviderFault) -> ProviderAnswer {
        var request = request
        request.priority = context.priority
        prepare(&request, call)
        let answer: APIAnswer
        do throws(HTTPFault) {
            answer = try await client.send(request, record: context.record)
        } catch {
            throw names.fault(error, call)
        }
        do throws(ProviderFault) {
            return try read(answer, call, accepting: accepted)
        } catch {
            // A broken answer that is kept would be confirmed by 304 for ever.
            if call.isRead { client.forgetAnswer(to: request) }
            throw error
        }
    }

    /// A read of a path.
    public func get(
        _ path: String, query: [(String, String)] = [], _ operation: String, _ context: DriverContext
    ) async throws(ProviderFault) -> ProviderAnswer {
        try await send(ProviderCall(operation, "GET", path), query: query, context)
    }

    /// A read of a path that the credential needs a permission for.
    public func get(
        _ path: String, query: [(String, String)] = [], _ operation: String, _ permission: String,
        _ context: DriverContext
    ) async throws(ProviderFault) -> ProviderAnswer {
        try await send(ProviderCall(operation, "GET", path, permission: permission), query: query, context)
    }

    // MARK: Reading

    /// Tells a success from everything else.
    private func read(
        _ answer: APIAnswer, _ call: ProviderCall, accepting accepted: Set<Int>
    ) throws(ProviderFault) -> ProviderAnswer {
        let response = answer.response
        let isSuccess = (200..<300).contains(response.status)
        if isForeign(response, isSuccess: isSuccess) { throw names.foreign(call, response) }
        guard isSuccess || accepted.contains(response.status) else {
            let refusal = rates.read(response, time.now).refusal
            var error = readError(response)
            // A limit may refuse by the status of a missing permission.
            if refusal != nil, response.status == 403, error.problem == nil { error.problem = .overBudget }
            throw names.fault(
                status: response.status, error, call, requestID: response.requestID, attempts: answer.attempts,
                retryAfter: refusal?.wait ?? response.retryAfter(now: time.now))
        }
        guard response.body.contains(where: { !Self.isSpace($0) }) else {
            return ProviderAnswer(response: response, document: nil, call: call, names: names)
        }
        do throws(JSONFault) {
            let document = try JSONDocument(response.body)
            return ProviderAnswer(response: response, document: document, call: call, names: names)
        } catch {
            let type = response.header("content-type").map { " (\($0))" } ?? ""
            throw names.broken(
                call, status: response.status, error.message + type, requestID: response.requestID)
        }
    }

    /// Whether something in between answered: only a few statuses may it rightly give in its own words.
    private func isForeign(_ response: HTTPResponse, isSuccess: Bool) -> Bool {
        let first = response.body.first { !Self.isSpace($0) }
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") || isSuccess && first == nil { return false }
        let isOwn = (400..<500).contains(response.status) && ![401, 403, 408, 429].contains(response.status)
        // Of a provider that always answers in JSON, an empty 404 is no word either.
        if names.codes[.notJSON] != nil { return isSuccess || isOwn }
        return isOwn && response.header("content-type")?.lowercased().contains("html") == true
    }

    private static func isSpace(_ byte: UInt8) -> Bool { [9, 10, 13, 32].contains(byte) }
}
