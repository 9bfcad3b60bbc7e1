import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Drivers
import Formats
import HTTPClient
import Reconciler
import Simulator
import Store
import StoreSQLite
import TestKit
import Web

/// Ends the process, as it were, at its Nth effect: from then on nothing reaches the store or the provider any more.
final class Fuse: Sendable {
    private struct State {
        var remaining: Int?
        var isBlown = false
        var lastPlace = ""
    }

    private let state: Locked<State>

    init(after count: Int? = nil) { state = Locked(State(remaining: count)) }

    var isBlown: Bool { state.withLock { $0.isBlown } }
    var place: String { state.withLock { $0.lastPlace } }

    /// Passes one effect point; true when the process ends here.
    func burn(_ place: String) -> Bool {
        state.withLock { state in
            if state.isBlown { return true }
            guard let remaining = state.remaining else { return false }
            state.remaining = remaining - 1
            guard remaining <= 0 else { return false }
            state.isBlown = true
            state.lastPlace = place
            return true
        }
    }
}

/// Faults by seed that don't depend on which of two requests comes first: each path has a count of its own.
final class SeededFaults: Sendable {
    private let seed: UInt64
    private let rate: Double
    private let counts = Locked<[String: UInt64]>([:])
    private let isOver = Locked(false)

    init(seed: UInt64, rate: Double) {
        self.seed = seed
        self.rate = rate
    }

    func stop() { isOver.withLock { $0 = true } }

    /// Orders what hits the next request of this method and path, if anything.
    func strike(_ method: String, _ path: String, _ simulator: Simulator) {
        guard !isOver.withLock({ $0 }) else { return }
        let ordinal = counts.withLock { counts in
            counts["\(method) \(path)", default: 0] += 1
            return counts["\(method) \(path)", default: 0]
        }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ seed
        for byte in "\(method) \(path)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x0100_0000_01B3 }
        guard let kind = FaultPlan.random(seed: hash, rate: rate).fault(for: method, ordinal: ordinal) else { return }
        simulator.order(FaultOrder(method, path, kind))
    }
}

/// A store engine that dies with the fuse: before a transaction, or after its commit and before its answer.
struct FusedEngine: SQLEngine {
    let engine: SQLiteEngine
    let fuse: Fuse
    /// What the clock of the store's server shows, where that is another machine.
    var serverClock: (@Sendable () -> Timestamp)?

    var dialect: SQLDialect { engine.dialect }
    var place: String { engine.place }

    private static let dead = StoreFault(.unreachable, code: "TEST-0002", message: "the process has ended")

    func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        if fuse.burn("before commit") { throw Self.dead }
        let clock = serverClock
        let result = try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> T in
            try body(FarConnection(db: db, clock: clock))
        }
        if fuse.burn("after commit") { throw Self.dead }
        return result
    }

    func read<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        if fuse.isBlown { throw Self.dead }
        let clock = serverClock
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> T in
            try body(FarConnection(db: db, clock: clock))
        }
    }

    func close() async { await engine.close() }
}

/// A connection to a server with a clock of its own.
struct FarConnection: SQLConnection {
    let db: any SQLConnection
    let clock: (@Sendable () -> Timestamp)?

    func run(_ sql: String, _ binds: [SQLValue]) throws(StoreFault) -> [SQLRow] { try db.run(sql, binds) }
    func leaveMark() throws(StoreFault) { try db.leaveMark() }
    func serverClock() throws(StoreFault) -> Timestamp? { clock?() }
}

/// The source of a test: a tree that it changes as people would.
final class TestSource: Source {
    private let state: Locked<Result<SourceTree, TestFault>>
    /// The commits in their order; nil where none is wrong after another.
    let history = Locked<[String]?>(nil)
    let branchesOf = Locked<String?>(nil)

    init(_ tree: SourceTree) { state = Locked(.success(tree)) }

    func set(_ tree: SourceTree) { state.withLock { $0 = .success(tree) } }
    func fail(_ fault: TestFault) { state.withLock { $0 = .failure(fault) } }
    func change(_ body: (inout SourceTree) -> Void) {
        state.withLock { state in
            guard case .success(var tree) = state else { return }
            body(&tree)
            state = .success(tree)
        }
    }

    func read(_ log: Log) async throws -> SourceSnapshot {
        SourceSnapshot(tree: try state.withLock { $0 }.get(), branchesOf: branchesOf.withLock { $0 })
    }

    func follows(_ revision: String, after earlier: String) async -> Bool {
        guard let history = history.withLock({ $0 }) else { return true }
        guard let old = history.firstIndex(of: earlier), let new = history.firstIndex(of: revision) else {
            return false
        }
        return old <= new
    }
}

struct TestFault: Fault {
    let code = "TEST-0003"
    let message = "the repository does not answer"
    let place: String? = nil
    let hint: String? = nil
    let disposition = Disposition.retry(after: nil)
}

/// A whole installation in one process: simulated provider, clock and repository, a real embedded store.
struct World: Sendable {
    static let start = Timestamp(seconds: 1_780_000_000)

