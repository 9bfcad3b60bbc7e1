/// What sort of thing a resource is: `digitalocean.droplet`; owned by exactly one driver.
public struct ResourceKind: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let name: String

    public init(_ name: String) { self.name = name }

    /// The part before the first dot: the provider.
    public var provider: String { String(name.prefix { $0 != "." }) }

    public var description: String { name }

    public static func < (a: ResourceKind, b: ResourceKind) -> Bool { a.name.precedesByBytes(b.name) }
}

/// Names one resource for ever: kind and name, `digitalocean.droplet/odoo-staging`.
public struct ResourceKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let kind: ResourceKind
    public let name: String

    public init(_ kind: ResourceKind, _ name: String) {
        self.kind = kind
        self.name = name
    }

    /// Reads `kind/name`; nil where the slash or a part is missing.
    ///
    /// The name may hold further slashes.
    public init?(_ text: some StringProtocol) {
        // By bytes: a slash that an accent follows is one letter with it, and still ends the kind.
        guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let (kind, name) = (text[..<slash], text[text.utf8.index(after: slash)...])
        guard !kind.isEmpty, !name.isEmpty, kind.utf8.contains(UInt8(ascii: ".")) else { return nil }
        self.init(ResourceKind(String(kind)), String(name))
    }

    public var description: String { "\(kind.name)/\(name)" }

    public static func < (a: ResourceKey, b: ResourceKey) -> Bool {
        if a.kind != b.kind { return a.kind < b.kind }
        return a.name.precedesByBytes(b.name)
    }
}
