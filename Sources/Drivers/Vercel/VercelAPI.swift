internal import Basics
internal import Drivers
internal import Formats
internal import HTTPClient

/// The requests of this provider and its answers, as values: every call of the driver goes through `send`.
struct VercelAPI: Sendable {
    let client: APIClient
    /// Sent with every call; nil acts on the token's own account.
    let team: String?
    let time: any TimeSource

    /// Values of environment variables stand under these names, in requests and in answers.
    static let secrets = Redaction(members: ["value", "vsmValue", "encryptedValue", "legacyValue"])

    /// One call and its answer, which is a success.
    ///
    /// - Throws: `ProviderFault` for everything else.
    func send(
        _ site: CallSite, query: [(String, String)] = [], body: Value? = nil, _ context: DriverContext
    ) async throws(ProviderFault) -> Answer {
        var request = APIRequest(
            site.method, site.path, query: query + (team.map { [("teamId", $0)] } ?? []),
            body: body.map { .json(Array(JSON.write($0).utf8)) })
        request.priority = context.priority
        request.redaction = Self.secrets
        request.scopes = [RequestScope(site.operation, RequestBudgetConfiguration.vercelEndpoint)]
        let answer: APIAnswer
        do throws(HTTPFault) {
            answer = try await client.send(request, record: context.record)
        } catch {
            throw .transport(error, site: site)
        }
        return try Answer.make(answer.response, site: site, attempts: answer.attempts, now: time.now)
    }

    func get(
        _ path: String, query: [(String, String)] = [], _ operation: String, _ context: DriverContext
    ) async throws(ProviderFault) -> Answer {
        try await send(CallSite(operation, "GET", path), query: query, context)
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
    ) throws(ProviderFault) -> Answer {
        let status = response.status
        let isSuccess = (200..<300).contains(status)
        let first = response.body.first { $0 != 32 && $0 != 10 && $0 != 13 && $0 != 9 }
        let looksLikeJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        if isSuccess, first == nil { return Answer(status: status, site: site, document: nil) }
        // Only those that a proxy in between may rightly answer in its own words are understood without JSON.
        if !looksLikeJSON, isSuccess || (400..<500).contains(status) && ![401, 403, 429].contains(status) {
            throw .notJSON(site, status: status, contentType: response.header("content-type"))
        }
        guard isSuccess else {
            let error = looksLikeJSON ? ErrorBody(response.body) : ErrorBody()
            throw .answer(
                status, error, site: site, attempts: attempts, requestID: response.requestID,
                retryAfter: RateRules.vercel.read(response, now).refusal?.wait)
        }
        do throws(JSONFault) {
            return Answer(status: status, site: site, document: try JSONDocument(response.body))
        } catch {
            throw .broken(site, status: status, error.message)
        }
    }

    /// One object.
    ///
    /// - Throws: a fault when it can't be told from others.
    func object<Item>(_ map: (JSONView) -> Item?) throws(ProviderFault) -> Item {
        guard let root, root.kind == .object, let item = map(root) else {
            throw .broken(site, status: status, "the object has no id or name")
        }
        return item
    }

    /// The items of a list.
    ///
    /// - Throws: a fault when the list is missing or an item can't be told from others: then it proves nothing.
    func list<Item>(_ member: String, _ map: (JSONView) -> Item?) throws(ProviderFault) -> [Item] {
        guard let views = root?[member].items else {
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

    /// What the next page is asked with; nil when there is none.
    var next: String? {
        guard let next = root?["pagination"]["next"] else { return nil }
        return next.string ?? next.int.map(String.init)
    }
}

extension ErrorBody {
    /// Reads `{error: {code, message}}`, `{err: …}` and the flat `{code, message}`; empty where it is none of them.
    init(_ body: [UInt8]) {
        guard let document = try? JSONDocument(body) else { return }
        for view in [document.root["error"], document.root["err"], document.root] where view.kind == .object {
            code = view["code"].string
            message = view["message"].string
            isTokenInvalid = view["invalidToken"].bool ?? false
            if message != nil || code != nil { return }
        }
    }
}
