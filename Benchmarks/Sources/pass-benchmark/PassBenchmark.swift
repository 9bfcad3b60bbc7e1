import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Drivers
import Figures
import Formats
import HTTPClient

/// The passes that are timed, in order.
struct PassBenchmark {
    private let tools: Tools
    private var figures = Figures()

    private init(tools: Tools) { self.tools = tools }

    /// - Returns: the figures, and the failure when something didn't work at all; what is merely too slow is none.
    static func run(_ tools: Tools) async -> (Figures, Failure?) {
        var benchmark = PassBenchmark(tools: tools)
        do throws(Failure) {
            try await benchmark.run()
            return (benchmark.figures, nil)
        } catch {
            return (benchmark.figures, error)
        }
    }

    private mutating func run() async throws(Failure) {
        let empty = try await tools.shell.costs(5, tools.reconcile, ["--version"])
        figures.report("version_start_to_exit", empty.fastest, "ms")
        figures.report("version_memory", empty.memory, "MiB")
        for (count, bound) in [(1_000, 200.0), (5_000, 500.0), (10_000, nil)] {
            try await inSync(count, atMost: bound, emptyMemory: empty.memory)
        }
        try await observe(5_000)
        try await creates(100)
        try await TakeOver.measure(tools, &figures)
        let environments = ProcessEnvironment.variables()["BENCH_ENVIRONMENTS"].flatMap { Int($0) } ?? 10_000
        for backups in [IdleService.Backups.none, .blocked, .scheduled] {
            try await IdleService.watch(environments, backups, for: .seconds(180), tools, &figures)
        }
    }

    // MARK: Nothing to do

    /// A dry run over droplets that are all as they are wanted; at 1,000 also a pass that changes nothing.
    private mutating func inSync(_ count: Int, atMost bound: Double?, emptyMemory: Double) async throws(Failure) {
        var measured = figures
        try await World.with("droplets-\(count)", inventory: Self.droplets(count), tools) {
            (world) throws(Failure) -> Void in
            try await world.control(
                "POST", "world", ["droplet_count": .int(Int64(count)), "tags": ["odooops:managed"]])
            // The first dry run makes the store; the first pass learns what the seed of the store left open.
            try await world.pass("--dry-run", "--quiet")
            let store = StoreFile(path: "\(world.directory)/state/ops.sqlite")
            let droplets = try await world.control("GET", "world")["droplets"]?.listValue ?? []
            try await store.remember(droplets: droplets, revision: String(repeating: "0", count: 40))
            try await world.pass("--quiet")
            _ = try await world.takeRequests()

            let text = try await world.pass("--dry-run")
            guard text.hasPrefix("No changes.") else { throw Failure("the world is not in sync:\n\(text.prefix(800))") }
            let requests = try await world.takeRequests().values.reduce(0, +)
            let pages = (count + 199) / 200
            let bare = try await world.shell.costs(
                5, "\(tools.baseline)/fetch", ["\(world.url)/v2/droplets?per_page=200&page=", String(pages)])
            let costs = try await world.shell.costs(5, tools.reconcile, ["--dry-run"])
            measured.report("dry_run_\(count)_bare_fetch", bare.fastest, "ms")
            measured.report("dry_run_\(count)", costs.fastest, "ms", baseline: bare.fastest, atMost: bound)
            measured.report("dry_run_\(count)_processor", costs.processor, "ms", baseline: bare.processor)
            measured.report(
                "dry_run_\(count)_requests", Double(requests), "requests", baseline: Double(pages),
                atMost: Double(pages + 20))
            measured.report(
                "dry_run_\(count)_memory_above_empty", costs.memory - emptyMemory, "MiB", baseline: emptyMemory,
                atMost: count == 10_000 ? 64 : nil)
            if count == 1_000 { try await Self.noop(world, store, &measured) }
        }
        figures = measured
    }

    /// Tables in which every run leaves its own record, and counts its requests.
    private static let recordTables: Set<String> = [
        "runs", "run_events", "artifacts", "plans", "evidence_chain", "leases", "request_budgets",
    ]

    /// A whole pass without a difference: nothing is written to the provider, and only the run's own record to the store.
    private static func noop(_ world: World, _ store: StoreFile, _ figures: inout Figures) async throws(Failure) {
        let before = try await store.rows()
        _ = try await world.takeRequests()
        let cost = try await world.shell.costs(1, world.reconcile, [])
        let after = try await store.rows()
        let writes = try await world.takeRequests().filter { $0.key != "GET" }.values.reduce(0, +)
        figures.report("noop_pass_1000", cost.fastest, "ms")
        figures.report("noop_pass_provider_writes", Double(writes), "writes", atMost: 0)
        var own = 0
        var others = 0
        for name in Set(before.keys).union(after.keys).sorted() {
            let (old, new) = (before[name] ?? [], after[name] ?? [])
            let changed = max(old.subtracting(new).count, new.subtracting(old).count)
            if recordTables.contains(name) { own += changed } else { others += changed }
            if changed > 0 { figures.report("noop_pass_rows_\(name)", Double(changed), "rows") }
        }
        figures.report("noop_pass_rows_of_its_record", Double(own), "rows")
        figures.report("noop_pass_rows_changed", Double(others), "rows", atMost: 0)
    }

