import DesiredState
import Diff

/// What a pass has seen, key by key: which differences of before are gone because it looked and there was none.
///
/// What wasn't seen (a list that can't be read whole, a document that can't be read, an environment that is suspended)
/// keeps its own differences open, and nobody else's.
struct DriftSight: Sendable {
    /// What was changed whole in this pass.
    private let done: Set<ResourceKey>
    /// What the plan has something to say of, by key.
    private let changes: [ResourceKey: PlannedChange]
    /// What the drift report names.
    private let told: Set<ResourceKey>
    /// The environment of each wanted resource.
    private let wanted: [ResourceKey: String?]
    private let remembered: Set<ResourceKey>
    private let observed: ObservedState
    /// Kinds that a driver looks at.
    private let known: Set<ResourceKind>
    /// What can't be read; what a person suspended is read all the same.
    private let unknown: [UnknownScope]
    private let targets: Set<String>

    /// - Parameters:
    ///   - plan: the plan of the pass.
    ///   - desired: what it was made from, with everything that was unknown to it.
    ///   - observed: what the providers showed, of kinds that are looked at once in a while when they were last looked at.
    ///   - inventory: what was remembered when the plan was made.
    ///   - known: the kinds that drivers look at.
    ///   - done: what was changed whole since.
    init(
        _ plan: Plan, _ desired: DesiredState, _ observed: ObservedState, _ inventory: Inventory,
        known: Set<ResourceKind>, done: Set<ResourceKey>
    ) {
        self.done = done
        self.observed = observed
        self.known = known
        changes = Dictionary(plan.changes.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        told = Set(plan.drift.map(\.key))
        wanted = Dictionary(
            desired.resources.map { ($0.key, $0.environment) }, uniquingKeysWith: { first, _ in first })
        remembered = Set(inventory.entries.map(\.key))
        unknown = desired.unknown.filter { $0.code != Hold.suspensionCode }
        targets = Set(plan.targets)
    }

    /// What differs still, once what was done is taken off.
    func remaining(of plan: Plan) -> [DriftItem] {
        plan.drift.filter { item in
            guard done.contains(item.key), let change = changes[item.key] else { return true }
            // What a rule wants otherwise is no matter of its wish: only what is gone breaks none.
            if item.finding != nil, change.action != .delete { return true }
            // Of what is changed its provider may still have its own form of something else.
            let paths = Set(change.attributes.map(\.path))
            return item.attributes.contains { !paths.contains($0.path) }
        }
    }

    /// Whether a difference of a resource that the report doesn't name is gone for sure; of the environment that it was of.
    func isGone(_ key: ResourceKey, of environment: String?) -> Bool {
        if done.contains(key) { return true }
        let owner = wanted[key]
        guard isTarget(key, owner ?? nil), !isUnread(key, [environment, owner ?? nil], isWanted: owner != nil) else {
            return false
        }
        if let change = changes[key] { return isSeen(change) }
        // What is wanted and takes no change was found as it is wanted, whatever else of its kind wasn't seen.
        if owner != nil { return true }
        // What is remembered and not wanted takes a change; without one nobody knows.
        guard !remembered.contains(key) else { return false }
        return ProviderFindings.kinds(saying: key).allSatisfy { kind in
            if let seen = observed.kinds[kind] { return seen.completeness(of: key.name).isComplete }
            // Nobody asks for it any more: of what isn't wanted, remembered or to be watched nothing differs.
            return kind != key.kind || !known.contains(kind) || unknown.isEmpty
        }
    }

    /// Whether the plan was restricted to something else.
    private func isTarget(_ key: ResourceKey, _ environment: String?) -> Bool {
        if targets.isEmpty || targets.contains(key.description) { return true }
        return environment.map { targets.contains($0) } ?? false
    }

    /// Whether what is wanted of it can't be read.
    private func isUnread(_ key: ResourceKey, _ environments: [String?], isWanted: Bool) -> Bool {
        unknown.contains { scope in
            switch scope.extent {
            case .everything: true
            case .kind(let kind): isAbout(kind, key) && !(scope.isAboutRemovals && isWanted)
            case .resource(let other): other == key && !(scope.isAboutRemovals && isWanted)
            case .environment(let slug): environments.contains(slug)
            case .environments: !isWanted && environments.contains { $0 != nil }
            }
        }
    }

    /// Whether what can't be read of a kind leaves open what differs: of a surface all that it rules has to be readable.
    private func isAbout(_ kind: ResourceKind, _ key: ResourceKey) -> Bool {
        key.kind == .policySurface ? ProviderFindings.kinds(saying: key).contains(kind) : kind == key.kind
    }

    /// Whether a change shows all that differs of its resource.
    private func isSeen(_ change: PlannedChange) -> Bool {
        switch change.hold {
        case .unknownWish, .unsettled, .suspended, .unobserved, .ambiguous: return false
        // That nothing wants it is known, and is the only thing that differs.
        case .pinned: return told.contains(change.key)
        default: break
        }
        switch change.action {
        case .read: return false
        case .noop, .forget: return true
        case .adopt where change.attributes.isEmpty: return true
        case .create, .update, .replace, .delete, .adopt: return told.contains(change.key)
        }
    }
}
