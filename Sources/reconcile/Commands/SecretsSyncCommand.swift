import Basics
import Drivers
import Formats
import HTTPClient
import Reconciler
import Store
import SupabaseDriver

/// `reconcile secrets sync`.
struct SecretsSyncCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
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
        guard let driver = drivers.all.lazy.compactMap({ $0 as? SupabaseDriver }).first else {
            var outcome = SecretSyncOutcome()
            outcome.fault = ProviderFault(
                provider: "supabase", operation: "secrets.sync", code: "PROVIDER-0001",
                message: "the provider has no credential, so no secret can be brought to it", place: nil,
                hint: "export SUPABASE_ACCESS_TOKEN, or name a reference as providers.supabase.token",
                disposition: .stop)
            print(outcome)
            return .failed
        }
        // What a pass sets and what this sets may be the same name: one of them at a time.
        let lease = WriteLease(
            store: store, time: time, log: .none, process: LeaseHolder.current(), lasting: configuration.lease)
        let outcome = try await lease.hold(for: "secrets-sync") {
            try await sync(wishes, driver, store, configuration)
        }
        print(outcome)
        return outcome.fault == nil ? .done : .failed
    }

    /// The intent is written down before, what came of it after: a process that dies between leaves `running`.
    private func sync(
        _ wishes: [SecretWish], _ driver: SupabaseDriver, _ store: Store, _ configuration: Configuration
    ) async throws -> SecretSyncOutcome {
        let project = context.arguments.value("project") ?? configuration.providers["supabase"]?.options["project"]
        var record = try await store.beginSecretSync(
            SecretSyncRecord(
                provider: "supabase", target: project ?? "the only project", actor: context.actor,
                startedAt: SystemTime().now))
        let recorder = try configuration.recordFile.map { path throws(HTTPFault) in try ExchangeRecorder(path: path) }
        let runID = record.id
        let outcome = await driver.syncSecrets(
            wishes, to: project,
            DriverContext(runID: runID, log: .none, priority: .person) { recorder?.record($0, runID: runID) })
        record.pushed = outcome.pushed
        record.skipped = outcome.skipped
        record.status = outcome.fault == nil ? .success : .error
        record.error = outcome.fault.map { ErrorEnvelope($0).error }
        record.errorCode = outcome.fault?.code
        try await store.finishSecretSync(record)
        return outcome
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
