public import Basics
public import DesiredState
public import Formats

/// What is done to one resource.
public enum ChangeAction: String, Sendable, Hashable, CaseIterable {
    case noop, create, update, replace, delete, adopt, forget, read
}

/// Why a resource differs.
public enum ChangeCause: String, Sendable, Hashable, CaseIterable {
    /// A commit wants something that was not applied yet.
    case unappliedCommit = "unapplied_commit"
    /// Somebody changed it at the provider.
    case externalChange = "external_change"
    /// The provider writes the same thing in another way.
    case providerNormalization = "provider_normalization"
    /// Its environment has reached its end.
    case expired
    /// Known and accepted.
    case expected

    /// Stands beside the causes for what only a rule wants otherwise: nobody need have changed anything.
    public static let finding = "finding"

    /// Every word for whoever reads why something differs.
    public static let words = allCases.map(\.rawValue) + [finding]

    /// The word for a difference of this cause.
    ///
    /// - Parameter isOnlyFinding: whether nothing of it differs from a wish.
    /// - Returns: one of `words`.
    public func word(isOnlyFinding: Bool) -> String { isOnlyFinding ? Self.finding : rawValue }
}

/// Whether a change may happen.
public enum Verdict: String, Sendable, Hashable, CaseIterable {
    case allowed
    case needsApproval = "needs_approval"
    /// A rule forbids it.
    case denied
    /// It can't be done now: something that it needs is unknown, ambiguous or itself not allowed.
    case blocked
}

/// What keeps a change from happening, for programs; the sentence is in `verdictReason`.
public enum Hold: String, Sendable, Hashable, CaseIterable {
    /// The SSOT can't be read where it says what is wanted.
    case unknownWish = "unknown_wish"
    /// What became of its last step isn't known: nothing more is done until somebody has looked.
    case unsettled
    /// A person suspended its environment.
    case suspended
    /// A person pinned its environment, which nothing wants any more.
    case pinned
    /// The provider did not show it, or not all of it.
    case unobserved
    /// Several objects share its name.
    case ambiguous
    /// The provider or its driver can't do it.
    case impossible
    /// It waits for another change, or for itself.
    case dependency
    /// Something that stays still needs it.
    case needed
    /// A person has to say yes.
    case approval
    /// A rule of the policy, or a guard.
    case rule
    /// The time is not right: a window or a freeze.
    case window
    /// Somebody else writes the same attribute, and each write is undone.
    case contested
    /// It is marked, or is to be, and goes only after its grace: time ends that, and where the verdict is `needsApproval` a
    /// person.
    case grace

    /// The code of the unknown scope of a resource whose last step isn't settled.
    public static let unsettledCode = "RUN-0007"
    /// The code of the unknown scope that stands for an environment that a person suspended.
    public static let suspensionCode = "RUN-0009"
    /// The code of the unknown scope that stands for an environment that a person pinned and nothing wants any more.
    public static let pinCode = "RUN-0032"
}

/// One attribute that differs.
public struct AttributeChange: Sendable, Hashable {
    public let path: String
    /// Nil: not there.
    public let before: Value?
    /// Nil: not there, or known only after its source was applied.
    public let after: Value?
    /// The resource whose attribute becomes the value; nil for a literal.
    public let reference: ResourceKey?
    public let isSensitive: Bool
    public let requiresReplacement: Bool
    /// The line that wants this attribute; nil where it follows from the resource.
    public let mark: SourceMark?

    public init(
        path: String, before: Value?, after: Value?, reference: ResourceKey? = nil, isSensitive: Bool = false,
        requiresReplacement: Bool = false, mark: SourceMark? = nil
    ) {
        self.path = path
        self.before = before
        self.after = after
        self.reference = reference
        self.isSensitive = isSensitive
        self.requiresReplacement = requiresReplacement
        self.mark = mark
    }
}

/// One resource that is to change, or that would if a rule or an unknown did not stand in the way.
public struct PlannedChange: Sendable, Hashable {
    public let key: ResourceKey
    public let action: ChangeAction
    public internal(set) var reason: String
    public let cause: ChangeCause
    public var verdict: Verdict
    /// Why the verdict is not `allowed`, with the rule and where it stands; nil when it is.
    public var verdictReason: String?
    /// When what blocks it ends by itself; nil where nothing blocks it, or where that takes more than time.
    public var blockedUntil: Timestamp?
    /// What sort of thing keeps it from happening; nil when nothing does.
    public var hold: Hold?
    /// What it does to the bill of a month; nil where nobody asked, or where it is about nothing that costs by its size.
    public var price: PriceChange?
    /// The line of the policy that holds it back: of a window or a freeze; nil where none of these does.
    public var heldAt: SourceMark?
    public let attributes: [AttributeChange]
    public let source: SourceMark?
    public let environment: String?
    /// Changes of this plan that have to succeed before; for deletions what has to be gone before.
    public var dependsOn: [ResourceKey]
    public let requests: Int
    /// The provider's id of what is there now; nil when nothing is.
    public let providerID: String?
    /// All that is wanted of the resource, with references unresolved; empty for a deletion.
    public let wanted: [WantedAttribute]
    public let isProtected: Bool

