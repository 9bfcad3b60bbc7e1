import Basics
import DesiredState
import Diff
import Formats
import Testing

/// The line of the policies that holds a change back, and until when it does.
@Suite struct HeldAtTests {
    private typealias W = Worlds
    private static let mark = W.mark(40, ".odooops/policies.yaml")

    /// A tag that nothing wants any more.
    private static func plan(_ policy: Policy, protected: Bool = false) -> Plan {
        makePlan(
            W.input(
                [], [W.seen(.tag, "t")], [W.ours(.tag, "t", env: "a", protected: protected)],
                environments: [W.environment("a")], records: [W.record("a")], policy: policy))
    }

    @Test func `what can't be read of how things go is named with its line`() throws {
        var policy = Policy()
        policy.prune.unreadable = UnreadableRule(code: "SSOT-0001", reason: "`soon` is no duration", at: Self.mark)
        let change = try #require(Self.plan(policy).changes.first)
        #expect(change.verdict == .blocked && change.heldAt == Self.mark)
        #expect(change.verdictReason?.contains("policies, .odooops/policies.yaml:40:5)") == true)
    }

    @Test func `a cap that can't be read is mended where it stands, and not raised`() throws {
        var policy = Policy()
        policy.maximumDeletes = 0
        let meant = try #require(Self.plan(policy).diagnostics.first { $0.code == "PLAN-0004" })
        #expect(meant.hint?.contains("raise limits.max_deletes") == true && meant.message.contains("the cap is 0"))
        policy.unreadableLimit = UnreadableRule(code: "FMT-0001", reason: "no value", at: Self.mark)
        let plan = Self.plan(policy)
        let unread = try #require(plan.diagnostics.first { $0.code == "PLAN-0004" })
        #expect(unread.mark == Self.mark && unread.hint?.contains("raise") == false)
        #expect(unread.hint?.hasSuffix(".odooops/policies.yaml:40:5: FMT-0001: no value") == true)
        #expect(plan.changes.first?.verdict == .denied && plan.changes.first?.heldAt == Self.mark)
    }

    @Test(arguments: [false, true])
    func `what is beyond the cap because its time is over is let go by itself, and no smaller commit helps`(
        isMixed: Bool
    ) throws {
        var policy = Policy()
        policy.maximumDeletes = 1
        let slugs = ["a", "b"]
        let ended = slugs.map { W.record($0, age: .days(8)) }
        let owned = slugs.map { W.ours(.tag, $0, env: $0) } + (isMixed ? [W.ours(.tag, "c")] : [])
        func plan(_ targets: [String] = []) -> Plan {
            makePlan(
                W.input(
                    [], ["a", "b", "c"].map { W.seen(.tag, $0) },
                    owned, environments: slugs.map { W.environment($0) }, records: ended, policy: policy,
                    targets: targets))
        }
        let hint = try #require(plan().diagnostics.first { $0.code == "PLAN-0004" }?.hint)
        #expect(hint.hasSuffix("or let what has ended go one environment at a time: reconcile --target a"), "\(hint)")
        #expect(hint.contains("smaller commits") == isMixed, "\(hint)")
        #expect(plan(["a"]).changes.map(\.verdict) == [.allowed])
    }

    @Test(arguments: [false, true])
    func `what waits for a yes says when a window lets it happen, which none does that lets people through`(
        isForAll: Bool
    ) throws {
        var policy = Policy()
        policy.syncWindows = [
            SyncWindow(
                kind: .deny, schedule: try Cron(parsing: "0 12 * * *"), duration: .hours(1), timeZone: "UTC",
                scope: PolicyScope(), allowsManual: !isForAll, reason: nil, source: Self.mark)
        ]
        let plan = Self.plan(policy, protected: true)
        let change = try #require(plan.changes.first)
        #expect(change.verdict == .needsApproval && change.hold == .approval)
        #expect(change.heldAt == (isForAll ? Self.mark : nil))
        #expect(change.blockedUntil == (isForAll ? Timestamp("2026-03-06T13:00:00Z") : nil))
        #expect(change.verdictReason?.contains("window") == false, "approvals are of the change, whatever the time")
        let saved = try PlanDocument.parse(PlanDocument.json(plan, runID: "r", plannedAt: W.now)).changes.first
        #expect(saved?.heldAt == change.heldAt && saved?.blockedUntil == change.blockedUntil)
    }

    @Test(arguments: [false, true])
    func `what no time ends says no time, also where something else rests until then`(isSuspended: Bool) throws {
        var ours = W.ours(.droplet, "web", [("region", "sgp1"), ("size", "s-2")], env: "a")
        ours.echoes = [Echo("size", "S2", times: 3, isAnswer: false, at: W.now - .minutes(5))]
        let suspension = UnknownScope(.environment("a"), code: Hold.suspensionCode, reason: "left alone", at: nil)
        let plan = makePlan(
            W.input(
                [W.want(.droplet, "web", [("region", "sgp1"), ("size", "s-2")], env: "a")],
                [W.seen(.droplet, "web", [("region", "sgp1"), ("size", "S2")])], [ours],
                environments: [W.environment("a")], records: [W.record("a")], unknown: isSuspended ? [suspension] : []))
        let change = try #require(plan.changes.first)
        #expect(change.verdict == .blocked && change.hold == (isSuspended ? .suspended : .contested))
        #expect((change.blockedUntil == nil) == isSuspended, "\(change.verdictReason ?? "")")
    }
}
