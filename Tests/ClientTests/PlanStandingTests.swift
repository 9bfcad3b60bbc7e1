import Basics
import Formats
import HTTPClient
import Testing

@testable import Client

@Suite("What a run left to people is told as it stands by now")
struct PlanStandingTests {
    private static let plan: Value = [
        "run_id": "r1", "revision": "abc", "planned_at": "2026-11-21T17:06:00Z",
        "changes": [
            ["key": "do.droplet/old", "action": "delete", "decision": "needs_approval"],
            ["key": "do.droplet/older", "action": "delete", "decision": "needs_approval"],
        ],
    ]

    private static func row(_ approval: String, _ approved: Int64, _ used: Int64) -> Value {
        [
            "run": "r1", "approval": .string(approval), "needed": 2, "approved": .int(approved), "used": .int(used),
        ]
    }

    private static func service(_ row: Value, isLook: Bool = false) -> FakeService {
        let run: Value = [
            "id": "r1", "phase": isLook ? "planned" : "awaiting_approval", "dry_run": .bool(isLook), "steps": [],
        ]
        return FakeService([
            "GET /plans/r1": plan, "GET /plans": isLook ? [] : [["run": "r2", "approval": "unneeded"], row],
            "GET /runs/r1": run,
        ])
    }

    @Test(
        "Only what waits is said to wait; else whether it is approved, done, or another plan's",
        arguments: [
            (row("waiting", 0, 0), "2 wait for a person: odooops approve r1"),
            (row("waiting", 1, 0), "1 waits for a person: odooops approve r1"),
            (row("approved", 2, 0), "the next pass does it"), (row("superseded", 0, 2), "was approved, and is done"),
            (row("superseded", 0, 0), "A later pass made its own plan"),
            // Older than what the list begins with.
            (["run": "r0", "approval": "unneeded"], "A later pass made its own plan"),
        ] as [(Value, String)])
    func standing(_ row: Value, _ text: String) async throws {
        let world = try World(Self.service(row))
        let isWaiting = row["approval"] == "waiting"
        let shown = await world.run("plan", "show", "r1")
        #expect(shown.exit == .done && shown.output.contains(text), "\(shown.story)")
        #expect(shown.output.contains("2 waiting for an approval") == isWaiting, "\(shown.story)")
        #expect(shown.output.contains("odooops approve r1") == isWaiting, "\(shown.story)")
        for words in [["runs", "show", "r1"], ["runs", "watch", "r1"]] {
            let run = await world.run(words)
            // What the run did is as it was, and not all that is wanted.
            #expect(run.exit == (words[1] == "watch" ? .refused : .done), "\(run.story)")
            #expect(run.output.contains("It waits for a person") == isWaiting, "\(run.story)")
            #expect(run.story.contains("odooops approve r1") == isWaiting, "\(run.story)")
            #expect(isWaiting || run.output.contains(text), "\(run.story)")
        }
    }

    @Test("The plan of a look names the plan that can be approved")
    func look() async throws {
        let shown = await (try World(Self.service(.null, isLook: true))).run("plan", "show", "r1")
        #expect(shown.exit == .done && shown.output.contains("only a look"), "\(shown.story)")
        #expect(
            shown.output.contains("odooops plan show latest") && !shown.output.contains("odooops approve"),
            "\(shown.story)")
    }

    @Test("Where a service doesn't tell how a plan stands, it is shown as it was made")
    func untold() async throws {
        let shown = await (try World(FakeService(["GET /plans/r1": Self.plan]))).run("plan", "show", "r1")
        #expect(shown.exit == .done && shown.output.contains("odooops approve r1"), "\(shown.story)")
    }
}
