import Basics
import DesiredState
import Diff
import Store

/// What is left alone although its provider showed all of its kind: it can't be told apart from others, stands there under
/// another name, or lacks what others take from it.
///
/// Nothing of it is repaired meanwhile, nor of what stands on it, and nothing else tells so: what a provider doesn't show is
/// RUN-0010, what can't be read of a document has that document's fault, and what differs is drift.
struct LeftAlone: Sendable {
    /// The kind of its finding.
    static let kind = "left_alone"

    /// One resource that stands in the way.
    struct Item: Sendable {
        let change: PlannedChange
        /// What is unknown only because this one is, sorted.
        var waiting: [ResourceKey] = []
    }

    /// Sorted by key.
    let items: [Item]
    /// Everything of which the plan can't say what it needs, for whatever reason.
    private let unknown: [ResourceKey: PlannedChange]
    private let wanted: Set<ResourceKey>
    private let scopes: [UnknownScope]
    private let observed: ObservedState

    /// - Parameters:
    ///   - plan: the plan of the pass.
    ///   - desired: what it was made from, with everything that was unknown to it.
    ///   - observed: what the providers showed.
    ///   - known: the kinds that drivers look at.
    init(_ plan: Plan, _ desired: DesiredState, _ observed: ObservedState, known: Set<ResourceKind>) {
        self.observed = observed
        scopes = desired.unknown
        unknown = Dictionary(
            plan.changes.lazy.filter { $0.action == .read }.map { ($0.key, $0) },
            uniquingKeysWith: { first, _ in first })
        let wanted = unknown.isEmpty ? [] : Set(desired.resources.lazy.map(\.key))
        self.wanted = wanted
        let drift = Set(plan.drift.lazy.filter { !$0.isOnlyFinding }.map(\.key))
        var found: [ResourceKey: Item] = [:]
        for change in unknown.values where known.contains(change.key.kind) && !drift.contains(change.key) {
            guard Self.isSeenWhole(change.key, observed),
                !Self.isUnread(change.key, change.environment, isWanted: wanted.contains(change.key), scopes),
                Self.isInTheWay(change, unknown, observed)
            else { continue }
            found[change.key] = Item(change: change)
        }
        // An object that stands under another name is told once: by the name under which it is missed.
        let missed = Set(found.values.filter { wanted.contains($0.change.key) }.compactMap { Object($0.change) })
        found = found.filter { wanted.contains($0.key) || Object($0.value.change).map(missed.contains) != true }
        for change in unknown.values where found[change.key] == nil {
            for root in Self.roots(of: change, unknown) { found[root]?.waiting.append(change.key) }
        }
        items = found.values.map { Item(change: $0.change, waiting: $0.waiting.sorted(by: Self.precedes)) }
            .sorted { Self.precedes($0.change.key, $1.change.key) }
    }

    /// Whether nobody can say that a finding is over that isn't there any more.
    func isUnknown(_ identity: FindingIdentity) -> Bool {
        guard let key = ResourceKey(identity.key) else { return false }
        // Found well it isn't, for whatever reason.
        if let change = unknown[key] { return change.environment == identity.ownEnvironment }
        if Self.isUnread(key, identity.ownEnvironment, isWanted: wanted.contains(key), scopes) { return true }
        // What isn't wanted and not in a list that wasn't read whole has no change either.
        return observed.kinds[key.kind] != nil && !Self.isSeenWhole(key, observed)
    }

    /// How long it may go on before people are told: what was just made or removed shows late, and machines get their addresses
    /// later still.
    static func patience(_ change: PlannedChange) -> Duration {
        change.hold == .unobserved ? .minutes(15) : ListLag.longest
    }

    /// An object at its provider.
    private struct Object: Hashable {
        let kind: ResourceKind
        let id: String

        init?(_ change: PlannedChange) {
            guard let id = change.providerID, !id.isEmpty else { return nil }
            (kind, self.id) = (change.key.kind, id)
        }
    }

    private static func precedes(_ a: ResourceKey, _ b: ResourceKey) -> Bool { a < b }

    private static func isSeenWhole(_ key: ResourceKey, _ observed: ObservedState) -> Bool {
        observed.kinds[key.kind]?.completeness(of: key.name).isComplete == true
    }

    /// Whether it is unknown by itself, and not because something else is.
    private static func isInTheWay(
        _ change: PlannedChange, _ unknown: [ResourceKey: PlannedChange], _ observed: ObservedState
    ) -> Bool {
        switch change.hold {
        case .ambiguous, .impossible: true
        case .unobserved: change.references.allSatisfy { unknown[$0] == nil && isSeenWhole($0, observed) }
        default: false
        }
    }

    /// What a resource takes its values from and isn't known, as far down as that goes.
    private static func roots(
        of change: PlannedChange, _ unknown: [ResourceKey: PlannedChange]
    ) -> Set<ResourceKey> {
        var (found, rest) = (Set<ResourceKey>(), change.references.filter { unknown[$0] != nil })
        while let key = rest.popLast() {
            guard key != change.key, found.insert(key).inserted else { continue }
            rest += (unknown[key]?.references ?? []).filter { unknown[$0] != nil }
        }
        return found
    }

    /// Whether a document of it can't be read, or a person has it left alone.
    private static func isUnread(
        _ key: ResourceKey, _ environment: String?, isWanted: Bool, _ scopes: [UnknownScope]
    ) -> Bool {
        scopes.contains { scope in
            switch scope.extent {
            case .everything: true
            case .kind(let kind): kind == key.kind && !(scope.isAboutRemovals && isWanted)
            case .resource(let other): other == key && !(scope.isAboutRemovals && isWanted)
            case .environment(let slug): slug == environment
            case .environments: !isWanted && environment != nil
            }
        }
    }
}

extension PlannedChange {
    /// The resources from which its values come, in the order of its attributes.
    var references: [ResourceKey] {
        wanted.compactMap { attribute in
            if case .reference(let key, _) = attribute.value { key } else { nil }
        }
    }
}
