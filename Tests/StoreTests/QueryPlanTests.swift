import Basics
import DesiredState
import Diff
import Testing

@testable import Store

/// Queries that are asked each second, or for each page, read the rows that they give and no others.
@Suite struct QueryPlanTests {
    @Test func `what happened, and what is told of an environment, is found by an index and needs no sorting`()
        async throws
    {
        var own = LogFilter()
        own.environment = "dev"
        let cursor = PageCursor(at: start, id: runID(1))
        var queries: [(text: String, binds: [SQLValue])] = [
            (Store.latestEvent, []), (Store.eventsAfter, [.text(runID(1)), .int(200)]),
        ]
        for service in LogLine.Service.allCases {
            for after in [nil, cursor] {
                guard let query = LogQuery(service, own, after: after) else { continue }
                queries.append((query.text(limit: 50), query.conditions.binds))
            }
        }
        #expect(queries.count == 8, "hooks are of no environment")
        try await TestStore.with(.sqlite) { test in
            for query in queries {
                let plan = try await test.rows("explain query plan " + query.text, query.binds).map { try $0.text(3) }
                #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(query.text): \(plan)")
                let isWalked = plan.contains { $0.contains("SCAN") }
                #expect(!isWalked || query.text == Store.latestEvent, "\(query.text): \(plan)")
            }
        }
    }

    @Test(arguments: engines) func `what differs is given of some environments, or of one resource`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            try await test.store.beginRun(run(1))
            _ = try await test.store.recordDrift(
                [drift("a"), drift("b")], runID: runID(1), at: start, isGone: { _, _ in false })
            #expect(try await test.store.openDrift(of: ["dev", "other"]).map(\.key) == [key("a"), key("b")])
            #expect(try await test.store.openDrift(of: ["other"]).isEmpty)
            #expect(try await test.store.openDrift(of: []).isEmpty)
            #expect(try await test.store.openDrift(keys: [key("b")]).map(\.key) == [key("b")])
            #expect(try await test.store.openDrift(of: ["other"], keys: [key("b")]).isEmpty)
            #expect(try await test.store.openDrift(keys: []).isEmpty)
            // What counts says the same as what reads each.
            let rows = ["dev", "held", "over", "gone"].map {
                EnvironmentRow(slug: $0, tier: .dev, status: $0 == "gone" ? .gone : .active, createdAt: start)
            }
            _ = try await test.store.saveEnvironments(rows)
            try await test.prepare([
                "update ops.environments set is_suspended = true where slug in ('held', 'over', 'gone')",
                "update ops.environments set suspended_until = '2020-01-01T00:00:00Z' where slug = 'over'",
            ])
            _ = try await test.store.markDrift(
                [
                    DriftMark(
                        id: runID(9), key: key("a"), kind: .muted, difference: nil, reason: "r", by: "ann",
                        createdAt: start,
                        until: nil)
                ])
            let tally = try await test.store.tally(at: start)
            #expect(tally.environments == [.active: 3] && tally.suspended == 1)
            #expect(tally.drift == ["external_change": 2] && tally.knownDrift == 1 && tally.findings.isEmpty)
            // What is expected is known without a word of anybody.
            try await test.store.beginRun(run(2))
            _ = try await test.store.recordDrift(
                [drift("b", cause: .expected)], runID: runID(2), at: start, isGone: { _, _ in false })
            let known = try await test.store.openDrift().count { $0.isQuiet }
            #expect(known == 2)
            #expect(try await test.store.tally(at: start).knownDrift == known)
        }
    }

    @Test(arguments: engines) func `what we own is given part by part, in the order of bytes`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            let names = ["b", "B", "a-1", "a_1", "é", "aa", "Z"]
            try await test.store.changeInventory(names.map { .put(owned($0)) })
            var seen: [String] = []
            var cursor: String?
            repeat {
                let (rows, hasMore) = try await test.store.inventoryPage(limit: 3, after: cursor)
                seen += rows.map(\.key.description)
                cursor = hasMore ? rows.last?.key.description : nil
            } while cursor != nil
            #expect(seen == names.map { key($0).description }.sorted { $0.precedesByBytes($1) })
            #expect(try await test.store.inventoryPage(limit: 9, kind: key("a").kind.description).rows.count == 7)
            #expect(try await test.store.inventoryPage(limit: 9, kind: "x").rows.isEmpty)
            #expect(try await test.store.inventoryPage(limit: 9, environment: "dev").rows.count == 7)
            #expect(try await test.store.inventoryPage(limit: 9, environments: ["other"]).rows.isEmpty)
        }
    }
}
