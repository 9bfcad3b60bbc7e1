internal import Basics
public import DesiredState

/// What faults of the desired state touched, in the form in which a plan asks.
struct UnknownScopes {
    let isEmpty: Bool
    private var everything: UnknownScope?
    private var environments: UnknownScope?
    private var kinds: [ResourceKind: UnknownScope] = [:]
    private var resources: [ResourceKey: UnknownScope] = [:]
    private var slugs: [String: UnknownScope] = [:]
    /// What may change but not go.
    private var keptKinds: [ResourceKind: UnknownScope] = [:]
    private var keptResources: [ResourceKey: UnknownScope] = [:]
    /// The first scope about an environment: what has no known owner may belong to it.
    private var anyEnvironment: UnknownScope?
    /// Suspended environments by what they need, and those that only a pin keeps by what they own; empty where there are none.
    private var leftAlone: [ResourceKey: UnknownScope] = [:]

    /// - Parameters:
    ///   - scopes: what is unknown, or left alone.
    ///   - desired: what says which environments stand on what.
    ///   - footing: what they really stand on; nil where that is of no matter.
    init(_ scopes: [UnknownScope], of desired: DesiredState, _ footing: Footing? = nil) {
        isEmpty = scopes.isEmpty
        // Several scopes may cover one thing; the first by place gives the reason, whatever order they came in.
        for scope in scopes.sorted(by: Self.precedes) {
            switch scope.extent {
            case .kind(let kind) where scope.isAboutRemovals: keptKinds[kind] = keptKinds[kind] ?? scope
            case .resource(let key) where scope.isAboutRemovals: keptResources[key] = keptResources[key] ?? scope
            case .everything: everything = everything ?? scope
            case .environments:
                environments = environments ?? scope
                anyEnvironment = anyEnvironment ?? scope
            case .kind(let kind): kinds[kind] = kinds[kind] ?? scope
            case .resource(let key): resources[key] = resources[key] ?? scope
            case .environment(let slug):
                slugs[slug] = slugs[slug] ?? scope
                anyEnvironment = anyEnvironment ?? scope
            }
        }
        // That a document of it can't be read either sets nothing of what it stands on free.
        let left = Self.byEnvironment(scopes, where: \.isSuspension)
        // A pin without a suspension lets change what its environment stands on, and only keeps it from going.
        let pinned = Self.byEnvironment(scopes, where: \.isPin)
        guard !left.isEmpty || !pinned.isEmpty else { return }
        let dependents = Dependents(
            desired, and: footing?.keys(of: Set((left + pinned).lazy.map(\.slug))) ?? [:])
        for (slug, scope) in left {
            for key in dependents.needs(of: slug) { leftAlone[key] = leftAlone[key] ?? scope.ofWhatStandsUnder(slug) }
        }
        for (slug, scope) in pinned {
            for key in dependents.needs(of: slug) {
                keptResources[key] = keptResources[key] ?? scope.ofWhatStandsUnder(slug)
            }
        }
        // A commit may want what it owns of another one, under another name say: by that one it isn't changed either.
        guard let footing, !pinned.isEmpty else { return }
        let kept = Dictionary(uniqueKeysWithValues: pinned.map { ($0.slug, $0.scope) })
        for (entry, slug) in footing.entries(of: Set(kept.keys)) {
            leftAlone[entry.key] = leftAlone[entry.key] ?? kept[slug]
        }
    }

    /// The first of such scopes of each environment, sorted by slug.
    private static func byEnvironment(
        _ scopes: [UnknownScope], where isOne: (UnknownScope) -> Bool
    ) -> [(slug: String, scope: UnknownScope)] {
        var found: [String: UnknownScope] = [:]
        for scope in scopes where isOne(scope) {
            if case .environment(let slug) = scope.extent { found[slug] = found[slug] ?? scope }
        }
        return found.sorted { compareBytes($0.key, $1.key) < 0 }.map { ($0.key, $0.value) }
    }

    private static func precedes(_ a: UnknownScope, _ b: UnknownScope) -> Bool {
        // A suspension says what may be done and nothing of the wish: what makes the wish unknown is the deeper reason.
        if a.isOfPerson != b.isOfPerson { return b.isOfPerson }
        let order = compareBytes(a.mark?.description ?? "", b.mark?.description ?? "")
        if order != 0 { return order < 0 }
        let codes = compareBytes(a.code, b.code)
        return codes != 0 ? codes < 0 : compareBytes(a.reason, b.reason) < 0
    }

