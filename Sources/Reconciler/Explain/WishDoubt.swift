import Basics
import DesiredState
import Diff

/// What keeps anybody from knowing what is wanted of a resource: the part of the desired state that can't be read.
struct WishDoubt {
    private let scopes: [UnknownScope]

    /// What a person suspended is known, as is what a step was to bring about: that nobody touches it is told by its change.
    init(_ desired: DesiredState) {
        scopes = desired.unknown.filter { ![Hold.suspensionCode, Hold.unsettledCode].contains($0.code) }
            .sorted(by: Self.precedes)
    }

    /// What a document that can't be read may say of a resource that no other document wants.
    ///
    /// An environment that can't be read may own what bears its name; which environments there are may be unknown as a whole.
    ///
    /// - Parameters:
    ///   - key: the resource.
    ///   - environment: whose it is; nil where that isn't known.
    /// - Returns: the closest of all that may be; nil where all that could want it was read.
    func about(_ key: ResourceKey, of environment: String? = nil) -> UnknownScope? {
        func first(_ isAbout: (UnknownScope.Extent) -> Bool) -> UnknownScope? { scopes.first { isAbout($0.extent) } }
        return first { $0 == .resource(key) } ?? first { $0 == .kind(key.kind) }
            ?? first { extent in
                guard case .environment(let slug) = extent else { return false }
                return environment.map { $0 == slug } ?? Self.bears(key.name, slug)
            } ?? first { $0 == .everything } ?? first { $0 == .environments }
    }

    /// Why nobody knows whether an environment is wanted, or as what.
    func about(environment slug: String) -> UnknownScope? {
        scopes.first { $0.extent == .environment(slug) }
            ?? scopes.first { $0.extent == .everything || $0.extent == .environments }
    }

    /// What is unknown of this resource alone.
    func exactly(_ key: ResourceKey) -> UnknownScope? { scopes.first { $0.extent == .resource(key) } }

    /// The first resource of some of which nobody can read what is wanted, though all be known of their environment.
    ///
    /// - Parameters:
    ///   - keys: looked through in this order.
    ///   - wanted: those that a document which was read wants: only what is said of them alone can put them in doubt.
    /// - Returns: it, and why; nil where all is known.
    func first(
        among keys: [ResourceKey], wanted: Set<ResourceKey>
    ) -> (key: ResourceKey, scope: UnknownScope)? {
        for key in keys {
            let ofKind = wanted.contains(key) ? nil : scopes.first { $0.extent == .kind(key.kind) }
            if let scope = exactly(key) ?? ofKind { return (key, scope) }
        }
        return nil
    }

    /// Those with a place first, in the order of their places.
    private static func precedes(_ a: UnknownScope, _ b: UnknownScope) -> Bool {
        guard let first = a.mark, let second = b.mark else { return a.mark != nil && b.mark == nil }
        if first.file != second.file { return first.file.precedesByBytes(second.file) }
        return (first.line, first.column) < (second.line, second.column)
    }

    /// Whether a name has another one as one of its parts: `shop-pg/odoo_pr_7` that of `pr-7`.
    private static func bears(_ name: String, _ slug: String) -> Bool {
        let name = name.replacingCharacters("_", "-")
        var rest = name[...]
        while let found = rest.firstRange(of: slug) {
            let before = found.lowerBound == name.startIndex ? nil : name[name.index(before: found.lowerBound)]
            let after = found.upperBound == name.endIndex ? nil : name[found.upperBound]
            if before?.isWord != true, after?.isWord != true { return true }
            rest = rest[name.index(after: found.lowerBound)...]
        }
        return false
    }
}

extension UnknownScope {
    /// What is in the way of whatever it covers; `isKnown`: whether anything that can be read, or is ours, is called so.
    func obstacle(to key: ResourceKey, isKnown: Bool) -> Obstacle {
        let stranger = isKnown ? "" : "nothing that can be read is called so, and "
        return Obstacle(
            kind: .hold(.unknownWish), key: key, reason: "\(stranger)what is wanted \(trouble): \(code): \(reason)",
            source: mark, until: nil, command: "reconcile validate")
    }
}

extension String {
    fileprivate func replacingCharacters(_ old: Character, _ new: Character) -> String {
        String(map { $0 == old ? new : $0 })
    }
}

extension Character {
    fileprivate var isWord: Bool { isLetter || isNumber }
}
