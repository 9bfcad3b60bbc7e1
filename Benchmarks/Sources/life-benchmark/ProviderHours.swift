import Basics
import DesiredState
import Diff
import DigitalOceanDriver
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

/// A provider that two processes look at and write to as often as its budget lets them: whether all its limits hold then.
///
/// One hour of looking, one of writing, one of both, so that the windows of an hour are filled as well as those of a minute.
struct ProviderHours {
    /// Of the provider, as in the simulator.
    let name: String
    let limits: [ProviderLimit]
    /// What is there; null: nothing.
    private let account: Value
    /// What is looked at below.
    private let parent: String
    /// Has one effect, the next one at each call; whether it was had.
    private let write: @Sendable (any Driver, _ number: Int, _ now: Timestamp, DriverContext) async -> Bool
    private let driver: @Sendable (any HTTPTransport, BudgetBook, SimulatedTime) -> any Driver

    /// What came of it.
    struct Result {
        var requests = 0
        var writes = 0
        var refusals = 0
        /// The largest share of each limit that any span of it took, from 0 to 1.
        var shares: [String: Double] = [:]
    }

    /// - Throws: what keeps the store from being made.
    func live(_ hour: Duration = .hours(1), directory: String) async throws -> Result {
        let time = SimulatedTime(now: Timestamp(seconds: 1_780_000_000), advancesBySleeping: true)
        let simulator = try Simulator(options: SimulatorOptions(time: time, logLimit: 100_000))
        if account != .null { try simulator.seed(name, account) }
        let store = Store(engine: try await SQLiteEngine.open(path: "\(directory)/\(name).sqlite"), time: time)
        try await store.migrate()
        let transport = LifeTransport(simulator: simulator)
        let drivers = ["a", "b"].map {
            driver(transport, BudgetBook(store: store, time: time, holder: "bench/\($0)"), time)
        }
        var result = Result()
        var log: [LoggedRequest] = []
        for (looks, writes) in [(true, false), (false, true), (true, true)] {
            let end = time.uptime + hour
            while time.uptime < end {
                var isHeldUp = false
                for driver in drivers {
                    if looks { await look(driver) }
                    guard writes else { continue }
                    let context = DriverContext(runID: "bench", log: .none, priority: .commit)
                    if await write(driver, result.writes, time.now, context) {
                        result.writes += 1
                    } else {
                        isHeldUp = true
                    }
                }
                log += simulator.requestLog
                simulator.clearRequestLog()
                // Never so fast that nothing passes: a budget that isn't short lets time stand still.
                time.advance(by: isHeldUp ? .seconds(2) : .milliseconds(200))
            }
        }
        result.requests = log.count
        result.refusals = log.count { $0.status == 429 || $0.status == 403 }
        for limit in limits { result.shares[limit.name] = limit.largestShare(of: log) }
        await store.close()
        return result
    }

    private func look(_ driver: any Driver) async {
        let kinds = Set(driver.schemas.map(\.kind))
        let names = Dictionary(uniqueKeysWithValues: kinds.map { ($0, Set([parent, "\(parent)/x"])) })
        let context = DriverContext(runID: "bench", log: .none, priority: .resync)
        _ = await driver.observe(ObserveRequest(kinds: kinds, names: names), context)
    }

    /// Carries out all steps of a change.
    private static func apply(
        _ action: ChangeAction, _ kind: ResourceKind, _ name: String, _ attributes: [(String, Value)],
        id: String? = nil,
        _ driver: any Driver, _ context: DriverContext
    ) async -> Bool {
        let change = PlannedChange(
            key: ResourceKey(kind, name), action: action, reason: "it is measured", cause: .unappliedCommit,
            attributes: attributes.map { AttributeChange(path: $0.0, before: nil, after: $0.1) }, providerID: id,
            wanted: attributes.map { WantedAttribute($0.0, .literal($0.1)) })
        let wanted = Attributes(attributes.map { Attributes.Item($0.0, $0.1) })
        for step in driver.steps(for: change) {
            let input = ResolvedChange(change: change, wanted: wanted, current: nil)
            guard case .done = await driver.perform(step, of: input, context) else { return false }
        }
        return true
    }

    private static func color(_ number: Int) -> String { number.isMultiple(of: 2) ? "#112233" : "#445566" }

    private static let token = Secret("any")

