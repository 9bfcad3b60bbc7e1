import Basics
import DesiredState
import Formats
import Store
import Testing

@testable import ConsoleAPI
@testable import Diff

/// What the answer to an approval says of a window that keeps its change.
@Suite struct GivenApprovalTests {
    /// How far off the opening is, how long the approval is to hold, and the hours that it is told to take.
    @Test(
        "An approval is answered with the window that keeps its change, and with a length only where the policy lets one hold so",
        arguments: [(2, nil, 50), (1, 48 * 60, nil), (200, nil, nil), (nil, nil, nil)] as [(Int?, Int64?, Int64?)])
    func saysWhatWindowsDo(_ days: Int?, _ minutes: Int64?, _ hours: Int64?) async throws {
        let world = try await APIWorld()
        try await world.fill()
        let key = ResourceKey(.droplet, "erp")
        var change = PlannedChange(
            key: key, action: .delete, reason: "nothing wants it", cause: .unappliedCommit, verdict: .needsApproval,
            hold: .approval)
        if let days {
            change.blockedUntil = APIWorld.now + .days(days)
            change.heldAt = SourceMark(file: ".odooops/policies.yaml", line: 54, column: 5)
        }
        let full = FullPlan.plan
        let plan = Plan(
            revision: full.revision, changes: [change], summary: Plan.Summary(of: [change], noops: 0), drift: [],
            environments: [], diagnostics: [], requests: [:], basis: full.basis,
            fingerprint: PlanFingerprint.of(
                revision: full.revision, basis: full.basis, changes: [change], targets: [], approvals: []))
        try await world.store.savePlan(
            runID: world.runID, fingerprint: plan.fingerprint,
            document: PlanDocument.json(plan, runID: world.runID, plannedAt: APIWorld.now))
        var body: Value.Object = ["run": .string(world.runID), "keys": [.string(key.description)]]
        body["minutes"] = minutes.map { .int($0) }
        let answer = try await world.send("POST", "/approvals", as: "owner", body: .object(body))
        #expect(answer.status == 201, "\(answer.body)")
        let given = try #require(answer.data[0])
        #expect(given["window"]?.stringValue == (days == nil ? nil : ".odooops/policies.yaml:54"))
        #expect(given["opens_at"]?.stringValue == days.map { (APIWorld.now + .days($0)).description })
        #expect(given["hours"] == (hours.map { .int($0) } ?? .null), "\(given)")
        let route = try #require(world.api.routes.first { $0.id == "approve" })
        #expect(route.answer.problem(answer.data, at: "data") == nil)
    }
}
