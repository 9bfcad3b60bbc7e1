public import DesiredState
public import Formats

/// What a driver says of one kind: data, so that the plan stays a pure function.
public struct KindSchema: Sendable {
    public let kind: ResourceKind
    public let attributes: [AttributeRule]
    /// Whether losing it loses data that only it holds: such deletions need an approval outside of environments that expire.
    public let isStateful: Bool
    /// Whether an object that is there but not ours is taken over when it is wanted.
    public let canAdopt: Bool
    /// Whether an object came with what holds it, such as the administrator of a cluster.
    ///
    /// It is there as it is wanted, is never taken over and never deleted.
    public let comesWithParent: @Sendable (ObservedResource) -> Bool
    /// How many requests an action takes at the most when all goes well.
    public let requests: @Sendable (ChangeAction, _ changedAttributes: [String]) -> Int
    /// Whether our mark is put on its objects, so that one without it isn't ours.
    public let carriesMark: Bool
    /// Whether an object keeps its id when somebody gives it another name at the provider: there it is looked for then.
    public let isKnownByID: Bool
    /// Where the mark names the installation; nil where it names none.
    public let installationMark: InstallationMark?
    /// The surface of the DigitalOcean policy that rules it, such as `droplets`; nil where none does.
    public let surface: String?
    /// The one form of all names of an object, for kinds that may be named in several ways; nil where bytes decide.
    ///
    /// It gets what is wanted, was applied or is seen of the object.
    public let canonical: (@Sendable (_ name: String, _ attributes: Attributes) -> CanonicalName)?
    /// The places that an object takes, by its name; none where any two of the kind can be beside each other.
    public let claims: @Sendable (_ name: String) -> [Claim]
    /// Why the driver never carries out an action that changes these attributes; nil where it does.
    ///
    /// Such a change is blocked with these words, and a deletion becomes a forgetting.
    public let hindrance: @Sendable (ChangeAction, _ changedAttributes: [String]) -> String?
    /// What a person does instead, where something is known: it follows the words of the hindrance.
    public let remedy: @Sendable (ResourceKey, [WantedAttribute]) -> String?
    /// Whether the provider keeps it as long as something is in it or uses it, so that it is only replaced where nothing is.
    public let isKeptByUsers: Bool
    /// The attribute that says in which parent an object is, for kinds whose names don't; nil for all others.
    public let parentAttribute: String?

    /// Without `isKnownByID` that is so of what carries our mark and holds data.
    public init(
        kind: ResourceKind, attributes: [AttributeRule], isStateful: Bool, canAdopt: Bool = true,
        comesWithParent: @escaping @Sendable (ObservedResource) -> Bool = { _ in false },
        carriesMark: Bool = false, isKnownByID: Bool? = nil, installationMark: InstallationMark? = nil,
        surface: String? = nil,
        canonical: (@Sendable (_ name: String, _ attributes: Attributes) -> CanonicalName)? = nil,
        claims: @escaping @Sendable (_ name: String) -> [Claim] = { _ in [] },
        hindrance: @escaping @Sendable (ChangeAction, _ changedAttributes: [String]) -> String? = { _, _ in nil },
        remedy: @escaping @Sendable (ResourceKey, [WantedAttribute]) -> String? = { _, _ in nil },
        isKeptByUsers: Bool = false, parentAttribute: String? = nil,
        requests: @escaping @Sendable (ChangeAction, _ changedAttributes: [String]) -> Int
    ) {
        self.kind = kind
        self.attributes = attributes
        self.isStateful = isStateful
        self.canAdopt = canAdopt
        self.comesWithParent = comesWithParent
        self.carriesMark = carriesMark
        self.isKnownByID = isKnownByID ?? (carriesMark && isStateful)
        self.installationMark = installationMark
        self.surface = surface
        self.canonical = canonical
        self.claims = claims
        self.hindrance = hindrance
        self.remedy = remedy
        self.isKeptByUsers = isKeptByUsers
        self.parentAttribute = parentAttribute
        self.requests = requests
    }

    /// Whether a deletion takes away what somebody may have made: a bare name, such as a tag's, is nobody's work.
    var losesWork: Bool {
        isStateful || requests(.delete, []) > 0 && attributes.contains { !$0.isComputed }
    }

    /// The rule of an attribute; nil where the driver has none: such a wish can't be fulfilled.
    public func rule(_ name: String) -> AttributeRule? { attributes.first { $0.name == name } }
}

/// How one attribute is compared and changed.
public struct AttributeRule: Sendable {
    /// When the wanted and the seen value count as the same.
    public enum Comparison: Sendable {
        /// The whole value, byte by byte.
        case exact
        /// Lists without order.
        case unordered
        /// Lists of which the wanted items have to be there; others are left alone.
        case contains
    }

    public let name: String
    public let comparison: Comparison
    /// Whether another value means another object: delete and create.
    public let requiresReplacement: Bool
    /// Whether only the fact of a difference may be shown.
    public let isSensitive: Bool
    /// Given by the provider: never wanted, only referred to.
    public let isComputed: Bool
    /// Whether it counts only when the object is created, for what the provider never shows again.
    public let isWriteOnly: Bool
    /// The actions that need the secret value whose place it names, `env:NAME` or `file:PATH`; empty where it names none.
    public let secretFor: Set<ChangeAction>
    /// What goes for good once this value is written in place of what is there: a clause, `after 30 days all objects go`.
    ///
    /// Nil where nothing goes that didn't go before.
    public let loses: @Sendable (_ before: Value?, _ after: Value) -> String?
    /// The resources that a value means by their names: while one of them is unknown, nothing is changed by such a value.
    public let names: @Sendable (Value) -> [ResourceKey]
    /// Brings a wanted and an observed value to one form, such as a name without its final dot.
    public let normalise: @Sendable (Value) -> Value

    public init(
        _ name: String, _ comparison: Comparison = .exact, requiresReplacement: Bool = false, isSensitive: Bool = false,
        isComputed: Bool = false, isWriteOnly: Bool = false, secretFor: Set<ChangeAction> = [],
        loses: @escaping @Sendable (_ before: Value?, _ after: Value) -> String? = { _, _ in nil },
        names: @escaping @Sendable (Value) -> [ResourceKey] = { _ in [] },
        normalise: @escaping @Sendable (Value) -> Value = { $0 }
    ) {
        self.name = name
        self.comparison = comparison
        self.requiresReplacement = requiresReplacement
        self.isSensitive = isSensitive
        self.isComputed = isComputed
        self.isWriteOnly = isWriteOnly
        self.secretFor = secretFor
        self.loses = loses
        self.names = names
        self.normalise = normalise
    }
}
