import Basics
import Formats
import HTTPClient
import TestKit
import Testing

@testable import Client

/// Commands that watch, and a service that goes away for a while.
@Suite("Losses")
struct LossTests {
    /// How a service is away.
    enum Loss: String, CaseIterable, Sendable {
        case refused, lost, tooMany, unavailable, proxy

        func answer() throws(HTTPFault) -> HTTPResponse {
            switch self {
            case .refused: throw HTTPFault(.notSent, code: "HTTP-0002", message: "connection refused", place: nil)
            case .lost: throw HTTPFault(.lost, code: "HTTP-0005", message: "cut off", place: nil)
            case .tooMany:
                let error: Value = [
                    "error": "RATE_LIMITED", "code": "ACCESS-0005", "message": "more than 100 requests a minute",
                    "details": ["retry_after_seconds": 20], "remediation": "Wait.",
                ]
                let body: Value = ["data": .null, "meta": [:], "errors": [error]]
                return HTTPResponse(
                    status: 429, headers: [HTTPHeader("Retry-After", "20")], body: Array(JSON.write(body).utf8))
            case .unavailable: return FakeService.fault(503, "STORE-0010", "the store can't be reached", nil)
            case .proxy: return HTTPResponse(status: 502, body: Array("<html>".utf8))
            }
        }
    }

    /// A world whose service knows the time of it.
    private static func world(
        until end: Duration = .hours(100),
        _ answer: @escaping @Sendable (String, Duration) throws(HTTPFault) -> HTTPResponse
    ) throws -> World {
        let time = Locked<SimulatedTime?>(nil)
        @Sendable func gone() -> Duration { (time.withLock { $0?.now } ?? World.now) - World.now }
        let service = FakeService { request throws(HTTPFault) in try answer(FakeService.route(request), gone()) }
        let world = try World(service, isUnread: { gone() >= end })
        time.withLock { $0 = world.time }
        return world
    }

    private static func line(_ id: Int, at gone: Duration) -> Value {
        [
            "id": .string("l\(id)"), "at": .string((World.now + gone).description), "type": "step", "level": "info",
            "message": .string("line \(id)"),
        ]
    }

    @Test(
        "Lines are followed through every loss, which is said once, and none is shown twice or missed",
        arguments: Loss.allCases)
    func followed(loss: Loss) async throws {
        // One line is there, one comes while the service is away for a minute, and one after that.
        let world = try Self.world(until: .seconds(200)) { route, gone throws(HTTPFault) in
            if (.seconds(10)..<(.seconds(70))).contains(gone) { return try loss.answer() }
            let begin = route.firstRange(of: "since=").map { route[$0.upperBound...].prefix { $0 != "&" } } ?? ""
            let since = Timestamp(begin.replacing("%3A", with: ":")).map { $0 - World.now } ?? .seconds(-60)
            let times = [-5, 30, 120].map { Duration.seconds($0) }
            let rows = times.indices.filter { times[$0] <= gone && times[$0] >= since }
            return FakeService.envelope(.list(rows.reversed().map { Self.line($0, at: times[$0]) }))
        }
        let result = await world.run("logs", "--follow")
        #expect(result.exit == .done, "\(result.story)")
        for id in 0..<3 { #expect(result.output.split(separator: "line \(id)").count == 2, "\(result.story)") }
        #expect(result.error.split(separator: "trying again").count == 2, "\(result.story)")
        #expect(result.error.contains("answers again"), "\(result.story)")
    }

    @Test("Where nothing comes a follow asks every five seconds, and each second while lines come")
    func leisure() async throws {
        let quiet = try Self.world(until: .seconds(120)) { _, _ in FakeService.envelope([]) }
        _ = await quiet.run("logs", "--follow")
        #expect((20...30).contains(quiet.service.routes.count), "\(quiet.service.routes.count)")
        let busy = try Self.world(until: .seconds(30)) { _, gone in
            FakeService.envelope([Self.line(Int(gone.components.seconds), at: gone)])
        }
        _ = await busy.run("logs", "--follow")
        #expect((28...32).contains(busy.service.routes.count), "\(busy.service.routes.count)")
    }

    @Test("A follow ends where waiting mends nothing", arguments: [401, 403, 404, 500])
    func refusedForGood(status: Int) async throws {
        let world = try Self.world(until: .minutes(5)) { _, gone in
            gone < .seconds(3)
                ? FakeService.envelope([]) : FakeService.fault(status, "ACCESS-0003", "not for you", nil)
        }
        let result = await world.run("logs", "--follow")
        #expect(result.exit != .done && !result.error.contains("trying again"), "\(result.story)")
        #expect(world.time.now - World.now < .seconds(20))
    }

    private static func run(_ phase: String) -> Value { ["id": "r1", "phase": .string(phase), "steps": []] }

    @Test("A pass is watched through every loss to its end", arguments: Loss.allCases)
    func watched(loss: Loss) async throws {
        let world = try Self.world { route, gone throws(HTTPFault) in
            if route == "POST /reconcile" { return FakeService.envelope(["accepted": true], status: 202) }
            if (.seconds(2)..<(.seconds(62))).contains(gone) { return try loss.answer() }
            let run = Self.run(gone < .seconds(90) ? "applying" : "succeeded")
            if route.hasPrefix("GET /runs?") { return FakeService.envelope(gone < .seconds(1) ? [] : [run]) }
            return FakeService.envelope(run)
        }
        let result = await world.run("reconcile", "--wait")
        #expect(result.exit == .done && result.output.contains("succeeded"), "\(result.story)")
        #expect(result.error.split(separator: "trying again").count == 2, "\(result.story)")
    }

    @Test("Whoever gives up is told of the run that goes on", arguments: Loss.allCases)
    func givenUp(loss: Loss) async throws {
        let world = try Self.world { _, gone throws(HTTPFault) in
            if gone >= .seconds(2) { return try loss.answer() }
            return FakeService.envelope(Self.run("applying"))
        }
        for words in [["runs", "watch", "r1", "--wait-for", "1m"]] {
            let result = await world.run(words)
            #expect(result.exit != .done && result.error.contains("odooops runs watch r1"), "\(result.story)")
            #expect(result.error.contains("run r1 goes on without being watched"), "\(result.story)")
            #expect(world.time.now - World.now < .seconds(70))
        }
        let slow = try Self.world { _, _ in FakeService.envelope(Self.run("applying")) }
        let late = await slow.run("runs", "watch", "r1", "--wait-for", "10m")
        #expect(late.exit == .later && late.error.contains("odooops runs watch r1"), "\(late.story)")
        // A person may ask a hundred times a minute.
        #expect(slow.service.routes.count < 400, "\(slow.service.routes.count)")
    }

    @Test("Who asks for a pass is not sent to watch the one that ends before it")
    func orders() async throws {
        let service = FakeService(["POST /reconcile": ["accepted": true, "message": "a pass begins later"]])
        let result = await (try World(service)).run("reconcile")
        #expect(result.output.contains("odooops reconcile --wait"), "\(result.story)")
        #expect(!result.output.contains("watch latest"), "\(result.story)")
    }
}
