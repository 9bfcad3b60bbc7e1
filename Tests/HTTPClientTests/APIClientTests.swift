import Basics
import HTTPClient
import TestKit
import Testing

@Suite struct APIClientTests {
    private let time = SimulatedTime(now: Timestamp(seconds: 784_111_777), advancesBySleeping: true)

    private func client(
        _ transport: ScriptedTransport, baseURL: String = "https://api.example.com"
    ) -> APIClient {
        APIClient(
            provider: "digitalocean", baseURL: baseURL, authorization: Secret("Bearer canary-token"),
            transport: transport,
            budget: RequestBudget(.digitalOcean, time: time), time: time, random: RandomSource(seed: 1))
    }

    private func answer(_ status: Int, _ headers: [HTTPHeader] = [], _ body: String = "") -> Result<
        HTTPResponse, HTTPFault
    > {
        .success(HTTPResponse(status: status, headers: headers, body: Array(body.utf8)))
    }

    private var lost: Result<HTTPResponse, HTTPFault> {
        .failure(HTTPFault(.lost, code: "X", message: "x", place: nil))
    }

    @Test func `a request carries its parts`() async throws {
        let transport = ScriptedTransport([])
        _ = try await client(transport, baseURL: "https://api.example.com/").call(
            "POST", "/v2/a", query: [("page", "1"), ("name", "ä & b")], json: Array("{}".utf8))
        let request = try #require(transport.requests.first)
        #expect(request.url == "https://api.example.com/v2/a?page=1&name=%C3%A4%20%26%20b")
        #expect(request.headers.contains(HTTPHeader("Authorization", "Bearer canary-token")))
        #expect(request.headers.contains(HTTPHeader("Content-Type", "application/json")))
    }

    @Test func `429 with seconds, 429 with a date and 503 by jitter are waited for, then the answer comes`()
        async throws
    {
        let transport = ScriptedTransport([
            answer(429, [HTTPHeader("Retry-After", "7")]),
            answer(429, [HTTPHeader("Retry-After", "Sun, 06 Nov 1994 08:49:54 GMT")]), answer(503),
            answer(200, [], "{}"),
        ])
        let attempts = Locked<[String]>([])
        let response = try await client(transport).call("GET", "/v2/droplets") { exchange in
            attempts.withLock { $0.append("\(exchange.attempt) \(exchange.status)") }
        }
        #expect(response.status == 200)
        #expect(attempts.withLock { $0 } == ["1 429", "2 429", "3 503", "4 200"])
        #expect(time.uptime >= .seconds(17) && time.uptime <= .seconds(19))
    }

    /// The pause before the next attempt is a wait for the limit, also where no other call waits.
    @Test func `a call that was refused counts as waiting until it is sent again`() async throws {
        let time = SimulatedTime(now: Timestamp(seconds: 784_111_777))
        let budget = RequestBudget(.digitalOcean, time: time)
        let client = APIClient(
            provider: "digitalocean", baseURL: "https://api.example.com", authorization: Secret("Bearer canary-token"),
            transport: ScriptedTransport([answer(429, [HTTPHeader("Retry-After", "40")]), answer(200, [], "{}")]),
            budget: budget, time: time, random: RandomSource(seed: 1))
        let call = Task { try await client.call("GET", "/v2/droplets") }
        while budget.waiting() == nil { await Task.yield() }
        #expect((budget.waiting()?.until ?? .zero) >= .seconds(40))
        while budget.waiting() != nil {
            time.advance(by: .seconds(1))
            await Task.yield()
        }
        while time.uptime < .minutes(3), budget.snapshot().granted < 2 {
            time.advance(by: .seconds(1))
            await Task.yield()
        }
        #expect(try await call.value.status == 200)
        #expect(budget.waiting() == nil)
    }

    @Test(arguments: [("GET", 5), ("DELETE", 5), ("POST", 1), ("PATCH", 1)])
    func `a lost answer is asked for again only where that is safe`(method: String, attempts: Int) async throws {
        let transport = ScriptedTransport(Array(repeating: lost, count: 10))
        let fault = await #expect(throws: HTTPFault.self) { _ = try await client(transport).call(method, "/v2/a") }
        #expect(fault?.kind == .lost)
        #expect(transport.requests.count == attempts)
    }

    @Test func `a wait beyond the limit or the deadline is given back as a fault`() async throws {
        let long = ScriptedTransport([answer(429, [HTTPHeader("Retry-After", "3600")])])
        let fault = await #expect(throws: HTTPFault.self) { _ = try await client(long).call("POST", "/v2/a") }
        #expect(fault?.disposition == .retry(after: .seconds(3_600)))
        #expect(fault?.mayHaveHadEffect == false)
        let short = ScriptedTransport([answer(429, [HTTPHeader("Retry-After", "30")])])
        let late = await #expect(throws: HTTPFault.self) {
            _ = try await client(short).call("GET", "/v2/a", deadline: .seconds(20))
        }
        #expect(late?.disposition == .retry(after: .seconds(30)))
        #expect(short.requests.count == 1)
    }

    /// Every place where a secret may come into an exchange.
    @Test func `no record holds a secret, and each line is one JSON object`() async throws {
        let secretAnswer = #"""
            {"database": {"connection": {"uri": "postgresql://doadmin:canary@db:25060/x", "password": "canary",
              "port": 25060}, "users": [{"name": "a", "password": "can\"ary", "access_token": "canary"}]},
             "spec": {"envs": [{"key": "K", "value": "canary"}]}, "note": "see https://u:canary@h/ now",
             "token_count": 3, "private_key": "canary", "nested_secret": {"deep": ["canary", 7]}, "plain": "kept"}
            """#
        let transport = ScriptedTransport([
            answer(500, [], "<html>canary</html>"),
            answer(200, [HTTPHeader("Set-Cookie", "session=canary")], secretAnswer),
        ])
        let directory = try TemporaryDirectory()
        let path = directory.path + "/traffic.jsonl"
        let recorder = try ExchangeRecorder(path: path)
        _ = try await client(transport, baseURL: "https://user:canary@api.example.com").call(
            "PUT", "/v2/a", query: [("access_token", "canary"), ("page", "2")],
            json: Array("{\"user_data\": \"canary\", \"name\": \"kept\"}".utf8)
        ) { exchange in
            recorder.record(exchange, runID: "run \"1\"\n")
            #expect(!"\(exchange) \(String(reflecting: exchange))".contains("canary"))
        }
        let text = String(decoding: try FileSystem.read(path), as: UTF8.self)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(!text.contains("canary"))
        #expect(!text.contains("ary"))
        #expect(text.contains("\"plain\": \"kept\""))
        #expect(text.contains("\"port\": 25060"))
        #expect(text.contains("\"token_count\": 3"))
        #expect(text.contains(#""run_id":"run \"1\"\u000a""#))
        #expect(
            lines[0].hasPrefix(
                "{\"provider\":\"digitalocean\",\"method\":\"PUT\",\"url\":\"https://api.example.com/v2/a?"))
        #expect(lines[0].contains("\"status\":500,\"response_body\":\"<19 bytes that are no JSON>\""))
        #expect(lines.allSatisfy { $0.hasSuffix("}") })
    }
}
