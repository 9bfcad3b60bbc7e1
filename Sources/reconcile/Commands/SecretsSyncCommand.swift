import Basics
import Drivers
import Formats
import HTTPClient
import Reconciler
import Store

/// `reconcile secrets sync`.
struct SecretsSyncCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    /// With `--json` every outcome is one envelope on standard output: who reads it has always something to read.
    func run() async throws -> ExitStatus {
        guard context.terminal.isJSON else { return try await attempt() }
        do {
            return try await attempt()
        } catch {
            context.terminal.json(Self.envelope(error))
            return (error as? any Fault).map(Program.status) ?? .failed
        }
    }

    /// Whether arguments that couldn't be read were meant for this command, and want an envelope.
    static func wantsEnvelope(_ arguments: [String]) -> Bool {
        arguments.contains("--json")
            && zip(arguments, arguments.dropFirst()).contains { $0 == "secrets" && $1 == "sync" }
    }

    /// `{ok: false, error}` of what ended it before the provider could answer.
    static func envelope(_ error: any Error) -> Value {
        guard let fault = error as? any Fault else { return ["ok": false, "error": .string("\(error)")] }
        return ErrorEnvelope(of: fault).value
    }

    private func attempt() async throws -> ExitStatus {
        let wishes = try wishes()
        let configuration = try context.configuration()
        let time = SystemTime()
        let store = try await StoreAccess.open(configuration)
        let budgets = BudgetBook(store: store, time: time)
        let status: ExitStatus
        do {
            status = try await run(wishes, configuration, store, budgets, time)
        } catch {
            await budgets.giveBack()
            await store.close()
            throw error
        }
        await budgets.giveBack()
        await store.close()
        return status
    }

    private func run(
        _ wishes: [SecretWish], _ configuration: Configuration, _ store: Store, _ budgets: BudgetBook,
        _ time: SystemTime
    ) async throws -> ExitStatus {
        let drivers = ProviderDrivers(
            configuration, context.environment, time: time, random: .system(), budgets: budgets)
        let named = context.arguments.value("project") ?? configuration.providers["supabase"]?.options["project"]
        let recorder = try configuration.recordFile.map { path throws(HTTPFault) in try ExchangeRecorder(path: path) }
        let sync = SecretSync(
            store: store, time: time,
            lease: WriteLease(
                store: store, time: time, log: .none, process: LeaseHolder.current(),
                shards: Shards(configuration.shards), lasting: configuration.lease))
        let outcome = try await sync.run(
            wishes, to: named, by: drivers.all.lazy.compactMap { $0 as? any SecretSyncing }.first,
            actor: context.actor, again: command
        ) { id in
            DriverContext(runID: id, log: .none, priority: .person) { recorder?.record($0, runID: id) }
        }
        print(outcome)
        return outcome.fault == nil ? .done : .failed
    }

    /// What brings these secrets once more.
    private func command(_ project: String?, _ wishes: [SecretWish]) -> String {
        var words = ["reconcile", "secrets", "sync"]
        for (option, value) in [("config", context.arguments.value("config")), ("project", project)] {
            if let value { words += ["--\(option)", value.shellQuoted] }
        }
        for wish in wishes { words += ["--secret", "\(wish.name)=\(wish.reference)".shellQuoted] }
        return words.joined(separator: " ")
    }

    private func print(_ outcome: SecretSyncOutcome) {
        if context.terminal.isJSON {
            context.terminal.json(outcome.envelope)
            return
        }
        if let fault = outcome.fault {
            context.terminal.fault(fault)
            return
        }
        func line(_ title: String, _ names: [String]) {
            if !names.isEmpty { context.terminal.print("\(title): \(names.joined(separator: ", "))") }
        }
        line("Set", outcome.pushed)
        line("As they should be", outcome.unchanged)
        line("Left out, for their references hold no value", outcome.missing)
    }

    private func wishes() throws(ArgumentFault) -> [SecretWish] {
        let texts = context.arguments.all("secret")
        guard !texts.isEmpty else {
            throw ArgumentFault(
                "no secret is named", hint: "Write: reconcile secrets sync --secret NAME=env:VARIABLE")
        }
        var wishes: [SecretWish] = []
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts.first.map(String.init) ?? ""
            // The rest may be a value that was pasted: it is not repeated.
            guard parts.count == 2, !name.isEmpty, let reference = SecretReference(parts[1]) else {
                throw ArgumentFault(
                    "--secret \(parts.count == 2 ? name : "…") names no reference",
                    hint: "Write NAME=env:VARIABLE or NAME=file:PATH; never the value itself.")
            }
            guard !wishes.contains(where: { $0.name == name }) else {
                throw ArgumentFault("--secret names \(name) twice", hint: "Name each secret once.")
            }
            wishes.append(SecretWish(name, reference))
        }
        return wishes
    }
}
