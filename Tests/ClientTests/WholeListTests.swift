import Basics
import Formats
import HTTPClient
import Testing

@testable import Client

@Suite("Lists are whole, or say what is missing of them")
struct WholeListTests {
    private static let count = 143

    /// What a service answers whose every list has so many rows, in parts where a limit is asked for.
    private static func answer(_ request: HTTPRequest, rows: Int = count) -> HTTPResponse {
        let route = FakeService.route(request)
        func parameter(_ name: String) -> Int? {
            route.firstRange(of: "\(name)=").flatMap { Int(route[$0.upperBound...].prefix { $0 != "&" }) }
        }
        let begin = parameter("cursor") ?? 0
        let end = min(rows, parameter("limit").map { begin + $0 } ?? rows)
        return FakeService.envelope(
            .list((begin..<end).map { ["name": .string("row \($0)")] }),
            meta: end < rows ? ["next_cursor": .string("\(end)")] : [:])
    }

    /// Every command that lists what the service has, and whose list has no parts.
    private static let unparted = ClientCommands.table.commands.filter { command in
        guard command.name != "context list", command.name != "metrics" else { return command.name == "metrics" }
        let isList = command.name.hasSuffix(" list") || command.name == "schedules upcoming"
        return isList && command.positionals.isEmpty && !command.options.contains { $0.name == "limit" }
    }.map(\.name)

    @Test("A list without parts is shown whole, and names no option that it refuses", arguments: unparted)
    func whole(_ name: String) async throws {
        let service = FakeService { request throws(HTTPFault) in Self.answer(request) }
        let result = await (try World(service)).run(name.split(separator: " ").map(String.init) + ["--json"])
        // Some are made of more than one list, or of an object.
        if let rows = result.json?.listValue { #expect(rows.count == Self.count, "\(result.story)") }
        #expect(!result.error.contains("--all") && !result.error.contains("--limit"), "\(result.story)")
    }

    @Test("The lists of users, keys and figures are among them, and come whole also where a service gives parts")
    func known() async throws {
        for name in ["users list", "keys list", "metrics"] {
            #expect(Self.unparted.contains(name))
            let service = FakeService { request throws(HTTPFault) in
                let isFirst = !FakeService.route(request).contains("cursor=")
                return FakeService.envelope(
                    [["name": .string(isFirst ? "first" : "second")]], meta: isFirst ? ["next_cursor": "c"] : [:])
            }
            let result = await (try World(service)).run(name.split(separator: " ").map(String.init) + ["--json"])
            #expect(result.json?.listValue?.count == 2 && result.error.isEmpty, "\(result.story)")
        }
    }

    @Test("A list with parts shows the first 50, says that there is more, and has both options that it names")
    func parts() async throws {
        let service = FakeService { request throws(HTTPFault) in Self.answer(request) }
        let world = try World(service)
        let first = await world.run("runs", "list", "--json")
        #expect(first.json?.listValue?.count == 50 && first.error.contains("--all"), "\(first.story)")
        let all = await world.run("runs", "list", "--all", "--json")
        #expect(all.json?.listValue?.count == Self.count && all.error.isEmpty, "\(all.story)")
        for command in ClientCommands.table.commands where command.options.contains(where: { $0.name == "limit" }) {
            #expect(command.options.contains { $0.name == "all" }, "\(command.name)")
        }
    }

    @Test("The status with --all, and the explanation of an environment, have every row of their lists")
    func everyRow() async throws {
        let service = FakeService { request throws(HTTPFault) in
            switch String(FakeService.route(request).prefix { $0 != "?" }) {
            case "GET /environments", "GET /findings", "GET /drift": Self.answer(request, rows: 1_000)
            case "GET /upcoming": FakeService.envelope([])
            default: FakeService.envelope(["slug": "crm"])
            }
        }
        let world = try World(service)
        let status = await world.run("status", "--all", "--json")
        for name in ["environments", "findings", "drift"] {
            #expect(status.json?["lists"]?[name]?.listValue?.count == 1_000, "\(name): \(status.error)")
        }
        let why = await world.run("env", "explain", "crm", "--json")
        for name in ["findings", "drift"] {
            #expect(why.json?[name]?.listValue?.count == 1_000, "\(name): \(why.story.prefix(300))")
        }
    }
}
