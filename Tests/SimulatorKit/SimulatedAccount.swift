public import Basics
public import DesiredState
public import Diff
public import Drivers
public import Formats
internal import HTTPClient
public import Simulator

/// A simulated account, the driver that looks after it, and the engine's part in small: plan, look, do, remember.
public final class SimulatedAccount<Driven: Driver>: Sendable {
    public let simulator: Simulator
    public let time: SimulatedTime
    public let driver: Driven
    public let lines = Locked<[String]>([])
    public let inventory = Locked<[ResourceKey: InventoryEntry]>([:])

    /// - Parameters:
    ///   - provider: the simulator's name of it.
    ///   - token: the only one that is let in.
    ///   - document: what the account holds at first.
    ///   - change: sets the simulator up.
    ///   - makeDriver: over a transport to the simulator.
    /// - Throws: when the document can't be read.
    public init(
        _ provider: String, token: String, _ document: Value, change: (inout SimulatorOptions) -> Void,
        makeDriver: (InProcessTransport, SimulatedTime) -> Driven
    ) throws {
        time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
        var options = SimulatorOptions(time: time, limits: .generous)
        options.credentials[provider] = token
        change(&options)
        simulator = try Simulator(options: options)
        if !document.isNull { try simulator.seed(provider, document) }
        driver = makeDriver(InProcessTransport(simulator), time)
    }

    public var context: DriverContext {
        DriverContext(runID: "account-tests", log: .none) { exchange in
            self.lines.withLock { $0.append(ExchangeRecorder.line(exchange, runID: "account-tests")) }
            SpecTraffic.shared.note(exchange)
        }
    }

    public func observe(_ wanted: [DesiredResource]) async -> ObservedState {
        let keys = wanted.map(\.key) + inventory.withLock { Array($0.keys) }
        let names = Dictionary(grouping: keys, by: \.kind).mapValues { Set($0.map(\.name)) }
        let parents = ObserveRequest.parents(
            wanted: wanted, remembered: inventory.withLock { Array($0.values) },
            schemas: [driver as any Driver].schemas)
        return ObservedState(
            await driver.observe(ObserveRequest(kinds: Set(names.keys), names: names, parents: parents), context))
    }

    public func plan(_ wanted: [DesiredResource]) async -> Plan {
        let desired = DesiredState(
            revision: String(repeating: "a", count: 40), roots: ["ssot"], environments: [], resources: wanted,
            unknown: [], policy: Policy(), documents: [], diagnostics: [])
        var input = PlanInput(
            desired: desired, inventory: Inventory(entries: inventory.withLock { Array($0.values) }),
            observed: await observe(wanted), schemas: [driver as any Driver].schemas,
            drivers: [driver.provider: driver.version], now: time.now)
        input.emptySecrets = [driver as any Driver].emptySecrets(of: desired, input.schemas)
        return makePlan(input)
    }

    /// One pass; what its steps came to, and the plan.
    @discardableResult
    public func pass(_ wanted: [DesiredResource]) async -> (plan: Plan, outcomes: [ResourceKey: StepOutcome]) {
        let plan = await plan(wanted)
        let observed = await observe(wanted)
        var outcomes: [ResourceKey: StepOutcome] = [:]
        for change in plan.allowedChanges {
            let there = observed.kinds[change.key.kind]?.resources.first { $0.key == change.key }
            let outcome = await apply(change, current: there)
            outcomes[change.key] = outcome
            guard case .done(let resource) = outcome else { continue }
            let entry = (resource ?? there).map { found in
                InventoryEntry(
                    key: change.key, providerID: found.providerID, environment: nil, lastApplied: Self.wanted(change),
                    revision: plan.revision, isProtected: change.isProtected, createdAt: time.now,
                    isAdopted: change.action == .adopt)
            }
            inventory.withLock { $0[change.key] = change.action == .delete ? nil : entry }
        }
        return (plan, outcomes)
    }

    public static func wanted(_ change: PlannedChange) -> Attributes {
        Attributes(
            change.wanted.compactMap { item in
                if case .literal(let value) = item.value { Attributes.Item(item.name, value) } else { nil }
            })
    }

    /// Looks before a create, and again after an answer that was lost.
    public func apply(_ change: PlannedChange, current: ObservedResource?) async -> StepOutcome {
        var current = current
        var outcome = StepOutcome.done(current)
        for step in driver.steps(for: change) {
            for attempt in 1...4 {
                let input = ResolvedChange(change: change, wanted: Self.wanted(change), current: current)
                if step.creates || attempt > 1, case .present(let found) = await driver.look(at: step.key, context) {
                    current = found
                    outcome = .done(found)
                    if step.creates { break }
                }
                outcome = await driver.perform(step, of: input, context)
                guard case .unknown = outcome else { break }
                try? await time.sleep(for: .seconds(5))
            }
            guard case .done(let resource) = outcome else { return outcome }
            current = resource
        }
        return outcome
    }
}
