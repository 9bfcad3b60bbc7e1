public import Basics
public import DesiredState

/// Pins of environments that nothing wants any more, and of what others want.
///
/// Such an environment has no wish that anything could be held against: all that it owns stays as it is, and what it
/// stands on stays there, until the pin ends or is taken away. One that is wanted is pinned by its clock, and keeps what
/// another one wants that may end: who pinned it meant the data that was there, and not what has its name by now.
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
            // Which of the two it is isn't known here: the branches that there are have become environments.
            let standing =
                unknown.contains { $0.hides(environment: record.slug) }
                ? ", and whether anything wants it can't be told"
                : ", though \(Unwanting(record, .unknown, [:], now: now).reason)"
            return UnknownScope(
                .environment(record.slug), code: Hold.pinCode,
                reason: "it is \(record.pinText)\(standing); "
                    + "let it go with: reconcile env unpin \(record.slug)", at: nil)
        }
    }

    /// A scope for each thing that a pinned environment keeps although another one wants it.
    static func kept(_ desired: DesiredState, _ inventory: Inventory, now: Timestamp) -> [UnknownScope] {
        desired.keptByPins(inventory, at: now).map { key, kept in
            UnknownScope(
                .resource(key), code: Hold.pinCode,
                reason:
                    "it belongs to \(kept.owner.slug), which is \(kept.owner.pinText), though \(kept.taker) wants it now, "
                    + "which may end; let \(kept.taker) take it over with: reconcile env unpin \(kept.owner.slug)",
                at: nil)
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

extension DesiredState {
    /// What pinned environments own that are wanted as well, and that a commit wants of another one which may end.
    ///
    /// Its name may have been given to another one by the same commit: by that alone no data loses its pin.
    ///
    /// - Returns: each with whose it is and who wants it.
    public func keptByPins(
        _ inventory: Inventory, at now: Timestamp
    ) -> [ResourceKey: (owner: EnvironmentRecord, taker: String)] {
        let pinned = inventory.environments.filter { $0.status != .gone && $0.isPinned(at: now) }
        guard !pinned.isEmpty else { return [:] }
        let names = Set(environments.lazy.map(\.slug))
        let owners = Dictionary(
            pinned.lazy.filter { names.contains($0.slug) }.map { ($0.slug, $0) },
            uniquingKeysWith: { first, _ in first })
        var owned: [ResourceKey: EnvironmentRecord] = [:]
        for entry in inventory.entries { owned[entry.key] = entry.environment.flatMap { owners[$0] } }
        guard !owned.isEmpty else { return [:] }
        // Those that never end take away no time that a person gave.
        let lasting = Set(
            environments.lazy.filter { $0.tier == .production || $0.tier == .staging }.map(\.slug))
        var kept: [ResourceKey: (owner: EnvironmentRecord, taker: String)] = [:]
        for resource in resources {
            guard let owner = owned[resource.key], let taker = resource.environment, taker != owner.slug,
                !lasting.contains(taker)
            else { continue }
            kept[resource.key] = (owner, taker)
        }
        return kept
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

    /// That it is pinned, by whom, until when and why.
    fileprivate var pinText: String {
        let who = pinnedBy.map { " by \($0)" } ?? ""
        let until = pinnedUntil.map { " until \($0.minuteText) UTC" } ?? ""
        return "pinned\(who)\(until)\(pinReason.map { " (\($0))" } ?? "")"
    }
}
