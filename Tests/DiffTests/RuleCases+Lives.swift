import Basics
import DesiredState
import Diff
import Formats

extension RuleCases {
    /// One environment `a` with a record in the DNS that it owns.
    private static func life(
        _ name: String, _ environment: Environment?, _ record: EnvironmentRecord?, _ expected: [String],
        wanted: Bool = true, kind: ResourceKind = .record, resource: String = "e.com/A/a", says: [String] = [],
        exists: Bool = true, approvals: Set<ResourceKey> = []
    ) -> RuleCase {
        RuleCase(
            name: name,
            input: W.input(
                wanted ? [W.want(kind, resource, env: "a")] : [], exists ? [W.seen(kind, resource)] : [],
                exists ? [W.ours(kind, resource, env: "a")] : [],
                environments: [environment ?? W.environment("other")].map { $0 }, records: [record].compactMap { $0 },
                approvals: approvals),
            expected: expected, says: says)
    }

    private static let expires = ["record/e.com/A/a delete allowed expired"]

    static let lives: [RuleCase] = [
        life("before its end it stays", W.environment("a"), W.record("a", age: .days(6)), ["noop 1"]),
        life(
            "at its end what it owns goes", W.environment("a"), W.record("a", age: .days(7)), expires,
            says: ["environment a expired on", "dev_ephemeral: 7d from"]),
        life("an extension moves the end", W.environment("a"), W.record("a", age: .days(7), extra: 1), ["noop 1"]),
        life("and no further than that", W.environment("a"), W.record("a", age: .days(8), extra: 1), expires),
        life("a negative extension is none", W.environment("a"), W.record("a", age: .days(6), extra: -3), ["noop 1"]),
        life("pinned never ends", W.environment("a"), W.record("a", age: .days(900), pinned: true), ["noop 1"]),
        life("unknown age never ends", W.environment("a"), W.record("a", age: nil), ["noop 1"]),
        life("without a record it has just begun", W.environment("a"), nil, ["noop 1"]),
        life(
            "a time to live beyond the calendar never ends",
            W.environment("a", ttl: .after(.seconds(Int64.max))), W.record("a", age: .days(9)), ["noop 1"]),
        life(
            "a time to live of nothing never ends", W.environment("a", ttl: .after(.zero)),
            W.record("a", age: .days(9)), ["noop 1"]),
        life(
            "staging never ends, whatever is written", W.environment("a", .staging, .named),
            W.record("a", .staging, age: .days(99)), ["noop 1"]),
        life(
            "production neither", W.environment("a", .production, .ephemeral),
            W.record("a", .production, age: .days(99)), ["noop 1"]),
        life(
            "the class of production neither", W.environment("a", .dev, .production),
            W.record("a", age: .days(99)), ["noop 1"]),
        life(
            "what has expired is not created again", W.environment("a", head: "c1"),
            W.record("a", age: .days(9), status: .expired, head: "c1"), [], exists: false),
        life(
            "nor while its head is unknown", W.environment("a"),
            W.record("a", age: .days(9), status: .expired, head: "c1"), [], exists: false),
        life(
            "a new commit brings it back", W.environment("a", head: "c2"),
            W.record("a", age: .days(9), status: .expired, head: "c1"),
            ["record/e.com/A/a create allowed unapplied_commit"], exists: false),
        life(
            "an extension brings it back", W.environment("a", head: "c1"),
            W.record("a", age: .days(9), extra: 7, status: .expired, head: "c1"),
            ["record/e.com/A/a create allowed unapplied_commit"], exists: false),
        life(
            "a pin brings it back", W.environment("a", head: "c1"),
            W.record("a", age: .days(9), pinned: true, status: .expired, head: "c1"),
            ["record/e.com/A/a create allowed unapplied_commit"], exists: false),
        life(
            "an environment whose branch is gone loses what it owns", nil, W.record("a", branch: "feature/x"),
            ["record/e.com/A/a delete allowed unapplied_commit"], wanted: false,
            says: ["branch feature/x is gone, or nothing makes an environment of it any more"]),
        life(
            "the data of a development environment goes with it", W.environment("a"), W.record("a", age: .days(8)),
            ["database/c/a delete allowed expired"], kind: .database, resource: "c/a"),
        life(
            "the data of a living one only with an approval", W.environment("a"), W.record("a"),
            ["database/c/a delete needs_approval unapplied_commit"], wanted: false, kind: .database, resource: "c/a",
            says: ["holds data that only it has"]),
        life(
            "nothing of a protected environment goes without an approval", W.environment("a", protected: true),
            W.record("a", age: .days(8)), ["record/e.com/A/a delete needs_approval expired"]),
        life(
            "a staging environment that is gone needs an approval", nil, W.record("a", .staging),
            ["record/e.com/A/a delete needs_approval unapplied_commit"], wanted: false, says: ["tier staging"]),
        life(
            "which lifts it", nil, W.record("a", .staging), ["record/e.com/A/a delete allowed unapplied_commit"],
            wanted: false, approvals: [W.key(.record, "e.com/A/a")]),
        life(
            "an environment of which nobody knows the tier needs an approval", nil, nil,
            ["record/e.com/A/a delete needs_approval unapplied_commit"], wanted: false, says: ["knows the tier"]),
    ]
}
