import Basics
import HTTPClient
import TestKit
import Testing

@Suite struct APIRequestTests {
    private let time = SimulatedTime(now: Timestamp(seconds: 1_700_000_000), advancesBySleeping: true)

    private func client(
        _ transport: ScriptedTransport, _ authorization: Authorization = .none,
        baseURL: String = "https://api.example.com/v3/", rates: RateRules = .standard, cache: ResponseCache? = nil
    ) -> APIClient {
        APIClient(
            provider: "test", baseURL: baseURL, authorization: authorization, transport: transport,
            budget: RequestBudget(RequestBudgetConfiguration(windows: [], rates: rates), time: time), cache: cache,
            headers: [HTTPHeader("Accept", "application/vnd.test+json")], time: time, random: RandomSource(seed: 1))
    }

    private func header(_ name: String, _ request: HTTPRequest?) -> String? {
        request?.headers.first { $0.name == name }?.value
    }

    @Test func `credentials go into their headers, once, and into no description`() async throws {
        let canary = Secret("canary-4711")
        let cases: [(Authorization, String, String)] = [
            (.bearer(canary), "Authorization", "Bearer canary-4711"),
            (.basic(user: "api", password: canary), "Authorization", "Basic YXBpOmNhbmFyeS00NzEx"),
            (.header("X-API-Key", canary), "X-API-Key", "canary-4711"),
            (
                .custom(secrets: [canary]) { request in
                    canary.reveal { request.headers.append(HTTPHeader("X-Signed", "\($0) \(request.method)")) }
                }, "X-Signed", "canary-4711 GET"
            ),
        ]
        for (authorization, name, value) in cases {
            let transport = ScriptedTransport([.success(HTTPResponse(status: 503))])
            _ = try await client(transport, authorization).send(APIRequest("GET", "/a"))
            #expect(transport.requests.count == 2)
            for request in transport.requests {
                #expect(request.headers.filter { $0.name == name }.map(\.value) == [value])
                #expect(header("Accept", request) == "application/vnd.test+json")
                for text in ["\(request)", "\(request.headers)", String(reflecting: request), "\(authorization)"] {
                    #expect(!text.contains("canary") && !text.contains("YXBp"))
                }
            }
        }
    }

