import Basics
import Formats
import Testing
import Web

@testable import Simulator

/// Asks a simulator without a socket, and keeps what was said for the specification's check.
struct Client: Sendable {
    let simulator: Simulator
    var token: String? = "dop_v1_0123456789abcdef"
    /// Exchanges in the format of recorded traffic, when somebody wants them.
    var record: Locked<[Value]>?

    struct Reply: Sendable {
        let status: Int
        let headers: [(name: String, value: String)]
        let bytes: [UInt8]
        let fault: WebResponse.Fault?
        let delay: Duration

        var text: String { String(decoding: bytes, as: UTF8.self) }
        /// Null when the body is no JSON.
        var body: Value { (try? JSON.parse(bytes)) ?? .null }

        func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
        subscript(name: String) -> Value { body[name] ?? .null }
    }

    func send(_ method: String, _ target: String, _ body: Value? = nil, raw: [UInt8]? = nil) async -> Reply {
        let parts = target.split(separator: "?", maxSplits: 1)
        var query: [(name: String, value: String)] = []
        for pair in parts.count < 2 ? [] : parts[1].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1).map { String($0) }
            query.append((sides[0], sides.count > 1 ? sides[1] : ""))
        }
        var headers = [(name: "Host", value: "127.0.0.1:8090"), (name: "User-Agent", value: "tests")]
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        let request = WebRequest(
            method: method, path: String(parts[0]), query: query, headers: headers,
            body: raw ?? body.map { Array($0.json.utf8) } ?? [])
        let response = await simulator.answer(request)
        // What is served can be named by an order.
        if (200..<300).contains(response.status), !parts[0].hasPrefix("/_simulator/") {
            #expect(simulator.canOrder(faultOf: request), "\(method) \(parts[0]) is missing in ServedPath")
        }
        record?.withLock { lines in
            lines.append(
                .object(
                    [
                        "provider": "digitalocean", "method": .string(method),
                        "url": .string("https://api.digitalocean.com\(target)"), "request_body": body ?? .null,
                        "request_form": false, "status": .int(Int64(response.status)),
                        "response_body": (try? JSON.parse(response.body)) ?? .null, "duration_ms": 1, "attempt": 1,
                        "run_id": "simulator",
                    ] as Value.Object))
        }
        return Reply(
            status: response.status, headers: response.headers, bytes: response.body, fault: response.fault,
            delay: response.delay)
    }

    func get(_ target: String) async -> Reply { await send("GET", target) }
    func post(_ target: String, _ body: Value? = nil) async -> Reply { await send("POST", target, body) }
    func put(_ target: String, _ body: Value? = nil) async -> Reply { await send("PUT", target, body) }
    func patch(_ target: String, _ body: Value? = nil) async -> Reply { await send("PATCH", target, body) }
    func delete(_ target: String, _ body: Value? = nil) async -> Reply { await send("DELETE", target, body) }
}

/// The instant at which simulated tests begin.
let start = Timestamp(seconds: 1_772_000_000)

func makeClient(_ change: (inout SimulatorOptions) -> Void = { _ in }) throws -> (Client, SimulatedTime) {
    let time = SimulatedTime(now: start)
    var options = SimulatorOptions(time: time, limits: .generous)
    change(&options)
    return (Client(simulator: try Simulator(options: options)), time)
}

func droplet(_ name: String, tags: [String] = []) -> Value {
    .object(
        [
            "name": .string(name), "region": "sgp1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64",
            "tags": .strings(tags),
        ] as Value.Object)
}

/// A value written as JSON; null, and an issue later on, when it is none.
func json(_ text: String) -> Value { (try? JSON.parse(text)) ?? .null }
