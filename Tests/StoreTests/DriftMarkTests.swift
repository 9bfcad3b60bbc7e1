import Basics
import DesiredState
import Diff
import Formats
import Store
import TestKit
import Testing

@Suite struct DriftMarkTests {
    @Test(arguments: engines) func `an acknowledgement holds for one difference, a mute until its end`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            func record(_ item: DriftItem, _ number: Int) async throws -> DriftRecord {
                let at = start + .minutes(number)
                test.time.advance(by: at - test.time.now)
                try await store.beginRun(run(number, phase: .planned, at: at))
                _ = try await store.recordDrift([item], runID: runID(number), at: at) { _, _ in true }
                return try #require(try await store.openDrift().first)
            }
            let first = try await record(drift("a"), 1)
            #expect(!first.isQuiet && first.attributesSince == ["size": start + .minutes(1)])
            try await store.markDrift([
                DriftMark(
                    key: key("a"), kind: .acknowledged, difference: first.difference, reason: "audit", by: "ann",
                    createdAt: test.time.now, until: nil)
            ])
            // Another line of the document wants the same: it is the same difference.
            let moved = DriftItem(
                key: key("a"), cause: .externalChange, attributes: drift("a").attributes, environment: "dev",
                source: SourceMark(file: "b.yaml", line: 9, column: 1), summary: "size differs")
            #expect(try await record(moved, 2).mark?.by == "ann")
            #expect(try await record(drift("a", after: "s-3"), 3).mark == nil)
            #expect(try await record(drift("a"), 4).mark?.reason == "audit")

            try await store.markDrift([
                DriftMark(
                    key: key("a"), kind: .muted, reason: "maintenance", by: "bob", createdAt: test.time.now,
                    until: start + .minutes(7))
            ])
            #expect(try await record(drift("a", after: "s-4"), 6).mark?.kind == .muted)
            // The newest word counts: the acknowledgement ended with the mute's begin.
            #expect(try await record(drift("a"), 7).mark == nil)
            let audit = AuditRecord(
                at: test.time.now, action: "drift.unmark", target: key("a").description, actor: "ann", detail: .null)
            #expect(try await store.unmarkDrift(key("a"), audit: audit) == 0)
            #expect(try await store.auditLog(limit: 9).map(\.action) == ["drift.muted", "drift.acknowledged"])
            #expect(try await store.openDrift().first?.firstSeen == start + .minutes(1))
        }
    }

    @Test(arguments: engines) func `each attribute keeps since when it differs`(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            func differ(_ paths: [String], _ number: Int) async throws -> [String: Timestamp] {
                let at = start + .minutes(number)
                try await test.store.beginRun(run(number, phase: .planned, at: at))
                let item = DriftItem(
                    key: key("a"), cause: .externalChange,
                    attributes: paths.map { AttributeChange(path: $0, before: 1, after: 2) }, environment: nil,
                    source: nil, summary: "it differs")
                _ = try await test.store.recordDrift([item], runID: runID(number), at: at) { _, _ in true }
                return try #require(try await test.store.openDrift().first).attributesSince
            }
            let since = [
                try await differ(["size"], 1), try await differ(["size", "tags"], 2), try await differ(["tags"], 3),
                try await differ(["size", "tags"], 4),
            ]
            let minutes = since.map { $0.mapValues { ($0 - start) / .minutes(1) } }
            #expect(
                minutes == [["size": 1], ["size": 1, "tags": 2], ["tags": 2], ["size": 4, "tags": 2]])
        }
    }
}

@Suite struct FindingTests {
    private static func finding(
        _ kind: String = "env_missing", _ name: String = "API_URL", why: String = "it is not there",
        escalatesAfter: Duration? = .hours(2), isAcknowledged: Bool = false
    ) -> Finding {
        Finding(
            FindingIdentity(environment: "prod", kind: kind, key: name), evidence: ["why": .string(why)],
            suggestedAction: "add it", escalatesAfter: escalatesAfter, isAcknowledged: isAcknowledged)
    }