    let directory: TemporaryDirectory
    let time: SimulatedTime
    let simulator: Simulator
    let engine: SQLiteEngine
    let source: TestSource
    private let passes = Locked<UInt64>(0)

    init(
        _ tree: SourceTree = World.tree(), lifecycle: Lifecycle = .immediate, limits: RateLimits = .generous
    ) async throws {
        directory = try TemporaryDirectory.inMemory()
        time = SimulatedTime(now: World.start, advancesBySleeping: true)
        simulator = try Simulator(options: SimulatorOptions(time: time, limits: limits, lifecycle: lifecycle))
        engine = try await SQLiteEngine.open(path: "\(directory.path)/ops.sqlite")
        source = TestSource(tree)
        _ = try await Store(engine: engine, time: time).migrate()
    }

    /// A world as it stood once, to be taken up again as often as one likes.
    struct Prepared: Sendable {
        fileprivate let directory: TemporaryDirectory
        fileprivate let now: Timestamp
        fileprivate let provider: Value
        fileprivate let tree: SourceTree
    }

    /// Ends this world and keeps what it was: the store's file, the evidence, what the provider holds.
    func freeze() async throws -> Prepared {
        await engine.close()
        return Prepared(
            directory: directory, now: time.now, provider: simulator.snapshot(),
            tree: try await source.read(.none).tree)
    }

    /// Takes a world up again.
    ///
    /// With `older` the store and the evidence are those of an earlier time, as after a restore.
    init(_ prepared: Prepared, restoring older: Prepared? = nil) async throws {
        directory = try TemporaryDirectory.inMemory()
        let files = (older ?? prepared).directory.path
        _ = Shell.run("cp -a \(Shell.quote(files))/. \(Shell.quote(directory.path))")
        time = SimulatedTime(now: prepared.now, advancesBySleeping: true)
        simulator = try Simulator(options: SimulatorOptions(time: time, limits: .generous, lifecycle: .immediate))
        try simulator.seed(world: prepared.provider)
        engine = try await SQLiteEngine.open(path: "\(directory.path)/ops.sqlite")
        source = TestSource(prepared.tree)
    }

    /// The store as a test looks into it, whatever became of the process.
    var store: Store { Store(engine: engine, time: time) }

    /// A process: its own fuse, its own driver, the same world.
    func reconciler(
        fuse: Fuse = Fuse(), seed: UInt64 = 1, process: Int = 5_000_001, concurrency: Int = 4,
        faults: SeededFaults? = nil, budgets: BudgetBook? = nil, onWrite: (@Sendable () async -> Void)? = nil,
        tracer: Tracer? = nil, host: String = "test", shards: Shards = Shards(1),
        absent: [UnconfiguredDriver] = [], serverClock: (@Sendable () -> Timestamp)? = nil,
        wrap: (any Driver) -> any Driver = { $0 }
    ) -> Reconciler {
        let random = RandomSource(seed: seed)
        let token = Secret("canary-token-of-the-test")
        let driver = DigitalOceanDriver(
            token: token, baseURL: "http://simulator.test",
            transport: SimulatorTransport(simulator: simulator, fuse: fuse, faults: faults, onWrite: onWrite),
            budget: budgets?.budget(provider: "digitalocean", credential: token, .digitalOcean),
            time: time, random: random)
        let metrics = Metrics()
        metrics.declareReconcilerMetrics()
        return Reconciler(
            source: source, drivers: [wrap(driver)], absent: absent,
            store: Store(
                engine: FusedEngine(engine: engine, fuse: fuse, serverClock: serverClock), time: time,
                comparesClocks: serverClock != nil),
            evidence: EvidenceStore(directory: "\(directory.path)/evidence"), time: time, random: random, log: .none,
            metrics: metrics, concurrency: concurrency, shards: shards, holder: "\(host)/\(process)", budgets: budgets,
            tracer: tracer)
    }

    func pass(_ options: PassOptions = PassOptions()) async -> RunReport {
        let seed = passes.withLock { count in
            count += 1
            return count
        }
        return await reconciler(seed: seed).pass(options)
    }

    /// Has an environment left alone, or no more, as a person would.
    func setSuspended(
        _ slug: String, _ isSuspended: Bool, reason: String? = nil, until: Timestamp? = nil
    ) async throws {
        _ = try await store.setSuspended(
            slug, isSuspended, reason: reason, until: until,
            audit: AuditRecord(
                at: time.now, action: isSuspended ? "env.suspend" : "env.resume", target: slug, actor: "ann",
                detail: .null))
    }

    /// Lets time go by, with a pass half a day before its end by which people are warned of what ends.
    func age(by duration: Duration) async {
        time.advance(by: duration - .hours(13))
        _ = await pass()
        time.advance(by: .hours(13))
    }

    // MARK: Files

    /// What nothing wants goes at once, and what is guarded as soon as it is approved; how it is marked before has tests of its own.
    static let policies = plainPolicies + "prune: {grace: none, guarded_grace: none}\n"

    static let plainPolicies = """
        branch_mappings:
          - {pattern: "feature/*", tier: "dev", auto_deploy: true}
        ttl_policies: {dev_ephemeral: 7d, dev_named: 14d, staging: never, production: never}
        limits: {max_deletes: 8}

        """