    /// The scope that forbids to change a wanted resource.
    func change(of key: ResourceKey, in environment: String?) -> UnknownScope? {
        guard !isEmpty else { return nil }
        if let scope = everything ?? resources[key] ?? kinds[key.kind] { return scope }
        // Whoever has an environment left alone means what it runs on too.
        return environment.flatMap { slugs[$0] } ?? leftAlone[key]
    }

    /// The scope that forbids to let go of what nothing wants.
    ///
    /// What is only marked as ours has no known environment, so that a fault in any environment may be about it.
    func removal(of key: ResourceKey, in environment: String?, ownerIsKnown: Bool) -> UnknownScope? {
        guard !isEmpty else { return nil }
        let owners = environment != nil ? environments : ownerIsKnown ? nil : anyEnvironment
        let all = [change(of: key, in: environment), keptResources[key], keptKinds[key.kind], owners].compactMap(\.self)
        // Of what a person holds it would be said that nothing wants it: so what hides that comes first.
        return all.first { !$0.isOfPerson } ?? all.first
    }

    /// The scope that hides whether an environment is wanted, or by which a person keeps it where that is known.
    func existence(ofEnvironment slug: String) -> UnknownScope? {
        let all = [everything, slugs[slug], environments].compactMap(\.self)
        return all.first { !$0.isOfPerson } ?? all.first
    }

    /// The scope of one environment that is wanted.
    func environment(_ slug: String) -> UnknownScope? { everything ?? slugs[slug] }
}

extension DesiredState {
    /// Those of some keys that nothing wants, as far as that is known.
    ///
    /// - Parameters:
    ///   - keys: of what belongs to nobody yet.
    ///   - ended: environments whose wishes count no more.
    /// - Returns: the ones that no document may mean either that can't be read.
    public func unwanted(of keys: [ResourceKey], over ended: Set<String>) -> [ResourceKey] {
        let wanted = Set(resources.lazy.filter { !ended.contains($0.environment ?? "") }.map(\.key))
        let scopes = UnknownScopes(unknown, of: self)
        return keys.filter { !wanted.contains($0) && scopes.removal(of: $0, in: nil, ownerIsKnown: false) == nil }
    }
}

extension UnknownScope {
    /// What it keeps from happening: a person's word comes as a scope like a fault of a document.
    var hold: Hold { isSuspension ? .suspended : isPin ? .pinned : isUnsettled ? .unsettled : .unknownWish }

    /// Where in its life an environment is that it is about.
    var phase: EnvironmentOutlook.Phase { isSuspension ? .suspended : isPin ? .pinned : .unknown }

    /// Whether it only forbids to act: what is wanted is known all the same, and what differs from it stays a difference.
    var isSuspension: Bool { code == Hold.suspensionCode }

    /// Whether a person keeps an environment that nothing wants any more.
    var isPin: Bool { code == Hold.pinCode }

    /// Whether what is wanted is known, and not what became of the last step towards it.
    var isUnsettled: Bool { code == Hold.unsettledCode }

    /// What comes before its sentence: what it keeps anybody from knowing.
    ///
    /// - Parameter wish: that, where it is the wish.
    /// - Returns: the beginning of a sentence; empty where all is known.
    func unknown(_ wish: String) -> String {
        isOfPerson ? "" : "\(isUnsettled ? "what became of its last step" : wish) is unknown: "
    }

    /// Whether a person said so, and nothing is amiss with the documents.
    var isOfPerson: Bool { isSuspension || isPin }

    /// The same, of something that an environment needs which people have left alone, and others may need too.
    fileprivate func ofWhatStandsUnder(_ slug: String) -> UnknownScope {
        UnknownScope(
            extent, code: code,
            reason: "environment \(slug) stands on it and is \(isPin ? "kept" : "left alone"): \(reason)", at: mark)
    }

    /// Code, reason and place in one sentence.
    var sentence: String {
        let place = mark.map { " at \($0)" } ?? ""
        return "\(code)\(place): \(reason)"
    }
}
