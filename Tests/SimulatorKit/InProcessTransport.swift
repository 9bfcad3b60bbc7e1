internal import Basics
public import HTTPClient
public import Simulator
internal import Web

/// A simulator without a socket: what a connection would carry, and how it would break.
///
/// The provider is told by the host's first label, `http://plane.test/…`, so that paths are those of its specification.
public struct InProcessTransport: HTTPTransport {
    public let simulator: Simulator

    public init(_ simulator: Simulator) { self.simulator = simulator }

    public func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        let rest = request.url.split(separator: "//", maxSplits: 1).last ?? ""
        let host = rest.prefix { $0 != "/" && $0 != "?" }
        let target = rest.dropFirst(host.count).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var query: [(name: String, value: String)] = []
        for pair in target.count < 2 ? [] : target[1].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1)
            query.append((Self.decode(sides[0]), sides.count > 1 ? Self.decode(sides[1]) : ""))
        }
        let path = target.first ?? "/"
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(Self.decode)
        let asked = WebRequest(
            method: request.method, path: Self.decode(path), segments: segments, query: query,
            headers: [("Host", String(host))] + request.headers.map { ($0.name, $0.value) }, body: request.body)
        let response = await simulator.answer(asked)
        // Whatever a driver asks can be hit by a fault: so a path that the simulator serves and orders don't know fails here.
        if (200..<300).contains(response.status), !simulator.canOrder(faultOf: asked) {
            throw HTTPFault(
                .badURL, code: "TEST-0002", message: "\(request.method) \(path) is missing in ServedPath", place: nil)
        }
        if response.fault != nil || response.delay + response.pace > request.timeout {
            throw HTTPFault(.lost, code: "HTTP-0005", message: "the connection ended", place: nil)
        }
        return HTTPResponse(
            status: response.status, headers: response.headers.map { HTTPHeader($0.name, $0.value) },
            body: response.body)
    }

    private static func decode(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = Hex.decode(String(decoding: rest.prefix(2), as: UTF8.self))?.first
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Every exchange of a test, as the lines of a recording.
public final class Traffic: Sendable {
    private let kept = Locked<[String]>([])

    public init() {}

    public var lines: [String] { kept.withLock { $0 } }

    public func record(_ exchange: Exchange) {
        let line = ExchangeRecorder.line(exchange, runID: "test")
        kept.withLock { $0.append(line) }
        SpecTraffic.shared.note(exchange)
    }
}

/// Counts requests, and answers them by a closure: for what no simulator says.
public final class ClosureTransport: HTTPTransport {
    private let body: @Sendable (HTTPRequest, Int) throws(HTTPFault) -> HTTPResponse
    private let seen = Locked<[HTTPRequest]>([])

    /// - Parameter body: gets the request and how many came before it.
    public init(_ body: @escaping @Sendable (HTTPRequest, Int) throws(HTTPFault) -> HTTPResponse) { self.body = body }

    public var requests: [HTTPRequest] { seen.withLock { $0 } }

    public func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        let count = seen.withLock { seen in
            seen.append(request)
            return seen.count - 1
        }
        return try body(request, count)
    }
}

extension HTTPResponse {
    /// An answer of JSON, as text.
    public static func json(_ status: Int, _ text: String, _ headers: [HTTPHeader] = []) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [HTTPHeader("Content-Type", "application/json")] + headers,
            body: Array(text.utf8))
    }
}
