public import Basics
public import DesiredState
import Diff
public import Drivers
public import Store

/// Everything that one pass needs, put together once.
public struct Reconciler: Sendable {
    public let source: any Source
    public private(set) var drivers: [any Driver]
    /// Why nobody looks at kinds that a driver of this program would know, and what helps, by kind.
    ///
    /// They are no part of ``schemas``: what such a provider held once keeps no drift open.
    let silent: [ResourceKind: String]
    public private(set) var store: Store
    public let evidence: EvidenceStore
    public let time: any TimeSource
    public let random: RandomSource
    public let log: Log
    public let metrics: Metrics
    /// How many independent changes run side by side.
    public let concurrency: Int
    /// How long a lease lasts when nobody renews it: so long the next process waits after a crash on another machine.
    public let leaseTime: Duration
    /// Into how many parts the work is cut for the services of one store.
    public let shards: Shards
    /// What this installation is called in its marks; nil where it has no name.
    public let installation: String?
    /// Takes every exchange with a provider, credentials removed.
    public let traffic: ProviderTraffic
    /// `host/process`: who holds the lease.
    public let holder: String
    /// What gates look at besides documents: values of environment variables.
    public let gateVariables: [String: String]
    /// The budgets that the drivers draw on; nil where they have none in common.
    public let budgets: BudgetBook?
    /// Reads the time zones that a policy names.
    public let zones: @Sendable (Set<String>) -> TimeZones
    /// Takes the spans of each pass; nil where no collector is configured.
    public let tracer: Tracer?
    /// `owner/name` of the application's repository at its host; nil where nobody can tell.
    public let applicationRepository: String?
    /// The least between two looks at which modules Odoo has installed in an environment's database.
    public let moduleInterval: Duration
    /// Servers from which lists of modules are read beside those of the drivers, sorted by cluster.
    let moduleServers: [ModuleServer]
    /// Called when much has been freed: after a look at everything, and at the end of a pass.
    let giveMemoryBack: @Sendable () -> Void
    /// Parsed documents, kept from pass to pass.
    let documents = DocumentCache()
    /// What is looked after by the clock as far as it can be trusted; for what runs beside the passes.
    let latest = Locked<DesiredState?>(nil)
    /// What the last pass remembered and saw, which whoever asks for it holds as well: ten thousand resources that are as they
    /// were are there once, and not once more in each pass.
    let lastLook = Locked<(inventory: Inventory, observed: ObservedState)?>(nil)
    /// When each environment was last asked which modules it has, by this process: whoever starts looks anew.
    let moduleLooks = Locked<[String: Timestamp]>([:])
    /// The commit of the pass before.
    let lastRevision = Locked<String?>(nil)

    public init(
        source: any Source, drivers: [any Driver], absent: [UnconfiguredDriver] = [], store: Store,
        evidence: EvidenceStore, time: any TimeSource,
        random: RandomSource, log: Log, metrics: Metrics, concurrency: Int = 8,
        leaseTime: Duration = .minutes(5), shards: Shards = Shards(1),
        installation: String? = nil,
        traffic: ProviderTraffic = ProviderTraffic(), holder: String, gateVariables: [String: String] = [:],
        budgets: BudgetBook? = nil, tracer: Tracer? = nil, applicationRepository: String? = nil,
        zones: @escaping @Sendable (Set<String>) -> TimeZones = { TimeZones.load($0) },
        moduleInterval: Duration = .minutes(15), moduleServers: [ModuleServer] = [],
        giveMemoryBack: @escaping @Sendable () -> Void = {}
    ) {
        self.source = source
        self.drivers = drivers
        silent = Self.silence(of: absent)
        self.store = store
        self.evidence = evidence
        self.time = time
        self.random = random
        self.log = log
        self.metrics = metrics
        self.concurrency = concurrency
        self.leaseTime = leaseTime
        self.shards = shards
        self.installation = installation
        self.traffic = traffic
        self.holder = holder
        self.gateVariables = gateVariables
        self.budgets = budgets
        self.tracer = tracer
        self.zones = zones
        self.applicationRepository = applicationRepository
        self.moduleInterval = moduleInterval
        self.moduleServers = moduleServers
        self.giveMemoryBack = giveMemoryBack
    }

    /// The same, but that every write of the store proves first that leases are still held.
    func fenced(by leases: [Lease]) -> Reconciler {
        var fenced = self
        fenced.store = store.fenced(by: leases)
        return fenced
    }

    /// The same, but that some providers show nothing, for a reason each.
    func withholding(_ reasons: [String: String]) -> Reconciler {
        var blind = self
        blind.drivers = drivers.map { driver in
            guard let reason = reasons[driver.provider] else { return driver }
            return UnconfiguredDriver(provider: driver.provider, schemas: driver.schemas, reason: reason)
        }
        return blind
    }

    /// What the last commit wants that could be read and is trusted; nil where no pass has read any, and none is remembered.
    public var latestDesired: DesiredState? { latest.withLock { $0 } }

    /// The rules of every kind that a driver owns.
    var schemas: [ResourceKind: KindSchema] { drivers.schemas }

    private static func silence(of absent: [UnconfiguredDriver]) -> [ResourceKind: String] {
        var result: [ResourceKind: String] = [:]
        for driver in absent {
            let cure = ProviderAccount.all.first { $0.name == driver.provider }?.cure.map { "; \($0)" } ?? ""
            for schema in driver.schemas { result[schema.kind] = driver.reason + cure }
        }
        return result
    }

    var sensitive: SensitiveAttributes { SensitiveAttributes(schemas) }

    /// The versions of the drivers, which a saved plan is bound to.
    var driverVersions: [String: String] { drivers.versions }

    /// Whether objects of a kind carry our mark at the provider, so that one without it isn't ours.
    func carriesMark(_ kind: ResourceKind) -> Bool {
        driver(for: kind)?.schemas.first { $0.kind == kind }?.carriesMark == true
    }

    /// The driver that owns a kind; nil where none does.
    func driver(for kind: ResourceKind) -> (any Driver)? {
        let provider = kind.provider
        return drivers.first { $0.provider == provider }
    }
}
