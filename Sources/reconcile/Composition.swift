import Basics
import DesiredState
import Drivers
import Git
import HTTPClient
import Reconciler
import Store
import StorePostgres
import StoreSQLite

/// Puts the rooms together for one command.
struct Composition {
    let configuration: Configuration
    let reconciler: Reconciler
    let store: Store
    private let budgets: BudgetBook
    let metrics: Metrics
    let log: Log

    /// Reads the configuration and opens the store.
    ///
    /// - Parameters:
    ///   - context: of the command.
    ///   - logLevel: the lowest that is shown where nobody named one.
    ///   - isService: whether readiness and the log tell of writes that the store refuses; a command fails by them.
    /// - Throws: a `Fault` of the configuration or the store.
    init(_ context: CommandContext, logLevel: Log.Level, isService: Bool = false) async throws {
        let configuration = try context.configuration()
        let isLevelGiven =
            context.arguments.value("log-level") != nil || context.environment["ODOOOPS_LOG_LEVEL"] != nil
        let log = Log(
            level: isLevelGiven ? configuration.logLevel : max(logLevel, configuration.logLevel),
            format: configuration.logFormat)
        let source = try Self.source(configuration, log: log, context.environment)
        let opened = try await StoreAccess.open(configuration)
        let store = isService ? opened.watched(by: WriteWatch(log)) : opened
        let metrics = Metrics()
        metrics.declareReconcilerMetrics()
        let time = SystemTime()
        let random = RandomSource.system()
        budgets = BudgetBook(store: store, time: time)
        budgets.show(in: metrics)
        var sink: (@Sendable (Exchange, String) -> Void)?
        if let path = configuration.recordFile {
            let recorder = try ExchangeRecorder(path: path)
            sink = { exchange, runID in recorder.record(exchange, runID: runID) }
        }
        let holder = LeaseHolder.current()
        let tracer = Tracer.Options(configuration, context.environment).map {
            Tracer($0, transport: CurlTransport(), time: time, log: log, host: holder)
        }
        let providers = ProviderDrivers(
            configuration, context.environment, time: time, random: random, budgets: budgets)
        let drivers = providers.all
        reconciler = Reconciler(
            source: source, drivers: drivers, absent: providers.absent(beside: drivers), store: store,
            evidence: EvidenceStore(directory: "\(configuration.stateDirectory)/evidence"), time: time, random: random,
            log: log, metrics: metrics, concurrency: configuration.concurrency,
            leaseTime: configuration.lease, shards: Shards(configuration.shards),
            installation: configuration.installation, traffic: ProviderTraffic(sink: sink),
            holder: holder,
            gateVariables: context.environment.filter { GateInputs.variableNames.contains($0.key) }, budgets: budgets,
            tracer: tracer,
            applicationRepository: HookRepositories(
                [configuration.application?.url ?? configuration.ssot?.url].compactMap { $0 }
            ).onGitHub.first, moduleInterval: configuration.moduleInterval,
            moduleServers: providers.moduleServers,
            giveMemoryBack: { ProcessEnvironment.trimHeaps() })
        self.configuration = configuration
        self.store = store
        self.metrics = metrics
        self.log = log
    }

    /// What cuts what is older than its time.
    var retention: Retention {
        Retention(
            store: store, evidence: reconciler.evidence, rule: configuration.retention, time: SystemTime(),
            holder: reconciler.holder)
    }

    func close() async {
        await reconciler.tracer?.close()
        await budgets.giveBack()
        await store.close()
    }

    /// The repositories that the configuration names.
    ///
    /// - Throws: `ConfigurationFault` when there is none.
    static func source(
        _ configuration: Configuration, log: Log, _ environment: [String: String]
    ) throws(ConfigurationFault) -> GitSource {
        guard let repository = configuration.ssot else {
            throw ConfigurationFault(
                "CONF-0013", "no repository is configured",
                hint: "Name it as ODOOOPS_SSOT=URL|PATH, as ssot.url in reconciler.yaml, or by "
                    + "reconcile's option --ssot URL|PATH.")
        }
        let pool = ThreadPool(threads: 2)
        func mirror(_ repository: Configuration.Repository, _ setting: String) -> GitMirror {
            GitMirror(
                url: repository.url, cacheDirectory: "\(configuration.stateDirectory)/git",
                credential: credential(repository, setting), pool: pool, log: log, environment: environment)
        }
        return GitSource(
            ssot: mirror(repository, "ssot"),
            application: configuration.application.map { mirror($0, "application") },
            ref: configuration.ref, roots: configuration.roots, deadline: configuration.fetchDeadline)
    }

    private static func credential(_ repository: Configuration.Repository, _ setting: String) -> GitCredential? {
        let kind: GitCredential.Kind
        if let key = repository.sshKeyFile {
            kind = .sshKey(key: .file(key), passphrase: repository.sshPassphrase)
        } else if let token = repository.token {
            kind = .token(user: repository.username ?? "x-access-token", token: token)
        } else {
            kind = .none
        }
        return GitCredential(kind: kind, knownHosts: repository.knownHostsFile, setting: setting)
    }
}

/// Opens the store that the configuration names.
enum StoreAccess {
    /// Opens, and brings an embedded store up to date; a PostgreSQL store is migrated only by `reconcile migrate`.
    ///
    /// - Throws: `StoreFault`.
    static func open(_ configuration: Configuration, migrates: Bool = true) async throws(StoreFault) -> Store {
        let (store, isEmbedded) = try await connect(configuration)
        guard migrates else { return store }
        do throws(StoreFault) {
            let status = try await store.schemaStatus()
            if let obstacle = status.obstacle { throw obstacle }
            if status.needsMigration {
                guard isEmbedded || status.current == 0 else {
                    throw StoreFault.notMigrated(
                        "the ops schema is at version \(status.current) and this program needs \(status.expected)",
                        place: store.place)
                }
                _ = try await store.migrate()
            }
        } catch {
            await store.close()
            throw error
        }
        return store
    }

    private static func connect(_ configuration: Configuration) async throws(StoreFault) -> (Store, isEmbedded: Bool) {
        switch try StoreAddress(configuration.store) {
        case .sqlite(let path, let isReadOnly):
            // The default file lives in the state directory, which the first run makes.
            if path.hasPrefix(configuration.stateDirectory + "/") {
                try? FileSystem.createDirectory(configuration.stateDirectory, mode: 0o750)
                // Made here, so that it is its directory's owner's; SQLite gives the files beside it to the same one.
                if !isReadOnly { FileSystem.create(path, mode: 0o640) }
            }
            return (
                Store(engine: try await SQLiteEngine.open(path: path, isReadOnly: isReadOnly), time: SystemTime()), true
            )
        case .postgres(let uri):
            return (
                Store(engine: try await PostgresEngine.open(uri), time: SystemTime(), comparesClocks: true), false
            )
        }
    }
}

extension CommandContext {
    /// Opens the store that the configuration names, and closes it whatever comes of `body`.
    func withStore<Result: Sendable>(_ body: (Store) async throws -> Result) async throws -> Result {
        let store = try await StoreAccess.open(try configuration())
        do {
            let result = try await body(store)
            await store.close()
            return result
        } catch {
            await store.close()
            throw error
        }
    }
}
