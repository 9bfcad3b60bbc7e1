import Basics
import HTTPClient
import TestKit
import Testing

private let start = Timestamp(seconds: 1_700_000_000)

/// The provider's own sliding count, exact: what it grants, and what it says in its headers.
final class SlidingServer: Sendable {
    struct State {
        var arrivals: [Duration] = []
        var refusals = 0
        var largest = 0
        /// How many came at each second.
        var counts: [Int64: Int] = [:]
    }

    /// How many came when, for people: `42 at 9 s`.
    var timeline: String {
        state.withLock { $0.counts }.sorted { $0.key < $1.key }.map { "\($0.value) at \($0.key) s" }
            .joined(separator: ", ")
    }

    let limit: Int
    let span: Duration
    let time: SimulatedTime
    let state: Locked<State>

    init(limit: Int, span: Duration, used: [Duration], time: SimulatedTime) {
        self.limit = limit
        self.span = span
        self.time = time
        state = Locked(State(arrivals: used))
    }

    func serve() -> HTTPResponse {
        let (now, wall) = (time.uptime, time.now)
        return state.withLock { state in
            state.arrivals.removeAll { $0 + span <= now }
            state.counts[now.microseconds / 1_000_000, default: 0] += 1
            let isRefused = state.arrivals.count >= limit
            if isRefused { state.refusals += 1 } else { state.arrivals.append(now) }
            state.largest = max(state.largest, state.arrivals.count)
            let oldest = state.arrivals.min() ?? now
            let reset = (wall + (oldest + span - now)).seconds + 1
            return HTTPResponse(
                status: isRefused ? 429 : 200,
                headers: [
                    HTTPHeader("ratelimit-limit", "\(limit)"),
                    HTTPHeader("RateLimit-Remaining", "\(limit - state.arrivals.count)"),
                    HTTPHeader("ratelimit-reset", "\(reset)"),
                    // As Plane says it.
                    HTTPHeader("X-RateLimit-Remaining", "\(limit - state.arrivals.count)"),
                ])
        }
    }
}

@Suite struct RequestBudgetTests {
    private func budget(
        _ limit: Int, per span: Duration, reserve: Double = 0, concurrency: Int = 16, _ time: SimulatedTime
    ) -> RequestBudget {
        RequestBudget(
            RequestBudgetConfiguration(
                windows: [.init(limit: limit, per: span)], reserve: reserve, concurrency: concurrency,
                margin: .seconds(1)),
            time: time)
    }

    @Test(arguments: UInt64(0)..<100)
    func `however requests fall and whatever others used, the provider never has to refuse`(seed: UInt64) async throws {
        var random = RandomSource(seed: seed)
        let time = SimulatedTime(now: start, advancesBySleeping: true)
        let limit = Int.random(in: 2...40, using: &random)
        let span = Duration.seconds(Int.random(in: 5...90, using: &random))
        // Somebody else has used some of it already, and we don't know.
        let used = (0..<Int.random(in: 0..<limit, using: &random)).map { _ in
            Duration.zero - random.jitter(span - .seconds(1))
        }
        let server = SlidingServer(limit: limit, span: span, used: used, time: time)
        let budget = budget(limit, per: span, reserve: 0.2, concurrency: Int.random(in: 1...8, using: &random), time)
        let lags = (0..<150).map { _ in (random.jitter(.seconds(3)), random.jitter(.seconds(3)), Int(random.next() % 4))
        }
        // The first answer tells what others have used.
        let first = try await budget.acquire(.person)
        budget.release(first, server.serve())
        let done = await lags.mapBounded(limit: 12) { before, after, priority in
            guard let grant = try? await budget.acquire(RequestPriority(rawValue: priority) ?? .drift) else {
                return false
            }
            try? await time.sleep(for: before)
            let answer = server.serve()
            try? await time.sleep(for: after)
            budget.release(grant, answer)
            return true
        }
        #expect(done.allSatisfy { $0 })
        let (refusals, largest) = server.state.withLock { ($0.refusals, $0.largest) }
        #expect(refusals == 0)
        #expect(largest <= limit)
        let snapshot = budget.snapshot()
        #expect(snapshot.granted == 151 && snapshot.inFlight == 0 && snapshot.queued == 0)
    }

