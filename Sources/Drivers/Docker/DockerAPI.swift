internal import Basics
internal import Drivers
internal import Formats
internal import HTTPClient

/// The requests to one engine and its answers: every call of the driver goes through `send`.
struct DockerAPI: Sendable {
    let client: APIClient
    /// The version that was agreed on, `/v1.41`; nil until the engine was asked.
    private let version = Locked<String?>(nil)

    /// The newest version that this driver was written for, and the oldest that it can do with.
    static let newest = (major: 1, minor: 44)
    static let oldest = (major: 1, minor: 40)

    init(client: APIClient) { self.client = client }

    /// One call and its answer, which is a success; 304 is one: it is as wanted already.
    ///
    /// - Throws: `ProviderFault` for everything else.
    func send(
        _ site: CallSite, query: [(String, String)] = [], headers: [HTTPHeader] = [], body: Value? = nil,
        timeout: Duration = .seconds(60), _ context: DriverContext
    ) async throws(ProviderFault) -> Answer {
        let prefix = try await negotiated(context)
        let response = try await raw(
            site, path: prefix + site.path, query: query, headers: headers, body: body, timeout: timeout, context)
        guard (200..<300).contains(response.status) || response.status == 304 && !site.isRead else {
            throw .answer(response, site: site)
        }
        return Answer(site: site, status: response.status, body: response.body)
    }

    func get(
        _ operation: String, _ path: String, query: [(String, String)] = [], _ context: DriverContext
    ) async throws(ProviderFault) -> Answer {
        try await send(CallSite(operation: operation, method: "GET", path: path), query: query, context)
    }

    private func raw(
        _ site: CallSite, path: String, query: [(String, String)], headers: [HTTPHeader] = [], body: Value?,
        timeout: Duration, _ context: DriverContext
    ) async throws(ProviderFault) -> HTTPResponse {
        var request = APIRequest(
            site.method, path, query: query, body: body.map { .json(Array(JSON.write($0).utf8)) })
        request.headers = headers
        request.priority = context.priority
        request.timeout = timeout
        request.deadline = timeout + .minutes(1)
        // What a container's environment holds is often secret, and is nobody's business in a record.
        request.redaction = Redaction(members: ["Env"])
        do throws(HTTPFault) {
            return try await client.send(request, record: context.record).response
        } catch {
            throw .transport(error, site: site)
        }
    }

    /// The lower of the two newest versions, asked once.
    private func negotiated(_ context: DriverContext) async throws(ProviderFault) -> String {
        if let known = version.withLock({ $0 }) { return known }
        let site = CallSite(operation: "ping", method: "GET", path: "/_ping")
        let response = try await raw(site, path: "/_ping", query: [], body: nil, timeout: .seconds(30), context)
        guard response.status == 200 else { throw .answer(response, site: site) }
        let parts = (response.header("api-version") ?? "").split(separator: ".").map { Int($0) }
        guard parts.count == 2, let major = parts[0], let minor = parts[1] else {
            throw .broken(site, status: 200, "it names no version of the API")
        }
        guard major == Self.oldest.major, minor >= Self.oldest.minor else {
            throw .make(
                .tooOld, site, "the engine speaks version \(major).\(minor) of the API, and 1.40 is needed",
                hint: "upgrade the engine to 19.03 or later", status: 200, .stop)
        }
        let agreed = "/v\(major).\(min(minor, Self.newest.minor))"
        version.withLock { $0 = agreed }
        return agreed
    }
}

/// The answer to one call.
struct Answer: Sendable {
    let site: CallSite
    let status: Int
    let body: [UInt8]

    /// The whole answer as an object that has a member.
    func object(with member: String) throws(ProviderFault) -> JSONView {
        let root = try root()
        guard root.kind == .object, root[member].exists else {
            throw .broken(site, status: status, "it is no object with `\(member)`")
        }
        return root
    }

    /// The whole answer as a list.
    func list() throws(ProviderFault) -> [JSONView] {
        guard let items = try root().items else { throw .broken(site, status: status, "it is no list") }
        return Array(items)
    }

    func root() throws(ProviderFault) -> JSONView {
        do throws(JSONFault) {
            return try JSONDocument(body).root
        } catch {
            throw .broken(site, status: status, error.message)
        }
    }
}
