import Basics
import DesiredState
import DigitalOceanDriver
import Formats
import HTTPClient
import Reconciler
import Simulator
import Store
import StoreSQLite
import Web

/// A whole installation in one process: provider, repository, embedded store; all of it under one clock.
struct LifeWorld<Clock: TimeSource> {
    let time: Clock
    let simulator: Simulator
    let source: LifeSource
    let reconciler: Reconciler

    /// - Parameters:
    ///   - directory: an empty one.
    ///   - time: the clock of all.
    ///   - source: the repository.
    ///   - limits: of the provider's requests.
    /// - Throws: what keeps the store from being made.
    init(
        directory: String, time: Clock, source: LifeSource, _ limits: RequestBudgetConfiguration = .digitalOcean
    ) async throws {
        self.time = time
        self.source = source
        simulator = try Simulator(
            options: SimulatorOptions(
                time: time, limits: limits.windows.isEmpty ? .generous : RateLimits(),
                lifecycle: Lifecycle(looks: 0, duration: .zero), logLimit: 2_000))
        let engine = try await SQLiteEngine.open(path: "\(directory)/ops.sqlite")
        let store = Store(engine: engine, time: time)
        try await store.migrate()
        let metrics = Metrics()
        metrics.declareReconcilerMetrics()
        let budgets = BudgetBook(store: store, time: time)
        let (token, random) = (Secret("any"), RandomSource(seed: 1))
        let driver = DigitalOceanDriver(
            token: token, baseURL: "http://simulator.test", transport: LifeTransport(simulator: simulator),
            budget: budgets.budget(provider: "digitalocean", credential: token, limits), time: time,
            random: random)
        reconciler = Reconciler(
            source: source, drivers: [driver], store: store,
            evidence: EvidenceStore(directory: "\(directory)/evidence"), time: time, random: random, log: .none,
            metrics: metrics, holder: "bench/1", budgets: budgets)
    }
}

extension LifeWorld where Clock == SimulatedTime {
    /// A hundred environments, the provider's real limits, and a clock that is moved by hand.
    init(directory: String) async throws {
        let time = SimulatedTime(now: Timestamp(seconds: 1_780_000_000), advancesBySleeping: true)
        try await self.init(directory: directory, time: time, source: LifeSource(branches: LifeSource.hundred))
    }
}

/// Hands requests to a simulator without a socket.
struct LifeTransport: HTTPTransport {
    let simulator: Simulator

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        let target = request.url.utf8.drop { $0 != 0x2F }.dropFirst(2).drop { $0 != 0x2F }
        let parts = String(decoding: target, as: UTF8.self).split(separator: "?", maxSplits: 1).map(String.init)
        let pairs = (parts.count > 1 ? parts[1] : "").split(separator: "&").map {
            pair -> (name: String, value: String) in
            let halves = pair.split(separator: "=", maxSplits: 1).map { Self.decode(String($0)) }
            return (halves.first ?? "", halves.count > 1 ? halves[1] : "")
        }
        let answer = await simulator.answer(
            WebRequest(
                method: request.method, path: Self.decode(parts.first ?? "/"), query: pairs,
                headers: request.headers.map { ($0.name, $0.value) }, body: request.body))
        return HTTPResponse(
            status: answer.status, headers: answer.headers.map { HTTPHeader($0.name, $0.value) }, body: answer.body)
    }

    private static func decode(_ text: String) -> String {
        var output: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == 0x25, rest.count >= 2, let decoded = Hex.decode(String(decoding: rest.prefix(2), as: UTF8.self))
            {
                output += decoded
                rest = rest.dropFirst(2)
            } else {
                output.append(byte)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}

/// A repository whose branches people push and delete.
final class LifeSource: Source {
    static let hundred = (0..<100).map { "feature/task-\($0)" }

    private let state: Locked<(branches: [String], commits: Int)>

    init(branches: [String]) { state = Locked((branches, 0)) }

    /// One branch goes and another comes; the name of the commit.
    @discardableResult
    func commit(_ name: String) -> String {
        state.withLock { state in
            state.branches.removeLast()
            state.branches.insert(name, at: 0)
            state.commits += 1
            return Self.revision(state.commits)
        }
    }

    private static func revision(_ commits: Int) -> String { String(Digest(of: "\(commits)").hex.prefix(40)) }

    func read(_ log: Log) async throws -> SourceSnapshot {
        let (branches, commits) = state.withLock { $0 }
        let revision = Self.revision(commits)
        let files = [
            (".odooops/policies.yaml", Self.policies), ("ssot/environments.yaml", Self.environments),
            ("ssot/infra/digitalocean/inventory.yaml", Self.inventory),
        ]
        return SourceSnapshot(
            tree: SourceTree(
                revision: revision, files: files.map { SourceFile(path: $0.0, text: $0.1) },
                branches: .known(
                    (["main"] + branches).map {
                        Branch(name: $0, commit: String(Digest(of: $0).hex.prefix(40)), committedAt: nil)
                    })))
    }

    private static let policies = """
        branch_mappings:
          - {pattern: "feature/*", tier: "dev", auto_deploy: true}
        ttl_policies: {dev_ephemeral: never, dev_named: never, staging: never, production: never}
        limits: {max_deletes: 8}

        """

    private static let environments = """
        schema: ssot.environments.v1
        environments:
          production: {tier: production, branch: main, host: web, database_cluster: shop-pg, database: odoo_prod, domain: erp.shop.example}
        tiers:
          dev: {host: web, database_cluster: shop-pg, database: "odoo_{slug_underscored}", domain: "{slug}.shop.example"}

        """

    private static let inventory = """
        schema: ssot.infra.digitalocean.inventory.v1
        droplets:
          - {name: web, region: sgp1, size: s-1vcpu-2gb, image: ubuntu-24-04-x64, tags: [project:shop]}
        databases:
          - {name: shop-pg, engine: pg, version: "16", region: sgp1, size: db-s-1vcpu-1gb, num_nodes: 1}
        domains:
          - name: shop.example
            records: [{type: A, name: "@", data: 203.0.113.7, ttl: 1800}]

        """
}
