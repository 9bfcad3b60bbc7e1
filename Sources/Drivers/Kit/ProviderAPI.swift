public import Basics
public import Formats
public import HTTPClient

/// The calls of one provider and their answers as JSON, for drivers that need no more than that.
public struct ProviderAPI: Sendable {
    public let client: APIClient
    public let names: ProviderNames
    public let time: any TimeSource
    private let readError: @Sendable (HTTPResponse) -> ProviderError

    /// - Parameters:
    ///   - client: the provider's own.
    ///   - names: how faults speak of it.
    ///   - time: what a date in `Retry-After` is held against.
    ///   - readError: finds the provider's own words in an answer that is no success.
    public init(
        client: APIClient, names: ProviderNames, time: any TimeSource,
        readError: @escaping @Sendable (HTTPResponse) -> ProviderError
    ) {
        self.client = client
        self.names = names
        self.time = time
        self.readError = readError
    }

    /// One call and its answer.
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
        let answer: APIAnswer
        do throws(HTTPFault) {
            answer = try await client.send(request, record: context.record)
        } catch {
            throw names.fault(error, call)
        }
        let response = answer.response
        guard (200..<300).contains(response.status) || accepted.contains(response.status) else {
            try refuseForeign(response, call)
            throw names.fault(
                status: response.status, readError(response), call, requestID: response.requestID,
                attempts: answer.attempts, retryAfter: response.retryAfter(now: time.now))
        }
        return ProviderAnswer(response: response, document: try document(response, call), call: call, names: names)
    }

    /// Only the statuses that a proxy in between may rightly answer in its own words are understood without JSON.
    private func refuseForeign(_ response: HTTPResponse, _ call: ProviderCall) throws(ProviderFault) {
        guard (400..<500).contains(response.status), ![401, 403, 408, 429].contains(response.status) else { return }
        let type = response.header("content-type") ?? "of no declared type"
        guard type.lowercased().contains("html") else { return }
        throw names.broken(call, status: response.status, "it is a page for people (\(type))")
    }

    private func document(_ response: HTTPResponse, _ call: ProviderCall) throws(ProviderFault) -> JSONDocument? {
        guard response.body.contains(where: { ![9, 10, 13, 32].contains($0) }) else { return nil }
        do throws(JSONFault) {
            return try JSONDocument(response.body)
        } catch {
            let type = response.header("content-type").map { " (\($0))" } ?? ""
            throw names.broken(
                call, status: response.status, error.message + type, requestID: response.requestID)
        }
    }
}

/// The answer to one call.
public struct ProviderAnswer: Sendable {
    public let response: HTTPResponse
    /// Nil where there was no body.
    public let document: JSONDocument?
    public let call: ProviderCall
    let names: ProviderNames

    public var status: Int { response.status }
    public var root: JSONView? { document?.root }

    /// The fault of an answer that lacks what it must have.
    public func broken(_ what: String) -> ProviderFault {
        names.broken(call, status: status, what, requestID: response.requestID)
    }

    /// What `map` makes of the whole answer.
    ///
    /// - Throws: a fault when it makes nothing of it.
    public func object<Item>(_ map: (JSONView) -> Item?) throws(ProviderFault) -> Item {
        guard let root, root.kind == .object, let item = map(root) else {
            throw broken("it is no object with an id and a name")
        }
        return item
    }

    /// The items of a list.
    ///
    /// - Throws: a fault when the list is missing or an item can't be told from others: then it proves nothing.
    public func list<Item>(_ member: String, _ map: (JSONView) -> Item?) throws(ProviderFault) -> [Item] {
        guard let views = root?[member].items else { throw broken("it has no list `\(member)`") }
        var items: [Item] = []
        for view in views {
            guard let item = map(view) else { throw broken("an item of `\(member)` has no id or name") }
            items.append(item)
        }
        return items
    }
}