    @Test func `forms are sent as forms and recorded as objects, without what is secret`() async throws {
        let fields: [RequestBody.Field] = [
            .init("id", "delivered"), .init("url", "https://a.example/?x=1&y=ä"), .init("url", "https://b.example"),
            .init("api_password", "canary"), .init("note", "key-canary-key"),
        ]
        var lines: [String] = []
        for body in [
            RequestBody.form(fields),
            .multipart(
                fields + [.init("f", file: [0, 255], filename: "a.bin", contentType: "application/octet-stream")]),
        ] {
            let transport = ScriptedTransport([])
            let exchanges = Locked<[Exchange]>([])
            var request = APIRequest("POST", "/domains/x/webhooks", body: body)
            request.redaction = Redaction(values: [Secret("key-canary-key")])
            _ = try await client(transport).send(request) { exchange in exchanges.withLock { $0.append(exchange) } }
            let sent = try #require(transport.requests.first)
            lines.append(String(decoding: sent.body, as: UTF8.self))
            lines.append(header("Content-Type", sent) ?? "")
            let exchange = try #require(exchanges.withLock { $0 }.first)
            #expect(exchange.isForm)
            lines.append(exchange.requestBody)
            #expect(ExchangeRecorder.line(exchange, runID: "r").contains("\"request_form\":true"))
        }
        #expect(lines[0].hasPrefix("id=delivered&url=https%3A%2F%2Fa.example%2F%3Fx%3D1%26y%3D%C3%A4&url="))
        #expect(lines[1] == "application/x-www-form-urlencoded")
        let object =
            #""id":"delivered","url":["https://a.example/?x=1&y=ä","https://b.example"],"#
            + #""api_password":"<redacted>","note":"<redacted>""#
        #expect(lines[2] == "{\(object)}")
        let boundary = String(lines[4].dropFirst("multipart/form-data; boundary=".count))
        #expect(boundary.count > 30 && lines[4].hasPrefix("multipart/form-data; boundary="))
        #expect(
            lines[3].hasPrefix("--\(boundary)\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\ndelivered\r\n--"))
        #expect(lines[3].hasSuffix("\r\n--\(boundary)--\r\n"))
        #expect(lines[5] == "{\(object),\"f\":\"<2 bytes>\"}")
        await #expect(throws: HTTPFault.self) {
            _ = try await client(ScriptedTransport([])).send(
                APIRequest("POST", "/a", body: .multipart([.init("a\"\r\nX: y", "v")])))
        }
    }

    @Test func `what did not change is asked for by its tag and costs nothing`() async throws {
        let body = Array("[1]".utf8)
        let transport = ScriptedTransport([
            .success(HTTPResponse(status: 200, headers: [HTTPHeader("ETag", "W/\"a\"")], body: body)),
            .success(HTTPResponse(status: 304)),
            .success(HTTPResponse(status: 200, headers: [HTTPHeader("ETag", "\"b\"")], body: [0x5B, 0x5D])),
            .success(HTTPResponse(status: 304)),
        ])
        let client = client(transport, rates: .gitHub, cache: ResponseCache())
        var answers: [(Int, Bool, Int)] = []
        for _ in 0..<4 {
            let answer = try await client.send(APIRequest("GET", "/repos"))
            answers.append((answer.response.status, answer.isUnchanged, answer.response.body.count))
        }
        #expect(answers.map(\.0) == [200, 200, 200, 200])
        #expect(answers.map(\.1) == [false, true, false, true])
        #expect(answers.map(\.2) == [3, 3, 2, 2])
        #expect(transport.requests.map { header("If-None-Match", $0) } == [nil, "W/\"a\"", "W/\"a\"", "\"b\""])
        var plain = APIRequest("GET", "/repos")
        plain.isConditional = false
        _ = try await client.send(plain)
        #expect(header("If-None-Match", transport.requests.last) == nil)
    }

    @Test func `the cache keeps no more than it may`() async throws {
        let cache = ResponseCache(limit: 4_000)
        let big = HTTPResponse(
            status: 200, headers: [HTTPHeader("ETag", "\"x\"")], body: [UInt8](repeating: 0x61, count: 900))
        let client = client(ScriptedTransport(Array(repeating: .success(big), count: 50)), cache: cache)
        for index in 0..<50 { _ = try await client.send(APIRequest("GET", "/\(index)")) }
        #expect(cache.count == 4)
    }

    @Test(arguments: [
        ("/a/b?c=d", "https://api.example.com/v3/a/b?c=d"),
        ("https://api.example.com/v3/domains?page=x", "https://api.example.com/v3/domains?page=x"),
        ("HTTPS://API.example.com:443/v3/x", nil),
        ("https://api.example.com:443/v3/x", "https://api.example.com:443/v3/x"),
        ("https://api.example.com/v3", "https://api.example.com/v3"), ("https://api.example.com/v30/x", nil),
        ("https://api.example.com/v3/../v1/x", nil), ("http://api.example.com/v3/x", nil),
        ("https://api.example.com.evil.example/v3/x", nil), ("https://api.example.com@evil.example/v3/x", nil),
        ("https://api.example.com\\@evil.example/v3/x", nil), ("https://u:p@api.example.com/v3/x", nil),
        ("https://api.example.com:444/v3/x", nil), ("//evil.example/v3/x", nil), ("evil", nil), ("", nil),
    ])
    func `a page that the provider names has to be its own`(path: String, expected: String?) async {
        let transport = ScriptedTransport([])
        _ = try? await client(transport, .bearer(Secret("canary"))).send(APIRequest("GET", path))
        #expect(transport.requests.first?.url == expected)
    }

    @Test func `a redirect is followed where it was asked for, at home only, and by GET alone`() async throws {
        let moved = { (to: String) in
            Result<HTTPResponse, HTTPFault>.success(HTTPResponse(status: 301, headers: [HTTPHeader("Location", to)]))
        }
        let home = ScriptedTransport([moved("/v3/b"), moved("https://api.example.com/v3/c")])
        var request = APIRequest("GET", "/a")
        request.redirects = 3
        #expect(try await client(home).send(request).response.status == 200)
        #expect(home.requests.map(\.url).last == "https://api.example.com/v3/c")
        let away = ScriptedTransport([moved("https://evil.example/v3/b")])
        #expect(try await client(away).send(request).response.status == 301)
        #expect(away.requests.count == 1)
        request.method = "POST"
        #expect(try await client(ScriptedTransport([moved("/v3/b")])).send(request).response.status == 301)
    }

    @Test func `a scope that is refused stops itself alone, and comes back by itself`() async throws {
        let transport = ScriptedTransport([
            .success(HTTPResponse(status: 429, headers: [HTTPHeader("Retry-After", "20")]))
        ])
        let client = client(transport, rates: .slack)
        var first = APIRequest("POST", "/chat.postMessage")
        first.scopes = [RequestScope("postMessage C1", [.init(limit: 1, per: .seconds(1))])]
        #expect(try await client.send(first).attempts == 2)
        #expect(time.uptime >= .seconds(20))
        let before = time.uptime
        var other = first
        other.scopes[0].key = "postMessage C2"
        _ = try await client.send(other)
        #expect(time.uptime == before)
        // The second to the same channel waits for its second to pass.
        _ = try await client.send(other)
        #expect(time.uptime >= before + .seconds(1))
    }
}
