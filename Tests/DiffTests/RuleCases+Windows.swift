import Basics
import DesiredState
import Diff
import Formats

/// Sync windows and freezes in a plan; `W.now` is 2026-03-06T12:26:40Z, a Friday.
extension RuleCases {
    private static func window(
        _ kind: SyncWindow.Kind, _ schedule: String, _ duration: Duration, tiers: [Tier] = [], manual: Bool = false,
        zone: String = "UTC"
    ) -> SyncWindow? {
        (try? Cron(parsing: schedule)).map {
            SyncWindow(
                kind: kind, schedule: $0, duration: duration, timeZone: zone, scope: PolicyScope(tiers: tiers),
                allowsManual: manual, reason: "freight", source: W.mark(30, ".odooops/policies.yaml"))
        }
    }

    private static func policy(_ windows: SyncWindow?..., freeze: Freeze? = nil) -> Policy {
        var policy = Policy()
        policy.syncWindows = windows.compactMap { $0 }
        policy.freezes = [freeze].compactMap { $0 }
        return policy
    }

    private static func frozen(_ tiers: [Tier], until: Timestamp) -> Freeze {
        Freeze(
            from: nil, until: until, reason: "holidays", scope: PolicyScope(tiers: tiers),
            source: W.mark(40, ".odooops/policies.yaml"))
    }

    /// Without the grace of what is guarded.
    static func atOnce(_ policy: Policy) -> Policy {
        var policy = policy
        policy.prune.guardedGrace = .zero
        return policy
    }

    /// A tag of environment `a`, of the tier dev, that is to come; a tag that nobody owns; and one that goes.
    private static func timed(
        _ name: String, _ policy: Policy, _ expected: [String], says: [String] = [], codes: [String] = [],
        isManual: Bool = false
    ) -> RuleCase {
        var input = W.input(
            [W.want(.tag, "mine", env: "a"), W.want(.tag, "shared")], [W.seen(.tag, "old")],
            [W.ours(.tag, "old", env: "a")], environments: [W.environment("a", ttl: .never)], records: [W.record("a")],
            policy: policy)
        input.isManual = isManual
        return RuleCase(name: name, input: input, expected: expected, says: says, codes: codes)
    }

    private static let open = [
        "tag/mine create allowed unapplied_commit", "tag/shared create allowed unapplied_commit",
        "tag/old delete allowed unapplied_commit",
    ]
    private static let closed = [
        "tag/mine create blocked unapplied_commit", "tag/shared create allowed unapplied_commit",
        "tag/old delete blocked unapplied_commit",
    ]
    private static let allClosed = open.map {
        $0.split(separator: " ").map { $0 == "allowed" ? "blocked" : String($0) }.joined(separator: " ")
    }

    static let windows: [RuleCase] = [
        timed(
            "in an allow window changes are made", policy(window(.allow, "0 12 * * *", .hours(1), tiers: [.dev])), open),
        timed(
            "outside of it they wait, and say until when",
            policy(window(.allow, "0 13 * * *", .hours(1), tiers: [.dev])), closed,
            says: [
                "no allow window is open: not 0 13 * * * for 1h, UTC (.odooops/policies.yaml:30:5): freight",
                "changes may be made again from 2026-03-06 13:00 UTC on",
            ]),
        timed(
            "the window of another tier says nothing",
            policy(window(.allow, "0 13 * * *", .hours(1), tiers: [.staging])), open),
        timed(
            "a window for everything closes what is shared too", policy(window(.deny, "0 12 * * *", .hours(1))),
            allClosed),
        timed(
            "deny wins", policy(window(.allow, "0 12 * * *", .hours(1)), window(.deny, "20 12 * * *", .hours(2))),
            allClosed,
            says: ["changes may be made again from 2026-03-07 12:00 UTC on"]),
        timed(
            "a person gets through where the window says so",
            policy(window(.deny, "0 12 * * *", .hours(1), manual: true)), open, isManual: true),
        timed("and not where it doesn't", policy(window(.deny, "0 12 * * *", .hours(1))), allClosed, isManual: true),
        timed(
            "the service doesn't either way", policy(window(.deny, "0 12 * * *", .hours(1), manual: true)), allClosed),
        timed(
            "a freeze lets nobody through", policy(freeze: frozen([.dev], until: W.now + .seconds(1))), closed,
            says: ["the tier dev is frozen until 2026-03-06 12:26 UTC (.odooops/policies.yaml:40:5): holidays"],
            isManual: true),
        timed("and not an instant longer", policy(freeze: frozen([.dev], until: W.now)), open),
        timed(
            "a zone that nobody knows closes",
            policy(window(.allow, "0 12 * * *", .hours(1), tiers: [.dev], zone: "Mars/Olympus")),
            closed, says: ["the time zone Mars/Olympus of a sync window", "no opening is in sight"],
            codes: ["SSOT-0027"]),
        RuleCase(
            name: "what production stands on is frozen with it",
            input: W.input(
                [
                    W.want(.droplet, "web", large), W.want(.droplet, "other", large),
                    W.want(.tag, "t", env: "live", needs: [W.key(.droplet, "web")]),
                ], [W.seen(.droplet, "web", small), W.seen(.droplet, "other", small), W.seen(.tag, "t")],
                [W.ours(.droplet, "web", small), W.ours(.droplet, "other", small), W.ours(.tag, "t", env: "live")],
                environments: [W.environment("live", .production, .production, ttl: .never)],
                policy: policy(freeze: frozen([.production], until: W.now + .days(1)))),
            expected: [
                "droplet/other update allowed unapplied_commit", "droplet/web update blocked unapplied_commit",
                "noop 1",
            ], says: ["the tier production is frozen"]),
        RuleCase(
            name: "what ends in a closed window stays until it opens",
            input: W.input(
                [W.want(.record, "e.com/A/a", env: "a")], [W.seen(.record, "e.com/A/a")],
                [W.ours(.record, "e.com/A/a", env: "a")], environments: [W.environment("a")],
                records: [W.record("a", age: .days(8))], policy: policy(window(.deny, "0 12 * * *", .hours(1)))),
            expected: ["record/e.com/A/a delete blocked expired"],
            says: ["changes may be made again from 2026-03-06 13:00 UTC on"]),
        RuleCase(
            name: "what waits for a person asks first, whatever the time",
            input: W.input(
                [], [W.seen(.droplet, "web", small)], [W.ours(.droplet, "web", small, env: "a")],
                environments: [W.environment("a", protected: true)], records: [W.record("a")],
                policy: atOnce(policy(window(.deny, "0 12 * * *", .hours(1))))),
            expected: ["droplet/web delete needs_approval unapplied_commit"]),
        RuleCase(
            name: "and what was approved waits for the window",
            input: W.input(
                [], [W.seen(.droplet, "web", small)], [W.ours(.droplet, "web", small, env: "a")],
                environments: [W.environment("a", protected: true)], records: [W.record("a")],
                policy: atOnce(policy(window(.deny, "0 12 * * *", .hours(1)))), approvals: [W.key(.droplet, "web")]),
            expected: ["droplet/web delete blocked unapplied_commit"], says: ["a deny window is open"]),
    ]
}
