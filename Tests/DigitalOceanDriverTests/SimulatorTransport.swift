import Basics
import Drivers
import HTTPClient
import Simulator
import Web

/// The simulator without a socket: what a connection would carry, and how it would break.
struct SimulatorTransport: HTTPTransport {
    let simulator: Simulator

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        let target = request.url.dropFirst("http://do.test".count)
        let parts = target.split(separator: "?", maxSplits: 1)
        var query: [(name: String, value: String)] = []
        for pair in parts.count < 2 ? [] : parts[1].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1)
            query.append((Self.decode(sides[0]), sides.count > 1 ? Self.decode(sides[1]) : ""))
        }
        let response = await simulator.answer(
            WebRequest(
                method: request.method, path: Self.decode(parts[0]), query: query,
                headers: request.headers.map { ($0.name, $0.value) }, body: request.body))
        if response.fault != nil || response.delay > request.timeout {
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
