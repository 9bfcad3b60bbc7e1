public import Basics
public import DesiredState

/// How carefully an environment is treated: what less of it would let go without a question.
public struct Care: Sendable, Hashable {
    public let tier: Tier
    public let isProtected: Bool

    public init(_ tier: Tier, isProtected: Bool) {
        self.tier = tier
        self.isProtected = isProtected
    }

    /// What the documents want for an environment.
    init(of environment: Environment) { self.init(environment.tier, isProtected: environment.isProtected) }

    /// Whether there is any that could be lost.
    public var isAny: Bool { rank > 0 || isProtected }

    /// Whether it is less than another: of a lower tier, or without its protection.
    public func isLess(than other: Care) -> Bool { rank < other.rank || !isProtected && other.isProtected }

    /// As much as either of two.
    func atLeast(_ other: Care) -> Care {
        Care(rank < other.rank ? other.tier : tier, isProtected: isProtected || other.isProtected)
    }

    private var rank: Int {
        switch tier {
        case .production: 2
        case .staging: 1
        case .dev, .preview: 0
        }
    }

    /// For people, and in approvals: `staging`, `dev with protection`.
    var text: String {
        switch tier {
        case .production: tier.rawValue
        case .staging: isProtected ? tier.rawValue : "\(tier.rawValue) without protection"
        case .dev, .preview: isProtected ? "\(tier.rawValue) with protection" : tier.rawValue
        }
    }
}

/// How much care the environments of a commit get, and who remembers them.
public struct CareFound: Sendable, Hashable {
    /// Of each that is wanted and whose documents can be read.
    public var wanted: [String: Care] = [:]
    /// The lines that say so.
    public var places: [String: SourceMark] = [:]
    /// Those that own something or may, and those that went of late: nothing wants some of them any more.
    public var living: Set<String> = []
    /// What they want and others own.
    public var takeovers: [Takeover] = []

    public init() {}

    /// - Parameters:
    ///   - desired: the commit; what it leaves unknown says nothing of care.
    ///   - living: the environments that the store remembers and whose names aren't free.
    ///   - entries: what is ours.
    ///   - holdsData: whether things of a kind hold data.
    public init(
        _ desired: DesiredState, living: some Sequence<String>, entries: [InventoryEntry] = [],
        holdsData: (ResourceKind) -> Bool = { _ in false }
    ) {
        let scopes = UnknownScopes(desired.unknown.filter { !$0.isSuspension }, of: desired)
        for environment in desired.environments where scopes.environment(environment.slug) == nil {
            wanted[environment.slug] = Care(of: environment)
            places[environment.slug] = environment.tierSource
        }
        self.living = Set(living)
        takeovers = Takeover.all(desired, entries, wanted, holdsData: holdsData)
    }
}

extension Lineage {
    /// The environments that get less care than they had, and those that take over what had more; nil where there is none.
    ///
    /// One that nothing wants any more is none of them: what it owns goes by its remembered tier.
    func careDeparture(in found: Lineage) -> Departure? {
        let fallen = (care ?? [:]).filter { slug, before in
            found.careFound.wanted[slug].map { $0.isLess(than: before) } == true
        }
        let taken = HandOver.all(openTakeovers(of: found.careFound).filter { $0.care != nil }, of: self)
        guard !fallen.isEmpty || !taken.isEmpty else { return nil }
        var (before, after): ([(String, String?)], [(String, String?)]) = ([], [])
        for slug in fallen.keys.sorted(by: { $0.precedesByBytes($1) }) {
            before.append((slug, fallen[slug]?.text))
            after.append((slug, found.careFound.wanted[slug]?.text))
        }
        var kept = fallen
        for handOver in taken {
            before.append((handOver.name, handOver.covered))
            after.append((handOver.name, handOver.after.text))
            kept.merge([handOver.taker: handOver.before]) { $0.atLeast($1) }
        }
        var departure = Departure(.care, from: Self.texts(before), to: Self.texts(after))
        departure.kept = kept
        departure.handOvers = taken
        departure.places = kept.keys.sorted { $0.precedesByBytes($1) }.compactMap { found.careFound.places[$0] }
        return departure
    }

    /// What to remember of care: what is wanted now, but for that which nobody has said yes to.
    ///
    /// What nothing wants any more keeps its care for as long as it is there, so that it doesn't lose it on a way round.
    func nextCare(_ found: Lineage, without held: Set<Departure.Subject>) -> [String: Care]? {
        let before = care ?? [:]
        if held.contains(.history) || held.contains(.documents) { return care }
        var next = before.filter { slug, _ in
            found.careFound.wanted[slug] == nil && found.careFound.living.contains(slug)
        }
        for (slug, wanted) in found.careFound.wanted {
            let care = held.contains(.care) ? before[slug].map { wanted.atLeast($0) } ?? wanted : wanted
            if care.isAny { next[slug] = care }
        }
        return next
    }
}

extension Environment {
    /// The same, with at least so much care.
    func keeping(_ kept: Care, _ policy: Policy) -> Environment {
        let care = Care(of: self).atLeast(kept)
        return with(tier: care.tier, isProtected: care.isProtected, backups: policy.backups)
    }
}

extension DesiredState {
    /// The same, with the care that environments keep until somebody says that less is meant.
    ///
    /// By it goes what looks after them: when they are backed up and by which worker, and how soon people are called. What is
    /// wanted of their resources is what the documents say.
    public func keeping(_ kept: [String: Care]) -> DesiredState {
        guard !kept.isEmpty else { return self }
        return with(
            environments: environments.map { environment in
                kept[environment.slug].map { environment.keeping($0, policy) } ?? environment
            })
    }
}

extension Sequence where Element == Departure {
    /// The care that environments keep until somebody says that less is meant.
    public var keptCare: [String: Care] {
        reduce(into: [:]) { kept, departure in kept.merge(departure.kept) { $0.atLeast($1) } }
    }
}
