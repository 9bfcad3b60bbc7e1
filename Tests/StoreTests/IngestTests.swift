import Basics
import DesiredState
import Diff
import Formats
import Store
import StorePostgres
import TestKit
import Testing

@Suite struct IngestTests {
    private func droplet(_ name: String, _ id: Int, tags: [String] = ["project:erp"]) -> ObservedResource {
        ObservedResource(
            key: ResourceKey(.droplet, name), providerID: "\(id)",
            attributes: Attributes([
                Attributes.Item("region", "sgp1"), Attributes.Item("size", "s-1vcpu-2gb"),
                Attributes.Item("ipv4", "203.0.113.7"), Attributes.Item("status", "active"),
                Attributes.Item("tags", .strings(tags)), Attributes.Item("price_monthly", 12),
                Attributes.Item("vcpus", 1),
            ]), isOwned: true, createdAt: start)
    }

    private func world(
        _ droplets: [ObservedResource], _ completeness: Completeness = .complete
    ) -> [ObservedKind] {
        let cluster = ObservedResource(
            key: ResourceKey(.databaseCluster, "pg"), providerID: "c-1",
            attributes: Attributes([
                Attributes.Item("engine", "valkey"), Attributes.Item("region", "sgp1"),
                Attributes.Item("status", "rebuilding"), Attributes.Item("num_nodes", 1),
            ]))
        let firewall = ObservedResource(
            key: ResourceKey(.firewall, "web"), providerID: "f-1",
            attributes: Attributes([
                Attributes.Item("status", "succeeded"), Attributes.Item("droplets", ["odd \"name\"", "#99"]),
                Attributes.Item("inbound_rules", []), Attributes.Item("tags", []),
            ]))
        return [
            ObservedKind(kind: .droplet, completeness: completeness, resources: droplets),
            ObservedKind(kind: .databaseCluster, completeness: .complete, resources: [cluster]),
            ObservedKind(kind: .firewall, completeness: .complete, resources: [firewall]),
        ]
    }

    @Test(arguments: engines)
    func `what is there is kept, what vanished is marked, and nothing is written where nothing changed`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            var number = 0
            func ingest(
                _ kinds: [ObservedKind], after: Duration = .zero
            ) async throws -> IngestReport {
                test.time.advance(by: after)
                number += 1
                return try await test.store.ingest(
                    kinds, runID: runID(number), trigger: .commit, startedAt: start, at: test.time.now)
            }
            let two = [droplet("a", 1, tags: ["x,y", "quo\"te\\"]), droplet("odd \"name\"", 2)]
            #expect(try await test.store.isIngestDue(at: test.time.now))
            let first = try await ingest(world(two))
            #expect(first == IngestReport(changed: 4, vanished: 0, isRecorded: true))
            #expect(try await !test.store.isIngestDue(at: test.time.now))
            // The same again within the hour, and one kind alone.
            #expect(try await ingest(world(two), after: .minutes(59)).isRecorded == false)
            #expect(try await ingest(Array(world(two).prefix(1))).isRecorded == false)
            // An hour later it is looked at whole and written down, with no row touched.
            let hourly = try await ingest(world(two), after: .minutes(1))
            #expect(hourly == IngestReport(changed: 0, vanished: 0, isRecorded: true))
            // What an incomplete look doesn't show has not vanished.
            let partial = try await ingest(world([two[0]], .partial(reason: "page 2: 500")))
            #expect(partial == IngestReport(changed: 0, vanished: 0, isRecorded: true))
            let gone = try await ingest(world([two[0]]))
            #expect(gone == IngestReport(changed: 0, vanished: 1, isRecorded: true))
            // It comes back, and with it the row.
            let back = try await ingest(world(two))
            #expect(back == IngestReport(changed: 1, vanished: 0, isRecorded: true))

            let droplets = try await test.rows(
                "select do_id, name, ipv4_public, status, raw, deleted_at from ops.do_droplets order by do_id")
            #expect(try droplets.map { try $0.int(0) } == [1, 2])
            #expect(droplets[0].optionalText(2)?.hasPrefix("203.0.113.7") == true)
            #expect(droplets.allSatisfy { $0.optionalText(5) == nil && $0.optionalText(3) == "active" })
            #expect(droplets[0].optionalText(4)?.contains("price_monthly") == true)
            let cluster = try await test.rows("select engine, status from ops.do_databases")
            #expect(cluster.map(\.values) == [[.text("redis"), .text("unknown")]])
            let firewall = try await test.rows("select droplet_ids from ops.do_firewalls")
            #expect(firewall.first?.optionalText(0) == "{99,2}" || firewall.first?.optionalText(0) == "{2,99}")
            let runs = try await test.rows("select status, last_error from ops.do_ingest_runs order by id")
            #expect(runs.map { $0.optionalText(0) } == ["success", "success", "partial", "success", "success"])
            #expect(runs[2].optionalText(1)?.contains("page 2: 500") == true)
        }
    }

    @Test(.enabled(if: PostgresServer.isInstalled))
    func `the console's own rows stay, and what is not there any more is told`() async throws {
        try await TestStore.with(.postgres, migrated: false) { test in
            try await test.prepare(
                OlderShapes.supabase + OlderShapes.consoleRuns + OlderShapes.consoleRunsLater
                    + OlderShapes.environments + OlderShapes.digitalOcean)
            let report = try await test.store.migrate()
            #expect(report.applied.contains("added column deleted_at to ops.do_droplets"))
            let kept = try await test.store.ingest(
                world([droplet("a", 1)]), runID: runID(1), trigger: .schedule, startedAt: start, at: test.time.now)
            #expect(kept == IngestReport(changed: 3, vanished: 1, isRecorded: true))
            let rows = try await test.rows(
                "select name, status, case when deleted_at is null then 0 else 1 end from ops.do_droplets order by do_id"
            )
            #expect(
                rows.map(\.values) == [
                    [.text("odoo-production"), .text("archive"), .text("1")],
                    [.text("a"), .text("active"), .text("0")],
                ])
        }
    }
}
