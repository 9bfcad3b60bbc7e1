import Basics
import Formats
import HTTPClient
import TestKit

@testable import Client

/// A service that answers from a table, and remembers what it was asked.
final class FakeService: HTTPTransport {
    typealias Answer = @Sendable (HTTPRequest) throws(HTTPFault) -> HTTPResponse

    private let answer: Answer
    private let log = Locked<[HTTPRequest]>([])

    init(_ answer: @escaping Answer) { self.answer = answer }

    /// Answers by method and path; a query counts only where the table names it.
    convenience init(_ table: [String: Value]) {
        self.init { request throws(HTTPFault) in
            let route = FakeService.route(request)
            let path = String(route.prefix { $0 != "?" })
            guard let data = table[route] ?? table[path] else {
                return FakeService.fault(
                    404, "API-0001", "there is nothing at \(route)", "See all routes: GET /api/v1/openapi.json")
            }
            return FakeService.envelope(data)
        }
    }

    var requests: [HTTPRequest] { log.withLock { $0 } }
    var routes: [String] { requests.map(Self.route) }

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        log.withLock { $0.append(request) }
        return try answer(request)
    }

    /// `GET /runs?limit=1`.
    static func route(_ request: HTTPRequest) -> String {
        let path = request.url.firstRange(of: "/api/v1").map { request.url[$0.upperBound...] } ?? ""
        return "\(request.method) \(path)"
    }

    static func envelope(_ data: Value, status: Int = 200, meta: Value = [:]) -> HTTPResponse {
        let body: Value = ["data": data, "meta": meta, "errors": []]
        return HTTPResponse(
            status: status, headers: [HTTPHeader("X-Request-Id", "req-1")], body: Array(JSON.write(body).utf8))
    }

    static func fault(
        _ status: Int, _ code: String, _ message: String, _ remedy: String?, name: String = "NAME"
    ) -> HTTPResponse {
        let error: Value = [
            "error": .string(name), "code": .string(code), "message": .string(message), "details": [:],
            "remediation": remedy.map { .string($0) } ?? .null,
        ]
        let body: Value = ["data": .null, "meta": [:], "errors": [error]]
        return HTTPResponse(
            status: status, headers: [HTTPHeader("X-Request-Id", "req-1")], body: Array(JSON.write(body).utf8))
    }
}

/// Runs the client in this process, over a service of the test.
final class World: Sendable {
    static let now = Timestamp(seconds: 1_780_000_000)

    let service: FakeService
    let directory: TemporaryDirectory
    let time = SimulatedTime(now: World.now, advancesBySleeping: true)
    private let environment: [String: String]
    private let isTerminal: Bool
    private let columns: Int
    private let typed: Locked<[String]>
    private let outputs = Locked((out: "", error: ""))
    private let keys = Locked(0)
    let operated = Locked<[[String]]>([])
    /// For each line that was read, whether the terminal showed nothing of it.
    let unseen = Locked<[Bool]>([])
    private let isUnread: @Sendable () -> Bool

    init(
        _ service: FakeService, terminal: Bool = false, columns: Int = 80, typed: [String] = [],
        environment: [String: String] = [:], isUnread: @escaping @Sendable () -> Bool = { false }
    ) throws {
        self.service = service
        directory = try TemporaryDirectory(prefix: "odooops-client")
        isTerminal = terminal
        self.columns = columns
        self.typed = Locked(typed)
        self.isUnread = isUnread
        self.environment = ["XDG_CONFIG_HOME": directory.path("config")].merging(environment) { $1 }
    }

    var configurationPath: String { directory.path("config/odooops/config.yaml") }
    var credentialsPath: String { directory.path("config/odooops/credentials.json") }

    struct Result: Sendable {
        let exit: ClientExit
        let output: String
        let error: String

        var json: Value? { try? JSON.parse(output) }
        var story: String { "exit \(exit.rawValue)\n--- out\n\(output)\n--- err\n\(error)" }
    }

    func run(_ arguments: String...) async -> Result { await run(arguments) }

    func run(_ arguments: [String]) async -> Result {
        let (outputs, typed, keys, operated) = (self.outputs, self.typed, self.keys, self.operated)
        let (isTerminal, columns, unseen) = (self.isTerminal, self.columns, self.unseen)
        outputs.withLock { $0 = ("", "") }
        let surroundings = Surroundings(
            environment: environment, output: { text in outputs.withLock { $0.out += text } }, isUnread: isUnread,
            errorOutput: { text in outputs.withLock { $0.error += text } }, isTerminal: { _ in isTerminal },
            columns: { columns },
            readLine: { isSecret in
                unseen.withLock { $0.append(isSecret) }
                return typed.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            },
            transport: service, time: time,
            newKey: {
                keys.withLock {
                    $0 += 1
                    return "key-\($0)"
                }
            },
            operate: { words in
                operated.withLock { $0.append(words) }
                return nil
            })
        let exit = await ClientProgram(arguments: arguments, surroundings: surroundings).run()
        let (out, error) = outputs.withLock { $0 }
        return Result(exit: exit, output: out, error: error)
    }
}

extension HTTPRequest {
    /// What was sent; nil where that is no JSON.
    var json: Value? { try? JSON.parse(body) }
}
