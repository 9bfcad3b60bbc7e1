/// The repositories whose events ask for a pass, told by their addresses.
public struct HookRepositories: Sendable, Hashable {
    /// `owner/name` in small letters; nil where one of them is a path of this machine, whose name at the host nobody knows.
    private let names: Set<String>?

    /// - Parameter addresses: as the configuration has them: paths, or addresses of a git host.
    public init(_ addresses: [String]) {
        let names = addresses.map(Self.name)
        self.names = names.contains(nil) || names.isEmpty ? nil : Set(names.compactMap { $0?.lowercased() })
        onGitHub = Set(zip(addresses, names).compactMap { $0.contains("github.com") ? $1 : nil }).sorted()
    }

    private init(_ names: Set<String>?, onGitHub: [String]) {
        self.names = names
        self.onGitHub = onGitHub
    }

    /// The same, and the one whose pull requests have previews; as long as nobody knows which that is, any may be it.
    public func including(_ previews: PreviewRepository) -> HookRepositories {
        switch previews {
        case .unnamed: self
        case .named(let name): HookRepositories(names?.union([name.lowercased()]), onGitHub: onGitHub)
        case .unknown: HookRepositories(nil, onGitHub: onGitHub)
        }
    }

    /// Whether a push to `owner/name` can change what is wanted.
    public func contains(_ name: String?) -> Bool {
        guard let names, let name else { return true }
        return names.contains(name.lowercased())
    }

    /// Those that an address of github.com names, sorted: whose issues can be asked for.
    public let onGitHub: [String]

    /// `owner/name` of an address; nil for a path and for what has no owner.
    static func name(_ address: String) -> String? {
        var rest = address[...]
        if let scheme = address.range(of: "://") {
            guard !address.lowercased().hasPrefix("file:") else { return nil }
            rest = address[scheme.upperBound...]
            guard let slash = rest.firstIndex(of: "/") else { return nil }
            rest = rest[rest.index(after: slash)...]
        } else {
            // `user@host:owner/name`: a slash before the colon makes it a path.
            guard let colon = rest.firstIndex(of: ":"), !rest[..<colon].contains("/") else { return nil }
            rest = rest[rest.index(after: colon)...]
        }
        var parts = rest.split(separator: "/").map(String.init)
        guard parts.count >= 2 else { return nil }
        if parts[parts.count - 1].hasSuffix(".git") { parts[parts.count - 1].removeLast(4) }
        return parts.suffix(2).joined(separator: "/")
    }
}
