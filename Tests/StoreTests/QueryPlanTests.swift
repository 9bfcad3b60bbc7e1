import DesiredState
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
            #expect(try await test.store.openDrift(key: key("b")).map(\.key) == [key("b")])
            #expect(try await test.store.openDrift(of: ["other"], key: key("b")).isEmpty)
        }
    }
}
