import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Reconciler
import Store

/// `reconcile doctor`: every check is made, whatever the others say.
struct DoctorCommand {
    let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    struct Check {
        enum State: String { case ok, warning, failed }

        let name: String
        let state: State
        let detail: String
        let remedy: String?
    }

    func run() async throws -> ExitStatus {
        var checks: [Check] = []
        let configuration: Configuration
        do throws(ConfigurationFault) {
            configuration = try context.configuration()
            checks.append(Check(name: "configuration", state: .ok, detail: "readable", remedy: nil))
        } catch {
            show([failure("configuration", error)])
            return .configuration
        }
        checks.append(stateDirectory(configuration))
        checks += service(configuration)
        let (found, store, isUsable) = await open(configuration)
        checks += found
        if let shards = await shards(configuration, store) { checks.append(shards) }
        let usable = isUsable ? store : nil
        checks += await Self.clock(configuration, usable)
        if let key = await Self.signingKey(configuration, usable) { checks.append(key) }
        let (looks, desired) = await repository(configuration)
        checks += looks
        let wanted = (desired?.resources ?? []).reduce(into: [:]) { $0[$1.key.kind, default: 0] += 1 }
        checks += await providers(configuration, usable, wanted: wanted)
        checks += await Self.moduleServers(configuration, context.environment, desired)
        checks += await hooks(configuration, usable)
        checks += await Self.messages(configuration, usable)
        await store?.close()
        show(checks)
        return checks.contains { $0.state == .failed } ? .failed : .done
    }

    private func stateDirectory(_ configuration: Configuration) -> Check {
        do throws(FileSystemFault) {
            try FileSystem.createDirectory(configuration.stateDirectory, mode: 0o750)
            let probe = "\(configuration.stateDirectory)/.doctor"
            // Something, for an empty file has room on a disk that is full.
            try FileSystem.write([UInt8](repeating: 0, count: 4_096), to: probe)
            FileSystem.remove(probe)
            return Check(name: "state directory", state: .ok, detail: configuration.stateDirectory, remedy: nil)
        } catch {
            return Check(
                name: "state directory", state: .failed, detail: error.description,
                remedy:
                    "Make it writable for this user, make room on its disk (df -h), or name another one as state_dir.")
        }
    }

    /// Opens the store for all checks; it can be used where its schema is what this program needs.
    private func open(_ configuration: Configuration) async -> ([Check], Store?, isUsable: Bool) {
        var opened: Store?
        do throws(StoreFault) {
            let store = try await StoreAccess.open(configuration, migrates: false)
            opened = store
            if let damage = try await store.damage() { return ([failure("store", damage)], store, false) }
            let status = try await store.schemaStatus()
            guard status.told.isEmpty else {
                let isUsable = status.obstacle == nil && !status.needsMigration
                return (
                    status.told.map { failure("store", $0.fault, as: $0.isWarning ? .warning : .failed) }, store,
                    isUsable
                )
            }
            if status.needsMigration {
                let check = Check(
                    name: "store", state: .warning,
                    detail: "\(store.place): schema version \(status.current), this program needs \(status.expected)",
                    remedy: "Run: reconcile migrate")
                return ([check], store, false)
            }
            let views = status.missingViews
            let check = Check(
                name: "store", state: views.isEmpty ? .ok : .warning,
                detail: "\(store.place), schema version \(status.current)"
                    + (views.isEmpty ? "" : "; what others read there is missing: \(views.joined(separator: ", "))"),
                remedy: views.isEmpty ? nil : "Run: reconcile migrate")
            return ([check], store, true)
        } catch {
            return ([failure("store", error)], opened, false)
        }
    }

    /// Who shares the work; nil where nobody does, or the store can't tell.
    private func shards(_ configuration: Configuration, _ store: Store?) async -> Check? {
        guard let standing = try? await store?.shardStanding(), configuration.shards > 1 || standing.count > 1 else {
            return nil
        }
        let now = SystemTime().now
        let services = standing.shares().map { service, shards in
            let part = shards.isEmpty ? "no shard" : shards.map { "\($0)" }.joined(separator: ", ")
            let failures = service.failures > 0 ? ", \(service.failures) failed in a row" : ""
            return "\(service.holder): \(service.isAside ? "stands aside" : part)\(failures)"
        }
        let held = standing.leases.filter { $0.expiresAt > now }.map { "\($0.name) held by \($0.holder)" }
        let who = (services.isEmpty ? ["no service is there"] : services) + held
        let detail = "\(standing.count) in the store; " + who.joined(separator: "; ")
        guard standing.count == configuration.shards || services.isEmpty && held.isEmpty else {
            return Check(
                name: "shards", state: .warning, detail: "\(configuration.shards) here, \(detail) (RUN-0019)",
                remedy: "Give all services the same number: shards in reconciler.yaml, or ODOOOPS_SHARDS.")
        }
        let isFailing = standing.services.contains { $0.isAside }
        return Check(
            name: "shards", state: isFailing ? .warning : .ok, detail: detail,
            remedy: isFailing ? "Run on the machine of the service that stands aside: reconcile doctor" : nil)
    }

