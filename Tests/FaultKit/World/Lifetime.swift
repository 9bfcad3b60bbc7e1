import Basics
import Diff
import Reconciler
import Store
import Web

/// One life of an installation: the processes that run in it one after the other, until all is quiet.
final class Lifetime: Sendable {
    private struct State {
        var processes: [ServiceProcess] = []
        var number = 0
        var remaining: ArraySlice<Scenario.Input>
        /// Passes that follow the last input before the next one.
        var quiet = 0
        /// Hooks that are late.
        var owed: [WebRequest] = []
        var isSilent = false
        /// Passes for which an input has waited.
        var waited = 0
        var fault: String?
    }

    let world: Installation
    private let scenario: Scenario
    private let mutant: any Mutant
    private let state: Locked<State>

    init(_ world: Installation, _ scenario: Scenario, _ inputs: [Scenario.Input], mutant: any Mutant) {
        self.world = world
        self.scenario = scenario
        self.mutant = mutant
        state = Locked(State(remaining: inputs[...]))
    }

    /// Every process so far, oldest first.
    var processes: [ServiceProcess] { state.withLock { $0.processes } }
    /// What kept an input from being applied; nothing of the program.
    var fault: String? { state.withLock { $0.fault } }

    /// Lets people do what they do, until the last input was looked at; processes that end are started again.
    ///
    /// - Returns: the gate of the first process.
    @discardableResult
    func run(_ strikes: [EffectPoint: Disturbance] = [:]) async -> EffectGate {
        // What a process leads to must not keep its life: each has a store and files in memory.
        await keepBeta()
        let gate = EffectGate(strikes) { [weak self] disturbance in await self?.meanwhile(disturbance) }
        var current = gate
        let other = scenario.services > 1 ? EffectGate() : nil
        while true {
            let running = Locked<ServiceProcess?>(nil)
            let process = start(gate: current, host: "alpha") { [weak self] in
                guard let self, let process = running.withLock({ $0 }) else { return .stop }
                if let other { await beta(other) }
                return await turn(process)
            }
            running.withLock { $0 = process }
            await process.run()
            running.withLock { $0 = nil }
            if process.gate.isDead {
                current = EffectGate()
            } else if state.withLock({ $0.remaining.isEmpty && $0.quiet == 0 }) {
                return gate
            }
        }
    }

    /// Passes of a new process until nothing is left to be done.
    ///
    /// - Returns: the reports; the last of them is of a quiet pass, where `isAtRest` is met.
    func rest(atMost limit: Int, isAtRest: @escaping @Sendable (RunReport) -> Bool) async -> [RunReport] {
        // What was invisible has had time to appear.
        let sideWork = world.settings.withLock { $0.sideWork }
        world.time.advance(by: sideWork.isEmpty ? .minutes(scenario.shards > 1 ? 6 : 3) : SideWork.longestClaim)
        // What came too late for the last input comes now.
        world.mailbox.bringAgain(state.withLock { $0.owed })
        let running = Locked<ServiceProcess?>(nil)
        let writes = Locked(0)
        let gate = EffectGate()
        let process = start(gate: gate, host: "alpha") { [world] in
            let reports = running.withLock { $0 }?.reports.withLock { $0 } ?? []
            let before = writes.withLock { before in
                defer { before = gate.count(.write) }
                return before
            }
            guard let last = reports.last, reports.count < limit else { return .stop }
            guard gate.count(.write) == before, isAtRest(last) else { return .timer }
            return await SideWork.isDone(sideWork, world.store) ? .stop : .timer
        }
        running.withLock { $0 = process }
        await process.run()
        running.withLock { $0 = nil }
        return process.reports.withLock { $0 }
    }

    /// So many passes of a new process, and what others do after each.
    func passes(
        _ count: Int, host: String = "alpha", meanwhile: @escaping @Sendable () async -> Void = {}
    ) async -> ServiceProcess {
        let left = Locked(count)
        let process = start(gate: EffectGate(), host: host) {
            await meanwhile()
            return left.withLock { left in
                left -= 1
                return left > 0
            } ? .timer : .stop
        }
        await process.run()
        return process
    }

    // MARK: Processes

    private func start(
        gate: EffectGate, host: String, number: Int? = nil,
        script: @escaping @Sendable () async -> ServiceProcess.Turn
    ) -> ServiceProcess {
        // Beyond what a process can have as its number, so that none of them is ever taken for alive.
        let number =
            number
            ?? state.withLock { state in
                state.number += 1
                return 5_000_000 + state.number
            }
        let process = ServiceProcess(
            world, gate: gate, host: host, number: number, shards: scenario.shards, mutant: mutant, script: script)
        state.withLock { $0.processes.append(process) }
        return process
    }

