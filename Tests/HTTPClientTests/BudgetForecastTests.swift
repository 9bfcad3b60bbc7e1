import Basics
import HTTPClient
import TestKit
import Testing

/// How long a plan's requests take by what is known before, beside what they take, with the provider's word in each answer.
@Suite struct BudgetForecastTests {
    private static let start = Timestamp(seconds: 1_700_000_000)

    /// How a pass meets a budget: for whom, beside other processes or not, and whether answers say what is left.
    struct Meeting: Sendable, CustomTestStringConvertible {
        let priority: RequestPriority
        let isShared: Bool
        let isTold: Bool

        static let all = [RequestPriority.person, .commit].flatMap { priority in
            [false, true].flatMap { isShared in
                [false, true].map { Meeting(priority: priority, isShared: isShared, isTold: $0) }
            }
        }

        var testDescription: String { "\(priority), shared: \(isShared), told: \(isTold)" }
    }

    /// So many requests, some at once; what the provider says of each is read where it is told.
    private func send(
        _ count: Int, _ budget: RequestBudget, _ priority: RequestPriority, to server: SlidingServer, isTold: Bool,
        atOnce: Int = 1, _ random: inout RandomSource
    ) async throws {
        var rest = count
        while rest > 0 {
            var grants: [RequestBudget.Grant] = []
            for _ in 0..<min(rest, atOnce) { grants.append(try await budget.acquire(priority)) }
            rest -= grants.count
            // They come in one order and end in another.
            grants.shuffle(using: &random)
            var answers = grants.map { ($0, server.serve()) }
            answers.shuffle(using: &random)
            for (grant, answer) in answers { budget.release(grant, isTold ? answer : nil) }
        }
        #expect(server.state.withLock { $0.refusals } == 0)
    }

    /// Of all that the plan itself doesn't send, with what the process still holds of a shared budget: as in a pass.
    @Test(arguments: [RequestBudgetConfiguration.plane, .digitalOcean], Meeting.all)
    func `a plan ends when the forecast says, however much of the budget the pass still holds`(
        configuration: RequestBudgetConfiguration, pass: Meeting
    ) async throws {
        let window = try #require(configuration.windows.min { $0.span < $1.span })
        for (reads, count) in [(10, window.limit), (1, window.limit * 2), (window.limit / 2, 9)] {
            let time = SimulatedTime(now: Self.start, advancesBySleeping: true)
            let server = SlidingServer(limit: window.limit, span: window.span, used: [], time: time)
            var random = RandomSource(seed: 1)
            let share = pass.isShared ? LocalBudgetShare(time: time) : nil
            // Of others a process hears from the share or from the provider.
            let other = RequestBudget(configuration, time: time, share: share, holder: "other")
            let others = pass.isShared || pass.isTold ? 5 : 0
            try await send(others, other, .drift, to: server, isTold: pass.isTold, &random)
            await other.giveBack()
            time.advance(by: .seconds(7))
            let budget = RequestBudget(configuration, time: time, share: share, holder: "own")
            try await send(reads, budget, pass.priority, to: server, isTold: pass.isTold, &random)
            time.advance(by: .seconds(2))
            let (forecast, begin) = (budget.wait(for: count, pass.priority), time.uptime)
            try await send(count, budget, pass.priority, to: server, isTold: pass.isTold, &random)
            let took = time.uptime - begin
            #expect(
                took <= forecast + .seconds(4) && forecast <= took + .seconds(4),
                "\(count) after \(reads): \(forecast) was foretold, and it took \(took), \(server.timeline)")
        }
    }

    /// What a process has sent itself is not what others use, whatever the provider says is left.
    @Test(arguments: [RequestBudgetConfiguration.plane, .digitalOcean], [0, 1, 2])
    func `all of a window can be sent at once when nobody else sends`(
        configuration: RequestBudgetConfiguration, sharing: Int
    ) async throws {
        let window = try #require(configuration.windows.min { $0.span < $1.span })
        let time = SimulatedTime(now: Self.start, advancesBySleeping: true)
        let server = SlidingServer(limit: window.limit, span: window.span, used: [], time: time)
        var random = RandomSource(seed: UInt64(sharing))
        let share = sharing > 0 ? LocalBudgetShare(time: time) : nil
        let budgets = (0..<max(1, sharing)).map {
            RequestBudget(configuration, time: time, share: share, holder: "process \($0)")
        }
        for round in 1...3 {
            let part = window.limit / budgets.count
            for budget in budgets {
                try await send(
                    part, budget, .person, to: server, isTold: true, atOnce: configuration.concurrency, &random)
                // Else what one still holds is missing to the other.
                await budget.giveBack()
            }
            #expect(time.uptime < (window.span + .seconds(2)) * (round - 1) + .seconds(2), "round \(round)")
            time.advance(by: window.span + .seconds(1))
        }
    }
}
