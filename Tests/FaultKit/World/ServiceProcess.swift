import Basics
import Console
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Reconciler
import Store
import Web

/// One process of the service: its loop, its endpoints, its connections, all behind one gate.
final class ServiceProcess: Sendable {
    /// What happens while the loop waits for its next pass.
    enum Turn: Sendable {
        /// The time passes.
        case timer
        /// Hooks arrive.
        case hooks([WebRequest])
        /// The process is told to stop.
        case stop
    }

    /// What lives for as long as the loop runs.
    private struct Running: Sendable {
        let loop: Service
        let endpoints: ServiceEndpoints
        let sideWork: SideWork
    }

    /// What the loop does next.
    private enum Next {
        case wait
        /// A pass, for those who wish for one, or for what was worked on.
        case pass([WebRequest])
        case end
    }

    let gate: EffectGate
    let reports = Locked<[RunReport]>([])
    private let running: Locked<Running?>
    private let reconciler: Reconciler

    /// - Parameters:
    ///   - world: where it runs.
    ///   - gate: the door to that world.
    ///   - host: the name of its machine.
    ///   - number: its number on that machine; none is ever used twice.
    ///   - shards: into how many parts the services cut the work.
    ///   - mutant: the mistake that is built in, where a test wants one.
    ///   - script: what comes next, asked each time that the loop waits.
    init(
        _ world: Installation, gate: EffectGate, host: String, number: Int, shards: Int, mutant: any Mutant,
        script: @escaping @Sendable () async -> Turn
    ) {
        self.gate = gate
        let running = Locked<Running?>(nil)
        self.running = running
        let isAsking = Locked(false)
        let following = Locked<[WebRequest]>([])
        let time = ProcessTime(gate: gate, world: world.time) { duration in
            guard let running = running.withLock({ $0 }), !running.loop.currentStatus.isRunning,
                running.loop.currentStatus.nextPassAt != nil
            else { return false }
            // What people do meanwhile may wait as well: that is no pause of the loop.
            let isNested = isAsking.withLock { isAsking in
                defer { isAsking = true }
                return isAsking
            }
            if isNested { return false }
            let next = await Self.next(world, gate, running, script)
            isAsking.withLock { $0 = false }
            switch next {
            case .wait:
                world.time.advance(by: duration)
                return true
            case .pass(let wishes):
                // The first begins a pass; the others come in the midst of it, and ask for another.
                following.withLock { $0 += wishes.dropFirst() }
                if let first = wishes.first {
                    _ = await running.endpoints.answer(first)
                } else {
                    running.loop.wakeup.raise(.webhook)
                }
            case .end: running.loop.requestStop()
            }
            // The loop is awake now, and ends this wait before it goes on.
            try await world.time.idle(for: .days(1))
            return true
        }
        let random = RandomSource(seed: UInt64(number) &* 7_919 &+ UInt64(host.utf8.count))
        // A budget has timers of its own, which may go on when the pass that waited is over: none of them is the loop.
        let budgets = BudgetBook(store: nil, time: ProcessTime(gate: gate, world: world.time) { _ in false })
        let clock = mutant.time(time, process: number)
        let way = GatedTransport(
            gate: gate, simulator: world.simulator, ledger: world.ledger, receiver: world.receiver)
        let transport = mutant.transport(StandingTransport(gate: gate, inner: PermittedTransport(way)))
        let metrics = Metrics()
        metrics.declareReconcilerMetrics()
        let log = Log(level: .warning, format: .json, time: time) { line in world.log.withLock { $0.append(line) } }
        let store: @Sendable (String) -> Store = { label in
            Store(engine: mutant.engine(GatedEngine(gate: gate, engine: world.engine, label: label)), time: clock)
        }
        let drivers = world.drivers(transport, clock, random, budgets)
        let holder = "\(host)/\(number)"
        let source = GatedSource(gate: gate, repository: world.repository) {
            let hooks = following.withLock { hooks in
                defer { hooks = [] }
                return hooks
            }
            guard let endpoints = running.withLock({ $0 })?.endpoints else { return }
            for hook in hooks { _ = await endpoints.answer(hook) }
        }
        let reconciler = Reconciler(
            source: source, drivers: drivers.map { mutant.driver($0) }, store: store("store"),
            evidence: world.evidence, time: clock, random: random, log: log, metrics: metrics, concurrency: 1,
            shards: Shards(shards), traffic: ProviderTraffic(), holder: holder, budgets: budgets,
            applicationRepository: world.settings.withLock { $0.application })
        self.reconciler = reconciler
        let reports = reports
        // What it would do between passes, the passes do here: each is a point in a fixed order.
        let loop = Service(reconciler: reconciler, interval: .minutes(1), looksAfterOthers: false) { report in
            reports.withLock { $0.append(report) }
        }
        let sideWork = SideWork(
            world: world, gate: gate, time: clock, drivers: drivers, transport: transport, random: random, log: log,
            metrics: metrics, holder: holder, store: store
        ) { reconciler.latestDesired }
        let endpoints = ServiceEndpoints(
            service: loop, store: reconciler.store, metrics: metrics, time: time, interval: .minutes(1),
            hooks: sideWork.doors(time)
        ) { .guarded(Secret(Installation.hookSecret)) }
        running.withLock { $0 = Running(loop: loop, endpoints: endpoints, sideWork: sideWork) }
    }

    /// What the process does beside its passes, and what happens in the world meanwhile.
    private static func next(
        _ world: Installation, _ gate: EffectGate, _ running: Running, _ script: @Sendable () async -> Turn
    ) async -> Next {
        /// Brings requests to the door; nil where none of them asks for a pass.
        func bring(_ requests: [WebRequest]) async -> Next? {
            let wishes = requests.filter { $0.path == hook.path }
            for request in requests where request.path != hook.path {
                world.mailbox.note(request, await running.endpoints.answer(request).status)
            }
            // A word of a provider asks for nothing before it was worked on.
            let isAsked = await running.sideWork.turn()
            if gate.isDead { return .end }
            return isAsked || !wishes.isEmpty ? .pass(wishes) : nil
        }
        if gate.isDead { return .end }
        if let next = await bring(world.mailbox.takeRefused()) { return next }
        switch await script() {
        case .timer: return .wait
        case .stop: return .end
        case .hooks(let requests):
            world.time.advance(by: .seconds(2))
            return await bring(requests) ?? .wait
        }
    }

    /// Runs until the script says stop, or the process has ended.
    func run() async {
        await running.withLock { $0 }?.loop.run()
        running.withLock { $0 = nil }
    }

    var drivers: [any Driver] { reconciler.drivers }
    var store: Store { reconciler.store }

    /// The wish for a pass.
    static let hook: WebRequest = {
        let body = Array("{\"ref\":\"refs/heads/main\"}".utf8)
        let signature = "sha256=" + Hex.encode(hmacSHA256(key: Installation.hookSecret.utf8, body))
        return WebRequest(
            method: "POST", path: "/hooks/reconcile", query: [], headers: [("X-Hub-Signature-256", signature)],
            body: body)
    }()
}
