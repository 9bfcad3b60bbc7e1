internal import Basics
internal import Drivers
internal import Formats
internal import HTTPClient

/// The requests of this provider and its answers, as values: every call of the driver goes through `send`.
struct GitHubAPI: Sendable {
    let client: APIClient
    let time: any TimeSource

    /// What GitHub asks of those who read, and of those who write: they write one at a time.
    static let reading = [RequestScope("points", RequestBudgetConfiguration.gitHubPoints)]
    static let writing = [
        RequestScope("points", RequestBudgetConfiguration.gitHubPoints, weight: 5),
        RequestScope("content", RequestBudgetConfiguration.gitHubContent, concurrency: 1),
    ]

    /// One call and its answer, which is a success.
    ///
    /// - Throws: `ProviderFault` for everything else.
    func send(
        _ site: CallSite, to address: String? = nil, query: [(String, String)] = [], body: Value? = nil,
        _ context: DriverContext
    ) async throws(ProviderFault) -> Answer {
        var request = APIRequest(
            site.method, address ?? site.path, query: query,
            body: body.map { .json(Array(JSON.write($0).utf8)) })
        request.priority = context.priority
        request.scopes = site.isRead ? Self.reading : Self.writing
        // Each PATCH sets values: saying it twice is saying it once.
        if site.method == "PATCH" { request.isRepeatable = true }
        let answer: APIAnswer
        do throws(HTTPFault) {
            answer = try await client.send(request, record: context.record)
        } catch {
            throw .transport(error, site: site)
        }
        do throws(ProviderFault) {
            return try Answer.make(answer, site: site, now: time.now).get()
        } catch {
            // A broken answer that is kept would be confirmed by 304 for ever.
            if site.isRead { client.forgetAnswer(to: request) }
            throw error
        }
    }

    func get(
        _ path: String, query: [(String, String)] = [], _ operation: String, _ permission: String,
        _ context: DriverContext
    ) async throws(ProviderFault) -> Answer {
        try await send(
            CallSite(operation: operation, method: "GET", path: path, permission: permission), query: query, context)
    }
}

/// The answer to one call.
struct Answer: Sendable {
    let status: Int
    let site: CallSite
    /// The address of the next page, as the provider wrote it.
    let next: String?
    /// Nil where there was no body.
    let document: JSONDocument?

    var root: JSONView? { document?.root }

    /// Tells a success from everything else.
    static func make(_ answer: APIAnswer, site: CallSite, now: Timestamp) -> Result<Answer, ProviderFault> {
        let response = answer.response
        let status = response.status
        let isSuccess = (200..<300).contains(status)
        let first = response.body.first { $0 != 32 && $0 != 10 && $0 != 13 && $0 != 9 }
        let looksLikeJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        if isSuccess, first == nil {
            return .success(Answer(status: status, site: site, next: nil, document: nil))
        }
        // Only those that a proxy in between may rightly answer in its own words are understood without JSON.
        if !looksLikeJSON, isSuccess || (400..<500).contains(status) && ![401, 403, 429].contains(status) {
            return .failure(.notJSON(site, status: status, contentType: response.header("content-type")))
        }
        guard isSuccess else {
            var error = looksLikeJSON ? ErrorBody(response.body) : ErrorBody()
            error.requestID = response.requestID
            return .failure(
                .answer(
                    status, error, site: site, attempts: answer.attempts,
                    refusal: RateRules.gitHub.read(response, now).refusal))
        }
        do throws(JSONFault) {
            let next = response.header("link").flatMap(PageLink.next)
            return .success(
                Answer(status: status, site: site, next: next, document: try JSONDocument(response.body)))
        } catch {
            return .failure(.broken(site, status: status, error.message))
        }
    }

    /// The answer's object.
    func object<Item>(_ map: (JSONView) -> Item?) throws(ProviderFault) -> Item {
        guard let root, root.kind == .object, let item = map(root) else {
            throw .broken(site, status: status, "it is no object with an id and a name")
        }
        return item
    }

    /// The items of a list: the answer itself, or its member; an empty list may come as 204.
    ///
    /// - Throws: a fault when there is no list or an item can't be told from others: then it proves nothing.
    func list<Item>(_ member: String?, _ map: (JSONView) -> Item?) throws(ProviderFault) -> [Item] {
        guard let root else {
            if status == 204 { return [] }
            throw .broken(site, status: status, "it is empty")
        }
        guard let views = (member.map { root[$0] } ?? root).items else {
            throw .broken(site, status: status, "it has no list" + (member.map { " `\($0)`" } ?? ""))
        }
        var items: [Item] = []
        for view in views {
            guard let item = map(view) else {
                throw .broken(site, status: status, "an item of the list has no id or name")
            }
            items.append(item)
        }
        return items
    }
}

/// The `Link` header (RFC 8288), as far as pages need it.
enum PageLink {
    /// The address of `rel="next"`.
    static func next(_ header: String) -> String? {
        // An address holds no `<`, so that each one begins a link.
        for link in header.split(separator: "<").dropFirst(header.hasPrefix("<") ? 0 : 1) {
            guard let end = link.firstIndex(of: ">") else { continue }
            let parameters = link[end...].dropFirst().split(whereSeparator: { $0 == ";" || $0 == "," })
            let isNext = parameters.contains { parameter in
                let text = parameter.filter { $0 != " " && $0 != "\"" }.lowercased()
                return text == "rel=next"
            }
            if isNext { return String(link[..<end]) }
        }
        return nil
    }
}

extension ErrorBody {
    /// Reads the provider's form; empty where it is another.
    init(_ body: [UInt8]) {
        guard let document = try? JSONDocument(body) else { return }
        let root = document.root
        message = root["message"].string
        var details: [String] = []
        for item in root["errors"].items.map(Array.init) ?? [] {
            if code == nil { code = item["code"].string }
            let place = [item["resource"].string, item["field"].string].compactMap { $0 }.joined(separator: ".")
            let text = item.string ?? item["message"].string ?? item["code"].string
            if let text { details.append(place.isEmpty ? text : "\(place) \(text)") }
        }
        if !details.isEmpty { message = (message ?? "") + " (\(details.prefix(5).joined(separator: "; ")))" }
    }
}
