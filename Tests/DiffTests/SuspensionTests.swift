import Basics
import DesiredState
import Formats
import Testing

@testable import Diff

/// A person's word that nothing of an environment changes says nothing of what is wanted: what differs stays drift.
@Suite struct SuspensionTests {
    typealias W = Worlds

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var wanted: [DesiredResource] = []
        var seen: [ObservedResource] = []
        var ours: [InventoryEntry] = []
        /// Key, cause and summary of each difference, suspended or not.
        let drift: [String]
    }

    private static let small: [(String, Value)] = [("region", "sgp1"), ("size", "s-1")]
    private static let large: [(String, Value)] = [("region", "sgp1"), ("size", "s-2")]
    private static let elsewhere: [(String, Value)] = [("region", "fra1"), ("size", "s-1")]

    static let cases = [
        Case(
            testDescription: "changed by hand", wanted: [W.want(.droplet, "web", small, env: "a")],
            seen: [W.seen(.droplet, "web", large)], ours: [W.ours(.droplet, "web", small, env: "a")],
            drift: ["web external_change size differs"]),
        Case(
            testDescription: "changed by a commit", wanted: [W.want(.droplet, "web", large, env: "a")],
            seen: [W.seen(.droplet, "web", small)], ours: [W.ours(.droplet, "web", small, env: "a")],
            drift: ["web unapplied_commit size differs"]),
        Case(
            testDescription: "to be replaced", wanted: [W.want(.droplet, "web", elsewhere, env: "a")],
            seen: [W.seen(.droplet, "web", small)], ours: [W.ours(.droplet, "web", small, env: "a")],
            drift: ["web unapplied_commit region differs"]),
        Case(
            testDescription: "deleted by hand", wanted: [W.want(.droplet, "web", small, env: "a")],
            ours: [W.ours(.droplet, "web", small, env: "a")], drift: ["web external_change it was deleted"]),
        Case(
            testDescription: "not made yet", wanted: [W.want(.droplet, "web", small, env: "a")],
            drift: ["web unapplied_commit it is missing"]),
        Case(
            testDescription: "there before us and as it is wanted", wanted: [W.want(.droplet, "web", small, env: "a")],
            seen: [W.seen(.droplet, "web", small)], drift: []),
        Case(
            testDescription: "no longer wanted", seen: [W.seen(.record, "e.com/A/a")],
            ours: [W.ours(.record, "e.com/A/a", env: "a")],
            drift: ["e.com/A/a unapplied_commit it is there, but nothing wants it any more"]),
        Case(
            testDescription: "no longer wanted and gone", ours: [W.ours(.record, "e.com/A/a", env: "a")], drift: []),
        Case(
            testDescription: "as it is wanted", wanted: [W.want(.droplet, "web", small, env: "a")],
            seen: [W.seen(.droplet, "web", small)], ours: [W.ours(.droplet, "web", small, env: "a")], drift: []),
    ]

    private static let suspended = UnknownScope(
        .environment("a"), code: Hold.suspensionCode, reason: "it is suspended", at: nil)
    private static let unreadable = UnknownScope(
        .environment("a"), code: "SSOT-0004", reason: "a value has no meaning", at: W.mark(7))

    private static func plan(_ testCase: Case, _ scopes: [UnknownScope]) -> Plan {
        makePlan(
            W.input(
                testCase.wanted, testCase.seen, testCase.ours, environments: [W.environment("a", .production, .named)],
                records: [W.record("a", .production)], unknown: scopes))
    }

    @Test("Of what it owns nobody says that nothing wants it where that can't be read, and nothing of it goes")
    func isNotUnwanted() throws {
        let hidden = UnknownScope(.environments, code: "FMT-0002", reason: "a value is missing here", at: W.mark(7))
        let kept = UnknownScope(
            .kind(.record), code: "SSOT-0004", reason: "a record can't be read", at: W.mark(8), isAboutRemovals: true)
        for unknown in [hidden, kept] {
            let plan = makePlan(
                W.input(
                    [], [W.seen(.record, "e.com/A/a")], [W.ours(.record, "e.com/A/a", env: "a")],
                    records: [W.record("a", .production)], unknown: [Self.suspended, unknown]))
            let change = try #require(plan.changes.first)
            #expect(plan.drift.isEmpty && change.action == .read && change.hold == .unknownWish, "\(unknown.code)")
            #expect(plan.environments.first?.phase == (unknown == hidden ? .unknown : .suspended))
        }
    }

    @Test("What a suspended environment stands on is left alone too, and what nobody of it needs is not")
    func holdsWhatItStandsOn() {
        let web = W.key(.droplet, "web")
        let input = W.input(
            [
                W.want(.droplet, "other", Self.large), W.want(.droplet, "web", Self.large),
                W.want(.record, "e.com/A/a", references: [("data", web, "ipv4")], env: "a"),
                W.want(.record, "e.com/A/b", references: [("data", web, "ipv4")], env: "b"),
                W.want(.tag, "b", env: "b"),
            ],
            [
                W.seen(.droplet, "other", Self.small), W.seen(.droplet, "web", Self.small + [("ipv4", "10.0.0.1")]),
                W.seen(.record, "e.com/A/a", [("data", "10.0.0.1")]),
                W.seen(.record, "e.com/A/b", [("data", "10.0.0.2")]),
            ],
            [
                W.ours(.droplet, "other", Self.small), W.ours(.droplet, "web", Self.small),
                W.ours(.record, "e.com/A/a", env: "a"), W.ours(.record, "e.com/A/b", env: "b"),
            ], environments: [W.environment("a", .production, .production), W.environment("b")],
            records: [W.record("a", .production), W.record("b")], unknown: [Self.suspended])
        let plan = makePlan(input)
        let shown = plan.changes.map { "\($0.key.name) \($0.verdict.rawValue) \($0.hold?.rawValue ?? "-")" }.sorted()
        #expect(shown == ["b allowed -", "e.com/A/b allowed -", "other allowed -", "web blocked suspended"])
        let reason = plan.changes.first { $0.key == web }?.verdictReason
        #expect(reason == "RUN-0009: environment a stands on it and is left alone: it is suspended", "\(reason ?? "")")
        #expect(plan.drift.contains { $0.key == web })
    }

    /// Where its record leads by now, where a pass saw it last, and whether its documents want it elsewhere or not at all.
    @Test(
        "What it stands on by what is there, or was when it was suspended, is left alone wherever its documents want it now",
        arguments: [
            ("10.0.0.1", nil, "new", false), ("10.0.0.1", nil, "new", true), ("10.0.0.1", nil, nil, false),
            (nil, "web", "new", false), (nil, "web", nil, false), (nil, "web", "new", true),
            ("10.0.0.2", "new", "new", false),
        ] as [(String?, String?, String?, Bool)])
    func holdsWhereItIs(_ address: String?, _ host: String?, _ wanted: String?, _ isUnreadable: Bool) {
        var record = W.record("a", .production)
        record.host = host
        let environment = wanted.map { wanted in
            Environment(
                slug: "a", tier: .production, ttlClass: .production, ttl: .never, branch: nil, headCommit: nil,
                host: wanted, domain: nil, databaseCluster: "big", database: "a", filestore: nil, workers: nil,
                backupSchedule: nil, autoDeploy: false, quota: nil, isProtected: true, source: W.mark(3), resources: [])
        }
        var seen = [
            W.seen(.droplet, "web", Self.small + [("ipv4", "10.0.0.1")]),
            W.seen(.droplet, "new", Self.large + [("ipv4", "10.0.0.2")]), W.seen(.databaseCluster, "old", Self.small),
            W.seen(.databaseCluster, "big", Self.small), W.seen(.database, "old/a"), W.seen(.domain, "e.com"),
        ]
        var ours = [
            W.ours(.droplet, "web", Self.small), W.ours(.droplet, "new", Self.large),
            W.ours(.databaseCluster, "old", Self.small), W.ours(.databaseCluster, "big", Self.small),
            W.ours(.database, "old/a", env: "a"), W.ours(.domain, "e.com"),
        ]
        if let address {
            seen.append(W.seen(.record, "e.com/A/a", [("data", .string(address))]))
            ours.append(W.ours(.record, "e.com/A/a", [("data", .string(address))], env: "a"))
        }
        let plan = makePlan(
            W.input(
                [
                    W.want(.droplet, "web", Self.large), W.want(.droplet, "new", Self.large),
                    W.want(.databaseCluster, "old", Self.large), W.want(.databaseCluster, "big", Self.small),
                    W.want(.domain, "e.com"),
                ], seen, ours, environments: environment.map { [$0] } ?? [], records: [record],
                unknown: [Self.suspended] + (isUnreadable ? [Self.unreadable] : [])))
        func hold(_ kind: ResourceKind, _ name: String) -> Hold? {
            plan.changes.first { $0.key == W.key(kind, name) && $0.action == .update }?.hold
        }
        #expect(hold(.databaseCluster, "old") == .suspended)
        #expect(hold(.droplet, "web") == (host == "new" ? nil : .suspended), "\(plan.changes)")
    }

    /// Each what a suspended environment owns, with attributes of the provider's form, and what others have beside it.
    @Test(
        "What it owns stands on what it refers to, and on nothing that merely has the same text",
        arguments: [
            (.record, "e.com/A/a", ["data": "10.0.0.1"], .droplet, true),
            (.record, "e.com/A/a", ["data": "web"], .droplet, false),
            (.firewall, "own", ["droplets": ["web"]], .droplet, true),
            (.firewall, "own", ["droplets": ["#id-web"]], .droplet, true),
            (.firewall, "own", ["inbound_rules": [["sources": ["addresses": ["10.0.0.1"]]]]], .droplet, true),
            (.firewall, "own", ["inbound_rules": [["sources": ["tags": ["web"]]]]], .droplet, false),
            (.firewall, "own", ["inbound_rules": [["sources": ["tags": ["web"]]]]], .tag, true),
            (.volume, "own", ["description": "web", "tags": ["web"]], .droplet, false),
            (.droplet, "own", ["image": "web", "region": "web"], .tag, false),
            (.container, "own", ["mounts": ["web:/data"]], .containerVolume, true),
            (
                .container, "own", ["mounts": ["web-2:/data"], "command": ["web", "web:/data"]], .containerVolume, false
            ),
            (.databasePool, "pg/own", ["db": "web", "user": "other"], .database, true),
        ] as [(ResourceKind, String, Value, ResourceKind, Bool)])
    func holdsWhatIsReferredTo(
        _ kind: ResourceKind, _ name: String, _ attributes: Value, _ used: ResourceKind, _ isHeld: Bool
    ) {
        let own = W.key(kind, name)
        let other = W.key(used, used == .database ? "pg/web" : "web")
        let objects = [
            ObservedResource(key: own, providerID: "id-own", attributes: Attributes(attributes)),
            W.seen(used, other.name, [("ipv4", "10.0.0.1")], id: "id-web"),
        ]
        let input = W.input(
            [], objects, [W.ours(kind, name, id: "id-own", env: "a"), W.ours(used, other.name, id: "id-web")],
            environments: [W.environment("a", .production, .named)], records: [W.record("a", .production)],
            unknown: [Self.suspended])
        let observed = ObservedState(
            Set([kind, used]).map { kind in
                ObservedKind(kind: kind, completeness: .complete, resources: objects.filter { $0.key.kind == kind })
            })
        let scopes = UnknownScopes(input.desired.unknown, of: input.desired, Footing(input.inventory, observed))
        #expect((scopes.change(of: other, in: nil) != nil) == isHeld)
    }

    @Test(arguments: cases)
    func whatDiffersStaysADifferenceAndNothingIsDone(_ testCase: Case) {
        let free = Self.plan(testCase, [])
        let held = Self.plan(testCase, [Self.suspended])
        for plan in [free, held] {
            #expect(plan.drift.map { "\($0.key.name) \($0.cause.rawValue) \($0.summary)" } == testCase.drift)
        }
        // The very same difference: what people have said of it still covers it.
        #expect(held.drift == free.drift)
        #expect(held.changes.count == free.changes.count)
        #expect(held.changes.allSatisfy { $0.verdict == .blocked && $0.hold == .suspended })
        #expect(held.changes.allSatisfy { $0.verdictReason?.contains("unknown") == false })
        #expect(free.environments.first { $0.slug == "a" }?.phase == .active)
        #expect(held.environments.first { $0.slug == "a" }?.phase == .suspended)
        // Where the wish itself is unknown too, nothing is a difference, whichever of both was heard first.
        for scopes in [[Self.suspended, Self.unreadable], [Self.unreadable, Self.suspended]] {
            let unknown = Self.plan(testCase, scopes)
            #expect(unknown.drift.isEmpty)
            #expect(unknown.environments.first { $0.slug == "a" }?.phase == .unknown)
            #expect(unknown.changes.allSatisfy { $0.hold == .unknownWish })
        }
    }
}
