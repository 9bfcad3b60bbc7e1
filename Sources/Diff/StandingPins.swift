public import Basics
public import DesiredState

/// Pins of environments that nothing wants any more.
///
/// Such an environment has no wish that anything could be held against: all that it owns stays as it is, and what it
/// stands on stays there, until the pin ends or is taken away. One that is wanted is pinned by its clock alone.
enum StandingPins {
    /// - Parameters:
    ///   - inventory: what is remembered of environments, and of their pins.
    ///   - wanted: those that the desired state names.
    ///   - unknown: what may hide that one of them is wanted: it is held all the same.
    ///   - now: the instant of the plan.
    /// - Returns: a scope for each, which holds what it owns.
    static func scopes(
        _ inventory: Inventory, beside wanted: [Environment], unknown: [UnknownScope], now: Timestamp
    ) -> [UnknownScope] {
        records(inventory, beside: wanted, now: now).map { record in
            let who = record.pinnedBy.map { " by \($0)" } ?? ""
            let until = record.pinnedUntil.map { " until \($0.minuteText) UTC" } ?? ""
            let why = record.pinReason.map { " (\($0))" } ?? ""
            // Which of the two it is isn't known here: the branches that there are have become environments.
            let standing =
                unknown.contains { $0.hides(environment: record.slug) }
                ? ", and whether anything wants it can't be told"
                : ", though \(Unwanting(record, .unknown, [:], now: now).reason)"
            return UnknownScope(
                .environment(record.slug), code: Hold.pinCode,
                reason: "it is pinned\(who)\(until)\(why)\(standing); "
                    + "let it go with: reconcile env unpin \(record.slug)", at: nil)
        }
    }

    /// The environments that only a pin keeps, as far as can be read.
    fileprivate static func records(
        _ inventory: Inventory, beside wanted: [Environment], now: Timestamp
    ) -> [EnvironmentRecord] {
        let pinned = inventory.environments.filter { $0.status != .gone && $0.isPinned(at: now) }
        guard !pinned.isEmpty else { return [] }
        let names = Set(wanted.lazy.map(\.slug))
        return pinned.filter { !names.contains($0.slug) }
    }
}

extension DesiredState {
    /// The environments that people have left alone, or keep although nothing wants them.
    ///
    /// What they own stays theirs meanwhile, also where a commit wants it of another one: as that one's it would change and
    /// go with that one.
    public func leftAlone(_ inventory: Inventory, at now: Timestamp) -> Set<String> {
        var slugs = Set(StandingPins.records(inventory, beside: environments, now: now).map(\.slug))
        for scope in unknown where scope.isSuspension {
            if case .environment(let slug) = scope.extent { slugs.insert(slug) }
        }
        return slugs
    }
}

extension UnknownScope {
    /// Whether it hides that an environment which no document names is wanted.
    fileprivate func hides(environment slug: String) -> Bool {
        if isOfPerson { return false }
        return switch extent {
        case .everything, .environments: true
        case .environment(let other): other == slug
        case .kind, .resource: false
        }
    }
}

extension EnvironmentRecord {
    /// Whether a person keeps it at an instant.
    func isPinned(at now: Timestamp) -> Bool { isPinned && (pinnedUntil.map { now < $0 } ?? true) }
}