    static let all = [
        ProviderHours(
            name: "digitalocean",
            limits: [
                ProviderLimit("requests_an_hour", 5_000, per: .hours(1)) { _ in ("", 1) },
                ProviderLimit("requests_a_minute", 250, per: .seconds(60)) { _ in ("", 1) },
            ],
            account: .null, parent: "shop.example",
            write: { driver, number, _, context in
                await apply(number.isMultiple(of: 2) ? .create : .delete, .tag, "measured", [], driver, context)
            }
        ) { transport, book, time in
            DigitalOceanDriver(
                token: token, baseURL: "http://simulator.test", transport: transport,
                budget: book.budget(provider: "digitalocean", credential: token, .digitalOcean), time: time,
                random: RandomSource(seed: 1))
        },
        ProviderHours(
            name: "plane", limits: [ProviderLimit("requests_a_minute", 60, per: .seconds(60)) { _ in ("", 1) }],
            account: [
                "workspaces": [
                    "acme": [
                        "projects": [
                            [
                                "identifier": "OPS", "name": "Operations",
                                "labels": [["name": "x", "color": "#000000"]],
                            ]
                        ]
                    ]
                ]
            ], parent: "OPS",
            write: { driver, number, _, context in
                await apply(.update, .planeLabel, "OPS/x", [("color", .string(color(number)))], driver, context)
            }
        ) { transport, book, time in
            PlaneDriver(
                apiKey: token, workspace: "acme", baseURL: "http://simulator.test/plane/api/v1/", transport: transport,
                budget: book.budget(provider: "plane", credential: token, .plane), time: time,
                random: RandomSource(seed: 1))
        },
        ProviderHours(
            name: "mailgun", limits: [ProviderLimit("requests_a_minute", 300, per: .seconds(60)) { _ in ("", 1) }],
            account: ["domains": [["name": "mg.example.com"]]], parent: "mg.example.com",
            write: { driver, number, _, context in
                await apply(
                    number.isMultiple(of: 2) ? .create : .delete, .mailgunWebhook,
                    "mg.example.com/delivered/https://ops.example.com/hook",
                    [("url", "https://ops.example.com/hook")], driver, context)
            }
        ) { transport, book, time in
            MailgunDriver(
                apiKey: token, baseURL: "http://simulator.test/mailgun/v3", transport: transport,
                budget: book.budget(provider: "mailgun", credential: token, .mailgun), time: time,
                random: RandomSource(seed: 1))
        },
        ProviderHours(
            name: "slack",
            limits: slackMethods.map { method, count in
                ProviderLimit("\(method.replacing(".", with: "_"))_a_minute", count, per: .seconds(60)) {
                    $0.resource.hasSuffix("/\(method)") ? ("", 1) : nil
                }
            } + [
                // One a second; there is one channel alone that is written to.
                ProviderLimit("messages_of_a_channel_a_minute", 60, per: .seconds(60)) {
                    $0.resource.hasSuffix("/chat.postMessage") ? ("ops", 1) : nil
                }
            ],
            account: ["channels": [["name": "ops"]]], parent: "ops",
            write: { driver, number, now, context in
                guard let driver = driver as? SlackDriver else { return false }
                let message = SlackMessage(channel: "ops", key: "bench/\(number)", text: "Measured")
                if case .success = await driver.put(message, since: now, context) { return true }
                return false
            }
        ) { transport, book, time in
            SlackDriver(
                token: token, baseURL: "http://simulator.test/slack/api", transport: transport,
                budget: book.budget(provider: "slack", credential: token, .slack), time: time,
                random: RandomSource(seed: 1))
        },
        ProviderHours(
            name: "github",
            limits: [
                // An answer of 304 is free.
                ProviderLimit("requests_an_hour", 5_000, per: .hours(1)) { $0.status == 304 ? nil : ("", 1) },
                ProviderLimit("points_a_minute", 900, per: .seconds(60)) { ("", $0.method == "GET" ? 1 : 5) },
                ProviderLimit("writes_a_minute", 80, per: .seconds(60)) { $0.method == "GET" ? nil : ("", 1) },
                ProviderLimit("writes_an_hour", 500, per: .hours(1)) { $0.method == "GET" ? nil : ("", 1) },
            ],
            account: [
                "login": "bot",
                "repositories": [
                    [
                        "name": "acme/odoo", "branches": ["main": "6dcb09b5b57875f334f61aebed695e2e4193db5e"],
                        "labels": [["name": "x", "color": "000000"]],
                    ]
                ],
            ],
            parent: "acme/odoo",
            write: { driver, number, _, context in
                await apply(
                    .update, .gitHubLabel, "acme/odoo/x", [("color", .string(color(number)))], id: "x", driver, context)
            }
        ) { transport, book, time in
            GitHubDriver(
                token: token, baseURL: "http://simulator.test/github", transport: transport,
                budget: book.budget(provider: "github", credential: token, .gitHub), time: time,
                random: RandomSource(seed: 1))
        },
        ProviderHours(
            name: "supabase",
            limits: [
                ProviderLimit("endpoint_a_minute", 120, per: .seconds(60)) { ("\($0.method) \($0.resource)", 1) }
            ],
            account: ["organization": "simulated", "projects": [["ref": "abcdefghijklmnopqrst"]]],
            parent: "abcdefghijklmnopqrst",
            write: { driver, _, _, context in
                await apply(
                    .update, .supabaseSecret, "abcdefghijklmnopqrst/API_KEY", [("value_from", "env:API_KEY")], driver,
                    context)
            }
        ) { transport, book, time in
            SupabaseDriver(
                token: token, organization: "simulated", baseURL: "http://simulator.test/supabase",
                transport: transport, budget: book.budget(provider: "supabase", credential: token, .supabase),
                time: time, random: RandomSource(seed: 1)
            ) { _ in Secret("measured") }
        },
        ProviderHours(
            name: "vercel", limits: [ProviderLimit("requests_a_minute", 120, per: .seconds(60)) { _ in ("", 1) }],
            account: ["projects": [["name": "shop"]]], parent: "shop",
            write: { driver, number, _, context in
                await apply(
                    .update, .vercelProject, "shop",
                    [("root_directory", number.isMultiple(of: 2) ? "apps/shop" : "apps/store")], driver, context)
            }
        ) { transport, book, time in
            VercelDriver(
                token: token, baseURL: "http://simulator.test/vercel", transport: transport,
                budget: book.budget(provider: "vercel", credential: token, .vercel), time: time,
                random: RandomSource(seed: 1))
        },
    ]

    /// What Slack takes of each method in a minute, by its tier.
    private static let slackMethods = [
        ("auth.test", 100), ("conversations.list", 20), ("conversations.history", 50), ("chat.postMessage", 60),
    ]
}
