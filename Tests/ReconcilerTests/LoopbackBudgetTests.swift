import Basics
import Store
import StorePostgres
import StoreSQLite
import TestKit
import Testing
import Web

/// Real processes that know nothing of each other but the store.
@Suite("Processes that share a credential")
struct LoopbackBudgetTests {
    /// Three work by themselves and two for people.
    private static let priorities = ["commit", "drift", "resync", "person", "person"]
    private static let requests = 24

    /// Runs them all at once against one provider, and says what it saw.
    private func live(_ store: String) async throws -> (provider: StrictProvider, stories: [String]) {
        let provider = StrictProvider(processes: Self.priorities.count)
        let server = try WebServer(address: "127.0.0.1", port: 0) { await provider.answer($0) }
        let url = "http://127.0.0.1:\(server.port)"
        let own = ProcessEnvironment.variables()
        let environment = ["PATH": own["PATH"] ?? "/usr/bin:/bin", "HOME": "/nonexistent"]
        let stories = await Self.priorities.mapBounded(limit: 8) { priority in
            let outcome = await ChildProcess.run(
                Places.program("budget-child"), [store, url, String(Self.requests), priority], environment: environment,
                deadline: .minutes(3))
            return String(decoding: outcome.output + outcome.errorOutput, as: UTF8.self)
        }
        await server.stop(drain: .zero)
        return (provider, stories)
    }

    @Test(
        "never make the provider refuse, and what runs by itself leaves people a fifth of the window",
        arguments: [SQLDialect.sqlite, .postgres])
    func keep(dialect: SQLDialect) async throws {
        let directory = try TemporaryDirectory()
        let place: String
        switch dialect {
        case .sqlite:
            place = directory.path("ops.sqlite")
            let store = Store(engine: try await SQLiteEngine.open(path: place), time: SystemTime())
            try await store.migrate()
            await store.close()
        case .postgres:
            guard let uri = PostgresServer.shared?.makeDatabase("budgets") else {
                try Test.cancel("there is no PostgreSQL")
            }
            place = uri
            let store = Store(engine: try await PostgresEngine.open(Secret(uri)), time: SystemTime())
            try await store.migrate()
            await store.close()
        }
        let (provider, stories) = try await live(place)
        #expect(stories == Self.priorities.map { _ in "\(Self.requests) of \(Self.requests)\n" })
        let seen = provider.seen
        #expect(seen.refusals == 0 && seen.count == Self.priorities.count * Self.requests)
        #expect(seen.largest <= StrictProvider.limit && seen.largestOfThemselves <= StrictProvider.limit * 4 / 5)
    }

    @Test("cause refusals without a store in common: the provider of these tests is strict enough")
    func fail() async throws {
        let (provider, _) = try await live("alone")
        #expect(provider.seen.refusals > 0)
    }
}

/// A provider that counts every request of the credential in a sliding second, and refuses those beyond its limit.
private final class StrictProvider: Sendable {
    static let limit = 40

    struct Seen {
        var count = 0
        var refusals = 0
        /// The most in any second; of all, and of those that no person waits for.
        var largest = 0
        var largestOfThemselves = 0
    }

    private struct State {
        var seen = Seen()
        var arrivals: [(at: Duration, isPerson: Bool)] = []
        var ready = 0
    }

    private let processes: Int
    private let time = SystemTime()
    private let state = Locked(State())
    private let gate = Gate()

    init(processes: Int) { self.processes = processes }

    var seen: Seen { state.withLock { $0.seen } }

    func answer(_ request: WebRequest) async -> WebResponse {
        if request.path == "/ready" {
            let isLast = state.withLock { state in
                state.ready += 1
                return state.ready == processes
            }
            if isLast { gate.open() }
            await gate.pass()
            return WebResponse()
        }
        let (isRefused, left) = state.withLock { state in
            let now = time.uptime
            state.arrivals.removeAll { $0.at + .seconds(1) <= now }
            let isRefused = state.arrivals.count >= Self.limit
            state.seen.count += 1
            if isRefused {
                state.seen.refusals += 1
            } else {
                state.arrivals.append((now, request.path == "/send/person"))
            }
            state.seen.largest = max(state.seen.largest, state.arrivals.count)
            state.seen.largestOfThemselves = max(
                state.seen.largestOfThemselves, state.arrivals.count { !$0.isPerson })
            return (isRefused, Self.limit - state.arrivals.count)
        }
        return WebResponse(
            status: isRefused ? 429 : 200,
            headers: [
                ("ratelimit-limit", "\(Self.limit)"), ("ratelimit-remaining", "\(left)"),
                ("ratelimit-reset", "\(time.now.seconds + 1)"),
            ])
    }
}
