import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Simulator
import SupabaseDriver
import Web

/// The simulator without a socket, under a host of its own so that paths are Supabase's.
struct SimulatorTransport: HTTPTransport {
    let simulator: Simulator

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        let target = request.url.dropFirst("http://supabase.test".count)
        let parts = target.split(separator: "?", maxSplits: 1)
        var query: [(name: String, value: String)] = []
        for pair in parts.count < 2 ? [] : parts[1].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1)
            query.append((Self.decode(sides[0]), sides.count > 1 ? Self.decode(sides[1]) : ""))
        }
        let headers =
            request.headers.map { (name: $0.name, value: $0.value) } + [(name: "Host", value: "supabase.test")]
        let response = await simulator.answer(
            WebRequest(
                method: request.method, path: Self.decode(parts[0]), query: query, headers: headers, body: request.body)
        )
        if response.fault != nil || response.delay > request.timeout {
            throw HTTPFault(.lost, code: "HTTP-0005", message: "the connection ended", place: nil)
        }
        return HTTPResponse(
            status: response.status, headers: response.headers.map { HTTPHeader($0.name, $0.value) },
            body: response.body)
    }

    private static func decode(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = Hex.decode(String(decoding: rest.prefix(2), as: UTF8.self))?.first
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A simulated organization, the driver that looks after it, and the engine's part in small: plan, look, do, remember.
final class Account: Sendable {
    static let token = "canary-sbp-token-51"
    static let value = "canary-secret-value-8c"
    static let project = "abcdefghijklmnopqrst"

    let simulator: Simulator
    let time: SimulatedTime
    let driver: SupabaseDriver
    let lines = Locked<[String]>([])
    let inventory = Locked<[ResourceKey: InventoryEntry]>([:])

    init(
        _ document: Value = .null, budget: RequestBudgetConfiguration = .unlimited,
        change: (inout SimulatorOptions) -> Void = { _ in }
    ) throws {
        time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
        var options = SimulatorOptions(time: time, limits: .generous)
        options.credentials["supabase"] = Self.token
        change(&options)
        simulator = try Simulator(options: options)
        if !document.isNull { try simulator.seed("supabase", document) }
        driver = SupabaseDriver(
            token: Secret(Self.token), organization: "simulated", baseURL: "http://supabase.test",
            transport: SimulatorTransport(simulator: simulator), budget: RequestBudget(budget, time: time),
            time: time, random: RandomSource(seed: 5)
        ) { reference in
            reference == .environment("API_KEY") ? Secret(Self.value) : nil
        }
    }

    var context: DriverContext {
        DriverContext(runID: "supabase-tests", log: .none) { exchange in
            self.lines.withLock { $0.append(ExchangeRecorder.line(exchange, runID: "supabase-tests")) }
        }
    }

    func observe(_ wanted: [DesiredResource]) async -> ObservedState {
        let keys = wanted.map(\.key) + inventory.withLock { Array($0.keys) }
        let names = Dictionary(grouping: keys, by: \.kind).mapValues { Set($0.map(\.name)) }
        return ObservedState(
            await driver.observe(ObserveRequest(kinds: Set(names.keys), names: names), context))
    }

    func plan(_ wanted: [DesiredResource]) async -> Plan {
        let desired = DesiredState(
            revision: String(repeating: "a", count: 40), roots: ["ssot"], environments: [], resources: wanted,
            unknown: [], policy: Policy(), documents: [], diagnostics: [])
        return makePlan(
            PlanInput(
                desired: desired, inventory: Inventory(entries: inventory.withLock { Array($0.values) }),
                observed: await observe(wanted), schemas: DriverRegistry([driver]).schemas, drivers: ["supabase": "1"],
                now: time.now))
    }

    /// One pass; what its steps came to, and the plan.
    @discardableResult
    func pass(_ wanted: [DesiredResource]) async -> (plan: Plan, outcomes: [ResourceKey: StepOutcome]) {
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

    static func wanted(_ change: PlannedChange) -> Attributes {
        Attributes(
            change.wanted.compactMap { item in
                if case .literal(let value) = item.value { Attributes.Item(item.name, value) } else { nil }
            })
    }

    /// Looks before a create, and again after an answer that was lost.
    func apply(_ change: PlannedChange, current: ObservedResource?) async -> StepOutcome {
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

/// A wanted resource.
func wanted(
    _ kind: ResourceKind, _ name: String, _ attributes: KeyValuePairs<String, Value> = [:], in project: String? = nil
) -> DesiredResource {
    DesiredResource(
        key: ResourceKey(kind, name), attributes: attributes.map { WantedAttribute($0.key, .literal($0.value)) },
        source: SourceMark(file: "ssot/maintenance/convergence.yaml", line: 1, column: 1),
        dependsOn: project.map { [ResourceKey(.supabaseProject, $0)] } ?? [])
}

extension StepOutcome {
    var fault: ProviderFault? {
        switch self {
        case .done: nil
        case .failed(let fault), .unknown(let fault): fault
        }
    }
}