    /// What the repository is like, and what it wants; nil where that can't be read.
    private func repository(_ configuration: Configuration) async -> ([Check], DesiredState?) {
        do {
            let log = Log(level: .error)
            let snapshot = try await Composition.source(configuration, log: log, context.environment).read(log)
            let desired = readDesiredState(snapshot.tree)
            let errors = desired.diagnostics.count { $0.severity == .error }
            var (branches, unread) = ("", String?.none)
            switch snapshot.tree.branches {
            case .known(let all): branches = ", \(all.count.of("branch", "branches"))"
            case .unknown(let reason): unread = reason
            case .none: branches = ", no branches"
            }
            var checks = [
                Check(
                    name: "repository", state: .ok,
                    detail: "\(configuration.ssot?.url ?? "") at \(snapshot.tree.revision.prefix(12))\(branches)",
                    remedy: nil),
                Check(
                    name: "desired state", state: errors == 0 ? .ok : .warning,
                    detail:
                        "\(desired.documents.count.of("document")), \(errors.of("error")), roots \(desired.roots.joined(separator: ", "))",
                    remedy: errors == 0 ? nil : "Run: reconcile validate"),
            ]
            if let unread {
                checks.append(
                    Check(
                        name: "branches", state: .warning,
                        detail: "branches unknown: \(unread): environments of branches are neither made nor ended",
                        remedy: configuration.application.map {
                            "Look whether this reads it: git ls-remote --heads \($0.url.shellQuoted)"
                        }))
            }
            if let secrets = secrets(desired) { checks.append(secrets) }
            return (checks, desired)
        } catch let fault as any Fault {
            return ([failure("repository", fault)], nil)
        } catch {
            return ([Check(name: "repository", state: .failed, detail: "\(error)", remedy: nil)], nil)
        }
    }

    /// Whether something is where documents say that secret values are; nil where they name no place.
    private func secrets(_ desired: DesiredState) -> Check? {
        let schemas = ProviderDrivers.kinds.flatMap(\.schemas)
        let named = desired.namedSecrets(Dictionary(schemas.map { ($0.kind, $0) }, uniquingKeysWith: { $1 }))
        guard !named.isEmpty else { return nil }
        let empty = named.filter { $0.reference.resolve(in: context.environment) == nil }
        guard !empty.isEmpty else {
            return Check(name: "named secrets", state: .ok, detail: "\(named.count), all there", remedy: nil)
        }
        let places = empty.map { secret in
            "\(secret.reference) (\(secret.mark.map { "\($0)" } ?? secret.key.description))"
        }
        // What is at the provider already stays as it is, so that this may harm nobody.
        return Check(
            name: "named secrets", state: .warning,
            detail:
                "nothing is at \(places.joined(separator: ", ")); what can't be made without is blocked in the plan",
            remedy: "Put the values there, and see what is still blocked: reconcile --dry-run")
    }

    /// A check for each provider whose credential is there or whose kinds the SSOT names, and one line for the rest.
    private func providers(
        _ configuration: Configuration, _ store: Store?, wanted: [ResourceKind: Int]
    ) async -> [Check] {
        var record: APIClient.Recorder?
        if let path = configuration.recordFile {
            do throws(HTTPFault) {
                let recorder = try ExchangeRecorder(path: path)
                record = APIClient.Recorder { recorder.record($0, runID: "doctor") }
            } catch {
                return [failure("recording", error)]
            }
        }
        // The requests of these checks count for all processes that use the same credentials, where the store is there.
        let budgets = BudgetBook(store: store, time: SystemTime())
        let accounts = ProviderDrivers(
            configuration, context.environment, time: SystemTime(), random: RandomSource.system(), budgets: budgets)
        var drivers = accounts.all
        drivers += accounts.absent(beside: drivers)
        var checks: [Check] = []
        var idle: [String] = []
        for driver in drivers.sorted(by: { $0.provider < $1.provider }) {
            let account = configuration.providers[driver.provider]
            if let missing = driver as? UnconfiguredDriver {
                let count = driver.schemas.reduce(0) { $0 + (wanted[$1.kind] ?? 0) }
                guard driver.provider == "digitalocean" || count > 0 else {
                    idle.append(driver.provider)
                    continue
                }
                let loss =
                    count == 0
                    ? "" : "; \(count) wanted \(count == 1 ? "resource is" : "resources are") unknown for that"
                checks.append(
                    Check(
                        name: driver.provider, state: .warning, detail: "not observed: \(missing.reason)\(loss)",
                        remedy: ProviderAccount.all.first { $0.name == driver.provider }?.remedy))
            } else if let checking = driver as? any AccessChecking {
                let address = account?.apiURL ?? ""
                let check = await APIClient.$recorder.withValue(record) { await access(checking, address, budgets) }
                checks.append(check)
            }
        }
        await budgets.giveBack()
        if !idle.isEmpty {
            checks.append(
                Check(
                    name: "other providers", state: .ok,
                    detail: "without a credential, and the SSOT wants nothing of them: \(idle.joined(separator: ", "))",
                    remedy: nil))
        }
        return checks
    }