    public init(
        key: ResourceKey, action: ChangeAction, reason: String, cause: ChangeCause, verdict: Verdict = .allowed,
        verdictReason: String? = nil, hold: Hold? = nil, attributes: [AttributeChange] = [], source: SourceMark? = nil,
        environment: String? = nil, dependsOn: [ResourceKey] = [], requests: Int = 0, providerID: String? = nil,
        wanted: [WantedAttribute] = [], isProtected: Bool = false
    ) {
        self.key = key
        self.action = action
        self.reason = reason
        self.cause = cause
        self.verdict = verdict
        self.verdictReason = verdictReason
        self.hold = hold
        self.attributes = attributes
        self.source = source
        self.environment = environment
        self.dependsOn = dependsOn
        self.requests = requests
        self.providerID = providerID
        self.wanted = wanted
        self.isProtected = isProtected
    }
}

/// A difference that is there whether or not anything is done about it.
public struct DriftItem: Sendable, Hashable {
    public let key: ResourceKey
    public let cause: ChangeCause
    public let attributes: [AttributeChange]
    public let environment: String?
    public let source: SourceMark?
    /// One sentence: what differs.
    public let summary: String
    /// The stable code of what a rule wants otherwise; nil where something differs from its wish.
    public let finding: String?

    public init(
        key: ResourceKey, cause: ChangeCause, attributes: [AttributeChange], environment: String?, source: SourceMark?,
        summary: String, finding: String? = nil
    ) {
        self.key = key
        self.cause = cause
        self.attributes = attributes
        self.environment = environment
        self.source = source
        self.summary = summary
        self.finding = finding
    }

    /// What a rule wants otherwise, and nobody need have changed.
    init(
        finding code: String, _ message: String, of key: ResourceKey, cause: ChangeCause, environment: String?,
        source: SourceMark?
    ) {
        self.init(
            key: key, cause: cause, attributes: [], environment: environment, source: source,
            summary: "\(code): \(message)", finding: code)
    }

    /// Whether nothing of it differs from a wish.
    public var isOnlyFinding: Bool { finding != nil && attributes.isEmpty }

    /// The cause for whoever reads it.
    public var causeWord: String { cause.word(isOnlyFinding: isOnlyFinding) }
}

/// What the life of an environment comes to at the time of the plan.
public struct EnvironmentOutlook: Sendable, Hashable {
    /// Where in its life the environment is.
    public enum Phase: String, Sendable, Hashable {
        /// Wanted, and with time left or without end.
        case active
        /// Ends within the time in which people are warned.
        case expiring
        /// Its time is over, and what it owns stays until its grace is over too.
        case ending
        /// Its time is over: what it owns goes.
        case expired
        /// Nothing wants it any more: what it owns goes.
        case unwanted
        /// A person has it left alone: nothing of it goes meanwhile.
        case suspended
        /// Nothing wants it any more, and a person has pinned it: all of it stays as it is meanwhile.
        case pinned
        /// What is known does not suffice to say anything: nothing of it goes.
        case unknown

        /// Whether the plan says what becomes of it: enough is known, and nobody has it left alone.
        public var isDecided: Bool { self != .unknown && self != .suspended && self != .pinned }
    }

    public let slug: String
    public let phase: Phase
    /// Nil: it never ends, or nobody knows when it began.
    public let expiresAt: Timestamp?
    /// One sentence: which rule gives that end, or why there is none.
    public let reason: String
    /// Whether its time runs.
    ///
    /// Before it was created, `expiresAt` only says when it would end if it began now.
    public let hasBegun: Bool
    /// When what it owns goes: its end and the grace; nil where it has no end.
    public let goesAt: Timestamp?
    /// Until when people have time to say no, where they are told now; nil where that isn't asked.
    public internal(set) var noticeEnds: Timestamp?
    /// When its time to live is over, where a pin that ends later keeps it longer; nil where that is its end.
    public internal(set) var timeEnds: Timestamp?
    /// What gives it more time, or brings it back.
    public internal(set) var keeping = Keeping.usual

    public init(
        slug: String, phase: Phase, expiresAt: Timestamp?, reason: String, hasBegun: Bool = true,
        goesAt: Timestamp? = nil
    ) {
        self.goesAt = goesAt ?? expiresAt
        self.slug = slug
        self.phase = phase
        self.expiresAt = expiresAt
        self.reason = reason
        self.hasBegun = hasBegun
    }
}

/// What would be done, in order, and why: the same inputs give the same bytes.
public struct Plan: Sendable {
    /// How many changes there are of each sort.
    public struct Summary: Sendable, Hashable {
        /// Changes that are allowed, by action.
        public var create = 0
        public var update = 0
        public var replace = 0
        public var delete = 0
        public var adopt = 0
        public var forget = 0
        /// Resources that are as they are wanted.
        public var noop = 0
        /// Changes that are denied, blocked or wait for an approval.
        public var blocked = 0
        /// Resources of which too little is known to say what they need: action `read`.
        public var unknown = 0

