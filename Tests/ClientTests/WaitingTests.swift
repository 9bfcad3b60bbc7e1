import Basics
import Formats
import HTTPClient
import TestKit
import Testing

@testable import Client

@Suite("Waiting for a pass")
struct WaitingTests {
    private static let ends: [(String, ClientExit)] = [
        ("succeeded", .done), ("planned", .done), ("failed", .failed), ("canceled", .failed),
        ("awaiting_approval", .refused),
    ]

    @Test("A pass that is waited for is watched to its end", arguments: ends)
    func waiting(_ phase: String, _ exit: ClientExit) async throws {
        let polls = Locked(0)
        let service = FakeService { request throws(HTTPFault) in
            switch FakeService.route(request) {
            case "POST /reconcile": return FakeService.envelope(["accepted": true], status: 202)
            case "GET /runs?limit=1":
                let isNew = polls.withLock { count in
                    count += 1
                    return count > 3
                }
                return FakeService.envelope([["id": isNew ? "new" : "old", "phase": "succeeded"]])
            default:
                let now = polls.withLock { count in
                    count += 1
                    return count > 6 ? phase : "applying"
                }
                return FakeService.envelope(["id": "new", "phase": .string(now), "steps": []])
            }
        }
        let world = try World(service, terminal: true)
        let result = await world.run("reconcile", "--wait", "--color", "never")
        #expect(result.exit == exit, "\(result.story)")
        #expect(result.error.contains("run new applying"))
        #expect(result.output.contains("new"))
        #expect(!service.routes.contains("GET /runs/old"))
    }

    /// A run of one of three services, each with a shard.
    private static func part(_ id: String, _ held: [Int64], _ phase: String) -> Value {
        [
            "id": .string(id), "phase": .string(phase), "dry_run": .bool(id == "try"), "steps": [],
            "metadata": ["shards": ["held": .list(held.map { .int($0) }), "of": 3]],
        ]
    }

    @Test("Where services share the work, the run of each is waited for, and the worst decides", arguments: ends)
    func waitingForParts(_ phase: String, _ exit: ClientExit) async throws {
        let polls = Locked(0)
        let runs = [
            Self.part("d", [2], phase), Self.part("try", [2], "failed"), Self.part("c", [], "failed"),
            Self.part("b", [0], "succeeded"), Self.part("a", [1], "succeeded"), Self.part("old", [2], "failed"),
        ]
        let service = FakeService { request throws(HTTPFault) in
            let route = FakeService.route(request)
            switch route {
            case "POST /reconcile": return FakeService.envelope(["accepted": true], status: 202)
            case "GET /runs?limit=1":
                let isNew = polls.withLock { count in
                    count += 1
                    return count > 1
                }
                return FakeService.envelope([isNew ? runs[4] : runs[5]])
            case "GET /runs?limit=50":
                // The last of them begins later.
                let isWhole = polls.withLock { count in
                    count += 1
                    return count > 4
                }
                return FakeService.envelope(.list(isWhole ? runs : Array(runs.dropFirst(2))))
            default:
                let run = runs.first { route.hasSuffix("/\($0["id"]?.stringValue ?? "")") }
                return FakeService.envelope(run ?? .null)
            }
        }
        let result = await (try World(service, terminal: true)).run("reconcile", "--wait", "--json")
        #expect(result.exit == exit, "\(result.story)")
        #expect(result.error.contains("waiting for who looks after shard 2"), "\(result.story)")
        let document = try JSON.parse(Array(result.output.utf8))
        #expect(document["id"] == "b")
        #expect(document["parts"]?.listValue?.compactMap { $0["id"]?.stringValue } == ["a", "d"])
        #expect(!service.routes.contains("GET /runs/try") && !service.routes.contains("GET /runs/old"))
    }

    @Test("Waiting ends when its time is over")
    func waitingEnds() async throws {
        let service = FakeService(["GET /runs": [], "POST /reconcile": ["accepted": true]])
        let result = await (try World(service)).run("reconcile", "--wait", "--wait-for", "5s")
        #expect(result.exit == .later && result.error.contains("CLI-0011"), "\(result.story)")
        #expect(service.routes.count == 13, "one look before, one order, one look each half second")
    }

    @Test("All that is waited for one after the other has one end", arguments: 0..<3)
    func waitingEndsOnce(_ stage: Int) async throws {
        // The pass begins after three seconds, its first part ends after three more, and that of shard 0 begins late.
        let time = Locked<SimulatedTime?>(nil)
        let service = FakeService { request throws(HTTPFault) in
            let route = FakeService.route(request)
            let gone = (time.withLock { $0?.now } ?? World.now) - World.now
            let first = Self.part("a", [1, 2], gone >= .seconds(6) ? "succeeded" : "applying")
            switch route {
            case "POST /reconcile": return FakeService.envelope(["accepted": true], status: 202)
            case "GET /runs?limit=1", "GET /runs?limit=50":
                return FakeService.envelope(gone >= .seconds(3) ? [first] : [])
            default: return FakeService.envelope(first)
            }
        }
        let world = try World(service)
        time.withLock { $0 = world.time }
        let limit = [2, 4, 8][stage]
        let result = await world.run("reconcile", "--wait", "--wait-for", "\(limit)s")
        #expect(result.exit == .later && result.error.contains("CLI-0011"), "\(result.story)")
        let missed = ["no pass began", "run a did not end", "no pass looked at shard 0"][stage]
        #expect(result.error.contains("\(missed) within \(limit)s"), "\(result.story)")
        #expect(world.time.now - World.now == .seconds(limit))
    }

    @Test("A time that can't be is refused before a pass is asked for")
    func wrongWaiting() async throws {
        let service = FakeService(["GET /runs": [], "POST /reconcile": ["accepted": true]])
        let result = await (try World(service)).run("reconcile", "--wait", "--wait-for", "soon")
        #expect(result.exit == .usage && service.routes.isEmpty, "\(result.story)")
    }
}
