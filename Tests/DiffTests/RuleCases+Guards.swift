import Basics
import DesiredState
import Diff
import Formats

extension RuleCases {
    private static func creating(
        _ name: String, _ policy: Policy, _ expected: String, attributes: [(String, Value)] = small,
        says: [String] = [], codes: [String] = []
    ) -> RuleCase {
        RuleCase(
            name: name, input: W.input([W.want(.droplet, "web", attributes)], policy: policy),
            expected: ["droplet/web create \(expected) unapplied_commit"], says: says, codes: codes)
    }

    private static func tags(_ count: Int, prefix: String = "t") -> [String] { (0..<count).map { "\(prefix)\($0)" } }

    private static func removing(
        _ name: String, _ count: Int, _ verdict: String, cap: Int = 10, roots: [String] = ["ssot"],
        lastRoots: [String] = [], lastCount: Int = 0, environments: [Environment] = [W.environment("a")],
        says: [String] = [], codes: [String] = []
    ) -> RuleCase {
        var policy = Policy()
        policy.maximumDeletes = cap
        return RuleCase(
            name: name,
            input: W.input(
                [], tags(count).map { W.seen(.tag, $0) }, tags(count).map { W.ours(.tag, $0) },
                environments: environments, policy: policy, roots: roots, lastRoots: lastRoots, lastCount: lastCount,
                approvals: Set(tags(count).map { W.key(.tag, $0) })),
            expected: tags(count).sorted().map { "tag/\($0) delete \(verdict) unapplied_commit" }, says: says,
            codes: codes)
    }

