import Basics
import Formats
import HTTPClient
import TestKit
import Testing

@testable import Client

@Suite("Rules of the advisor, notes of what was given, and names for completion")
struct AdviceTests {
    private static let rules: Value = [
        "revision": "0123456789abcdef", "summary": ["pass": 1, "fail": 0, "unknown": 1],
        "unread": ["advisor/torn.yaml"],
        "rules": [
            [
                "id": "disk_alert_policy", "pillar": "reliability", "severity": "medium", "verdict": "unknown",
                "why": "no driver looked at digitalocean.droplet",
            ]
        ],
    ]

    @Test("The advisor's rules are shown with verdict and why, and what can't be read is told")
    func advice() async throws {
        let world = try World(FakeService(["GET /advisor": Self.rules]))
        let shown = await world.run("advisor", "list", "--verdict", "unknown", "--pillar", "reliability")
        #expect(world.service.routes == ["GET /advisor?pillar=reliability&verdict=unknown"])
        for text in ["1 pass, 0 fail, 1 unknown", "disk_alert_policy", "no driver looked at", "advisor/torn.yaml"] {
            #expect(shown.exit == .done && shown.output.contains(text), "\(shown.story)")
        }
        #expect((await world.run("advisor", "--json")).json == Self.rules)
        #expect((await world.run("advisor", "list", "--verdict", "maybe")).exit == .usage)
        let before = try World(FakeService(["GET /advisor": ["revision": .null, "rules": []]]))
        #expect((await before.run("advisor", "list")).output.contains("No pass of the service has looked"))
    }

    @Test("The latest plan of a service that has planned nothing is told to be none")
    func noPlan() async throws {
        let world = try World(FakeService(["GET /plans/latest": .null]))
        let shown = await world.run("plan", "show", "latest")
        #expect(shown.exit == .done && shown.output.contains("Nothing was planned yet"), "\(shown.story)")
        #expect((await world.run("plan", "show", "latest", "--json")).json == .null)
        #expect((await world.run("approve", "latest")).exit == .nothing)
    }

    @Test(
        "What may not be meant of an access is said beside what was done, and once in JSON",
        arguments: [
            ("keys add ci --role viewer@stagin", "POST /access/keys"),
            ("users add ada --role viewer@stagin", "POST /access/users"),
            ("users change ada --role viewer@stagin", "PUT /access/users/ada"),
        ])
    func notes(_ line: String, _ route: String) async throws {
        let note = "there is no environment stagin; did you mean staging?"
        let world = try World(
            FakeService([
                route: ["name": "ada", "grants": ["viewer@stagin"], "key": "k", "notes": [.string(note)]]
            ]))
        let words = line.split(separator: " ").map(String.init)
        let told = await world.run(words)
        #expect(told.exit == .done && told.error.contains("note: \(note)"), "\(told.story)")
        #expect(!told.output.contains(note), "a key stands alone there: \(told.story)")
        let json = await world.run(words + ["--json"])
        #expect(json.json?["notes"]?[0]?.stringValue == note && json.error.isEmpty, "\(json.story)")
    }

    @Test("Differences that are findings alone can be asked for by that word")
    func findingCause() async throws {
        let world = try World(FakeService(["GET /drift": []]))
        #expect((await world.run("drift", "list", "--cause", "finding")).exit == .done)
        #expect(world.service.routes.first?.contains("cause=finding") == true, "\(world.service.routes)")
    }

    @Test("What the service says is wrong with a request is told in people's words; api shows it as it came")
    func problems() async throws {
        let service = FakeService { _ throws(HTTPFault) in
            let error: Value = [
                "error": "INVALID_BODY", "code": "API-0004", "message": "days of the body has to be from 1 to 365",
                "details": ["problem": "days has to be from 1 to 365", "member": "days"],
                "remediation": "Correct days. See what the route takes: GET /api/v1/openapi.json",
            ]
            let body: Value = ["data": .null, "meta": [:], "errors": [error]]
            return HTTPResponse(
                status: 400, headers: [HTTPHeader("X-Request-Id", "req-1")], body: Array(JSON.write(body).utf8))
        }
        let world = try World(service)
        let told = await world.run("keys", "add", "ci", "--role", "viewer")
        #expect(told.error.contains(": days has to be from 1 to 365") && told.exit == .usage, "\(told.story)")
        let raw = await world.run("api", "POST", "/access/keys", "--data", "{}")
        #expect(raw.error.contains("days of the body has to be"), "\(raw.story)")
    }

    // MARK: Names for completion

    private static func row(_ name: String, _ status: String = "active") -> Value {
        ["name": .string(name), "status": .string(status)]
    }

    @Test("Names of environments are printed part by part, without those that are gone or that a shell would evaluate")
    func names() async throws {
        let service = FakeService { request throws(HTTPFault) in
            let isSecond = FakeService.route(request).contains("cursor=c1")
            let rows: [Value] =
                isSecond
                ? [Self.row("staging")]
                : [
                    Self.row("feature-a"), Self.row("old", "gone"), Self.row("$(touch /tmp/x)"), Self.row("a b"),
                    Self.row("-rf"), Self.row("pr-7.eu_1"),
                ]
            return FakeService.envelope(
                .list(rows), meta: isSecond ? ["next_cursor": .null] : ["next_cursor": "c1"])
        }
        let world = try World(service)
        let shown = await world.run("completion", "environments")
        #expect(shown.output == "feature-a\npr-7.eu_1\nstaging\n" && shown.exit == .done, "\(shown.story)")
        #expect(service.requests.allSatisfy { $0.timeout == .seconds(1) })
    }

    @Test(
        "Where a service can't be asked, there is no name, no word, no second try and no failure",
        arguments: [.lost, .notSent, .timedOut(sent: true), nil] as [HTTPFault.Kind?])
    func silence(_ kind: HTTPFault.Kind?) async throws {
        let service = FakeService { _ throws(HTTPFault) in
            guard let kind else { return FakeService.fault(503, "STORE-0001", "no", nil) }
            throw HTTPFault(kind, code: "HTTP-0001", message: "no", place: nil)
        }
        let world = try World(service)
        let shown = await world.run("completion", "environments")
        #expect(shown.output.isEmpty && shown.error.isEmpty && shown.exit == .done, "\(shown.story)")
        #expect(service.requests.count == 1)
        // Nor where it isn't known whom to ask.
        let nowhere = await world.run("completion", "environments", "--context", "none")
        #expect(nowhere.output.isEmpty && nowhere.error.isEmpty && nowhere.exit == .done, "\(nowhere.story)")
    }

    @Test("A service with very many environments is asked for a second in all, and no longer")
    func patience() async throws {
        let clock = Locked<SimulatedTime?>(nil)
        let service = FakeService { _ throws(HTTPFault) in
            clock.withLock { $0?.advance(by: .milliseconds(400)) }
            return FakeService.envelope([Self.row("one")], meta: ["next_cursor": "c"])
        }
        let world = try World(service)
        clock.withLock { $0 = world.time }
        let shown = await world.run("completion", "environments")
        #expect(shown.output == "one\none\none\n" && shown.exit == .done, "\(shown.story)")
        #expect(service.requests.map(\.timeout) == [.seconds(1), .milliseconds(600), .milliseconds(200)])
    }
}
