import Basics
import DesiredState
import Diff
import Drivers
import Formats
import GitHubDriver
import HTTPClient
import MailgunDriver
import PlaneDriver
import Reconciler
import Simulator
import SlackDriver
import Store
import StoreSQLite
import SupabaseDriver
import VercelDriver

/// A provider that two processes look at as often as its budget lets them, for hours: whether the limits hold then.
struct ProviderHours {
    /// Of the provider, as in the simulator.
    let name: String
    private let account: Value
    /// What is looked at below.
    private let parent: String
    /// How many requests of a kind the provider takes in a minute; the kind is what it counts by.
    private let limit: @Sendable (_ kind: String) -> Int
    private let kind: @Sendable (LoggedRequest) -> String
    private let driver: @Sendable (any HTTPTransport, BudgetBook, SimulatedTime) -> any Driver

    /// What came of it.
    struct Result {
        var requests = 0
        var refusals = 0
        /// The largest share of any limit that any minute took, from 0 to 1.
        var largestShare = 0.0
    }

    /// - Throws: what keeps the store from being made.
    func live(_ hours: Int, directory: String) async throws -> Result {
        let time = SimulatedTime(now: Timestamp(seconds: 1_780_000_000), advancesBySleeping: true)
        let simulator = try Simulator(options: SimulatorOptions(time: time, logLimit: 100_000))
        try simulator.seed(name, account)
        let store = Store(engine: try await SQLiteEngine.open(path: "\(directory)/\(name).sqlite"), time: time)
        try await store.migrate()
        let transport = LifeTransport(simulator: simulator)
        let drivers = ["a", "b"].map {
            driver(transport, BudgetBook(store: store, time: time, holder: "bench/\($0)"), time)
        }
        var result = Result()
        var instants: [String: [Timestamp]] = [:]
        let end = time.uptime + .hours(hours)
        while time.uptime < end {
            for driver in drivers {
                let kinds = Set(driver.schemas.map(\.kind))
                let names = Dictionary(uniqueKeysWithValues: kinds.map { ($0, Set([parent, "\(parent)/x"])) })
                let context = DriverContext(runID: "bench", log: .none, priority: .resync)
                _ = await driver.observe(ObserveRequest(kinds: kinds, names: names), context)
            }
            for request in simulator.requestLog {
                result.requests += 1
                if request.status == 429 || request.status == 403 { result.refusals += 1 }
                instants[kind(request), default: []].append(request.time)
            }
            simulator.clearRequestLog()
            // Never so fast that nothing passes: a budget that isn't short lets time stand still.
            time.advance(by: .milliseconds(200))
        }
        for (kind, instants) in instants {
            result.largestShare = max(
                result.largestShare, largest(in: .seconds(60), of: instants) / Double(limit(kind)))
        }
        await store.close()
        return result
    }

    private static let token = Secret("any")

    static let all = [
        ProviderHours(
            name: "plane",
            account: ["workspaces": ["acme": ["projects": [["identifier": "OPS", "name": "Operations"]]]]],
            parent: "OPS", limit: { _ in 60 }, kind: { _ in "" }
        ) { transport, book, time in
            PlaneDriver(
                apiKey: token, workspace: "acme", baseURL: "http://simulator.test/plane/api/v1/", transport: transport,
                budget: book.budget(provider: "plane", credential: token, .plane), time: time,
                random: RandomSource(seed: 1))
        },
        ProviderHours(
            name: "mailgun", account: ["domains": [["name": "mg.example.com"]]], parent: "mg.example.com",
            limit: { _ in 300 }, kind: { _ in "" }
        ) { transport, book, time in
            MailgunDriver(
                apiKey: token, baseURL: "http://simulator.test/mailgun/v3", transport: transport,
                budget: book.budget(provider: "mailgun", credential: token, .mailgun), time: time,
                random: RandomSource(seed: 1))
        },
        ProviderHours(
            name: "slack", account: ["channels": [["name": "ops"]]], parent: "ops",
            limit: { ["auth.test": 100, "conversations.list": 20, "conversations.history": 50][$0] ?? 20 },
            kind: { request in
                let path = request.path.prefix { $0 != "?" }
                return path.split(separator: "/").last.map { String($0) } ?? ""
            }
        ) { transport, book, time in
            SlackDriver(
                token: token, baseURL: "http://simulator.test/slack/api", transport: transport,
                budget: book.budget(provider: "slack", credential: token, .slack), time: time,
                random: RandomSource(seed: 1))
        },
        ProviderHours(
            name: "github",
            account: [
                "login": "bot",
                "repositories": [
                    ["name": "acme/odoo", "branches": ["main": "6dcb09b5b57875f334f61aebed695e2e4193db5e"]]
                ],
            ],
            parent: "acme/odoo", limit: { _ in 900 }, kind: { _ in "" }
        ) { transport, book, time in
            GitHubDriver(
                token: token, baseURL: "http://simulator.test/github", transport: transport,
                budget: book.budget(provider: "github", credential: token, .gitHub), time: time,
                random: RandomSource(seed: 1))
        },
        ProviderHours(
            name: "supabase", account: ["organization": "simulated", "projects": [["ref": "abcdefghijklmnopqrst"]]],
            parent: "abcdefghijklmnopqrst", limit: { _ in 120 },
            kind: { "\($0.method) \($0.path.prefix { $0 != "?" })" }
        ) { transport, book, time in
            SupabaseDriver(
                token: token, organization: "simulated", baseURL: "http://simulator.test/supabase",
                transport: transport, budget: book.budget(provider: "supabase", credential: token, .supabase),
                time: time, random: RandomSource(seed: 1))
        },
        ProviderHours(
            name: "vercel", account: ["projects": [["name": "shop"]]], parent: "shop", limit: { _ in 120 },
            kind: { _ in "" }
        ) { transport, book, time in
            VercelDriver(
                token: token, baseURL: "http://simulator.test/vercel", transport: transport,
                budget: book.budget(provider: "vercel", credential: token, .vercel), time: time,
                random: RandomSource(seed: 1))
        },
    ]
}
