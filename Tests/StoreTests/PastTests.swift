import Basics
import DesiredState
import Diff
import Formats
import Store
import TestKit
import Testing

/// What is over: told when it is, counted no more, cut when its time is over.
@Suite struct PastTests {
    private static let none: @Sendable (FindingIdentity) -> Bool = { _ in false }

    private static func finding(_ isAcknowledged: Bool = false, escalatesAfter: Duration? = nil) -> Finding {
        Finding(
            FindingIdentity(environment: "prod", kind: "drift", key: "k"), evidence: ["cause": "external_change"],
            suggestedAction: "look", since: start, escalatesAfter: escalatesAfter, isAcknowledged: isAcknowledged)
    }

    /// What a finding goes through hour by hour, and what people are told of it.
    struct Story: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Whether it is acknowledged at each look; nil: it is over.
        let looks: [Bool?]
        var escalatesAfter: Duration?
        let told: [String]
    }

    static let stories = [
        Story(
            testDescription: "mended while it was acknowledged", looks: [false, true, true, nil],
            told: ["finding.opened", "finding.resolved"]),
        Story(testDescription: "acknowledged before anybody was told", looks: [true, true, nil], told: []),
        Story(
            testDescription: "open again after a mute, twice", looks: [false, true, false, false, true, false, nil],
            told: ["finding.opened", "finding.opened", "finding.opened", "finding.resolved"]),
        Story(
            testDescription: "escalated again after a mute", looks: [false, false, true, false],
            escalatesAfter: .hours(1), told: ["finding.opened", "finding.escalated", "finding.escalated"]),
        Story(
            testDescription: "acknowledged first, then open, then mended", looks: [true, false, nil],
            told: ["finding.opened", "finding.resolved"]),
    ]

    @Test(arguments: engines, stories) func `people hear of a finding as often as it is theirs to see to`(
        _ dialect: SQLDialect, _ story: Story
    ) async throws {
        try await TestStore.with(dialect) { test in
            for (hour, look) in story.looks.enumerated() {
                let findings = look.map { [Self.finding($0, escalatesAfter: story.escalatesAfter)] } ?? []
                // Twice: what doesn't move is told no more.
                for _ in 0..<2 {
                    _ = try await test.store.recordFindings(findings, at: start + .hours(hour), isUnknown: Self.none)
                }
            }
            #expect(try await test.store.notices().map(\.kind.rawValue) == story.told)
        }
    }

    @Test(arguments: engines) func `a finding that was acknowledged before its row said so is told by its notice`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            for look in [false, true] {
                _ = try await test.store.recordFindings([Self.finding(look)], at: start, isUnknown: Self.none)
            }
            // As a version before this one left it.
            try await test.prepare([
                """
                update ops.convergence_findings set evidence = '{"by": "reconcile", "cause": "external_change"}'
                """
            ])
            _ = try await test.store.recordFindings([], at: start + .hours(1), isUnknown: Self.none)
            #expect(try await test.store.notices().map(\.kind) == [.findingOpened, .findingResolved])
        }
    }

    @Test func `findings that are over are not read again`() async throws {
        try await TestStore.with(.sqlite) { test in
            _ = try await test.store.recordFindings([Self.finding()], at: start, isUnknown: Self.none)
            _ = try await test.store.recordFindings([], at: start + .hours(1), isUnknown: Self.none)
            // What nobody could read: a look that reads it would fail.
            try await test.prepare(["update ops.convergence_findings set evidence = 'no JSON'"])
            let again = try await test.store.recordFindings(
                [Self.finding()], at: start + .hours(2), isUnknown: Self.none)
            #expect(again.opened.count == 1)
        }
    }

    @Test(arguments: engines) func `a difference that people know is not the oldest that stands`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            func look(_ items: [DriftItem], _ minute: Int) async throws {
                test.time.advance(by: start + .minutes(minute) - test.time.now)
                try await test.store.beginRun(run(minute, phase: .planned, at: test.time.now))
                _ = try await test.store.recordDrift(items, runID: runID(minute), at: test.time.now) { _, _ in true }
            }
            func oldest() async throws -> Timestamp? { try await test.store.standing().oldestDrift }
            try await look([drift("a")], 1)
            try await look([drift("a"), drift("b")], 2)
            #expect(try await oldest() == start + .minutes(1))
            let known = try #require(try await test.store.openDrift(keys: [key("a")]).first)
            func mark(_ kind: DriftMark.Kind, _ name: String, until: Timestamp? = nil) async throws {
                try await test.store.markDrift([
                    DriftMark(
                        key: key(name), kind: kind, difference: kind == .muted ? nil : known.difference,
                        reason: "known",
                        by: "ann", createdAt: test.time.now, until: until)
                ])
            }
            try await mark(.acknowledged, "a")
            #expect(try await oldest() == start + .minutes(2))
            try await mark(.muted, "b", until: start + .minutes(5))
            #expect(try await oldest() == nil)
            // What was acknowledged is another difference now; and a mute ends.
            try await look([drift("a", after: "s-9"), drift("b")], 3)
            #expect(try await oldest() == start + .minutes(1))
            try await look([drift("a"), drift("b")], 6)
            #expect(try await oldest() == start + .minutes(2))
        }
    }

    /// Rows that ended before the cut and rows that didn't, by table: how many there are and how many stay.
    private static func fill(_ test: TestStore) async throws {
        let (old, new) = ("2020-01-01T00:00:00.000000Z", "2030-01-01T00:00:00.000000Z")
        func id(_ number: Int) -> String { "01990000-0000-7000-8000-\(String(number + 100_000_000_000))" }
        var number = 0
        func next() -> String {
            number += 1
            return id(number)
        }
        func finding(_ key: String, _ status: String, _ at: String, _ evidence: String) -> String {
            """
            insert into ops.convergence_findings (id, env, kind, key, status, evidence, resolved_at, first_seen, last_seen)
            values ('\(next())', 'dev', 'gate', '\(key)', '\(status)', '\(evidence)', '\(at)', '\(at)', '\(at)')
            """
        }
        func drift(_ key: String, _ status: String, _ at: String) -> String {
            """
            insert into ops.drift_items (id, resource_key, cause, detail, status, first_seen, last_seen, run_id, resolved_at)
            values ('\(next())', '\(key)', 'external_change', '{}', '\(status)', '\(old)', '\(old)', '\(id(0))', '\(at)')
            """
        }
        func approval(_ used: String, _ expires: String) -> String {
            """
            insert into ops.reconcile_approvals (id, run_id, resource_key, action, change_digest, approved_by, created_at,
              expires_at, used_at) values ('\(next())', 'r', 'k', 'delete', 'd', 'ann', '\(old)', '\(expires)', \(used))
            """
        }
        func mark(_ until: String, _ ended: String) -> String {
            """
            insert into ops.drift_marks (id, resource_key, kind, reason, actor, created_at, until, ended_at)
            values ('\(next())', 'digitalocean.droplet/x', 'muted', 'r', 'ann', '\(old)', \(until), \(ended))
            """
        }
        func mail(_ at: String, _ raw: String, _ provider: String = "mailgun") -> String {
            """
            insert into ops.mail_events (id, env, provider, message_id, raw, received_at)
            values ('\(next())', 'dev', '\(provider)', 'm\(number)', '\(raw)', '\(at)')
            """
        }
        func maintenance(_ at: String, _ evidence: String) -> String {
            """
            insert into ops.maintenance_runs (id, chore_id, chore_name, completed_at, evidence)
            values ('\(next())', 'c', 'c', '\(at)', '\(evidence)')
            """
        }
        func pull(_ more: String, _ at: String, _ state: String = "closed") -> String {
            number += 1
            return """
                insert into ops.pull_requests (repository, number, state, head_ref, head_sha, base_ref, updated_at,
                  closed_at, seen_at, comment_digest, settled_at, is_fork, approved_sha)
                values ('acme/odoo', \(number), '\(state)', 'h', 's', 'main', '\(at)', '\(at)', '\(at)', \(more))
                """
        }
        func notice(_ subject: String, _ at: String, _ environment: String = "null") -> String {
            """
            insert into ops.reconcile_notices (id, at, kind, subject, environment, payload, dedupe_key)
            values ('\(next())', '\(at)', 'approval.waiting', '\(subject)', \(environment), '{}', 'n\(number)')
            """
        }
        func environment(_ slug: String, _ status: String) -> String {
            "insert into ops.environments (id, slug, tier, status) values ('\(next())', '\(slug)', 'dev', '\(status)')"
        }
        let ours = #"{"by": "reconcile"}"#
        try await test.prepare([
            finding("a", "resolved", old, ours), finding("b", "resolved", new, ours),
            finding("c", "resolved", old, "{}"), finding("d", "open", old, ours),
            drift("a", "resolved", old), drift("b", "resolved", new), drift("c", "open", old),
            mark("'\(old)'", "null"), mark("null", "'\(old)'"), mark("null", "null"), mark("'\(new)'", "null"),
            approval("'\(old)'", new), approval("null", old), approval("null", new),
            mail(old, #"{"events": []}"#), mail(new, #"{"events": []}"#), mail(old, "{}"),
            mail(old, #"{"events": []}"#, "ses"),
            maintenance(old, ours), maintenance(new, ours), maintenance(old, "{}"),
            pull("'c', '\(old)', false, null", old), pull("null, null, false, null", old),
            pull("'c', null, false, null", old), pull("'c', '\(old)', true, 'abc'", old),
            pull("'c', '\(old)', true, null", old), pull("'c', '\(new)', false, null", new),
            pull("'c', null, false, null", old, "open"), environment("crm", "active"), environment("old", "gone"),
            notice("k", old), notice("k", old), notice("j", old), notice("k", old, "'crm'"), notice("k", old, "'old'"),
            notice("k", new),
        ])
    }

    @Test(arguments: engines) func `what is over is cut when its time is, and no more than that`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            try await Self.fill(test)
            let left = [
                "convergence_findings": 3, "drift_items": 2, "drift_marks": 2, "reconcile_approvals": 1,
                "mail_events": 3, "maintenance_runs": 2, "pull_requests": 4, "reconcile_notices": 3, "environments": 2,
            ]
            func count() async throws -> [String: Int] {
                var counts: [String: Int] = [:]
                for table in left.keys {
                    counts[table] = Int(try await test.rows("select count(*) from ops.\(table)")[0].int(0))
                }
                return counts
            }
            let before = try await count()
            let dry = try await test.store.cutPast(before: start, isDryRun: true)
            #expect(try await count() == before)
            let cut = try await test.store.cutPast(before: start, isDryRun: false)
            #expect(try await count() == left)
            #expect(cut.map(\.table).sorted() == left.keys.sorted())
            #expect(Set(cut) == Set(dry), "\(cut) \(dry)")
            for rows in cut { #expect(rows.count == before[rows.table, default: 0] - left[rows.table, default: 0]) }
            #expect(try await test.store.cutPast(before: start, isDryRun: false).allSatisfy { $0.count == 0 })
        }
    }

    @Test(arguments: engines) func `a wait that ends and comes again is another one`(_ dialect: SQLDialect) async throws
    {
        try await TestStore.with(dialect) { test in
            let (a, b) = (key("a"), key("b"))
            func look(_ keys: [ResourceKey], _ hour: Int, ended: Set<ResourceKey> = []) async throws -> [Timestamp?] {
                try await test.store.rememberWaits(
                    keys.map { ApprovalWait(key: $0, change: Digest(of: $0.name), environment: nil) },
                    at: start + .hours(hour)
                ) { ended.contains($0.key) }.map(\.since)
            }
            // Of what waited before this was kept nobody knows since when.
            let look1 = try await look([a], 0)
            #expect(look1 == [nil])
            let look2 = try await look([a, b], 1)
            #expect(look2 == [nil, start + .hours(1)])
            // What can't be seen waits on.
            let look3 = try await look([], 2)
            #expect(look3 == [])
            let look4 = try await look([b], 3, ended: [a])
            #expect(look4 == [start + .hours(1)])
            let look5 = try await look([a, b], 4)
            #expect(look5 == [start + .hours(4), start + .hours(1)])
        }
    }
}