    /// With a rule of its own by which what branches bring about lives, and more sections.
    static func policies(life rule: String, _ more: String = "") -> String {
        """
        branch_mappings:
          - {pattern: "feature/*", tier: "dev", auto_deploy: true}
        ttl_policies: {dev_ephemeral: \(rule), dev_named: never, staging: never, production: never}
        limits: {max_deletes: 8}
        \(more)

        """
    }

    static let environments = """
        schema: ssot.environments.v1
        environments:
          production: {tier: production, branch: main, host: web, database_cluster: shop-pg, database: odoo_prod, domain: erp.shop.example}
          crm: {tier: dev, branch: feature/crm, host: web, database_cluster: shop-pg, database: odoo_crm, domain: crm.shop.example}
        tiers:
          dev: {host: web, database_cluster: shop-pg, database: "odoo_{slug_underscored}", domain: "{slug}.shop.example"}

        """

    static let inventory = """
        schema: ssot.infra.digitalocean.inventory.v1
        droplets:
          - {name: web, region: sgp1, size: s-1vcpu-2gb, image: ubuntu-24-04-x64, tags: [project:shop]}
        databases:
          - {name: shop-pg, engine: pg, version: "16", region: sgp1, size: db-s-1vcpu-1gb, num_nodes: 1}
        domains:
          - name: shop.example
            records: [{type: A, name: "@", data: 203.0.113.7, ttl: 1800}]

        """

    static func tree(
        inventory: String = World.inventory, environments: String = World.environments,
        policies: String = World.policies, branches: [String] = ["main", "feature/crm", "feature/loyalty"],
        revision: Character = "a"
    ) -> SourceTree {
        SourceTree(
            revision: String(repeating: revision, count: 40),
            files: [
                SourceFile(path: ".odooops/policies.yaml", text: policies),
                SourceFile(path: "ssot/environments.yaml", text: environments),
                SourceFile(path: "ssot/infra/digitalocean/inventory.yaml", text: inventory),
            ],
            branches: .known(
                branches.map { Branch(name: $0, commit: Digest(of: $0).hex.prefixString(40), committedAt: nil) }))
    }

    // MARK: What the provider holds, in names

    /// Every object at the provider by kind and name, sorted; a name that stands twice is a duplicate.
    func holdings() async -> [String] {
        var result: [String] = []
        func list(_ path: String, _ member: String) async -> [Value] {
            let answer = await simulator.answer(
                WebRequest(
                    method: "GET", path: path, query: [("per_page", "200")],
                    headers: [("Authorization", "Bearer any"), ("Host", "simulator.test")]))
            return ((try? JSON.parse(answer.body))?[member]?.listValue) ?? []
        }
        for droplet in await list("/v2/droplets", "droplets") {
            let status = droplet["status"]?.stringValue ?? ""
            result.append(
                "droplet \(droplet["name"]?.stringValue ?? "") \(droplet["size_slug"]?.stringValue ?? "")"
                    + (status == "active" ? "" : " \(status)"))
        }
        for tag in await list("/v2/tags", "tags") { result.append("tag \(tag["name"]?.stringValue ?? "")") }
        for firewall in await list("/v2/firewalls", "firewalls") {
            result.append("firewall \(firewall["name"]?.stringValue ?? "")")
        }
        for domain in await list("/v2/domains", "domains") {
            let name = domain["name"]?.stringValue ?? ""
            result.append("domain \(name)")
            for record in await list("/v2/domains/\(name)/records", "domain_records") {
                let type = record["type"]?.stringValue ?? ""
                guard type != "NS", type != "SOA" else { continue }
                result.append("record \(name) \(type) \(record["name"]?.stringValue ?? "")")
            }
        }
        for cluster in await list("/v2/databases", "databases") {
            let name = cluster["name"]?.stringValue ?? ""
            let id = cluster["id"]?.stringValue ?? ""
            result.append("cluster \(name)")
            for database in await list("/v2/databases/\(id)/dbs", "dbs") {
                result.append("database \(name) \(database["name"]?.stringValue ?? "")")
            }
            for user in await list("/v2/databases/\(id)/users", "users") {
                result.append("user \(name) \(user["name"]?.stringValue ?? "")")
            }
        }
        return result.sorted()
    }
}

extension String {
    func prefixString(_ count: Int) -> String { String(prefix(count)) }
}

extension RunReport {
    /// One line for a failed expectation.
    var story: String {
        var text = "\(outcome)"
        for entry in journal where entry.state != .done {
            text += "\n  \(entry.stepID) \(entry.state) \(entry.output.json)"
        }
        for change in withheld { text += "\n  withheld \(change.key) \(change.verdict) \(change.verdictReason ?? "")" }
        for skipped in skipped { text += "\n  skipped \(skipped.key) \(skipped.reason)" }
        for diagnostic in desired?.diagnostics ?? [] { text += "\n  \(diagnostic.code) \(diagnostic.message)" }
        return text
    }

    var isSuccess: Bool { if case .succeeded = outcome { true } else { false } }
}