    static let guards: [RuleCase] = [
        creating(
            "a forbidden surface is denied", W.surface(allowed: false), "denied",
            says: ["doesn't allow the surface droplets (ssot/infra/digitalocean/policy.yaml:28:5)"]),
        creating(
            "an exception lifts it while it lasts",
            W.lifting(W.surface(allowed: false), until: W.now + .seconds(1)), "allowed", codes: ["PLAN-0009"]),
        creating(
            "and not an instant longer", W.lifting(W.surface(allowed: false), until: W.now), "denied"),
        creating(
            "an exception without an end lifts nothing", W.lifting(W.surface(allowed: false), until: nil), "denied"),
        creating(
            "an exception of another surface lifts nothing",
            W.lifting(W.surface(allowed: false), "volumes", until: W.now + .days(1)), "denied"),
        creating("an allowed region passes", W.surface(regions: ["sgp1"]), "allowed"),
        creating(
            "another is denied", W.surface(regions: ["fra1"]), "denied", says: ["allows the regions fra1, not sgp1"]),
        creating(
            "a tag that is missing is denied", W.surface(tags: ["project:x", "owner:<service>"]), "denied",
            attributes: small + [("tags", ["project:x"])], says: ["requires the tag owner:<service>"]),
        creating(
            "an empty part of a template is missing", W.surface(tags: ["owner:<service>"]), "denied",
            attributes: small + [("tags", ["owner:"])]),
        creating(
            "a template is fulfilled by any text", W.surface(tags: ["owner:<service>"]), "allowed",
            attributes: small + [("tags", ["owner:erp"])]),
        RuleCase(
            name: "no more than the most: the first by key fit",
            input: W.input(
                [W.want(.droplet, "b", small), W.want(.droplet, "c", small)], [W.seen(.droplet, "theirs", small)],
                policy: W.surface(most: 2)),
            expected: [
                "droplet/b create allowed unapplied_commit", "droplet/c create denied unapplied_commit",
            ], says: ["allows 2 droplets; there are 1"]),
        RuleCase(
            name: "what goes makes room",
            input: W.input(
                [W.want(.droplet, "b", small)], [W.seen(.droplet, "old", small)], [W.ours(.droplet, "old", small)],
                policy: W.surface(most: 1), approvals: [W.key(.droplet, "old")]),
            expected: [
                "droplet/b create allowed unapplied_commit", "droplet/old delete allowed unapplied_commit",
            ]),
        RuleCase(
            name: "what may not go makes none",
            input: W.input(
                [W.want(.droplet, "b", small)], [W.seen(.droplet, "old", small)], [W.ours(.droplet, "old", small)],
                policy: W.surface(most: 1)),
            expected: [
                "droplet/b create denied unapplied_commit", "droplet/old delete needs_approval unapplied_commit",
            ]),
        RuleCase(
            name: "workers above the quota deny what the environment wants",
            input: W.input(
                [W.want(.tag, "t", env: "a"), W.want(.tag, "u")],
                environments: [
                    W.environment(
                        "a", workers: 5,
                        quota: ResourceQuota(workers: 4, cpuMillicores: nil, memoryBytes: nil, storageBytes: nil))
                ]),
            expected: ["tag/t create denied unapplied_commit", "tag/u create allowed unapplied_commit"],
            says: ["5 workers; the quota of dev is 4 (resource_quotas.dev"], codes: ["PLAN-0006"]),
        RuleCase(
            name: "droplets above the quota of memory are denied",
            input: W.input(
                [W.want(.droplet, "web", large, env: "a")],
                environments: [
                    W.environment(
                        "a",
                        quota: ResourceQuota(
                            workers: nil, cpuMillicores: 2_000, memoryBytes: 2 << 30, storageBytes: nil))
                ]), expected: ["droplet/web create denied unapplied_commit"], says: ["4096 MiB"]),
        RuleCase(
            name: "protected in the inventory: deleting needs an approval",
            input: W.input(
                [], [W.seen(.tag, "t")], [W.ours(.tag, "t", protected: true)], environments: [W.environment("a")]),
            expected: ["tag/t delete needs_approval unapplied_commit"], says: ["it is protected"]),
        RuleCase(
            name: "protected resources are updated",
            input: W.input(
                [W.want(.droplet, "web", large, protected: true)], [W.seen(.droplet, "web", small)],
                [W.ours(.droplet, "web", small)]), expected: ["droplet/web update allowed unapplied_commit"]),
        removing("as many as the cap go", 10, "allowed"),
        removing("one more stops all", 11, "denied", says: ["would delete 11, the cap is 10"], codes: ["PLAN-0004"]),
        removing("a cap of none stops one", 1, "denied", cap: 0),
        removing(
            "a vanished root stops every deletion, approved or not", 1, "denied", lastRoots: ["infra/ssot", "ssot"],
            says: ["the root infra/ssot has vanished"], codes: ["PLAN-0002"]),
        removing("a new root stops nothing", 1, "allowed", roots: ["infra/ssot", "ssot"], lastRoots: ["ssot"]),
        removing(
            "an empty repository deletes nothing where it wanted something", 1, "denied", lastCount: 5,
            environments: [], codes: ["PLAN-0003"]),
        removing("where it never wanted anything it may", 1, "allowed", environments: []),
        RuleCase(
            name: "what something wanted still needs stays",
            input: W.input(
                [W.want(.record, "e.com/A/x", [("data", "1.2.3.4")])], [W.seen(.domain, "e.com")],
                [W.ours(.domain, "e.com")]),
            expected: [
                "record/e.com/A/x create allowed unapplied_commit", "domain/e.com delete blocked unapplied_commit",
            ],
            says: ["record/e.com/A/x still needs it"]),
        RuleCase(
            name: "and isn't replaced where its provider keeps it for what is in it",
            input: W.input(
                [
                    W.want(.containerVolume, "data", [("driver", "nfs")]),
                    W.want(.tag, "t", needs: [W.key(.containerVolume, "data")]),
                ], [W.seen(.containerVolume, "data", [("driver", "local")], owned: true), W.seen(.tag, "t")],
                [W.ours(.containerVolume, "data", [("driver", "local")]), W.ours(.tag, "t")]),
            expected: ["volume/data replace blocked unapplied_commit", "noop 1"],
            says: ["tag/t still needs it", "want another one beside it"], holds: [.needed]),
        RuleCase(
            name: "what comes with the same plan isn't in it yet",
            input: W.input(
                [
                    W.want(.containerVolume, "data", [("driver", "nfs")]),
                    W.want(.tag, "t", needs: [W.key(.containerVolume, "data")]),
                ], [W.seen(.containerVolume, "data", [("driver", "local")], owned: true)],
                [W.ours(.containerVolume, "data", [("driver", "local")])],
                approvals: [W.key(.containerVolume, "data")]),
            expected: [
                "volume/data replace allowed unapplied_commit", "tag/t create allowed unapplied_commit",
            ]),
        RuleCase(
            name: "nothing goes from inside of what waits for a person",
            input: W.input(
                [], [W.seen(.domain, "e.com"), W.seen(.record, "e.com/A/x")],
                [W.ours(.domain, "e.com", protected: true), W.ours(.record, "e.com/A/x")],
                environments: [W.environment("a")]),
            expected: [
                "record/e.com/A/x delete blocked unapplied_commit",
                "domain/e.com delete needs_approval unapplied_commit",
            ], says: ["it goes together with digitalocean.domain/e.com, which stays so far"]),
        RuleCase(
            name: "and all of it goes with the approval of that",
            input: W.input(
                [], [W.seen(.domain, "e.com"), W.seen(.record, "e.com/A/x")],
                [W.ours(.domain, "e.com", protected: true), W.ours(.record, "e.com/A/x")],
                environments: [W.environment("a")], approvals: [W.key(.domain, "e.com")]),
            expected: [
                "record/e.com/A/x delete allowed unapplied_commit",
                "domain/e.com delete allowed unapplied_commit",
            ]),
        RuleCase(
            name: "what would take others' things with it needs an approval",
            input: W.input(
                [], [W.seen(.domain, "e.com"), W.seen(.record, "e.com/A/theirs")], [W.ours(.domain, "e.com")],
                environments: [W.environment("a")]),
            expected: ["domain/e.com delete needs_approval unapplied_commit"],
            says: ["record/e.com/A/theirs would go with it"]),
        RuleCase(
            name: "a project that holds what is ours goes",
            input: W.input(
                [W.want(.tag, "a"), W.want(.droplet, "web", small)],
                [
                    W.seen(.tag, "a"), W.seen(.droplet, "web", small),
                    W.seen(.project, "p", [("resources", ["droplet:web"])]),
                ], [W.ours(.tag, "a"), W.ours(.droplet, "web", small), W.ours(.project, "p")]),
            expected: ["project/p delete allowed unapplied_commit", "noop 2"]),
        RuleCase(
            name: "a project that holds others' things, of whatever kind, needs an approval",
            input: W.input(
                [W.want(.tag, "a"), W.want(.droplet, "web", small)],
                [
                    W.seen(.tag, "a"), W.seen(.droplet, "web", small),
                    W.seen(
                        .project, "p", [("resources", ["do:kubernetes:1", "domain:theirs.com", "droplet:web"])]),
                ], [W.ours(.tag, "a"), W.ours(.droplet, "web", small), W.ours(.project, "p")]),
            expected: ["project/p delete needs_approval unapplied_commit", "noop 2"],
            says: ["it holds do:kubernetes:1, domain:theirs.com, which aren't ours and would be moved"]),
        RuleCase(
            name: "what waits for something denied is blocked, in turn",
            input: W.input(
                [
                    W.want(.droplet, "web", small), W.want(.tag, "t", needs: [W.key(.record, "e.com/A/x")]),
                    W.want(.record, "e.com/A/x", references: [("data", web, "ipv4")]),
                ], policy: W.surface(allowed: false)),
            expected: [
                "droplet/web create denied unapplied_commit", "record/e.com/A/x create blocked unapplied_commit",
                "tag/t create blocked unapplied_commit",
            ], says: ["waits for digitalocean.droplet/web, which is denied"]),
        RuleCase(
            name: "an update that is denied holds nothing back that is there already",
            input: W.input(
                [
                    W.want(.droplet, "web", [("region", "sgp1"), ("size", "s-2vcpu-4gb")]),
                    W.want(.record, "e.com/A/x", [("ttl", 60)], references: [("data", web, "ipv4")]),
                ],
                [
                    W.seen(.droplet, "web", small + [("ipv4", "1.2.3.4")]),
                    W.seen(.record, "e.com/A/x", [("ttl", 30), ("data", "1.2.3.4")]),
                ],
                [W.ours(.droplet, "web", small), W.ours(.record, "e.com/A/x")], policy: W.surface(allowed: false)),
            expected: [
                "droplet/web update denied unapplied_commit", "record/e.com/A/x update allowed unapplied_commit",
            ]),
        RuleCase(
            name: "deletions go against the order of need",
            input: W.input(
                [],
                [
                    W.seen(.droplet, "a"), W.seen(.record, "e.com/A/a"), W.seen(.databaseCluster, "c"),
                    W.seen(.database, "c/d"), W.seen(.databaseUser, "c/u"), W.seen(.databasePool, "c/p"),
                    W.seen(.tag, "a"), W.seen(.firewall, "a"),
                ],
                [
                    W.ours(.droplet, "a", env: "a"), W.ours(.record, "e.com/A/a", env: "a"),
                    W.ours(.databaseCluster, "c", env: "a"), W.ours(.database, "c/d", env: "a"),
                    W.ours(.databaseUser, "c/u", env: "a"), W.ours(.databasePool, "c/p", env: "a"),
                    W.ours(.tag, "a", env: "a"), W.ours(.firewall, "a", env: "a"),
                ], environments: [W.environment("a")], records: [W.record("a", age: .days(9))]),
            expected: [
                "record/e.com/A/a delete allowed expired", "database_pool/c/p delete allowed expired",
                "database/c/d delete allowed expired", "database_user/c/u delete allowed expired",
                "firewall/a delete allowed expired", "database_cluster/c delete allowed expired",
                "droplet/a delete allowed expired", "tag/a delete allowed expired",
            ]),
        RuleCase(
            name: "what refers to a droplet too many is blocked with it",
            input: W.input(
                [
                    W.want(.droplet, "web", small),
                    W.want(.record, "e.com/A/x", references: [("data", web, "ipv4")]),
                ], policy: W.surface(most: 0)),
            expected: [
                "droplet/web create denied unapplied_commit", "record/e.com/A/x create blocked unapplied_commit",
            ]),
        RuleCase(
            name: "a cluster stays while something in it has to",
            input: W.input(
                [], [W.seen(.databaseCluster, "c"), W.seen(.database, "c/d")],
                [W.ours(.databaseCluster, "c", env: "a"), W.ours(.database, "c/d", env: "a", protected: true)],
                environments: [W.environment("a")], records: [W.record("a", age: .days(9))]),
            expected: [
                "database/c/d delete needs_approval expired", "database_cluster/c delete blocked expired",
            ], says: ["waits for digitalocean.database/c/d, which needs an approval"]),
        RuleCase(
            name: "a domain stays while what is in it is unknown",
            input: W.input(
                [], [W.seen(.domain, "e.com")], [W.ours(.domain, "e.com"), W.ours(.record, "e.com/A/x")],
                environments: [W.environment("a")], incomplete: [.record: .unknown(reason: "no answer")]),
            expected: [
                "record/e.com/A/x read blocked unapplied_commit", "domain/e.com delete blocked unapplied_commit",
            ]),
        RuleCase(
            name: "resources in another order than theirs are matched all the same",
            input: W.input(
                [W.want(.tag, "b"), W.want(.tag, "a")], [W.seen(.tag, "a"), W.seen(.tag, "b")],
                [W.ours(.tag, "a"), W.ours(.tag, "b")]), expected: ["noop 2"]),
        RuleCase(
            name: "targets take what comes before with them, and leave the rest",
            input: W.input(
                [
                    W.want(.droplet, "web", small), W.want(.tag, "t"),
                    W.want(.record, "e.com/A/x", references: [("data", web, "ipv4")]),
                ], targets: ["digitalocean.record/e.com/A/x", "nowhere"]),
            expected: [
                "droplet/web create allowed unapplied_commit", "record/e.com/A/x create allowed unapplied_commit",
            ], codes: ["PLAN-0007", "PLAN-0008"]),
        RuleCase(
            name: "an environment is a target",
            input: W.input(
                [W.want(.tag, "t", env: "a"), W.want(.tag, "u", env: "b")],
                environments: [W.environment("a"), W.environment("b")], targets: ["a"]),
            expected: ["tag/t create allowed unapplied_commit"]),
    ]
}
