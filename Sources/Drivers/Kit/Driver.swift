public import Basics
public import DesiredState
public import Diff
public import HTTPClient

/// The contract that every provider fulfils.
///
/// `observe` and `look` change nothing. `steps` is synchronous and pure, so that it can't reach the provider. `perform`
/// has exactly one external effect and is never repeated by the driver where that could double it.
public protocol Driver: Sendable {
    /// The first part of the names of its kinds, `digitalocean`.
    var provider: String { get }
    /// Moves whenever the driver plans or normalises differently; a saved plan of another version is refused.
    var version: String { get }
    /// Every kind that it owns.
    var schemas: [KindSchema] { get }

    /// Lists what there is, by page and never object by object.
    ///
    /// It never throws: what could not be read is partial or unknown, with the reason.
    func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind]

    /// The effects that a change takes, in order. Their count, and their titles, are shown before anything runs.
    func steps(for change: PlannedChange) -> [Step]

    /// Has the one effect of a step.
    func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome

    /// Looks for one object by its natural key: what a create, or the recovery of a lost answer, begins with.
    func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome
}

/// What has to be observed.
public struct ObserveRequest: Sendable {
    /// The kinds for which something is wanted or remembered; others need not be read.
    public let kinds: Set<ResourceKind>
    /// The names wanted or remembered of each kind, where a list can only be had for each parent: domains, clusters.
    public let names: [ResourceKind: Set<String>]
    /// The parent in which each of those names is to be looked for, where the name itself doesn't tell it.
    public let parents: [ResourceKind: [String: String]]

    public init(
        kinds: Set<ResourceKind>, names: [ResourceKind: Set<String>] = [:],
        parents: [ResourceKind: [String: String]] = [:]
    ) {
        self.kinds = kinds
        self.names = names
        self.parents = parents
    }
}

/// Where a driver's call comes from, and where its traffic is written down.
public struct DriverContext: Sendable {
    public let runID: String
    public let log: Log
    /// Who is served first when the provider's budget is short.
    public let priority: RequestPriority
    /// Takes each exchange as it ends, credentials removed.
    public let record: @Sendable (Exchange) -> Void

    public init(
        runID: String, log: Log, priority: RequestPriority = .commit,
        record: @escaping @Sendable (Exchange) -> Void = { _ in }
    ) {
        self.runID = runID
        self.log = log
        self.priority = priority
        self.record = record
    }
}

/// One external effect.
public struct Step: Sendable, Hashable {
    /// `digitalocean.droplet/odoo-staging#1`: key and place in the change, the same in every run that plans the change.
    public let id: String
    public let key: ResourceKey
    /// The driver's own name of the effect: `create`, `resize`, `power_on`.
    public let operation: String
    /// One line for people: `resize to s-2vcpu-4gb`.
    public let title: String
    /// Whether the effect brings the object about: then the driver looks for it before.
    public let creates: Bool

    public init(key: ResourceKey, index: Int, operation: String, title: String, creates: Bool = false) {
        id = "\(key)#\(index)"
        self.key = key
        self.operation = operation
        self.title = title
        self.creates = creates
    }

    /// Name, title, and whether it brings the object about.
    public typealias Operation = (name: String, title: String, creates: Bool)

    /// Effects in their order, as the steps of one change.
    public static func list(_ operations: [Operation], of key: ResourceKey) -> [Step] {
        operations.enumerated().map { index, operation in
            Step(
                key: key, index: index + 1, operation: operation.name, title: operation.title,
                creates: operation.creates)
        }
    }
}

/// A change whose references have been filled in.
public struct ResolvedChange: Sendable {
    public let change: PlannedChange
    /// All that is wanted of the resource.
    public let wanted: Attributes
    /// The object as it is now: seen in this run's observation, or by an earlier step of the same change.
    public let current: ObservedResource?
    /// The object that was taken away to make this one, as it was; nil where none was.
    ///
    /// By an earlier step of the same change, or by a run that ended before it had made the new one: then without what is
    /// sensitive of it.
    public let replaced: ObservedResource?

    public init(
        change: PlannedChange, wanted: Attributes, current: ObservedResource?, replaced: ObservedResource? = nil
    ) {
        self.change = change
        self.wanted = wanted
        self.current = current
        self.replaced = replaced
    }
}

/// What came of a step.
public enum StepOutcome: Sendable {
    /// The effect happened; the object as it is now, or nil when it is gone.
    case done(ObservedResource?)
    /// The effect did not happen.
    case failed(ProviderFault)
    /// Whether it happened is not known: look before anything else is done.
    case unknown(ProviderFault)
}

/// What a look found.
public enum LookOutcome: Sendable {
    case present(ObservedResource)
    case absent
    /// Several objects answer to the key.
    case ambiguous([ObservedResource])
    case unknown(ProviderFault)
}

/// An answer of a provider that is none that was hoped for.
public struct ProviderFault: Fault {
    public let provider: String
    /// The driver's name of the call: `droplets.list`.
    public let operation: String
    public let code: String
    public let message: String
    /// `GET /v2/droplets`.
    public let place: String?
    public let hint: String?
    /// 0: no answer arrived.
    public let status: Int
    /// The provider's own code, such as `too_many_requests`.
    public let providerCode: String?
    public let requestID: String?
    public let disposition: Disposition
    /// What kind of fault it is, for drivers to decide by; nil where nobody asks.
    public let problem: ProviderProblem?

    public init(
        provider: String, operation: String, code: String, message: String, place: String?, hint: String? = nil,
        status: Int = 0, providerCode: String? = nil, requestID: String? = nil, disposition: Disposition,
        problem: ProviderProblem? = nil
    ) {
        self.provider = provider
        self.operation = operation
        self.code = code
        self.message = message
        self.place = place
        self.hint = hint
        self.status = status
        self.providerCode = providerCode
        self.requestID = requestID
        self.disposition = disposition
        self.problem = problem
    }
}
