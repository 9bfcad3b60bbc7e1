import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Formats
import Reconciler
import Simulator
import SimulatorKit
import Store
import StoreSQLite
import TestKit
import Testing
import Web

@testable import ConsolePages

/// The example SSOT, brought about at the simulator by real passes, and the console over what they left.
struct ExampleWorld: Sendable {
    let time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
    let directory: TemporaryDirectory
    let simulator: Simulator
    let store: Store
    let source: ExampleSource
    let knowledge = Knowledge()
    private let passes = Locked<UInt64>(0)

    init() async throws {
        directory = try TemporaryDirectory.inMemory()
        simulator = try Simulator(options: SimulatorOptions(time: time, limits: .generous, lifecycle: .immediate))
        store = Store(engine: try await SQLiteEngine.open(path: ":memory:"), time: time)
        _ = try await store.migrate()
        source = try ExampleSource()
    }

    /// A process of its own.
    func reconciler() -> Reconciler {
        let seed = passes.withLock { count in
            count += 1
            return count
        }
        let driver = DigitalOceanDriver(
            token: Secret("token-of-the-test"), baseURL: "http://digitalocean.test",
            transport: InProcessTransport(simulator), time: time, random: RandomSource(seed: seed))
        let metrics = Metrics()
        metrics.declareReconcilerMetrics()
        return Reconciler(
            source: source, drivers: [driver], store: store,
            evidence: EvidenceStore(directory: "\(directory.path)/evidence"), time: time,
            random: RandomSource(seed: seed), log: .none, metrics: metrics, holder: "test/1")
    }

    /// A pass of the service that serves the console.
    @discardableResult
    func pass() async -> RunReport {
        time.advance(by: .minutes(1))
        let report = await reconciler().pass(PassOptions())
        knowledge.learn(report)
        return report
    }

    /// A look by another process, of which the console learns only by the store.
    @discardableResult
    func look() async -> RunReport {
        time.advance(by: .minutes(1))
        return await reconciler().pass(PassOptions(isDryRun: true))
    }

    /// Somebody changes where a name of the example's domain leads.
    func change(record name: String, to address: String) async throws {
        func call(_ method: String, _ path: String, _ body: Value? = nil) async throws -> Value {
            let answer = await simulator.answer(
                WebRequest(
                    method: method, path: path, query: method == "GET" ? [("per_page", "200")] : [],
                    headers: [("Authorization", "Bearer any"), ("Host", "digitalocean.test")],
                    body: body.map { Array(JSON.write($0).utf8) } ?? []))
            return try JSON.parse(answer.body)
        }
        let records = try await call("GET", "/v2/domains/brightwater.example/records")["domain_records"]?.listValue
        for record in records ?? [] where record["name"]?.stringValue == name && record["type"] == "A" {
            _ = try await call(
                "PATCH", "/v2/domains/brightwater.example/records/\(record["id"]?.intValue ?? 0)",
                ["type": "A", "data": .string(address)])
        }
    }

    /// Somebody makes a droplet that no document wants.
    func addDroplet(_ name: String) async throws {
        let droplet: Value = [
            "name": .string(name), "region": "nyc3", "size": "s-2vcpu-4gb", "image": "ubuntu-24-04-x64",
        ]
        let answer = await simulator.answer(
            WebRequest(
                method: "POST", path: "/v2/droplets", query: [],
                headers: [("Authorization", "Bearer any"), ("Host", "digitalocean.test")],
                body: Array(JSON.write(droplet).utf8)))
        #expect(answer.status == 202)
    }

    func pages(schedules: @escaping @Sendable () -> [ScheduledJob]? = { nil }) -> ConsolePages {
        ConsolePages(
            store: store, evidence: EvidenceStore(directory: "\(directory.path)/evidence"), reconciler: reconciler(),
            knowledge: knowledge, time: time, schedules: schedules)
    }

    func html(_ path: String, _ pages: ConsolePages? = nil) async throws -> String {
        try await PagesTests.html(pages ?? self.pages(), path)
    }
}

/// The example's tree, whose files a test may change.
final class ExampleSource: Source {
    private let state: Locked<SourceTree>

    init() throws {
        let root = "\(Places.packageRoot)/examples/ssot"
        let files = try Places.files(under: root, endingWith: "").map {
            SourceFile(path: $0, content: .bytes(try FileSystem.read("\(root)/\($0)")))
        }
        state = Locked(
            SourceTree(
                revision: String(repeating: "e", count: 40), files: files,
                branches: .known(
                    ["main", "staging", "feature/crm-rewrite", "feature/payroll"].map {
                        Branch(name: $0, commit: String(Digest(of: $0).hex.prefix(40)), committedAt: nil)
                    })))
    }

    /// Gives a file another text, in a commit of its own.
    func commit(_ text: String, to path: String) {
        state.withLock { tree in
            tree.files = tree.files.map { $0.path == path ? SourceFile(path: path, text: text) : $0 }
            tree.revision = String(Digest(of: text).hex.prefix(40))
        }
    }

    /// Makes a branch.
    func branch(_ name: String) {
        state.withLock { tree in
            guard case .known(let branches) = tree.branches else { return }
            let commit = String(Digest(of: name).hex.prefix(40))
            tree.branches = .known(branches + [Branch(name: name, commit: commit, committedAt: nil)])
        }
    }

    func read(_ log: Log) async throws -> SourceSnapshot {
        SourceSnapshot(tree: state.withLock { $0 }, commitAuthor: "Ada Lovelace <ada@brightwater.example>")
    }
}
