public import Basics
public import DesiredState
public import Diff
public import Drivers
internal import Formats

/// The engine's part in small: observe, plan, apply with a look before each create and after each lost answer.
public struct SmallEngine: Sendable {
    public let driver: any Driver
    public let context: DriverContext
    public let time: any TimeSource

    public init(_ driver: any Driver, _ context: DriverContext, _ time: any TimeSource) {
        self.driver = driver
        self.context = context
        self.time = time
    }

    /// The plan for what is wanted, with what was applied before as the inventory.
    public func plan(_ wanted: [DesiredResource], _ inventory: [InventoryEntry] = []) async -> Plan {
        await plan(
            DesiredState(
                revision: String(repeating: "a", count: 40), roots: ["ssot"], environments: [], resources: wanted,
                unknown: [], policy: Policy(), documents: [], diagnostics: []), inventory)
    }

    /// The plan for what documents want.
    func plan(
        _ desired: DesiredState, _ inventory: [InventoryEntry], _ environments: [EnvironmentRecord] = []
    ) async -> Plan {
        let keys = desired.resources.map(\.key) + inventory.map(\.key)
        let names = Dictionary(grouping: keys, by: \.kind).mapValues { Set($0.map(\.name)) }
        let schemas = [driver as any Driver].schemas
        let parents = ObserveRequest.parents(wanted: desired.resources, remembered: inventory, schemas: schemas)
        let seen = await driver.observe(
            ObserveRequest(kinds: Set(names.keys), names: names, parents: parents), context)
        var input = PlanInput(
            desired: desired,
            inventory: Inventory(
                entries: inventory, environments: environments, lastRoots: ["ssot"],
                lastDesiredCount: desired.resources.count),
            observed: ObservedState(seen), schemas: schemas, drivers: [driver.provider: driver.version], now: time.now)
        input.emptySecrets = [driver].emptySecrets(of: desired, schemas)
        return makePlan(input)
    }

    /// Applies the allowed changes of a plan.
    ///
    /// - Returns: what is ours afterwards, and what failed.
    public func apply(
        _ plan: Plan, _ wanted: [DesiredResource], _ inventory: [InventoryEntry] = []
    ) async -> (inventory: [InventoryEntry], failures: [String]) {
        let seen = await driver.observe(
            ObserveRequest(
                kinds: Set(plan.changes.map(\.key.kind)),
                names: Dictionary(grouping: plan.changes.map(\.key), by: \.kind).mapValues { Set($0.map(\.name)) }),
            context)
        var entries = Dictionary(inventory.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        var failures: [String] = []
        for change in plan.changes where change.verdict == .allowed {
            let attributes = Attributes(
                change.wanted.compactMap { wish in
                    guard case .literal(let value) = wish.value else { return nil }
                    return Attributes.Item(wish.name, value)
                })
            let current = seen.first { $0.kind == change.key.kind }?.resources.first { $0.key == change.key }
            let outcome = await apply(ResolvedChange(change: change, wanted: attributes, current: current))
            guard case .done(let resource) = outcome else {
                failures.append("\(change.key): \(outcome.word)")
                continue
            }
            entries[change.key] = resource.map {
                InventoryEntry(
                    key: change.key, providerID: $0.providerID, environment: change.environment,
                    lastApplied: attributes,
                    revision: plan.revision, isProtected: change.isProtected, createdAt: time.now,
                    isAdopted: change.action == .adopt)
            }
        }
        return (entries.values.sorted { $0.key < $1.key }, failures)
    }

    /// Applies one change.
    public func apply(_ change: ResolvedChange) async -> StepOutcome {
        var current = change.current
        var outcome = StepOutcome.done(current)
        for step in driver.steps(for: change.change) {
            if step.creates {
                switch await driver.look(at: step.key, context) {
                case .present(let found):
                    current = found
                    outcome = .done(found)
                    continue
                case .absent: break
                case .ambiguous(let found):
                    return .failed(fault("there are \(found.count) of \(step.key)"))
                case .unknown(let fault): return .failed(fault)
                }
            }
            let input = ResolvedChange(change: change.change, wanted: change.wanted, current: current)
            outcome = await driver.perform(step, of: input, context)
            if case .unknown = outcome { outcome = await settle(step, input, outcome) }
            guard case .done(let resource) = outcome else { return outcome }
            current = resource
        }
        return outcome
    }

    private func settle(_ step: Step, _ input: ResolvedChange, _ outcome: StepOutcome) async -> StepOutcome {
        for pause in [1, 2, 4, 8, 16] {
            try? await time.sleep(for: .seconds(pause))
            switch await driver.look(at: step.key, context) {
            case .present(let found):
                if step.creates { return .done(found) }
                // Said again: every effect but a create is the same when it happens twice.
                let again = ResolvedChange(change: input.change, wanted: input.wanted, current: found)
                let second = await driver.perform(step, of: again, context)
                if case .done = second { return second }
            case .absent:
                if input.change.action == .delete { return .done(nil) }
                let second = await driver.perform(step, of: input, context)
                if case .done = second { return second }
            case .ambiguous, .unknown: continue
            }
        }
        return outcome
    }

    private func fault(_ message: String) -> ProviderFault {
        ProviderFault(
            provider: "test", operation: "look", code: "TEST-0001", message: message, place: nil, disposition: .stop)
    }
}

extension StepOutcome {
    /// `done`, `failed PL-0005` or `unknown PL-0009`.
    public var word: String {
        switch self {
        case .done: "done"
        case .failed(let fault): "failed \(fault.code)"
        case .unknown(let fault): "unknown \(fault.code)"
        }
    }

    public var resource: ObservedResource? { if case .done(let resource) = self { resource } else { nil } }

    public var fault: ProviderFault? {
        switch self {
        case .done: nil
        case .failed(let fault), .unknown(let fault): fault
        }
    }
}
