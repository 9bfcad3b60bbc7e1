import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Drivers
import Formats
import HTTPClient

/// Answers from a table: what the driver asked for is kept.
final class TableTransport: HTTPTransport {
    struct Call: Sendable, Hashable {
        let method: String
        /// Path and query.
        let target: String
        let body: Value?

        var path: String { String(target.prefix { $0 != "?" }) }
        var line: String { "\(method) \(target)" }

        func parameter(_ name: String) -> String? {
            target.split(separator: "?").dropFirst().first?.split(separator: "&")
                .first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
        }
    }

    enum Answer: Sendable {
        case json(Int, Value)
        case raw(Int, [HTTPHeader], String)
        case broken(HTTPFault.Kind)

        static func error(_ status: Int, _ id: String, _ message: String) -> Answer {
            .json(status, .object(["id": .string(id), "message": .string(message), "request_id": "req-1"]))
        }

        static let missing = error(404, "not_found", "The resource you were accessing could not be found.")
        static let empty = raw(204, [], "")
    }

    private let table: @Sendable (Call, Int) -> Answer
    private let seen = Locked<[Call]>([])

    /// - Parameter table: gets the call and how often the same one came before.
    init(_ table: @escaping @Sendable (Call, Int) -> Answer) { self.table = table }

    var calls: [Call] { seen.withLock { $0 } }
    var lines: [String] { calls.map(\.line) }
    var writes: [Call] { calls.filter { $0.method != "GET" } }

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        let target = String(request.url.dropFirst("http://do.test".count))
        let body = request.body.isEmpty ? nil : try? JSON.parse(request.body)
        let call = Call(method: request.method, target: target, body: body)
        let count = seen.withLock { seen in
            let count = seen.count { $0 == call }
            seen.append(call)
            return count
        }
        switch table(call, count) {
        case .json(let status, let value):
            return HTTPResponse(
                status: status, headers: [HTTPHeader("Content-Type", "application/json; charset=utf-8")],
                body: Array(JSON.write(value).utf8))
        case .raw(let status, let headers, let text):
            return HTTPResponse(status: status, headers: headers, body: Array(text.utf8))
        case .broken(let kind):
            throw HTTPFault(kind, code: "HTTP-0000", message: "broken on purpose", place: nil)
        }
    }
}

/// A driver over a table, under a clock that moves by sleeping.
func makeDriver(_ transport: any HTTPTransport) -> DigitalOceanDriver {
    DigitalOceanDriver(
        token: Secret("dop_v1_test"), baseURL: "http://do.test/v2/", transport: transport,
        time: SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true),
        random: RandomSource(seed: 1))
}

let context = DriverContext(runID: "test", log: .none)

func observe(
    _ kinds: Set<ResourceKind>, _ names: [ResourceKind: Set<String>] = [:], _ transport: TableTransport
) async -> ObservedState {
    ObservedState(await makeDriver(transport).observe(ObserveRequest(kinds: kinds, names: names), context))
}

extension ObservedState {
    func names(_ kind: ResourceKind) -> [String] { kinds[kind]?.resources.map(\.key.name) ?? [] }

    func first(_ kind: ResourceKind) -> ObservedResource? { kinds[kind]?.resources.first }

    func completeness(_ kind: ResourceKind) -> Completeness? { kinds[kind]?.completeness }
}

/// One page of a list out of its items.
func page(_ member: String, _ items: [Value], _ call: TableTransport.Call, total: Int? = nil) -> TableTransport.Answer {
    let size = Int(call.parameter("per_page") ?? "20") ?? 20
    let number = Int(call.parameter("page") ?? "1") ?? 1
    let start = min((number - 1) * size, items.count)
    let end = min(start + size, items.count)
    var links = Value.Object()
    if end < items.count {
        links["pages"] = .object(["next": .string("http://do.test\(call.path)?page=\(number + 1)")])
    }
    var body = Value.Object()
    body[member] = .list(Array(items[start..<end]))
    body["links"] = .object(links)
    body["meta"] = .object(["total": .int(Int64(total ?? items.count))])
    return .json(200, .object(body))
}

func droplet(
    _ id: Int, _ name: String, status: String = "active", size: String = "s-1vcpu-2gb",
    tags: [String] = ["odooops:managed"]
) -> Value {
    .object([
        "id": .int(Int64(id)), "name": .string(name), "memory": 2048, "vcpus": 1, "disk": 50,
        "status": .string(status), "created_at": "2026-03-01T10:00:00Z", "features": ["monitoring", "ipv6"],
        "image": .object(["id": 7, "slug": "ubuntu-24-04-x64"]),
        "size": .object(["slug": .string(size), "price_monthly": .number("12.0")]), "size_slug": .string(size),
        "networks": .object([
            "v4": [
                .object(["ip_address": "10.0.0.5", "type": "private"]),
                .object(["ip_address": "203.0.113.7", "type": "public"]),
            ], "v6": [],
        ]),
        "region": .object(["slug": "sgp1"]), "tags": .strings(tags), "vpc_uuid": "0b2e",
    ])
}

/// Runs every step of a change, one after the other, as the engine does.
func run(_ driver: DigitalOceanDriver, _ wanted: ResolvedChange) async -> StepOutcome {
    var current = wanted.current
    var outcome = StepOutcome.done(current)
    for step in driver.steps(for: wanted.change) {
        let change = ResolvedChange(change: wanted.change, wanted: wanted.wanted, current: current)
        outcome = await driver.perform(step, of: change, context)
        guard case .done(let resource) = outcome else { return outcome }
        current = resource
    }
    return outcome
}

/// Answers 200 with what it is told.
struct SlowTransport: HTTPTransport {
    let answer: @Sendable (HTTPRequest) async -> Value

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        HTTPResponse(status: 200, body: Array(JSON.write(await answer(request)).utf8))
    }
}