    /// One pass of a process on another machine.
    private func once(gate: EffectGate = EffectGate(), host: String, number: Int? = nil, passes: Int = 1) async {
        let left = Locked(passes)
        await start(gate: gate, host: host, number: number) {
            left.withLock { left in
                left -= 1
                return left > 0
            } ? .timer : .stop
        }.run()
    }

    private static let betaNumber = 5_900_000

    /// A pass of the second service; where work is shared it stays there between its passes, and keeps its share.
    private func beta(_ gate: EffectGate = EffectGate()) async {
        guard scenario.shards > 1 else { return await once(gate: gate, host: "beta") }
        await once(gate: gate, host: "beta", number: Self.betaNumber)
        await keepBeta()
    }

    private func keepBeta() async {
        guard scenario.shards > 1 else { return }
        _ = try? await world.store.claimShards(
            of: scenario.shards, holder: "beta/none", service: "beta/\(Self.betaNumber)", lasting: .minutes(5),
            isOver: { _ in false }, choose: { _ in [] })
    }

    /// What another machine does while the process stands still.
    private func meanwhile(_ disturbance: Disturbance) async {
        if disturbance == .takenOver {
            world.time.advance(by: .minutes(6))
            await once(host: "gamma", passes: 2)
        } else {
            world.time.advance(by: .seconds(10))
            if scenario.isHasty, let input = state.withLock({ $0.remaining.popFirst() }) {
                let process = state.withLock { $0.processes[0] }
                try? await input.apply(world, Scenario.Work(store: world.store, process: process))
            }
            if scenario.shards > 1 { await beta() } else { await once(host: "gamma") }
        }
    }

    // MARK: Inputs

    /// What comes next for a process whose loop waits.
    private func turn(_ process: ServiceProcess) async -> ServiceProcess.Turn {
        let isQuiet = state.withLock { state in
            guard state.quiet > 0 else { return false }
            state.quiet -= 1
            return state.quiet > 0
        }
        if isQuiet { return .timer }
        guard let input = state.withLock({ $0.remaining.first }) else { return .stop }
        // Its hook came before it.
        let isSilent = state.withLock { state in
            defer { state.isSilent = false }
            return state.isSilent
        }
        let verdict = isSilent ? .pass : await process.gate.arrive(.input, input.name)
        if case .strike(.hookEarly) = verdict {
            state.withLock { $0.isSilent = true }
            return hooks([word(of: input)])
        }
        guard await apply(input, process) else { return .timer }
        let word = self.word(of: input)
        var later: [WebRequest?] = []
        if case .strike(.unseenInput) = verdict, !input.restarts, let next = state.withLock({ $0.remaining.first }) {
            _ = await process.gate.arrive(.input, next.name)
            if await apply(next, process), next.word != nil { later = [self.word(of: next)] }
        }
        if input.restarts { return .stop }
        let owed = state.withLock { state in
            defer { state.owed = [] }
            return state.owed
        }
        if isSilent {
            world.mailbox.lose()
            return .timer
        }
        switch verdict {
        case .strike(.hookLost):
            world.mailbox.lose()
            return .timer
        case .strike(.hookLate):
            state.withLock { $0.owed = word.map { [$0] } ?? [] }
            return .timer
        case .strike(.hookDoubled): return hooks([word, word, word])
        default: return hooks([word] + later + owed)
        }
    }

    /// What tells of an input.
    private func word(of input: Scenario.Input) -> WebRequest? {
        input.word.map { $0(world) } ?? ServiceProcess.hook
    }

    private func hooks(_ requests: [WebRequest?]) -> ServiceProcess.Turn {
        let requests = requests.compactMap { $0 }
        return requests.isEmpty ? .timer : .hooks(requests)
    }

    /// Applies an input; who gives a command that fails gives it again, to the next process if need be.
    ///
    /// - Returns: false where it has to wait for another pass.
    private func apply(_ input: Scenario.Input, _ process: ServiceProcess) async -> Bool {
        var attempts = 0
        while true {
            attempts += 1
            do {
                try await input.apply(world, Scenario.Work(store: process.store, process: process))
                break
            } catch {
                if process.gate.isDead { return false }
                if !(error is NotYet), attempts < 3 { continue }
                let isPatient = state.withLock { state in
                    state.waited += 1
                    return state.waited < 40
                }
                if isPatient { return false }
                state.withLock { $0.fault = "\(input.name): \(error)" }
                break
            }
        }
        state.withLock { state in
            state.remaining = state.remaining.dropFirst()
            state.quiet = input.passes
            state.waited = 0
        }
        return true
    }
}