    /// Whether the secrets of hooks are there, and whether deliveries were given up.
    private func hooks(_ configuration: Configuration, _ store: Store?) async -> [Check] {
        var checks: [Check] = []
        var idle: [String] = []
        if let reference = configuration.hookSecret, reference.resolve(in: context.environment) == nil {
            checks.append(
                Check(
                    name: "hook that asks for a pass", state: .failed,
                    detail: "every post to /hooks/reconcile is refused: \(reference) is empty",
                    remedy: "Put the secret there, or leave hook_secret out to let only this machine itself ask."))
        }
        for provider in HookProvider.allCases {
            guard let reference = configuration.hookSecrets[provider] else {
                idle.append(provider.rawValue)
                continue
            }
            let name = "hooks of \(provider.title)"
            if reference.resolve(in: context.environment) != nil {
                let detail = "POST \(provider.path), signed by \(reference)"
                checks.append(Check(name: name, state: .ok, detail: detail, remedy: nil))
            } else {
                checks.append(
                    Check(
                        name: name, state: .failed, detail: "every delivery is refused: \(reference) is empty",
                        remedy: "Put the secret there, or leave hooks.\(provider.rawValue) out to take no deliveries."))
            }
        }
        if !idle.isEmpty {
            checks.append(
                Check(
                    name: "other hooks", state: .ok,
                    detail: "not set up, and not taken: \(idle.joined(separator: ", "))",
                    remedy: nil))
        }
        // What is wrong with the store was told already.
        guard let queue = try? await store?.deliveryQueue() else { return checks }
        let dead = queue.dead.values.reduce(0, +)
        if dead > 0 {
            checks.append(
                Check(
                    name: "deliveries", state: .warning, detail: "\(dead) given up, \(queue.depth) wait",
                    remedy: "Run: reconcile hooks list --state dead"))
        } else if let oldest = queue.oldest, SystemTime().now - oldest > .minutes(15) {
            checks.append(
                Check(
                    name: "deliveries", state: .warning,
                    detail: "\(queue.depth) wait, the oldest since \(oldest.minuteText)",
                    remedy: "Look whether the service runs: reconcile run"))
        }
        return checks
    }

    private func access(_ driver: any AccessChecking, _ address: String, _ budgets: BudgetBook) async -> Check {
        switch await driver.checkAccess() {
        case .success(let account):
            var parts = address.isEmpty ? [account] : [address, account]
            parts += budgets.standing(of: driver.provider).compactMap(\.told?.sentence)
            return Check(name: driver.provider, state: .ok, detail: parts.joined(separator: ", "), remedy: nil)
        case .failure(let fault):
            // A remedy that leads back here is none.
            let path = fault.place?.split(separator: " ").last.map { String($0) } ?? ""
            let remedy =
                fault.hint?.contains("reconcile doctor") == true
                ? "See what answers: curl -sS -o /dev/null -w '%{http_code}\\n' \(address)\(path)" : fault.hint
            return failure(driver.provider, fault, remedy: remedy)
        }
    }

    func failure(
        _ name: String, _ fault: any Fault, as state: Check.State = .failed, remedy: String? = nil
    ) -> Check {
        Check(
            name: name, state: state,
            detail: "\(fault.code): \(fault.message)" + (fault.place.map { " (\($0))" } ?? ""),
            remedy: remedy ?? fault.hint)
    }

    private func show(_ checks: [Check]) {
        if context.terminal.isJSON {
            context.terminal.json(
                .list(
                    checks.map {
                        .object([
                            "check": .string($0.name), "state": .string($0.state.rawValue),
                            "detail": .string($0.detail),
                            "remedy": $0.remedy.map { .string($0) } ?? .null,
                        ])
                    }))
            return
        }
        let paint = context.terminal.paint
        for check in checks {
            let mark =
                switch check.state {
                case .ok: paint.green("✓")
                case .warning: paint.yellow("!")
                case .failed: paint.red("✗")
                }
            context.terminal.print("\(mark) \(paint.bold(check.name)): \(check.detail)")
            if let remedy = check.remedy { context.terminal.print("    \(remedy)") }
        }
    }
}

extension RequestBudgetSnapshot.Told {
    /// `4987 of 5000 requests left`, and of which limit.
    fileprivate var sentence: String {
        let what = scope.split(separator: " ").first.map { " for \($0)" } ?? ""
        return "\(remaining)\(limit.map { " of \($0)" } ?? "") requests left\(what)"
    }
}
