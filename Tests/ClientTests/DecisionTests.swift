import Basics
import Formats
import HTTPClient
import Testing

@testable import Client

@Suite("What people decide, and what they are asked before")
struct DecisionTests {
    private static let plan: Value = [
        "run_id": "r1",
        "changes": [
            ["key": "do.droplet/old", "action": "delete", "decision": "needs_approval"],
            ["key": "do.droplet/new", "action": "create", "decision": "needs_approval"],
            ["key": "do.droplet/free", "action": "update", "decision": "allowed"],
        ],
    ]

    private func deciding() -> FakeService { FakeService(["GET /plans/r1": Self.plan, "POST /approvals": []]) }

    @Test("An approval of what deletes needs a confirmation, and approves exactly what was shown")
    func confirmation() async throws {
        let unasked = try World(deciding())
        let refused = await unasked.run("approve", "r1")
        #expect(refused.exit == .refused && refused.error.contains("odooops approve r1 --confirm"), "\(refused.story)")
        #expect(unasked.service.routes == ["GET /plans/r1", "GET /runs/r1"])
        let confirmed = try World(deciding())
        #expect((await confirmed.run("approve", "r1", "--confirm", "--for", "2h", "--reason", "moved")).exit == .done)
        let expected: Value = [
            "run": "r1", "keys": ["do.droplet/old", "do.droplet/new"], "reason": "moved", "minutes": 120,
        ]
        #expect(confirmed.service.requests.last?.json == expected)
        // Whatever waits for a person can't be taken back, also where it makes or changes something.
        let overwrites = await (try World(deciding())).run("approve", "r1", "--key", "do.droplet/new")
        #expect(
            overwrites.exit == .refused
                && overwrites.error.contains("odooops approve r1 --key do.droplet/new --confirm"),
            "\(overwrites.story)")
        let wrong = await (try World(deciding())).run("approve", "r1", "--key", "do.droplet/free")
        #expect(wrong.exit == .notFound, "\(wrong.story)")
        let idle = FakeService(["GET /plans/r1": ["run_id": "r1", "changes": []]])
        let nothing = await (try World(idle)).run("approve", "r1")
        #expect(nothing.exit == .nothing && nothing.error.contains("odooops plan show r1"), "\(nothing.story)")
    }

    @Test("Who approves a look is told before they are asked whether they mean it")
    func looks() async throws {
        let service = FakeService(["GET /plans/r1": Self.plan, "GET /runs/r1": ["id": "r1", "dry_run": true]])
        let result = await (try World(service)).run("approve", "r1")
        #expect(result.exit == .refused && result.error.contains("was only a look"), "\(result.story)")
        #expect(result.error.contains("odooops plan show latest") && !result.error.contains("--confirm"))
    }

    @Test("An approval that ends before a window opens says so, and promises no next pass")
    func closedWindow() async throws {
        let change: Value = [
            "key": "do.droplet/old", "action": "delete", "decision": "needs_approval", "hold": "approval",
            "blocked_until": "2099-01-01T22:00:00Z",
            "held_at": ["file": ".odooops/policies.yaml", "line": 54, "column": 5],
        ]
        let approval: Value = ["key": "do.droplet/old", "expires_at": "2098-12-31T00:00:00Z"]
        let service = FakeService([
            "GET /plans/r1": ["run_id": "r1", "changes": [change]], "POST /approvals": [approval],
        ])
        let result = await (try World(service)).run("approve", "r1", "--confirm")
        #expect(result.exit == .done, "\(result.story)")
        #expect(
            result.output.contains(
                "do.droplet/old: not before 2099-01-01 22:00 UTC (.odooops/policies.yaml:54), and the approval ends before"
            ),
            "\(result.story)")
        #expect(!result.output.contains("next pass"), "\(result.story)")
    }

    @Test(
        "How long an approval has to hold is told as the service says it, and no length that it would refuse",
        arguments: [
            (12, "2099-01-01T00:00:00Z", "the approval ends before: give --for 12h"),
            (nil, "2099-01-01T00:00:00Z", "the approval ends before: approve it again then"),
            (nil, "2099-01-03T00:00:00Z", "by the next pass from then on"),
        ] as [(Int64?, String, String)])
    func lengths(_ hours: Int64?, _ end: String, _ told: String) async throws {
        let change: Value = ["key": "do.droplet/old", "action": "delete", "decision": "needs_approval"]
        let approval: Value = [
            "key": "do.droplet/old", "expires_at": .string(end), "window": ".odooops/policies.yaml:54",
            "opens_at": "2099-01-01T22:00:00Z", "hours": hours.map { .int($0) } ?? .null,
        ]
        let service = FakeService([
            "GET /plans/r1": ["run_id": "r1", "changes": [change]], "POST /approvals": [approval],
        ])
        let result = await (try World(service)).run("approve", "r1", "--confirm")
        let line = "do.droplet/old: not before 2099-01-01 22:00 UTC (.odooops/policies.yaml:54), "
        #expect(result.output.contains(line) && result.output.contains(told), "\(result.story)")
        #expect(result.output.contains("--for") == (hours != nil), "\(result.story)")
    }

    @Test("What a plan rests on is approved by its name alone, and what is the latest run only in view of it")
    func departures() async throws {
        let care: Value = [
            "key": "source.care/ssot", "action": "update", "decision": "needs_approval",
            "reason": "environment erp is dev now, and was production",
        ]
        let old: Value = ["key": "do.droplet/old", "action": "delete", "decision": "needs_approval"]
        func service(_ changes: [Value]) -> FakeService {
            let plan: Value = ["run_id": "r1", "changes": .list(changes)]
            return FakeService(["GET /plans/r1": plan, "GET /plans/latest": plan, "POST /approvals": []])
        }
        let both = try World(service([care, old]))
        let rest = await both.run("approve", "r1", "--confirm")
        #expect(
            rest.exit == .done && rest.output.contains("odooops approve r1 --key source.care/ssot"), "\(rest.story)")
        #expect(both.service.requests.last?.json?["keys"] == ["do.droplet/old"])

        let alone = try World(service([care]))
        let unnamed = await alone.run("approve", "r1", "--confirm")
        #expect(
            unnamed.exit == .refused && unnamed.error.contains("odooops approve r1 --key source.care/ssot"),
            "\(unnamed.story)")
        let unasked = await alone.run("approve", "r1", "--key", "source.care/ssot")
        #expect(unasked.exit == .refused && unasked.error.contains("erp is dev now"), "\(unasked.story)")
        #expect(!alone.service.routes.contains("POST /approvals"))
        #expect((await alone.run("approve", "latest", "--key", "source.care/ssot", "--confirm")).exit == .done)

        let latest = try World(service([old]))
        let unseen = await latest.run("approve", "latest", "--confirm")
        #expect(unseen.exit == .refused && unseen.error.contains("odooops approve r1 --confirm"), "\(unseen.story)")
        #expect(!unseen.error.contains("--confirm --confirm") && latest.service.routes == ["GET /plans/latest"])
    }

    @Test("On a terminal the name is typed, and another name is no confirmation", arguments: ["do.droplet/old", "yes"])
    func typedName(_ typed: String) async throws {
        let world = try World(deciding(), terminal: true, typed: [typed])
        let result = await world.run("approve", "r1", "--color", "never")
        #expect(result.error.contains("Type do.droplet/old to go on"), "\(result.story)")
        #expect((result.exit == .done) == (typed == "do.droplet/old"))
        #expect(world.service.routes.contains("POST /approvals") == (typed == "do.droplet/old"))
    }
}