        public init() {}
    }

    /// Digests of what the plan rests on; an apply refuses when one of them moved, and says which.
    public struct Basis: Sendable, Hashable {
        public let desired: Digest
        public let observed: Digest
        public let inventory: Digest
        public let policy: Digest
        /// Driver versions by provider.
        public let drivers: [String: String]
        /// Whose marks it puts on what it makes; nil where the installation has no name.
        public let installation: String?

        public init(
            desired: Digest, observed: Digest, inventory: Digest, policy: Digest, drivers: [String: String],
            installation: String? = nil
        ) {
            self.desired = desired
            self.observed = observed
            self.inventory = inventory
            self.policy = policy
            self.drivers = drivers
            self.installation = installation
        }
    }

    public let revision: String
    /// In the order in which they would run; without noops.
    public internal(set) var changes: [PlannedChange]
    public let summary: Summary
    public internal(set) var drift: [DriftItem]
    public let environments: [EnvironmentOutlook]
    public let diagnostics: [Diagnostic]
    /// Requests that the allowed changes take, by provider.
    public internal(set) var requests: [String: Int]
    public let basis: Basis
    public let fingerprint: Digest
    /// What it was restricted to, sorted; empty: everything.
    public var targets: [String] = []
    /// What differs and is no change of it because of that.
    public var leftOut: Set<ResourceKey> = []
    /// The approvals that it was made with.
    public var approvals: Set<ResourceKey> = []
    /// What is marked before it goes, sorted by key.
    public var candidates: [PruneCandidate] = []

    /// What is marked and goes by itself after its grace, or at once where a person names it.
    public var openGraces: Set<ResourceKey> { Set(candidates.lazy.filter { !$0.needsApproval }.map(\.key)) }

    /// The changes that an approval lets happen, at once or after what else holds them.
    public var approvableChanges: [PlannedChange] {
        let graces = openGraces
        return changes.filter { $0.isApprovable(graces) }
    }
    /// Whether stores hold the names of secrets that the registry wants there, as far as drivers can look; by key.
    public var secrets: [SecretAnswer] = []

    public init(
        revision: String, changes: [PlannedChange], summary: Summary, drift: [DriftItem],
        environments: [EnvironmentOutlook], diagnostics: [Diagnostic], requests: [String: Int], basis: Basis,
        fingerprint: Digest
    ) {
        self.revision = revision
        self.changes = changes
        self.summary = summary
        self.drift = drift
        self.environments = environments
        self.diagnostics = diagnostics
        self.requests = requests
        self.basis = basis
        self.fingerprint = fingerprint
    }

    /// The environments that it has a change, a difference or something marked of, sorted; each once.
    public var touchedEnvironments: [String] {
        var names = Set(changes.compactMap(\.environment))
        names.formUnion(drift.compactMap(\.environment))
        names.formUnion(candidates.compactMap(\.environment))
        return names.sorted { $0.precedesByBytes($1) }
    }

    /// The changes that may run.
    public var allowedChanges: [PlannedChange] { changes.filter { $0.verdict == .allowed } }
}

/// All that a plan is made from.
public struct PlanInput: Sendable {
    public var desired: DesiredState
    public var inventory: Inventory
    public var observed: ObservedState
    public var schemas: [ResourceKind: KindSchema]
    /// Why nobody looks at kinds that a driver of this program would know, and what helps; a clause each, by kind.
    public var silent: [ResourceKind: String] = [:]
    /// Driver versions by provider.
    public var drivers: [String: String]
    public var now: Timestamp
    /// Only these keys (and what they depend on), or the keys of these environments; empty: everything.
    public var targets: [String]
    /// Keys whose change a person has approved.
    public var approvals: Set<ResourceKey>
    /// The time zones that the policy's windows name.
    public var zones = TimeZones()
    /// Whether a person asked for it by hand, which some windows let through.
    public var isManual = false
    /// What is another than it was, and nobody has said yet that it is meant.
    public var departures: [Departure] = []
    /// What is looked after by the clock, where that is another thing than what is wanted: backups are held against it.
    public var clock: DesiredState?
    /// The name of this installation; nil where it has none.
    public var installation: String?
    /// What sizes cost and how many droplets there may be; nil where nobody asked.
    public var prices: PriceList?
    /// What was looked at once in a while: told to people, and compared with nothing.
    public var watched: [WatchedKind] = []
    /// The places of secret values that documents name and where nothing is.
    public var emptySecrets: Set<SecretReference> = []

    public init(
        desired: DesiredState, inventory: Inventory, observed: ObservedState, schemas: [ResourceKind: KindSchema],
        drivers: [String: String], now: Timestamp, targets: [String] = [], approvals: Set<ResourceKey> = []
    ) {
        self.desired = desired
        self.inventory = inventory
        self.observed = observed
        self.schemas = schemas
        self.drivers = drivers
        self.now = now
        self.targets = targets
        self.approvals = approvals
    }
}
