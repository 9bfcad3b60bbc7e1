internal import Basics
internal import HTTPClient

/// Breaches found so far.
final class Notes: Sendable {
    private let notes = Locked<[String]>([])

    func add(_ note: String) { notes.withLock { $0.append(note) } }

    func add(_ more: [String]) { notes.withLock { $0 += more } }

    var all: [String] { notes.withLock { $0 } }
}

/// Counts what changes something.
final class WatchedTransport: HTTPTransport {
    private let inner: any HTTPTransport
    private let seen = Locked<[String]>([])

    init(_ inner: any HTTPTransport) { self.inner = inner }

    var writes: [String] { seen.withLock { $0 } }

    func reset() { seen.withLock { $0 = [] } }

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        if request.method != "GET", request.method != "HEAD" {
            seen.withLock { $0.append("\(request.method) \(request.url)") }
        }
        return try await inner.send(request)
    }
}

/// Fails in one way, always.
struct FailingTransport: HTTPTransport {
    let name: String
    /// 0: no answer.
    let status: Int
    let kind: HTTPFault.Kind?
    let type: String
    let body: String

    static let all: [FailingTransport] =
        [301, 400, 401, 402, 403, 404, 405, 409, 412, 418, 422, 423, 429, 451, 500, 501, 502, 503, 504, 520].map {
            FailingTransport(
                name: "status \($0)", status: $0, kind: nil, type: "application/json",
                body: #"{"id":"some_id","message":"no luck","request_id":"r-1"}"#)
        }
        + [
            answer("HTML", 200, "text/html", "<html><body>Sign in</body></html>"),
            answer("HTML and 404", 404, "text/html", "<html><body>nginx</body></html>", status: 0),
            answer("cut off", 200, "application/json", #"{"droplets":[{"id":1,"na"#),
            answer("another shape", 200, "application/json", #"{"things":[]}"#),
            answer("a list", 200, "application/json", "[]"),
        ]
        + [
            ("not sent", HTTPFault.Kind.notSent), ("lost", .lost), ("timed out", .timedOut(sent: true)),
            ("timed out early", .timedOut(sent: false)), ("TLS", .tls), ("too large", .tooLarge), ("bad URL", .badURL),
        ].map { FailingTransport(name: $0.0, status: 0, kind: $0.1, type: "", body: "") }

    private static func answer(
        _ name: String, _ code: Int, _ type: String, _ body: String, status: Int? = nil
    ) -> FailingTransport {
        FailingTransport(name: name, status: status ?? code, kind: nil, type: type, body: body, code: code)
    }

    private let code: Int

    private init(name: String, status: Int, kind: HTTPFault.Kind?, type: String, body: String, code: Int? = nil) {
        self.name = name
        self.status = status
        self.kind = kind
        self.type = type
        self.body = body
        self.code = code ?? status
    }

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        if let kind { throw HTTPFault(kind, code: "HTTP-0000", message: "broken on purpose", place: nil) }
        return HTTPResponse(status: code, headers: [HTTPHeader("Content-Type", type)], body: Array(body.utf8))
    }
}
