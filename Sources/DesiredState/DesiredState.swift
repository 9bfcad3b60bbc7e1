public import Basics

/// What the repository says the world should be, at one commit, with everything that is wrong with it.
public struct DesiredState: Sendable, Hashable {
    /// The commit, 40 hexadecimal digits; of a work tree without git the digest of its files.
    public internal(set) var revision: String
    /// The roots that were found, in order of precedence.
    public let roots: [String]
    /// Sorted by slug.
    public internal(set) var environments: [Environment]
    /// Sorted by key; keys are unique.
    public internal(set) var resources: [DesiredResource]
    /// What faults touched: nothing in these scopes may be changed or deleted.
    public var unknown: [UnknownScope]
    public let policy: Policy
    /// Every file under the roots, sorted by path.
    public internal(set) var documents: [Document]
    /// Sorted.
    public internal(set) var diagnostics: [Diagnostic]
    /// The rows of the integrations' index, sorted by id.
    public let integrations: [Integration]
    /// The entries of the module lists, sorted by list and name.
    public let modules: [ModuleEntry]
    /// Sorted by environment, kind and key.
    public let checks: [WantedCheck]
    /// Sorted by environment.
    public let thresholds: [ConvergenceThresholds]
    /// Which secrets there are and where their names should be found; never a value.
    public internal(set) var secrets = SecretsRegistry()
    /// What is known of each secret.
    public internal(set) var secretsInventory = SecretsInventory()
    /// How each tier sends mail, in the order of the tiers; one that documents contradict each other on is left out.
    public internal(set) var mail: [MailTransport] = []
    /// Sorted by apex.
    public internal(set) var domains: [DomainPolicy] = []
    /// Sorted by id.
    public internal(set) var chores: [Chore] = []
    /// Sorted by code.
    public internal(set) var failureModes: [FailureMode] = []
    /// Nil where the commit has none, or one that can't be read; so are the next two.
    public internal(set) var releaseContract: ReleaseContract?
    public internal(set) var vulnerabilityPolicy: VulnerabilityPolicy?
    public internal(set) var branchHygiene: BranchHygiene?
    /// Differences that people know of, sorted by key and attribute.
    public var acknowledgedDrift: [AcknowledgedDrift] = []
    /// Who has to review what, in the order of the document: of those that fit a path the last counts.
    public var codeOwners: [CodeOwnerRule] = []
    /// Sorted by environment.
    public var modulePlans: [ModulePlan] = []
    /// The pull requests that the policy is about, sorted by number.
    public internal(set) var previews: [Preview] = []
    /// What else than documents brings environments about.
    public var sources = EnvironmentSources()
    /// What the advisor looks for.
    public var advisor = Advisor()
    /// The features of Supabase and whether they are used, sorted by id.
    public var features: [FeatureAdoption] = []
    /// Sorted by provider.
    public var workItemSources: [WorkItemSource] = []
    /// What drivers have to keep to.
    public var providers: [ProviderProfile] = []
    /// The files by which guards and environments are read, and those that were found by their schema and not by their
    /// path, by the document for which each stands.
    public internal(set) var guards: [String: String] = [:]
    /// By which `guards` names the policies, the environments, and the policy of DigitalOcean.
    public static let environmentsDocument = ManagedDocument.environments.stem
    public static let policiesDocument = ManagedDocument.policies.stem
    public static let digitalOceanPolicyDocument = ManagedDocument.digitalOceanPolicy.stem
    /// The other documents that have a schema and stand at their own paths.
    public internal(set) var documentsInPlace: Set<String> = []

    public init(
        revision: String, roots: [String], environments: [Environment], resources: [DesiredResource],
        unknown: [UnknownScope], policy: Policy, documents: [Document], diagnostics: [Diagnostic],
        integrations: [Integration] = [], modules: [ModuleEntry] = [], checks: [WantedCheck] = [],
        thresholds: [ConvergenceThresholds] = []
    ) {
        self.revision = revision
        self.roots = roots
        self.environments = environments
        self.resources = resources
        self.unknown = unknown
        self.policy = policy
        self.documents = documents
        self.diagnostics = diagnostics
        self.integrations = integrations
        self.modules = modules
        self.checks = checks
        self.thresholds = thresholds
    }

    /// The same with other environments, sorted by slug.
    public func with(environments: [Environment]) -> DesiredState {
        var copy = self
        copy.environments = environments
        return copy
    }

    /// The same with other chores, sorted by id.
    public func with(chores: [Chore]) -> DesiredState {
        var copy = self
        copy.chores = chores
        return copy
    }
}

/// A part of the desired state about which nothing is known, because a fault touched it.
public struct UnknownScope: Sendable, Hashable {
    /// How far the ignorance reaches.
    public enum Extent: Sendable, Hashable {
        /// Everything: no root could be read.
        case everything
        /// All resources of a kind.
        case kind(ResourceKind)
        /// One resource.
        case resource(ResourceKey)
        /// One environment and what it owns.
        case environment(String)
        /// Environments as a whole: which exist is not known, so none may go.
        case environments
    }

    public let extent: Extent
    /// The code of the diagnostic that is the cause, or one of those of a person's word (`Hold.suspensionCode`).
    public let code: String
    /// Why, in one sentence.
    public let reason: String
    public let mark: SourceMark?
    /// Whether only what isn't named is unknown: nothing may go, but what is wanted may be brought about.
    public let isAboutRemovals: Bool

    public init(
        _ extent: Extent, code: String, reason: String, at mark: SourceMark?, isAboutRemovals: Bool = false
    ) {
        self.extent = extent
        self.code = code
        self.reason = reason
        self.mark = mark
        self.isAboutRemovals = isAboutRemovals
    }

    /// Whether all can be read, and documents want different things of it.
    public var isContradiction: Bool {
        let codes: [Code] = [.mailDisagreement, .dnsDisagreement, .documentDisagreement, .secretDisagreement]
        return codes.contains { $0.rawValue == code }
    }

    /// What keeps anybody from knowing it, for sentences: `what is wanted of it …`.
    public var trouble: String { isContradiction ? "isn't clear" : "can't be read" }
}

/// One file under the roots and what became of it.
public struct Document: Sendable, Hashable {
    /// What became of a document.
    public enum Status: String, Sendable, Hashable {
        /// Its content is part of the desired state.
        case managed
        /// Nothing is wanted from it by itself, but a domain or a gate looks into it.
        case consulted
        /// Read and syntax-checked; nothing is wanted from it.
        case notManaged = "not_managed"
        /// It could not be read or parsed: what it says is unknown.
        case unreadable
        /// The same document stands under a root of higher precedence.
        case shadowed
    }

    public let path: String
    public let status: Status
    /// The domain that reads it, such as `digitalocean`; nil where none does.
    public let domain: String?
    /// Its `schema`, `schema_version` or `type`, as written.
    public let schema: String?
    public let bytes: Int

    public init(path: String, status: Status, domain: String?, schema: String?, bytes: Int) {
        self.path = path
        self.status = status
        self.domain = domain
        self.schema = schema
        self.bytes = bytes
    }
}