    /// Each process knows only itself and the share; the provider counts them all.
    @Test(arguments: UInt64(0)..<100)
    func `however many processes share a credential, the provider never has to refuse`(seed: UInt64) async throws {
        var random = RandomSource(seed: seed)
        let time = SimulatedTime(now: start, advancesBySleeping: true)
        let limit = Int.random(in: 10...80, using: &random)
        let span = Duration.seconds(Int.random(in: 20...90, using: &random))
        let used = (0..<Int.random(in: 0..<limit / 2, using: &random)).map { _ in
            Duration.zero - random.jitter(span - .seconds(1))
        }
        let server = SlidingServer(limit: limit, span: span, used: used, time: time)
        let share = LocalBudgetShare(time: time)
        // The limit is the credential's own, or that of a scope.
        let windows = [RequestBudgetConfiguration.Window(limit: limit, per: span)]
        let scopes = seed % 2 == 0 ? [] : [RequestScope("endpoint", windows, concurrency: 4)]
        let rates = RateRules("of a scope") { response, now in
            var reading = RateRules.standard.read(response, now)
            reading.quota?.reach = .scope
            return reading
        }
        let configuration =
            scopes.isEmpty
            ? RequestBudgetConfiguration(windows: windows, reserve: 0.1, concurrency: 4)
            : RequestBudgetConfiguration(windows: [], reserve: 0.1, rates: rates)
        let budgets = (0..<Int.random(in: 2...6, using: &random)).map { index in
            RequestBudget(configuration, time: time, share: share, holder: "process \(index)")
        }
        let first = try await budgets[0].acquire(.person, scopes: scopes)
        budgets[0].release(first, server.serve())
        await budgets[0].giveBack()
        let lags = (0..<120).map { index in
            // Each sleep moves the one clock of all: together they stay below the grace of a reservation.
            (budgets[index % budgets.count], random.jitter(.seconds(2)), random.jitter(.seconds(2)))
        }
        let longest = Locked(Duration.zero)
        let done = await lags.mapBounded(limit: 12) { budget, before, after in
            guard let grant = try? await budget.acquire(.drift, scopes: scopes) else { return false }
            let since = time.uptime
            try? await time.sleep(for: before)
            let answer = server.serve()
            try? await time.sleep(for: after)
            budget.release(grant, answer)
            longest.withLock { $0 = max($0, time.uptime - since) }
            return true
        }
        #expect(done.allSatisfy { $0 })
        // A request that takes longer than a reservation lasts is no longer covered by it.
        guard longest.withLock({ $0 }) < BudgetAccount.lasting + BudgetAccount.grace else { return }
        #expect(server.state.withLock { $0.refusals } == 0)
        #expect(server.state.withLock { $0.largest } <= limit)
    }

    @Test func `what a process leaves behind comes back, given back at once or when it runs out`() async throws {
        var account = BudgetAccount()
        let windows = [RequestBudgetConfiguration.Window(limit: 10, per: .seconds(60))]
        func claim(_ holder: String, wanted: Int, spent: Int = 0, held: Int = 0, reserve: Double = 0)
            -> BudgetClaim
        {
            BudgetClaim(
                holder: holder, windows: windows, spent: spent, held: held, wanted: wanted, reserve: reserve)
        }
        #expect(account.exchange(claim("a", wanted: 6), now: start).granted == 6)
        // The reserve is kept back from those that are not urgent.
        #expect(account.exchange(claim("b", wanted: 6, reserve: 0.2), now: start).granted == 2)
        #expect(account.exchange(claim("b", wanted: 6, held: 2), now: start).granted == 2)
        let refused = account.exchange(claim("c", wanted: 1), now: start)
        #expect(refused.granted == 0 && refused.retryAfter ?? .zero > .zero)
        // Two were sent, the others come back.
        #expect(account.exchange(claim("b", wanted: 0, spent: 2), now: start + .seconds(1)).granted == 0)
        #expect(account.exchange(claim("c", wanted: 9), now: start + .seconds(2)).granted == 2)
        _ = account.exchange(claim("c", wanted: 0), now: start + .seconds(2))
        // The first was killed: what it held counts as sent when it runs out, and is free again a window later.
        let out = start + BudgetAccount.lasting + BudgetAccount.grace
        #expect(account.exchange(claim("c", wanted: 10), now: out + .seconds(1)).granted == 4)
        _ = account.exchange(claim("c", wanted: 0), now: out + .seconds(1))
        let late = account.exchange(claim("a", wanted: 0, spent: 6, held: 3), now: out + .seconds(2))
        #expect(!late.isKept)
        #expect(account.exchange(claim("c", wanted: 10), now: out + .seconds(62)).granted == 10)
        #expect(BudgetAccount(account.description) == account)
        for text in ["x", "window 1", "spent 1 2", "holder 1 2", "latest -1", "window 1 0 0 0", "latest x"] {
            #expect(BudgetAccount(text) == nil)
        }
        #expect(BudgetAccount("") == BudgetAccount())
    }

