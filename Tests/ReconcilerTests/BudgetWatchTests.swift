import Basics
import HTTPClient
import TestKit
import Testing

@testable import Reconciler

/// A person who looks on hears once of each provider that its rate limit is what takes so long.
@Suite struct BudgetWatchTests {
    private let time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000))

    /// A budget with one request in a span, which is used up, and one more that waits.
    private func waiting(_ span: Duration, _ body: (BudgetWatch, RequestBudget) async throws -> Void) async throws {
        let book = BudgetBook(store: nil, time: time, holder: "test")
        let budget = book.budget(
            provider: "github", credential: Secret("canary"),
            RequestBudgetConfiguration(
                windows: [RequestBudgetConfiguration.Window(limit: 1, per: span)], reserve: 0, margin: .zero))
        let first = try await budget.acquire(.commit)
        budget.release(first, HTTPResponse(status: 200, headers: []))
        let waiter = Task { try await budget.acquire(.commit) }
        while budget.snapshot().queued == 0 { await Task.yield() }
        try await body(BudgetWatch(book, time: time), budget)
        waiter.cancel()
        _ = try? await waiter.value
    }

    @Test func aLongWaitIsToldOnceWithItsEnd() async throws {
        try await waiting(.seconds(90)) { watch, _ in
            var told: Set<String> = []
            let remarks = watch.look(&told)
            #expect(remarks.count == 1)
            #expect(remarks.first?.hasPrefix("waiting for the rate limit of github: ") == true, "\(remarks)")
            #expect(remarks.first?.contains("\(Timestamp(seconds: 1_772_000_090)), in 1m 30s") == true, "\(remarks)")
            #expect(remarks.first?.contains("canary") == false)
            #expect(watch.look(&told) == [])
        }
    }

    @Test func aShortWaitNeedsNoWord() async throws {
        try await waiting(.seconds(5)) { watch, budget in
            var told: Set<String> = []
            #expect(budget.waiting() != nil)
            #expect(watch.look(&told) == [])
        }
    }

    @Test func nothingIsToldWhereNothingWaits() {
        let book = BudgetBook(store: nil, time: time, holder: "test")
        _ = book.budget(provider: "github", credential: Secret("canary"), .gitHub)
        var told: Set<String> = []
        #expect(BudgetWatch(book, time: time).look(&told) == [])
    }
}
