import Basics
import Formats
import Reconciler
import Simulator
import Store
import Web

/// `reconcile simulate`.
struct SimulateCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let arguments = context.arguments
        var options = SimulatorOptions()
        options.seed = UInt64(try number("seed", 0...Int.max) ?? 1)
        options.statePath = arguments.value("state")
        options.isFurnished = true
        if let text = arguments.value("latency") {
            guard let milliseconds = Self.milliseconds(text) else {
                throw ArgumentFault("--latency can't be \(text)", hint: "Write a time such as 20ms or 2s.")
            }
            options.latency = .milliseconds(milliseconds)
        }
        if let text = arguments.value("faults") {
            guard let rate = Double(text), (0...1).contains(rate) else {
                throw ArgumentFault("--faults can't be \(text)", hint: "Write a share from 0 to 1, such as 0.05.")
            }
            options.faults = .random(seed: options.seed, rate: rate)
        }
        if arguments.has("unlimited") { options.limits = .generous }
        let (address, port) = try ConfigurationReader.address(arguments.value("listen") ?? "127.0.0.1:8090")
        let simulator = try Simulator(options: options)
        if let count = try number("droplets", 0...1_000_000), count > 0 { simulator.seedDroplets(count: count) }
        if let name = arguments.value("load") { try simulator.load(observation: try await observation(name)) }
        let server = try simulator.serve(address: address, port: port)
        if let path = arguments.value("port-file") {
            try FileSystem.write(Array("\(server.port)\n".utf8), to: path)
        }
        let url = "http://\(address.contains(":") ? "[\(address)]" : address):\(server.port)"
        if context.terminal.isJSON {
            context.terminal.json(["url": .string(url), "providers": .strings(simulator.providerNames)])
        } else {
            context.terminal.print(
                "Simulated at \(url) until Ctrl-C: \(simulator.providerNames.joined(separator: ", ")). In another shell:\n"
                    + "  eval \"$(curl -sS \(url)/_simulator/environment)\"\n  reconcile --dry-run")
        }
        let stopped = StopGate()
        context.signals.handle { signal in if signal == .stop { stopped.open() } }
        await stopped.wait()
        await server.stop(drain: .seconds(2))
        return .done
    }

    /// A file, or what the evidence of a run holds as `observed.jsonl`.
    private func observation(_ name: String) async throws -> [UInt8] {
        if FileSystem.exists(name) { return try FileSystem.read(name) }
        let found = try await context.withStore { store -> (RunRecord, EvidenceAccount)? in
            guard let run = try await store.run(matching: name) else { return nil }
            return (run, try await store.evidenceAccount(ofRun: run.id))
        }
        guard let (run, account) = found else {
            throw ArgumentFault(
                "--load names neither a file nor a run: \(name)", hint: "List the runs with: reconcile runs")
        }
        guard let head = account.link?.head else { throw EvidenceMissing(of: run, account) }
        let evidence = EvidenceStore(directory: "\(try context.configuration().stateDirectory)/evidence")
        guard let observed = try evidence.object("observed.jsonl", of: head.manifest) else {
            throw ArgumentFault(
                "run \(run.id) ended before it had looked at anything",
                hint: "Take another one: reconcile runs")
        }
        return observed
    }

    private func number(_ option: String, _ range: ClosedRange<Int>) throws(ArgumentFault) -> Int? {
        guard let text = context.arguments.value(option) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw ArgumentFault(
                "--\(option) can't be \(text)",
                hint: "Write a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return value
    }

    private static func milliseconds(_ text: String) -> Int? {
        if text.hasSuffix("ms") { return Int(text.dropLast(2)).flatMap { (0...60_000).contains($0) ? $0 : nil } }
        if text.hasSuffix("s") { return Int(text.dropLast()).flatMap { (0...60).contains($0) ? $0 * 1_000 : nil } }
        return nil
    }
}

/// Closed until it is opened once.
private final class StopGate: Sendable {
    private struct State {
        var isOpen = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Locked(State())

    func open() {
        let waiter = state.withLock { state in
            state.isOpen = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    func wait() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiter = continuation }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
