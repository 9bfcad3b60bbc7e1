import Basics
import DesiredState
import Diff
import Formats

/// The two halves of a deletion: what is marked, and when it goes.
extension RuleCases {
    private static let goes = W.key(.tag, "t")

    private static func marked(
        _ name: String, _ mark: PruneMark?, _ expected: [String], grace: Duration = .hours(6),
        guarded: Duration = .hours(24), protected: Bool = false, record: EnvironmentRecord? = nil,
        isWanted: Bool = false, approvals: Set<ResourceKey> = [], lastRoots: [String] = [], fault: String? = nil,
        holds: [Hold?]? = nil, says: [String] = []
    ) -> RuleCase {
        var policy = Policy()
        policy.prune.grace = grace
        policy.prune.guardedGrace = guarded
        policy.prune.unreadable = fault.map { UnreadableRule(code: "SSOT-0001", reason: $0, at: nil) }
        var input = W.input(
            isWanted ? [W.want(.tag, "t", env: "a")] : [], [W.seen(.tag, "t")],
            [W.ours(.tag, "t", env: "a", protected: protected)], environments: [W.environment("a")],
            records: [record ?? W.record("a")], policy: policy, lastRoots: lastRoots, approvals: approvals)
        let inventory = input.inventory
        input.inventory = Inventory(
            entries: inventory.entries, environments: inventory.environments, lastRoots: inventory.lastRoots,
            lastDesiredCount: inventory.lastDesiredCount, marks: [mark].compactMap { $0 })
        return RuleCase(name: name, input: input, expected: expected, says: says, holds: holds)
    }

    private static func mark(age: Duration, id: String = "id-t") -> PruneMark {
        PruneMark(key: goes, providerID: id, environment: "a", markedAt: W.now - age, revision: W.revision)
    }

    private static let blocked = ["tag/t delete blocked unapplied_commit"]
    private static let allowed = ["tag/t delete allowed unapplied_commit"]

    static let prune: [RuleCase] = [
        marked(
            "what isn't marked is marked first", nil, blocked, holds: [.grace],
            says: ["it is marked first", "after 6h of grace, unless"]),
        marked(
            "to the last instant of its grace it stays", mark(age: .hours(6) - .microseconds(1)), blocked,
            holds: [.grace], says: ["goes after"]),
        marked("at its end it goes", mark(age: .hours(6)), allowed, holds: [nil]),
        marked("a mark of the future is none that is old enough", mark(age: .hours(-1)), blocked),
        marked("a person who names it has it go at once", nil, allowed, approvals: [goes]),
        marked(
            "the mark of another object counts for nothing", mark(age: .days(9), id: "other"), blocked,
            says: ["it is marked first"]),
        marked("without a grace it goes at once", nil, allowed, grace: .zero),
        marked("what is wanted again stays, marked or not", mark(age: .days(9)), ["noop 1"], isWanted: true),
        marked(
            "what is guarded waits longer, and says that a person is asked", mark(age: .hours(6)), blocked,
            protected: true, holds: [.grace], says: ["and an approval"]),
        marked(
            "then it is asked for", mark(age: .hours(24)), ["tag/t delete needs_approval unapplied_commit"],
            protected: true, holds: [.approval]),
        marked(
            "an approval doesn't shorten the grace", mark(age: .hours(23)), blocked, protected: true, approvals: [goes]),
        marked("after it, it lets it go", mark(age: .hours(24)), allowed, protected: true, approvals: [goes]),
        marked(
            "what ends with its environment needs no mark", nil, ["tag/t delete allowed expired"],
            record: W.record("a", age: .days(8)), isWanted: true),
        marked(
            "what a guard denies isn't even marked", nil, ["tag/t delete denied unapplied_commit"],
            lastRoots: ["ssot", "infra/ssot"], holds: [.rule], says: ["has vanished"]),
        marked(
            "how long it stays can't be read: that is a rule, not something that wasn't seen", mark(age: .days(9)),
            blocked, fault: "`often` is no duration", holds: [.rule], says: ["how things go can't be read"]),
    ]
}
