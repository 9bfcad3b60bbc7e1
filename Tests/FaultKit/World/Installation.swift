import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Drivers
import Formats
import GitHubDriver
import Glibc
import HTTPClient
import Reconciler
import Simulator
import SlackDriver
import Store
import StoreSQLite
import SupabaseDriver
import TestKit
import VercelDriver

/// Everything around the processes: providers, clock, repository, store, and what the machine is configured with.
struct Installation: Sendable {
    static let start = Timestamp(seconds: 1_780_000_000)

    let directory: TemporaryDirectory
    let time: SimulatedTime
    let simulator: Simulator
    let engine: SQLiteEngine
    let repository: Repository
    let settings: Locked<Settings>
    let ledger = WriteLedger()
    let log = Locked<[String]>([])
    /// What providers bring, until it was taken.
    let mailbox = Mailbox()
    /// Where messages to people go that no provider carries.
    let receiver = Receiver()

    /// What a process reads when it starts.
    struct Settings: Sendable {
        /// Providers that have a driver.
        var providers: Set<String> = ["digitalocean"]
        /// Providers whose credential was taken away.
        var switchedOff: Set<String> = []
        /// Values that references lead to.
        var values: [String: String] = [:]
        /// `owner/name` of the application's repository at GitHub.
        var application: String?
        /// What a process does beside its passes.
        var sideWork: Set<SideWork.Part> = []
    }

    /// An installation with an empty store.
    init(_ setup: Setup) async throws {
        directory = try TemporaryDirectory.inMemory()
        time = SimulatedTime(now: Self.start, advancesBySleeping: true)
        simulator = try Simulator(options: SimulatorOptions(time: time, lifecycle: .immediate))
        for (name, document) in setup.accounts {
            if name == "digitalocean" {
                try simulator.seed(world: document)
            } else {
                try simulator.seed(name, document)
            }
        }
        engine = try await Self.open(directory)
        repository = Repository(setup.wish.tree)
        settings = Locked(setup.settings)
        _ = try await Store(engine: engine, time: time).migrate()
    }

    private static func open(_ directory: TemporaryDirectory) async throws -> SQLiteEngine {
        var options = SQLiteEngine.Options(readers: 1)
        options.isDurable = false
        return try await SQLiteEngine.open(path: directory.path("ops.sqlite"), options: options)
    }

    /// An installation as it stood once, from which any number of others begin.
    final class Prepared: Sendable {
        fileprivate let origin: Installation
        fileprivate let store: [UInt8]
        fileprivate let evidence: [String]

        /// Ends the installation and keeps what it was.
        init(_ origin: Installation) async throws {
            await origin.engine.close()
            self.origin = origin
            store = try FileSystem.read(origin.directory.path("ops.sqlite"))
            let objects = origin.directory.path("evidence/objects")
            evidence = FileSystem.list(objects).flatMap { folder in
                FileSystem.list("\(objects)/\(folder)").map { "\(folder)/\($0)" }
            }
        }
    }

    init(_ prepared: Prepared) async throws {
        let origin = prepared.origin
        directory = try TemporaryDirectory.inMemory()
        time = SimulatedTime(now: origin.time.now, advancesBySleeping: true)
        simulator = try Simulator(copying: origin.simulator, time: time)
        try FileSystem.write(prepared.store, to: directory.path("ops.sqlite"))
        // Evidence never changes, so that both may have the same file.
        for object in prepared.evidence {
            let path = directory.path("evidence/objects/\(object)")
            try FileSystem.createDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
            guard link(origin.directory.path("evidence/objects/\(object)"), path) == 0 else {
                throw SourceFault(message: "the evidence could not be linked: \(errno)")
            }
        }
        engine = try await Self.open(directory)
        repository = Repository(origin.repository.treeBefore)
        repository.push(origin.repository.tree)
        settings = Locked(origin.settings.withLock { $0 })
    }

    /// The store as the harness looks into it, whatever became of the processes.
    var store: Store { Store(engine: engine, time: time) }
    var evidence: EvidenceStore { EvidenceStore(directory: directory.path("evidence")) }

    // MARK: Secrets that must never be seen

    static let tokens = [
        "digitalocean": "canary-digitalocean-token-1", "vercel": "canary-vercel-token-2",
        "supabase": "canary-supabase-token-3", "github": "canary-github-token-7", "slack": "canary-slack-token-8",
    ]
    static let hookSecret = "canary-hook-secret-4"
    static let receiverSecret = "canary-receiver-secret-9"

    /// Those that don't bear the mark of what tests plant.
    var canaries: [String] { simulator.issuedSecrets }

    // MARK: Drivers

    /// The drivers that a process makes when it starts.
    func drivers(
        _ transport: any HTTPTransport, _ time: any TimeSource, _ random: RandomSource, _ budgets: BudgetBook
    ) -> [any Driver] {
        let settings = settings.withLock { $0 }
        func has(_ name: String) -> Bool { settings.providers.contains(name) }
        func token(_ name: String) -> Secret { Secret(Self.tokens[name] ?? "") }
        var drivers: [any Driver] = []
        if has("digitalocean") {
            drivers.append(
                settings.switchedOff.contains("digitalocean")
                    ? UnconfiguredDriver(
                        provider: "digitalocean", schemas: DigitalOceanKinds.all, reason: "it is switched off")
                    : DigitalOceanDriver(
                        token: token("digitalocean"), baseURL: "http://digitalocean.test", transport: transport,
                        budget: budgets.budget(
                            provider: "digitalocean", credential: token("digitalocean"), .digitalOcean),
                        time: time, random: random))
        }
        if has("vercel"), !settings.switchedOff.contains("vercel") {
            drivers.append(
                VercelDriver(
                    token: token("vercel"), baseURL: "http://vercel.test", transport: transport,
                    budget: budgets.budget(provider: "vercel", credential: token("vercel"), .vercel), time: time,
                    random: random))
        }
        if has("supabase"), !settings.switchedOff.contains("supabase") {
            drivers.append(
                SupabaseDriver(
                    token: token("supabase"), organization: "simulated", baseURL: "http://supabase.test",
                    transport: transport,
                    budget: budgets.budget(provider: "supabase", credential: token("supabase"), .supabase),
                    time: time, random: random
                ) { reference in
                    guard case .environment(let name) = reference else { return nil }
                    return settings.values[name].map { Secret($0) }
                })
        }
        if has("github") {
            drivers.append(
                GitHubDriver(
                    token: token("github"), baseURL: "http://github.test", transport: transport,
                    budget: budgets.budget(provider: "github", credential: token("github"), .gitHub), time: time,
                    random: random))
        }
        if has("slack") {
            drivers.append(
                SlackDriver(
                    token: token("slack"), baseURL: "http://slack.test/api", transport: transport,
                    budget: budgets.budget(provider: "slack", credential: token("slack"), .slack), time: time,
                    random: random))
        }
        return drivers
    }
}
