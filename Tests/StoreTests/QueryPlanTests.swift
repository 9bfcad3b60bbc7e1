import Basics
import DesiredState
import Diff
import Formats
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
                queries += LogQuery.queries(service, own, after: after).map {
                    ($0.text(limit: 50), $0.conditions.binds)
                }
            }
        }
        #expect(queries.count == 8, "hooks are of no environment")
        var loud = LogFilter()
        (loud.level, loud.service) = (.error, .reconciler)
        for after in [nil, cursor] {
            queries += LogQuery.queries(.reconciler, loud, after: after).map {
                ($0.text(limit: 50), $0.conditions.binds)
            }
        }
        try await TestStore.with(.sqlite) { test in
            for query in queries {
                let plan = try await test.rows("explain query plan " + query.text, query.binds).map { try $0.text(3) }
                #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(query.text): \(plan)")
                // Of the loud ones that others wrote without a level there are few, and these have an index of their own.
                let isWalked = plan.contains { $0.contains("SCAN") && !$0.contains("run_events_unlevelled_loud") }
                #expect(!isWalked || query.text == Store.latestEvent, "\(query.text): \(plan)")
            }
        }
    }

    @Test(arguments: engines) func `an event is as loud by what it holds as by what was kept of it`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            try await test.store.beginRun(run(1))
            let payloads: [Value] = [
                ["state": "failed"], ["state": "unknown"], ["state": "done"], ["phase": "failed"], ["phase": "unknown"],
                ["state": "done", "phase": "failed"], ["state": .null, "phase": "failed"], [:], "failed", ["failed"],
            ]
            let events = ["step", "error", "warning", "phase"].flatMap { type in
                payloads.map { RunEvent(runID: runID(1), type: type, payload: $0, at: start) }
            }
            try await test.store.appendEvents(events)
            let rows = try await test.rows("select level, \(LogQuery.impliedLevel) from ops.run_events")
            #expect(rows.count == events.count)
            for row in rows { #expect(try row.text(0) == row.text(1)) }
            func count(_ level: LogLine.Level) async throws -> Int {
                var filter = LogFilter()
                (filter.level, filter.service) = (level, .reconciler)
                return try await test.store.logPage(filter, limit: 100).rows.count
            }
            func counts() async throws -> [Int] {
                [try await count(.error), try await count(.warning), try await count(.info)]
            }
            let ours = try await counts()
            #expect(ours.reduce(0, +) == events.count && ours.allSatisfy { $0 > 0 }, "\(ours)")
            // What another program wrote without a word of its level.
            try await test.prepare(["update ops.run_events set level = null where event_type in ('step', 'error')"])
            #expect(try await counts() == ours)
        }
    }

    @Test(arguments: engines) func `runs that were left are found in an index that holds no run that has ended`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            switch dialect {
            case .sqlite:
                let plan = try await test.rows("explain query plan " + Store.leftRuns, [.text(runID(9))])
                    .map { try $0.text(3) }
                #expect(plan.contains { $0.contains("SEARCH") && $0.contains("runs_under_way") }, "\(plan)")
                #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)")
                // Of leases there are as many as shards.
                #expect(!plan.contains { $0.contains("SCAN") && !$0.contains("leases") }, "\(plan)")
            case .postgres:
                // A table of few rows is read whole.
                try await test.prepare([
                    "insert into ops.runs (run_type, agent, last_phase) "
                        + "select 'reconcile', 'odooops-reconciler', 'succeeded' from generate_series(1, 5000)",
                    "analyze ops.runs",
                ])
                let plan = try await test.rows("explain " + Store.leftRuns, [.text(runID(9))])
                    .map { try $0.text(0) }
                #expect(plan.contains { $0.contains("runs_under_way") }, "\(plan)")
            }
        }
    }

    @Test func `what is counted for each request is counted in an index`() async throws {
        try await TestStore.with(.sqlite) { test in
            for (query, binds) in [
                (Store.environmentCounts(), []), (Store.driftCounts(), []),
            ] as [(String, [SQLValue])] {
                let plan = try await test.rows("explain query plan " + query, binds).map { try $0.text(3) }
                #expect(plan.count == 1 && plan[0].contains("COVERING INDEX"), "\(query): \(plan)")
            }
        }
    }

    @Test func `an environment is found by its name without a look at the others`() async throws {
        try await TestStore.with(.sqlite) { test in
            let plan = try await test.rows("explain query plan " + Store.environmentByName, [.text("dev")])
                .map { try $0.text(3) }
            #expect(plan.count == 1 && plan[0].contains("SEARCH") && plan[0].contains("slug=?"), "\(plan)")
        }
    }

    @Test(arguments: engines) func `what differs is given part by part, in the order of bytes`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            let names = ["b", "B", "a-1", "a 1", "é", "aa", "Z"]
            try await test.store.beginRun(run(1))
            _ = try await test.store.recordDrift(
                names.map { drift($0) } + [drift("b", cause: .expected)], runID: runID(1), at: start,
                isGone: { _, _ in false })
            var seen: [String] = []
            var place: (String, String)?
            repeat {
                let (rows, hasMore) = try await test.store.driftPage(limit: 3, after: place)
                #expect(rows.count <= 3)
                seen += rows.map { "\($0.key) \($0.cause.rawValue)" }
                place = hasMore ? rows.last.map { ($0.key.description, $0.cause.rawValue) } : nil
            } while place != nil
            let wanted = names.map { ($0, ChangeCause.externalChange) } + [("b", .expected)]
            let ordered = wanted.sorted {
                $0.0 == $1.0 ? $0.1.rawValue < $1.1.rawValue : $0.0.precedesByBytes($1.0)
            }
            #expect(seen == ordered.map { "\(key($0.0)) \($0.1.rawValue)" })
            let quiet = try await test.store.driftPage(limit: 1, isQuiet: true)
            #expect(quiet.rows.map(\.cause) == [.expected] && !quiet.hasMore)
            let loud = try await test.store.driftPage(limit: 3, isQuiet: false)
            #expect(loud.rows.count == 3 && loud.hasMore)
            let some = DriftFilter(
                environments: ["dev"], environment: "dev", keys: [key("b")], cause: "external_change")
            #expect(try await test.store.driftPage(some, limit: 9).rows.map(\.key) == [key("b")])
            for none in [
                DriftFilter(environments: []), DriftFilter(environments: ["other"], environment: "dev"),
                DriftFilter(environment: "other"), DriftFilter(keys: []), DriftFilter(cause: "expired"),
            ] {
                #expect(try await test.store.driftPage(none, limit: 9).rows.isEmpty, "\(none)")
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