    @Test func `a share that can't be asked stops requests, and says so`() async throws {
        struct Broken: BudgetShare {
            func exchange(_ claim: BudgetClaim) async throws(HTTPFault) -> BudgetAllotment {
                throw HTTPFault(.notSent, code: "X", message: "the store is gone", place: nil)
            }
        }
        let time = SimulatedTime(now: start, advancesBySleeping: true)
        let budget = RequestBudget(.digitalOcean, time: time, share: Broken(), holder: "a")
        let fault = await #expect(throws: HTTPFault.self) {
            _ = try await budget.acquire(.commit, patience: .seconds(10))
        }
        #expect(fault?.message.contains("the store is gone") == true)
    }

    @Test func `a window's length is waited for and no longer`() async throws {
        let time = SimulatedTime(now: start, advancesBySleeping: true)
        let budget = budget(3, per: .seconds(60), time)
        for _ in 0..<7 { budget.release(try await budget.acquire(.commit), nil) }
        #expect(time.uptime == .seconds(122))
        let snapshot = budget.snapshot()
        #expect(snapshot.waits == 2 && snapshot.waited == .seconds(122))
        #expect(snapshot.limit == 3 && snapshot.remaining == 2)
    }

    @Test(arguments: [false, true])
    func `the most urgent goes first, the oldest among equals, and a cancelled one not at all`(
        isShared: Bool
    ) async throws {
        let time = SimulatedTime(now: start)
        let budget = RequestBudget(
            RequestBudgetConfiguration(windows: [.init(limit: 100, per: .seconds(60))], concurrency: 1), time: time,
            share: isShared ? LocalBudgetShare(time: time) : nil, holder: "a")
        let grant = try await budget.acquire(.drift)
        let order = Locked<[Int]>([])
        var tasks: [Task<Void, Never>] = []
        let priorities: [RequestPriority] = [.resync, .drift, .commit, .person, .commit, .resync]
        for (index, priority) in priorities.enumerated() {
            tasks.append(
                Task {
                    guard let grant = try? await budget.acquire(priority) else { return }
                    order.withLock { $0.append(index) }
                    budget.release(grant, nil)
                })
            while budget.snapshot().queued <= index { await Task.yield() }
        }
        tasks[3].cancel()
        await tasks[3].value
        budget.release(grant, nil)
        for task in tasks { await task.value }
        #expect(order.withLock { $0 } == [2, 4, 1, 0, 5])
        #expect(budget.snapshot().inFlight == 0)
    }

    /// Of the credential's own limit and of a scope's, alone and beside other processes.
    @Test(
        arguments: [RequestPriority.commit, .drift, .resync],
        [(false, false), (false, true), (true, false), (true, true)])
    func `a fifth of each window is kept for people, whatever runs by itself`(
        priority: RequestPriority, place: (isScoped: Bool, isShared: Bool)
    ) async throws {
        let time = SimulatedTime(now: start)
        let windows = [RequestBudgetConfiguration.Window(limit: 10, per: .seconds(60))]
        let scopes = place.isScoped ? [RequestScope("endpoint", windows)] : []
        let share = place.isShared ? LocalBudgetShare(time: time) : nil
        let budget = RequestBudget(
            RequestBudgetConfiguration(windows: place.isScoped ? [] : windows), time: time, share: share, holder: "a")
        func send(_ priority: RequestPriority) async throws {
            budget.release(try await budget.acquire(priority, scopes: scopes), nil)
        }
        for _ in 0..<8 { try await send(priority) }
        let late = Task { (try? await send(priority)) != nil }
        while budget.snapshot().queued == 0 { await Task.yield() }
        for _ in 0..<2 { try await send(.person) }
        #expect(budget.snapshot().queued == 1 && budget.snapshot().granted == 10)
        await #expect(throws: HTTPFault.self) {
            _ = try await budget.acquire(.person, scopes: scopes, patience: .seconds(10))
        }
        while time.sleeperCount == 0 { await Task.yield() }
        time.advance(by: .seconds(70))
        #expect(await late.value)
    }

    @Test func `a call takes as many units of a scope as it weighs, and none where it was never sent`() async throws {
        let time = SimulatedTime(now: start, advancesBySleeping: true)
        let budget = RequestBudget(.gitHub, time: time)
        let points = RequestBudgetConfiguration.gitHubPoints
        func send(_ weight: Int, _ reading: RateReading = RateReading()) async throws {
            let scope = RequestScope("points", points, weight: weight)
            budget.release(try await budget.acquire(.drift, scopes: [scope]), reading: reading)
        }
        for _ in 0..<100 { try await send(5, RateReading(isSent: false)) }
        // 720 of 900 points: an answer of 304 costs none of the credential's own limit, and its points all the same.
        for _ in 0..<144 { try await send(5, RateReading(isFree: true)) }
        #expect(time.uptime == .zero && budget.snapshot().remaining == 5_000)
        try await send(1)
        #expect(time.uptime == .seconds(61) && budget.snapshot().remaining == 4_999)
    }

    @Test func `what a plan's requests wait for at the worst is told for providers with narrower limits`() async throws
    {
        let time = SimulatedTime(now: start, advancesBySleeping: true)
        #expect(RequestBudget(.slack, time: time).wait(for: 1) == .zero)
        #expect(RequestBudget(.slack, time: time).wait(for: 3) == .milliseconds(2 * 1_375))
        #expect(RequestBudget(.supabase, time: time).wait(for: 96) == .zero)
        #expect(RequestBudget(.supabase, time: time).wait(for: 97) == .seconds(61))
        #expect(RequestBudget(.gitHub, time: time).wait(for: 65) > .seconds(60))
        // What other processes have used counts as well.
        let share = LocalBudgetShare(time: time)
        let budgets = ["a", "b"].map { RequestBudget(.plane, time: time, share: share, holder: $0) }
        for _ in 0..<40 { budgets[0].release(try await budgets[0].acquire(.commit), nil) }
        await budgets[0].giveBack()
        #expect(budgets[1].wait(for: 20) == .zero)
        budgets[1].release(try await budgets[1].acquire(.commit), nil)
        await budgets[1].giveBack()
        #expect(budgets[1].wait(for: 20) > .seconds(50) && budgets[1].wait(for: 5) == .zero)
    }

    @Test func `how long many requests would wait is known before one is sent`() async throws {
        let time = SimulatedTime(now: start, advancesBySleeping: true)
        let budget = budget(10, per: .seconds(60), reserve: 0.2, time)
        #expect(budget.wait(for: 8, .drift) == .zero && budget.wait(for: 10, .person) == .zero)
        for _ in 0..<6 { budget.release(try await budget.acquire(.commit), nil) }
        time.advance(by: .seconds(20))
        #expect(budget.wait(for: 2, .drift) == .zero)
        #expect(budget.wait(for: 3, .drift) == .seconds(41))
        // Two places are free, six after 41 s, and each of them again 61 s later.
        #expect(budget.wait(for: 8, .drift) == .seconds(41) && budget.wait(for: 9, .drift) == .seconds(61))
        #expect(budget.wait(for: 16, .drift) == .seconds(41 + 61))
        #expect(budget.wait(for: 17, .drift) == .seconds(122) && budget.wait(for: 0, .drift) == .zero)
        // People, who may use all of it, end earlier.
        #expect(budget.wait(for: 8, .person) == .seconds(41) && budget.wait(for: 14, .person) == .seconds(61))
    }

    @Test func `who can't wait long enough is told how long it would take`() async throws {
        let time = SimulatedTime(now: start, advancesBySleeping: true)
        let budget = budget(1, per: .seconds(60), time)
        budget.release(try await budget.acquire(.commit), nil)
        let fault = await #expect(throws: HTTPFault.self) {
            _ = try await budget.acquire(.commit, patience: .seconds(10))
        }
        #expect(fault?.code == "HTTP-0008")
        #expect(fault?.mayHaveHadEffect == false)
        if case .retry(let after?) = fault?.disposition {
            #expect(after > .zero)
        } else {
            Issue.record("no wait is named")
        }
    }

    @Test func `a 429 stops everybody until its time is over, and a smaller limit is believed`() async throws {
        let time = SimulatedTime(now: start, advancesBySleeping: true)
        let budget = RequestBudget(.digitalOcean, time: time)
        let refusal = HTTPResponse(status: 429, headers: [HTTPHeader("Retry-After", "17")])
        budget.release(try await budget.acquire(.commit), refusal)
        let grant = try await budget.acquire(.commit)
        #expect(time.uptime == .seconds(17))
        budget.release(
            grant,
            HTTPResponse(
                status: 200,
                headers: [HTTPHeader("ratelimit-limit", "1200"), HTTPHeader("ratelimit-remaining", "1100")]))
        let snapshot = budget.snapshot()
        #expect(snapshot.limit == 1_200 && snapshot.remaining == 1_100 && snapshot.refusals == 1)
    }

    @Test(arguments: ["", "-5", "99999999999999999999", "x", "0", "9223372036854775807"])
    func `headers that say nonsense change nothing and break nothing`(value: String) async throws {
        let time = SimulatedTime(now: start, advancesBySleeping: true)
        let budget = budget(5, per: .seconds(60), time)
        let names = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after"]
        for status in [200, 429] {
            budget.release(
                try await budget.acquire(.commit),
                HTTPResponse(status: status, headers: names.map { HTTPHeader($0, value) }))
        }
        #expect(budget.snapshot().limit == 5)
        budget.release(try await budget.acquire(.commit), nil)
    }
}
