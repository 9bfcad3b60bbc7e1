import Basics
import Diff
import Formats
import Store
import TestKit
import Testing

/// A store of each earlier version, with data in it, is brought to the present one and loses nothing.
@Suite struct UpgradeTests {
    /// A row in each table that the first version had, as that version wrote it.
    private static let data = [
        """
        insert into ops.runs (id, run_type, agent, status, source, idempotency_key, started_at, created_at, last_phase)
        values ('01990000-0000-7000-8000-000000000001', 'reconcile', 'odooops-reconciler', 'completed', 'manual', 'k',
          '2026-03-01T00:00:00Z', '2026-03-01T00:00:00Z', 'succeeded')
        """,
        """
        insert into ops.run_events (id, run_id, event_type, source, payload, timestamp)
        values ('01990000-0000-7000-8000-000000000002', '01990000-0000-7000-8000-000000000001', 'phase', 'manual',
          '{"a": 1}', '2026-03-01T00:00:01Z')
        """,
        """
        insert into ops.reconcile_inventory (resource_key, kind, name, provider_id, environment, last_applied, revision,
          is_protected, created_at, updated_at)
        values ('digitalocean.droplet/web', 'digitalocean.droplet', 'web', '7', 'dev', '{"size":"s-1"}', 'abc', true,
          '2026-03-01T00:00:00Z', '2026-03-01T00:00:00Z')
        """,
        """
        insert into ops.reconcile_steps (run_id, step_id, resource_key, action, operation, title, environment, state, input,
          output, intended_at)
        values ('01990000-0000-7000-8000-000000000001', '1', 'digitalocean.droplet/web', 'update', 'resize', 'resize',
          'dev', 'intended', '{}', 'null', '2026-03-01T00:00:02Z')
        """,
        """
        insert into ops.drift_items (id, resource_key, cause, detail, status, first_seen, last_seen, run_id)
        values ('01990000-0000-7000-8000-000000000003', 'digitalocean.droplet/web', 'external_change',
          '{"summary":"size differs","attributes":[]}', 'open', '2026-03-01T00:00:00Z', '2026-03-01T00:00:00Z',
          '01990000-0000-7000-8000-000000000001')
        """,
        """
        insert into ops.environments (id, slug, tier, ttl_class, extension_days, is_pinned, metadata, created_at)
        values ('01990000-0000-7000-8000-000000000005', 'dev', 'dev', 'ephemeral', 3, true, '{}', '2026-03-01T00:00:00Z')
        """,
        """
        insert into ops.evidence_chain (sequence, run_id, manifest, previous, created_at)
        values (1, '01990000-0000-7000-8000-000000000001',
          'sha256:0000000000000000000000000000000000000000000000000000000000000001', null, '2026-03-01T00:00:00Z')
        """,
    ]

    /// As it was written before there was a chain.
    private static let unchained = """
        insert into ops.audit_log (id, at, action, target, actor, detail)
        values ('01990000-0000-7000-8000-000000000004', '2026-03-01T00:00:00Z', 'env.pin', 'dev', 'ann', '{}')
        """

    @Test(arguments: engines) func upgrade(_ dialect: SQLDialect) async throws {
        let latest = try await Self.upgrade(dialect, from: 1)
        #expect(latest > 9)
        for version in 2..<latest { _ = try await Self.upgrade(dialect, from: version) }
    }

    /// - Returns: the present version.
    private static func upgrade(_ dialect: SQLDialect, from version: Int) async throws -> Int {
        var latest = 0
        try await TestStore.with(dialect, migrated: false) { test in
            #expect(try await test.store.migrate(upTo: version).to == version)
            // From this version on a store knows how many of its records are older than the chain.
            let isUnchained = version < 31
            try await test.prepare(isUnchained ? Self.data + [Self.unchained] : Self.data)
            let report = try await test.store.migrate()
            #expect(report.from == version && report.notes.isEmpty)
            latest = report.to
            let status = try await test.store.schemaStatus()
            #expect(!status.needsMigration && status.problems.isEmpty, "\(status.problems)")

            let inventory = try await test.store.inventory()
            let entry = try #require(inventory.entries.first)
            #expect(entry.lastApplied["size"] == "s-1" && entry.isProtected && !entry.isAdopted && entry.echoes.isEmpty)
            #expect(inventory.environments.first?.extensionDays == 3 && inventory.environments.first?.isPinned == true)
            #expect(try await test.store.openEntries().map(\.title) == ["resize"])
            #expect(try await test.store.openDrift().first?.cause == .externalChange)
            #expect(try await test.store.events(ofRun: runID(1)).first?.payload["a"] == 1)
            #expect(try await test.store.evidenceHead()?.sequence == 1)
            // What was written before there was a chain is told apart, and what comes now is linked.
            let audit = try await test.store.verifyAuditLog()
            #expect(audit.isWhole && audit.unchained == (isUnchained ? 1 : 0))
            _ = try await test.store.settleRestored(by: "ann")
            #expect(try await test.store.verifyAuditLog().links == 1)
            #expect(try await test.store.standing().openSteps == 1)
            // What a run did before there was a list of it is listed for whom it did it; from then on runs list it themselves.
            if version < 29 {
                #expect(try await test.store.runPage(limit: 9, environments: ["dev"]).rows.map(\.id) == [runID(1)])
            }
            // And it works on.
            try await test.store.beginRun(run(2))
            try await test.store.changeInventory([.put(owned("b"))])
            #expect(try await test.store.inventory().entries.count == 2)
        }
        return latest
    }
}
