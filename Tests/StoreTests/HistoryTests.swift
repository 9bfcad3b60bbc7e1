import Basics
import DesiredState
import Diff
import Formats
import Testing

@testable import Store

@Suite struct HistoryTests {
    private static func values(_ history: FigureHistory?, _ label: String) -> [Int?]? {
        history?.series.first { $0.label == label }?.values
    }

    private static func delivery(_ id: String, at instant: Timestamp) -> String {
        let text = SQLRow([.time(instant)]).optionalText(0) ?? ""
        return """
            insert into ops.webhook_deliveries (id, provider, delivery_id, event, body_sha256, body_bytes, state,
              received_at, available_at)
            values ('\(id)', 'github', '\(id)', 'push', 'x', 0, 'dead', '\(text)', '\(text)')
            """
    }

    @Test(arguments: engines) func `what became of a figure is told step by step, and nothing of what nobody knows`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            let late = start + .minutes(61)
            let runs = [
                (run(1, phase: .succeeded), Duration.seconds(2)), (run(2, phase: .failed, at: late), .seconds(10)),
                (run(3, phase: .planned, at: late + .seconds(1)), .hours(1)),
            ]
            for (one, took) in runs {
                var ended = one
                ended.completedAt = one.startedAt + took
                try await test.store.beginRun(ended)
            }
            // A rule wants it otherwise, and nobody changed anything.
            let finding = DriftItem(
                key: key("c"), cause: .externalChange, attributes: [], environment: nil, source: nil,
                summary: "PLAN-0023: c", finding: "PLAN-0023")
            _ = try await test.store.recordDrift(
                [drift("a"), drift("b"), finding], runID: runID(1), at: start + .seconds(10), isGone: { _, _ in false })
            _ = try await test.store.recordDrift([drift("a")], runID: runID(2), at: late, isGone: { _, _ in true })
            try await test.prepare([Self.delivery("old", at: start), Self.delivery("new", at: late)])
            test.time.advance(by: .hours(2))
            // The first step begins before the time that is asked for, the last one after its end.
            let steps = try #require(TimeSteps(from: start, to: start + .hours(4), seconds: 3_600))
            #expect(steps.count == 5 && steps.first == start - .seconds(1_600))
            func history(_ figure: RangedFigure, kept: Duration = .days(90)) async throws -> FigureHistory? {
                try await test.store.history(
                    of: figure, over: steps, until: start + .hours(4), keptSince: test.time.now - kept)
            }
            let counted = try await history(.runs)
            #expect(counted?.knownSince == start)
            #expect(Self.values(counted, "succeeded") == [1, 0, 0, nil, nil], "what is to come is not none")
            #expect(Self.values(counted, "failed") == [0, 1, 0, nil, nil])
            #expect(Self.values(counted, "planned") == [0, 1, 0, nil, nil])
            let durations = try await history(.runDuration)
            for quantile in ["0.5", "0.95", "1"] {
                #expect(Self.values(durations, quantile) == [2_000, 10_000, nil, nil, nil], "\(quantile)")
            }
            let open = try await history(.drift)
            #expect(Self.values(open, "external_change") == [2, 1, 1, nil, nil])
            #expect(Self.values(open, "finding") == [1, 0, 0, nil, nil])
            // Of the deliveries of the first hour those that ended well may be forgotten already.
            let deliveries = try await history(.deliveries, kept: .hours(1))
            #expect(deliveries?.knownSince == start + .hours(1))
            #expect(Self.values(deliveries, "github") == [nil, 1, 0, nil, nil])
        }
    }

    @Test func `quantiles are durations that some pass really took`() async throws {
        try await TestStore.with(.sqlite) { test in
            for number in 1...40 {
                var one = run(number, phase: .succeeded, at: start + .seconds(number))
                one.completedAt = one.startedAt + .seconds(number)
                try await test.store.beginRun(one)
            }
            let steps = try #require(TimeSteps(from: start, to: start + .hours(1), seconds: 86_400))
            let history = try await test.store.history(
                of: .runDuration, over: steps, until: start + .hours(1), keptSince: start)
            for (quantile, value) in [("0.5", 20_000), ("0.95", 38_000), ("1", 40_000)] {
                #expect(Self.values(history, quantile) == [value], "\(quantile)")
            }
        }
    }

    @Test(
        arguments: [
            (0, 3_600, 60, 60), (30, 3_600, 60, 60), (0, 3_601, 60, 61), (0, 60_000, 60, 1_000), (0, 60_001, 60, nil),
            (-90, -30, 60, 2), (5, 5, 60, nil), (5, 4, 60, nil), (0, 10, 0, nil), (0, 1, 86_400, 1),
        ] as [(Int64, Int64, Int64, Int?)])
    func `a time is cut at multiples of the step`(_ from: Int64, _ to: Int64, _ step: Int64, _ count: Int?) throws {
        let steps = TimeSteps(from: Timestamp(seconds: from), to: Timestamp(seconds: to), seconds: step)
        #expect(steps?.count == count)
        guard let steps else { return }
        #expect(steps.first.seconds % step == 0 && steps.first <= Timestamp(seconds: from))
        #expect(steps.begin(steps.count) >= Timestamp(seconds: to))
        for index in 0..<steps.count {
            #expect(steps.index(of: steps.begin(index)) == index)
            #expect(steps.index(of: steps.begin(index + 1) - .microseconds(1)) == index)
        }
        #expect(steps.index(of: steps.begin(steps.count)) == nil)
    }

    @Test func `the past is read by indexes, and no more of it than one answer may cost`() async throws {
        try await TestStore.with(.sqlite) { test in
            for figure in RangedFigure.allCases {
                var queries = Store.historyQueries(of: figure, from: start, to: start + .days(1))
                queries.append((Store.oldestQuery(of: figure), []))
                for query in queries {
                    let plan = try await test.rows("explain query plan " + query.text, query.binds).map {
                        try $0.text(3)
                    }
                    #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(query.text): \(plan)")
                    #expect(plan.allSatisfy { $0.contains("INDEX") }, "\(query.text): \(plan)")
                }
            }
            let count = Store.mostHistoryRows
            try await test.prepare([
                """
                insert into ops.webhook_deliveries (id, provider, delivery_id, event, body_sha256, body_bytes, state,
                  received_at, available_at)
                with recursive n (i) as (select 1 union all select i + 1 from n where i < \(count))
                select 'd' || i, 'github', 'd' || i, 'push', 'x', 0, 'processed', '2026-03-06T12:30:00.000000Z',
                  '2026-03-06T12:30:00.000000Z' from n
                """
            ])
            test.time.advance(by: .hours(2))
            let steps = try #require(TimeSteps(from: start, to: start + .hours(1), seconds: 86_400))
            func history() async throws -> FigureHistory? {
                try await test.store.history(
                    of: .deliveries, over: steps, until: start + .hours(1), keptSince: start - .days(30))
            }
            #expect(Self.values(try await history(), "github") == [count])
            try await test.prepare([Self.delivery("one more", at: start)])
            #expect(try await history() == nil)
        }
    }
}
