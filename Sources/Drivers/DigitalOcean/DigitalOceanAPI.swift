internal import Basics
internal import Drivers
internal import Formats
internal import HTTPClient

/// The requests of this provider and its answers, as values: every call of the driver goes through `send`.
struct DigitalOceanAPI: Sendable {
    let client: APIClient
    let time: any TimeSource

    /// One call and its answer, which is a success.
    ///
    /// - Throws: `ProviderFault` for everything else.
    func send(
        _ site: CallSite, query: [(String, String)] = [], body: Value? = nil, _ context: DriverContext
    ) async throws(ProviderFault) -> Answer {
        let attempts = Locked(1)
        let response: HTTPResponse
        do throws(HTTPFault) {
            response = try await client.call(
                site.method, site.path, query: query, json: body.map { Array(JSON.write($0).utf8) },
                priority: context.priority,
                record: { exchange in
                    attempts.withLock { $0 = exchange.attempt }
                    context.record(exchange)
                })
        } catch {
            throw .transport(error, site: site)
        }
        return try Answer.make(response, site: site, attempts: attempts.withLock { $0 }, now: time.now).get()
    }

    func get(
        _ path: String, query: [(String, String)] = [], _ operation: String, _ scope: String, _ context: DriverContext
    ) async throws(ProviderFault) -> Answer {
        try await send(
            CallSite(operation: operation, method: "GET", path: path, scope: scope), query: query, context)
    }
}

/// The answer to one call.
struct Answer: Sendable {
    let status: Int
    let site: CallSite
    /// Nil where there was no body.
    let document: JSONDocument?

    var root: JSONView? { document?.root }

    /// Tells a success from everything else.
    static func make(
        _ response: HTTPResponse, site: CallSite, attempts: Int, now: Timestamp
    ) -> Result<Answer, ProviderFault> {
        let status = response.status
        let type = response.header("content-type")
        let isSuccess = (200..<300).contains(status)
        let first = response.body.first { $0 != 32 && $0 != 10 && $0 != 13 && $0 != 9 }
        let looksLikeJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        if isSuccess, first == nil { return .success(Answer(status: status, site: site, document: nil)) }
        // Only those that a proxy in between may rightly answer in its own words are understood without JSON.
        if !looksLikeJSON, isSuccess || (400..<500).contains(status) && ![401, 403, 429].contains(status) {
            return .failure(.notJSON(site, status: status, contentType: type))
        }
        guard isSuccess else {
            let error = looksLikeJSON ? ErrorBody(response.body) : ErrorBody()
            return .failure(
                .answer(
                    status, error, site: site, attempts: attempts, retryAfter: RetryHint.read(response, now: now)))
        }
        do throws(JSONFault) {
            return .success(Answer(status: status, site: site, document: try JSONDocument(response.body)))
        } catch {
            return .failure(.broken(site, status: status, error.message))
        }
    }

    func object<Item>(_ member: String, _ map: (JSONView) -> Item?) throws(ProviderFault) -> Item {
        guard let view = root?[member], view.kind == .object, let item = map(view) else {
            throw .broken(site, status: status, "it has no `\(member)` with an id and a name")
        }
        return item
    }

    /// The items of a list.
    ///
    /// - Throws: a fault when the list is missing or an item can't be told from others: then it proves nothing.
    func list<Item>(_ member: String, _ map: (JSONView) -> Item?) throws(ProviderFault) -> [Item] {
        guard let views = root?[member].items else {
            // An empty list is null here and there.
            if root?[member].isNull == true { return [] }
            throw .broken(site, status: status, "it has no list `\(member)`")
        }
        var items: [Item] = []
        for view in views {
            guard let item = map(view) else {
                throw .broken(site, status: status, "an item of `\(member)` has no id or name")
            }
            items.append(item)
        }
        return items
    }
}

/// When the provider says that a call may be sent again.
enum RetryHint {
    /// From `Retry-After`, which comes only for bursts, else from the instant at which the oldest request expires.
    static func read(_ response: HTTPResponse, now: Timestamp) -> Duration? {
        if let text = response.header("retry-after"), let seconds = Int64(text), (0...86_400).contains(seconds) {
            return .seconds(seconds)
        }
        guard let text = response.header("ratelimit-reset"), let seconds = Int64(text),
            (0...(1 << 40)).contains(seconds)
        else { return nil }
        return max(.zero, Timestamp(seconds: seconds) - now)
    }
}

extension ErrorBody {
    /// Reads `{id, message, request_id}` or `{error, messages, root_causes}`; empty where it is neither.
    init(_ body: [UInt8]) {
        guard let document = try? JSONDocument(body) else { return }
        let root = document.root
        id = root["id"].string ?? root["error"].string
        message = root["message"].string ?? root["messages"].items?.compactMap(\.string).joined(separator: "; ")
        if message?.isEmpty != false { message = root["error"].string }
        requestID = root["request_id"].string
    }
}