    @Test(arguments: engines) func `a finding opens, escalates, is resolved, and begins anew when it comes back`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            let id = Self.finding().identity
            func look(_ findings: [Finding], _ hours: Int, unknown: Bool = false) async throws -> FindingDelta {
                try await test.store.recordFindings(findings, at: start + .hours(hours)) { _ in unknown }
            }
            func stand() async throws -> FindingRecord {
                try #require(try await test.store.findings(includesResolved: true).first)
            }
            #expect(try await look([Self.finding()], 0).opened == [id])
            #expect(try await look([Self.finding()], 0).isEmpty)
            #expect(try await stand().status == .open)
            #expect(try await look([Self.finding()], 2).escalated == [id])
            #expect(try await look([Self.finding()], 3).isEmpty)
            var record = try await stand()
            #expect(record.status == .escalated && record.firstSeen == start && record.lastSeen == start + .hours(3))
            #expect(record.evidence["escalated_at"]?.stringValue == (start + .hours(2)).description)
            // Known, it is quiet; and what nobody could look for is not over.
            #expect(try await look([Self.finding(isAcknowledged: true)], 4).isEmpty)
            #expect(try await stand().status == .acknowledged)
            #expect(try await look([], 5, unknown: true).isEmpty)
            #expect(try await stand().status == .acknowledged)
            #expect(try await look([], 6).resolved == [id])
            #expect(try await look([], 7).isEmpty)
            #expect(try await test.store.findings().isEmpty)
            #expect(try await look([Self.finding()], 8).opened == [id])
            record = try await stand()
            #expect(record.status == .open && record.firstSeen == start + .hours(8) && record.resolvedAt == nil)
        }
    }

    @Test(arguments: engines) func `what belongs to no environment is kept as global and told as belonging to none`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            let findings = [nil, "prod"].map { environment in
                Finding(
                    FindingIdentity(environment: environment, kind: "drift", key: "k"), evidence: [:],
                    suggestedAction: "look")
            }
            _ = try await test.store.recordFindings(findings, at: start) { _ in false }
            let rows = try await test.rows("select env from ops.convergence_findings order by env").map(\.values)
            #expect(rows == [[.text("global")], [.text("prod")]])
            let kept = try await test.store.findings().map(\.identity)
            #expect(kept.map(\.ownEnvironment) == [nil, "prod"] && kept == findings.map(\.identity))
            #expect(kept.map(\.path) == ["global/drift/k", "prod/drift/k"])
            let told = try await test.store.notices().map(\.environment)
            #expect(told.count == 2 && told.contains(nil) && told.contains("prod"), "\(told)")
        }
    }

    @Test(arguments: engines) func `rows of other programs are left alone, and a look that changes nothing is no write`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            try await test.prepare([
                """
                insert into ops.convergence_findings (id, env, kind, key, status)
                values ('01990000-0000-7000-8000-00000000aaaa', 'prod', 'dns_placeholder', 'x', 'open')
                """
            ])
            let findings = [Self.finding(), Self.finding("drift", "digitalocean.droplet/web")]
            let none: @Sendable (FindingIdentity) -> Bool = { _ in false }
            _ = try await test.store.recordFindings(findings, at: start, isUnknown: none)
            let rows = try await test.rows("select * from ops.convergence_findings order by id").map(\.values)
            #expect(rows.count == 3)
            _ = try await test.store.recordFindings(findings, at: start + .minutes(59), isUnknown: none)
            #expect(try await test.rows("select * from ops.convergence_findings order by id").map(\.values) == rows)
            let over = try await test.store.recordFindings([], at: start + .hours(1), isUnknown: none)
            #expect(over.resolved.map(\.kind) == ["drift", "env_missing"])
            #expect(try await test.store.findings().map(\.identity.kind) == ["dns_placeholder"])
        }
    }
}
