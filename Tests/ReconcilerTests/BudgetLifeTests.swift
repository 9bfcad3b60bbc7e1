import Basics
import Diff
import HTTPClient
import Reconciler
import Simulator
import Store
import TestKit
import Testing

@Suite("The budget of a whole life")
struct BudgetLifeTests {
    /// One pass a minute for more than an hour, at 100 environments, with a commit every twenty minutes and two processes.
    ///
    /// `make bench` lives through a whole week.
    @Test("A hundred environments cause no 429 and need less than four fifths of any window")
    func stays() async throws {
        var branches = ["main"] + (0..<100).map { "feature/task-\($0)" }
        let world = try await World(World.tree(branches: branches), limits: RateLimits())
        let store = world.store
        let books = ["a", "b"].map { BudgetBook(store: store, time: world.time, holder: "process/\($0)") }
        let processes = books.enumerated().map { index, book in
            world.reconciler(seed: UInt64(index), process: 5_000_001 + index, concurrency: 8, budgets: book)
        }
        var usage = WindowUse()
        var failures: [String] = []
        for minute in 0..<66 {
            let began = world.time.uptime
            if minute % 20 == 19 {
                branches.removeLast()
                branches.insert("feature/late-\(minute)", at: 1)
                let revision = Character(String(UnicodeScalar(UInt8(97 + minute / 20 % 6))))
                world.source.set(World.tree(branches: branches, revision: revision))
            }
            // The second process takes the lease in turn, as after a restart.
            let report = await processes[minute / 10 % 2].pass(PassOptions(trigger: .schedule))
            // Until all is made the budget stretches the work over minutes; a step that waits too long comes next time.
            if minute > 15, !report.isSuccess { failures.append("\(minute): \(report.story)") }
            // All that is made at first may take a whole window; what counts is the life after it.
            for request in world.simulator.requestLog where minute > 5 || request.status == 429 {
                usage.add(request.time, status: request.status)
            }
            world.simulator.clearRequestLog()
            let rest = .seconds(60) - (world.time.uptime - began)
            if rest > .zero { world.time.advance(by: rest) }
        }
        #expect(failures.isEmpty, "\(failures.prefix(2))")
        #expect(usage.refusals == 0)
        #expect(usage.largest(in: .seconds(60)) <= 200)
        #expect(usage.largest(in: .seconds(3_600)) <= 4_000)
        #expect(usage.count > 100)
        for book in books { await book.giveBack() }
        let name = StoreBudgetShare.name(provider: "digitalocean", credential: Secret("canary-token-of-the-test"))
        let account = try await store.budget(of: name)
        #expect(!account.contains("holder") && account.contains("window 5000"))
        #expect(!account.contains("canary"))
    }
}

/// How many requests fell into any span.
struct WindowUse {
    private var instants: [Timestamp] = []
    private(set) var refusals = 0

    var count: Int { instants.count }

    mutating func add(_ instant: Timestamp, status: Int) {
        instants.append(instant)
        if status == 429 { refusals += 1 }
    }

    func largest(in span: Duration) -> Int {
        let sorted = instants.sorted()
        var (first, most) = (0, 0)
        for (index, instant) in sorted.enumerated() {
            while sorted[first] + span <= instant { first += 1 }
            most = max(most, index - first + 1)
        }
        return most
    }
}
