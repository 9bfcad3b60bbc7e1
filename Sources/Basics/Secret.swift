/// A value that can't be printed, interpolated, encoded or logged; only `reveal` gives it out.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    public init(_ value: String) { self.value = value }

    /// Hands the value to `body`, which must not keep or print it.
    public func reveal<Result, Failure: Error>(_ body: (String) throws(Failure) -> Result) throws(Failure) -> Result {
        try body(value)
    }

    /// Whether there is nothing in it.
    public var isEmpty: Bool { value.isEmpty }

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
        case .file(let path):
            guard let bytes = try? FileSystem.read(path, limit: 1 << 16) else { return nil }
            var text = String(decoding: bytes, as: UTF8.self)
            while text.last?.isNewline == true { text.removeLast() }
            return text.isEmpty ? nil : Secret(text)
        }
    }
}
