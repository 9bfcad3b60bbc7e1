internal import Basics
internal import Drivers
internal import HTTPClient

/// The requests to every region and their answers: each call of the driver goes through `send`.
struct SpacesAPI: Sendable {
    let endpoint: SpacesEndpoint
    let time: any TimeSource
    private let makeClient: @Sendable (_ region: String) -> APIClient
    private let clients = ClientCache()

    init(
        endpoint: SpacesEndpoint, credential: SpacesCredential, transport: any HTTPTransport, budget: RequestBudget,
        retry: RetryPolicy, time: any TimeSource, random: RandomSource
    ) {
        self.endpoint = endpoint
        self.time = time
        makeClient = { region in
            APIClient(
                provider: "spaces", baseURL: endpoint.url(region),
                authorization: .custom(secrets: [credential.secretKey]) { request throws(HTTPFault) in
                    credential.accessKey.reveal { accessKey in
                        RequestSigner(accessKey: accessKey, secretKey: credential.secretKey, region: region)
                            .authorize(&request, at: time.now)
                    }
                }, transport: transport, budget: budget, retry: retry, headers: [HTTPHeader("Accept", "*/*")],
                time: time, random: random)
        }
    }

    /// One call and its answer, which is a success.
    ///
    /// - Throws: `ProviderFault` for everything else.
    func send(_ call: SpacesCall, _ context: DriverContext) async throws(ProviderFault) -> HTTPResponse {
        var request = APIRequest(call.site.method, call.site.path, query: call.query, body: call.body)
        if let bytes = call.bytes {
            request.headers = [HTTPHeader("Content-MD5", Base64.encode(md5(bytes)))]
        }
        request.priority = context.priority
        request.bodyLimit = call.bodyLimit
        request.timeout = call.timeout
        let answer: APIAnswer
        do throws(HTTPFault) {
            answer = try await clients.client(call.site.region, makeClient).send(request, record: context.record)
        } catch {
            throw .transport(error, site: call.site)
        }
        guard (200..<300).contains(answer.response.status) else {
            throw .answer(answer.response, site: call.site, now: time.now)
        }
        return answer.response
    }

    /// One call whose answer is a document.
    ///
    /// - Throws: `ProviderFault`, also where the document is another one.
    func document(
        _ call: SpacesCall, root: String, _ context: DriverContext
    ) async throws(ProviderFault) -> XMLNode {
        let response = try await send(call, context)
        let node: XMLNode
        do throws(XMLFault) {
            node = try XMLNode.parse(response.body)
        } catch {
            throw .broken(call.site, status: response.status, "\(error.message) in line \(error.line)")
        }
        guard node.name == root else {
            throw .broken(call.site, status: response.status, "it is a `\(node.name)` and no `\(root)`")
        }
        return node
    }
}

/// One call as it is sent.
struct SpacesCall: Sendable {
    let site: CallSite
    var query: [(String, String)] = []
    /// What is sent; its digest goes with it.
    var bytes: [UInt8]?
    var contentType = "application/xml"
    var bodyLimit = 64 << 20
    var timeout = Duration.seconds(30)

    init(_ operation: String, _ method: String, _ path: String, in region: String) {
        site = CallSite(operation: operation, method: method, path: path, region: region)
    }

    // A PUT without a type would be taken for a form by some servers, and a form has no content.
    var body: RequestBody? { bytes.map { .bytes($0, contentType: contentType) } }
}

extension RequestSigner {
    /// Adds date, digest and signature to a request that is complete but for them.
    func authorize(_ request: inout HTTPRequest, at now: Timestamp) {
        let date = Self.dateText(now)
        let payload = Digest(of: request.body).hex
        let signed = ["content-type", "content-md5", "range"]
        request.headers.removeAll {
            $0.name.lowercased().hasPrefix("x-amz-") || $0.name.lowercased() == "authorization"
        }
        var fields = [
            (name: "host", value: SpacesEndpoint.host(of: request.url)), ("x-amz-content-sha256", payload),
            ("x-amz-date", date),
        ]
        fields += request.headers.filter { signed.contains($0.name.lowercased()) }.map { ($0.name, $0.value) }
        let signature = sign(
            request.method, Self.target(of: request.url), headers: fields, payload: payload, date: date)
        request.headers += [
            HTTPHeader("X-Amz-Date", date), HTTPHeader("X-Amz-Content-SHA256", payload),
            HTTPHeader("Authorization", signature.authorization),
        ]
    }

    /// Path and query of a URL.
    static func target(of url: String) -> String {
        let bytes = Array(url.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return url }
        let rest = bytes[(colon + 1)...].dropFirst(2)
        let path = rest.drop { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        let text = String(decoding: path, as: UTF8.self)
        return text.hasPrefix("/") ? text : "/" + text
    }
}

/// One client a region, made when it is first needed.
private final class ClientCache: Sendable {
    private let clients = Locked<[String: APIClient]>([:])

    func client(_ region: String, _ make: (String) -> APIClient) -> APIClient {
        clients.withLock { clients in
            if let client = clients[region] { return client }
            let client = make(region)
            clients[region] = client
            return client
        }
    }
}
