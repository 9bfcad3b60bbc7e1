/// A value that can't be printed, interpolated, encoded or logged; only `reveal` gives it out.
///
/// One that `SecretReference.follow` gives is what its file holds at each `reveal`: whoever keeps it for months sees a
/// rotation.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let source: any SecretSource

    public init(_ value: String) { source = value }

    init(source: any SecretSource) { self.source = source }

    /// Hands the value to `body`, which must not keep or print it.
    public func reveal<Result, Failure: Error>(_ body: (String) throws(Failure) -> Result) throws(Failure) -> Result {
        try body(source.current)
    }

    /// Hands the value to `body`, and those before it that somebody may still send back: for taking them out of a text.
    public func revealAll(_ body: (String) -> Void) { source.all.forEach(body) }

    /// What is made of the value, as secret as it, and made anew where it changes.
    public func map(_ transform: @escaping @Sendable (String) -> String) -> Secret {
        Secret(source: MappedSecret(base: source, transform: transform))
    }

    /// The secret, but for changes that `accepts` refuses: then it stays what it was.
    public func steady(while accepts: @escaping @Sendable (String) -> Bool) -> Secret {
        Secret(source: SteadySecret(source, accepts))
    }

    /// Whether there is nothing in it.
    public var isEmpty: Bool { source.current.isEmpty }

    public var description: String { "<secret>" }

    public var debugDescription: String { "<secret>" }

    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Where a secret is kept: `env:NAME` or `file:PATH`.
///
/// The reference may be printed, what it points to may not.
public enum SecretReference: Sendable, Hashable, CustomStringConvertible {
    case environment(String)
    case file(String)

    /// Nil when the text is no reference, for example because somebody pasted the value itself.
    public init?(_ text: some StringProtocol) {
        if text.hasPrefix("env:"), text.utf8.count > 4 {
            self = .environment(String(text.dropFirst(4)))
        } else if text.hasPrefix("file:"), text.utf8.count > 5 {
            self = .file(String(text.dropFirst(5)))
        } else {
            return nil
        }
    }

    public var description: String {
        switch self {
        case .environment(let name): "env:\(name)"
        case .file(let path): "file:\(path)"
        }
    }

    /// The value, without the newline that editors leave at a file's end; nil when there is none.
    public func resolve(in environment: [String: String]) -> Secret? {
        switch self {
        case .environment(let name):
            guard let value = environment[name], !value.isEmpty else { return nil }
            return Secret(value)
        case .file(let path): return SecretFile.text(path).map { Secret($0) }
        }
    }

    /// The value as `resolve` gives it, for what keeps it as long as the process lives.
    ///
    /// That of a file is read anew once the file is another one. While there is none, or nothing in it, the last value stands.
    public func follow(in environment: [String: String]) -> Secret? {
        switch self {
        case .environment: resolve(in: environment)
        case .file(let path): SecretFile(path).map { Secret(source: $0) }
        }
    }
}
