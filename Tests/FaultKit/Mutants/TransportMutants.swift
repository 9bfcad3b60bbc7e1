import Basics
import Formats
import HTTPClient

/// A line on which requests and answers are changed or left out.
struct TamperedTransport: HTTPTransport {
    let inner: any HTTPTransport
    /// Gets each request, and the line that it would take.
    let tamper: @Sendable (HTTPRequest, any HTTPTransport) async throws(HTTPFault) -> HTTPResponse

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse { try await tamper(request, inner) }
}

/// What was once read is never read again, by no process.
final class StaleCache: Mutant {
    let name = "stale-cache"
    private let answers = Locked<[String: HTTPResponse]>([:])

    func transport(_ inner: any HTTPTransport) -> any HTTPTransport {
        TamperedTransport(inner: inner) { [answers] (request, inner) async throws(HTTPFault) -> HTTPResponse in
            if request.method == "GET", let known = answers.withLock({ $0[request.url] }) { return known }
            let response = try await inner.send(request)
            if request.method == "GET", response.status == 200 { answers.withLock { $0[request.url] = response } }
            return response
        }
    }
}

/// A write whose answer was lost is sent again, without a look.
struct BlindRetry: Mutant {
    let name = "blind-retry"

    func transport(_ inner: any HTTPTransport) -> any HTTPTransport {
        TamperedTransport(inner: inner) { (request, inner) async throws(HTTPFault) -> HTTPResponse in
            do throws(HTTPFault) {
                return try await inner.send(request)
            } catch {
                guard error.kind == .lost else { throw error }
                return try await inner.send(request)
            }
        }
    }
}

/// What is made does not carry our mark.
struct MarkMissing: Mutant {
    let name = "mark-missing"

    func transport(_ inner: any HTTPTransport) -> any HTTPTransport {
        TamperedTransport(inner: inner) { (request, inner) async throws(HTTPFault) -> HTTPResponse in
            var request = request
            if request.method == "POST", request.url.hasSuffix("/v2/droplets") {
                let text = String(decoding: request.body, as: UTF8.self)
                let mark = "\"odooops:managed\""
                request.body = Array(
                    text.replacing(mark + ",", with: "").replacing("," + mark, with: "").replacing(mark, with: "").utf8)
            }
            return try await inner.send(request)
        }
    }
}

/// The last item of each list is overlooked.
struct LastItemOverlooked: Mutant {
    let name = "last-item-overlooked"

    func transport(_ inner: any HTTPTransport) -> any HTTPTransport {
        TamperedTransport(inner: inner) { (request, inner) async throws(HTTPFault) -> HTTPResponse in
            let response = try await inner.send(request)
            guard request.method == "GET", response.status == 200,
                let document = try? JSON.parse(response.body), var object = document.objectValue,
                let member = object.members.first(where: { $0.value.listValue != nil }),
                let items = member.value.listValue, !items.isEmpty
            else { return response }
            object[member.name] = .list(items.dropLast())
            if object["meta"] != nil {
                object["meta"] = .object(["total": .int(Int64(items.count - 1))] as KeyValuePairs)
            }
            return HTTPResponse(
                status: 200, headers: response.headers, body: Array(Value.object(object).json.utf8))
        }
    }
}