    /// A dry run over droplets and as many records, and what a latency adds to it.
    private mutating func observe(_ count: Int) async throws(Failure) {
        var measured = figures
        let text =
            Self.droplets(count) + Self.records(count).split(separator: "\n").dropFirst().joined(separator: "\n") + "\n"
        let pages = (count + 199) / 200
        var fastest: [Double] = []
        for latency in [0, 50] {
            try await World.with(
                "both-\(count)-\(latency)", simulator: ["--latency", "\(latency)ms"], inventory: text, tools
            ) { (world) throws(Failure) -> Void in
                let domain = Value.object([
                    "name": "bench.example",
                    "records": .list((1...count).map(Self.record)),
                ])
                try await world.control(
                    "POST", "world", ["droplet_count": .int(Int64(count)), "tags": ["odooops:managed"]])
                try await world.control("POST", "world", ["domains": .list([domain])])
                try await world.pass("--dry-run", "--quiet")
                _ = try await world.takeRequests()
                try await world.pass("--dry-run", "--quiet")
                let requests = try await world.takeRequests().values.reduce(0, +)
                let costs = try await world.shell.costs(5, tools.reconcile, ["--dry-run", "--quiet"])
                fastest.append(costs.fastest)
                guard latency == 0 else { return }
                let observed = try await Self.observation(world, count)
                measured.report("observe_\(count)_and_\(count)", observed, "ms", atMost: 500)
                // All around it: start, documents, a plan that takes over twice as many, evidence, store.
                measured.report("dry_run_\(count)_and_\(count)", costs.fastest, "ms", baseline: observed)
                measured.report("dry_run_\(count)_and_\(count)_processor", costs.processor, "ms", atMost: 500)
                measured.report(
                    "observe_\(count)_and_\(count)_requests", Double(requests), "requests", baseline: Double(2 * pages),
                    atMost: Double(2 * pages + 8))
            }
        }
        if fastest.count == 2 {
            measured.report(
                "observe_round_trips_of_50_ms", (fastest[1] - fastest[0]) / 50, "trips", baseline: Double(pages),
                atMost: Double(pages + 4))
        }
        figures = measured
    }

    /// The observation alone, by the driver in this process over loopback: the fastest of five.
    private static func observation(_ world: World, _ count: Int) async throws(Failure) -> Double {
        let time = SystemTime()
        let driver = DigitalOceanDriver(
            token: Secret("any"), baseURL: world.url, transport: CurlTransport(),
            budget: RequestBudget(.unlimited, time: time), time: time, random: .system())
        let request = ObserveRequest(kinds: [.droplet, .record], names: [.record: ["bench.example/A/host-00001"]])
        var fastest = Double.infinity
        for _ in 0..<5 {
            let start = time.uptime
            let kinds = await driver.observe(request, DriverContext(runID: "bench", log: .none))
            fastest = min(fastest, (time.uptime - start).milliseconds)
            for kind in kinds where kind.resources.count < count || kind.completeness != .complete {
                throw Failure("only \(kind.resources.count) of \(count) \(kind.kind) were seen: \(kind.completeness)")
            }
        }
        return fastest
    }

    private static func record(_ number: Int) -> Value {
        var object = Value.Object()
        object["type"] = "A"
        object["name"] = .string("host-\(padded(number))")
        object["data"] = .string("203.0.113.\(number % 250 + 1)")
        object["ttl"] = 1800
        return .object(object)
    }

    // MARK: Much to do

    /// A pass that creates records which don't depend on each other, at a provider that takes 20 ms for each answer.
    private mutating func creates(_ count: Int) async throws(Failure) {
        var measured = figures
        try await World.with(
            "records-\(count)", simulator: ["--latency", "20ms"], inventory: Self.records(count), tools
        ) {
            (world) throws(Failure) -> Void in
            try await world.control("POST", "world", ["domains": [["name": "bench.example"]]])
            _ = try await world.takeRequests()
            let cost = try await world.shell.costs(1, tools.reconcile, [])
            let creates = try await world.takeRequests()["POST"] ?? 0
            guard creates >= count else { throw Failure("only \(creates) of \(count) records were created") }
            // One after the other, without a pass around them, the answers alone take this long.
            measured.report(
                "apply_\(count)_creates", cost.fastest, "ms", baseline: Double(count) * 20, atMost: 3_000)
            let text = try await world.pass("--dry-run")
            guard text.hasPrefix("No changes.") else { throw Failure("not converged:\n\(text.prefix(800))") }
        }
        figures = measured
    }

    // MARK: Documents

    private static func padded(_ number: Int) -> String {
        String(repeating: "0", count: max(0, 5 - String(number).utf8.count)) + String(number)
    }

    private static func droplets(_ count: Int) -> String {
        var text = "schema: ssot.infra.digitalocean.inventory.v1\ndroplets:\n"
        for number in 1...count {
            text += """
                  - name: droplet-\(padded(number))
                    region: sgp1
                    size: s-1vcpu-1gb
                    image: ubuntu-24-04-x64

                """
        }
        return text
    }

    private static func records(_ count: Int) -> String {
        var text = "schema: ssot.infra.digitalocean.inventory.v1\ndomains:\n  - name: bench.example\n    records:\n"
        for number in 1...count {
            text += "      - {type: A, name: host-\(padded(number)), data: 203.0.113.\(number % 250 + 1), ttl: 1800}\n"
        }
        return text
    }
}
