public import Basics

/// The bounds within which YAML is read.
public struct YAMLLimits: Sendable {
    /// The most bytes that a file may have.
    public var maximumBytes: Int
    /// The most lists and mappings that may stand inside each other.
    public var maximumDepth: Int
    /// The most values and keys that a file may have.
    public var maximumNodes: Int

    public init(maximumBytes: Int = 8 << 20, maximumDepth: Int = 64, maximumNodes: Int = 500_000) {
        self.maximumBytes = maximumBytes
        self.maximumDepth = maximumDepth
        self.maximumNodes = maximumNodes
    }

    /// 8 MiB, 64 levels, 500,000 nodes.
    public static let standard = YAMLLimits()
}

/// One YAML file: the tree, as far as it could be read, and what is wrong with it.
public struct YAMLDocument: Sendable {
    /// Nil where the file can't be read as a whole, or is empty; why is in the diagnostics.
    public let root: Node?
    /// In the order of their places.
    public let diagnostics: [Diagnostic]
    /// How many values and keys were read.
    public let nodeCount: Int
    /// How many anchors and aliases there were; each is refused, so that none is ever expanded.
    public let aliasCount: Int

    /// Whether nothing in it is wrong enough to make a part of it unknown.
    public var isSound: Bool { root != nil && !diagnostics.contains { $0.severity == .error } }
}

/// YAML bytes to a tree that remembers where each value stood.
public enum YAML {
    /// Reads one file by the rules of the YAML 1.2 core schema: `yes` and `2026-03-06` are strings.
    ///
    /// A key that stands twice makes only its entry ambiguous. A syntax error, an anchor, an alias, a tag, a merge key
    /// or a second document makes the whole file unreadable.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8, with or without a byte order mark.
    ///   - file: the path that diagnostics name.
    ///   - limits: a file beyond them is refused before it costs time or memory.
    /// - Returns: the tree and what is wrong with the file; nothing is thrown, for one bad file must not stop the rest.
    public static func parse(_ bytes: [UInt8], file: String, limits: YAMLLimits = .standard) -> YAMLDocument {
        var reader = YAMLReader(file: file, limits: limits)
        return reader.read(bytes)
    }
}
