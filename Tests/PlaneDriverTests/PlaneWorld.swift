import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import PlaneDriver
import Simulator
import SimulatorKit
import TestKit
import Testing

/// A workspace with one project that people have set up, and a driver over it.
struct PlaneWorld {
    static let key = "plane_api_canary0123456789"
    let time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
    let simulator: Simulator
    let driver: PlaneDriver
    let traffic = Traffic()
    let context: DriverContext
    let engine: SmallEngine

    init(limits: RateLimits = .generous, retry: RetryPolicy = RetryPolicy(), seeded: Bool = true) throws {
        simulator = try Simulator(options: SimulatorOptions(time: time, limits: limits))
        if seeded { try simulator.seed("plane", Self.account) }
        driver = Self.driver(InProcessTransport(simulator), time, retry: retry, isLimited: limits != .generous)
        let traffic = traffic
        context = DriverContext(runID: "test", log: .none) { traffic.record($0) }
        engine = SmallEngine(driver, context, time)
    }

    static func driver(
        _ transport: any HTTPTransport, _ time: SimulatedTime, key: Secret = Secret(Self.key),
        retry: RetryPolicy = RetryPolicy(), isLimited: Bool = false
    ) -> PlaneDriver {
        PlaneDriver(
            apiKey: key, workspace: "acme", baseURL: "http://plane.test/api/v1/", transport: transport,
            budget: RequestBudget(isLimited ? .plane : .unlimited, time: time), retry: retry, time: time,
            random: RandomSource(seed: 3))
    }

    /// One request as a person's program sends it, below the projects of the workspace.
    func ask(_ method: String, _ path: String, _ body: Value? = nil) async throws -> HTTPResponse {
        try await InProcessTransport(simulator).send(
            HTTPRequest(
                method, "http://plane.test/api/v1/workspaces/acme/projects/\(path)",
                headers: [HTTPHeader("X-API-Key", Self.key)], body: body.map { Array($0.json.utf8) } ?? []))
    }

    /// Project OPS with other colours than are wanted, a label of another system, and a work item that uses a state.
    static let account: Value = {
        let states: [Value] = [
            ["name": "Todo", "group": "unstarted", "color": "#60646C", "default": true, "description": "by people"],
            ["name": "Doing", "group": "started", "color": "#FFF"],
        ]
        let labels: [Value] = [
            ["name": "area/erp", "color": "#ff0000", "external_source": "jira", "external_id": "L-1"],
            ["name": "handmade", "color": "#00ff00", "description": "keep"],
        ]
        let items: [Value] = [["name": "Fix the mail", "external_source": "github", "external_id": "acme/erp#7"]]
        var project = Value.Object()
        project["identifier"] = "OPS"
        project["name"] = "Operations"
        project["states"] = .list(states)
        project["labels"] = .list(labels)
        project["work_items"] = .list(items)
        return ["workspaces": ["acme": ["projects": [.object(project)]]]]
    }()

    static let wanted: [DesiredResource] = [
        .wanting(.planeProject, "OPS", [("name", "Operations"), ("workspace_slug", "acme")]),
        .wanting(.planeState, "OPS/Todo", [("name", "Todo"), ("group", "Unstarted"), ("color", "#60646c")]),
        .wanting(.planeState, "OPS/Doing", [("name", "Doing"), ("group", "started"), ("color", "#F59E0B")]),
        .wanting(.planeState, "OPS/In Review", [("name", "In Review"), ("group", "started")]),
        .wanting(.planeLabel, "OPS/area/erp", [("name", "area/erp")]),
        .wanting(.planeLabel, "OPS/area/mail", [("name", "area/mail")]),
        .wanting(.planeModule, "OPS/Accounting", [("name", "Accounting")]),
    ]

    func objects(_ member: String) -> [Value] { simulator.account("plane")["projects"]?[0]?[member]?.listValue ?? [] }

    func object(_ member: String, _ name: String) -> Value? {
        objects(member).first { $0["name"]?.stringValue == name }
    }
}
