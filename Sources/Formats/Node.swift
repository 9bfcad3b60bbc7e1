public import Basics

/// A YAML value that remembers where it stood.
public struct Node: Sendable {
    /// A scalar, or what holds others.
    public enum Content: Sendable {
        case scalar(Scalar)
        case list([Node])
        case map([Entry])
    }

    /// A value that holds no others.
    public struct Scalar: Sendable {
        /// The text as written, without quotes.
        public let text: String
        /// Whether it had no quotes and was no block scalar: only then do the YAML 1.2 core rules resolve it.
        public let isPlain: Bool
        /// Null, bool, int, number or string by the YAML 1.2 core schema.
        public let value: Value

        public init(text: String, isPlain: Bool, value: Value) {
            self.text = text
            self.isPlain = isPlain
            self.value = value
        }
    }

    /// One key of a mapping with its value.
    public struct Entry: Sendable {
        public let key: String
        public let keyLine: Int32
        public let keyColumn: Int32
        public let value: Node
        /// Where the same key stands again in the same mapping.
        ///
        /// Such an entry is ambiguous: its value is unknown.
        public let duplicates: [Position]

        public init(key: String, keyLine: Int32, keyColumn: Int32, value: Node, duplicates: [Position] = []) {
            self.key = key
            self.keyLine = keyLine
            self.keyColumn = keyColumn
            self.value = value
            self.duplicates = duplicates
        }
    }

    /// A place in the file that the reader knows.
    public struct Position: Sendable, Hashable {
        public let line: Int32
        public let column: Int32

        public init(line: Int32, column: Int32) {
            self.line = line
            self.column = column
        }
    }

    public let content: Content
    /// Counts from 1.
    public let line: Int32
    /// Counts from 1, in Unicode scalars.
    public let column: Int32

    public init(_ content: Content, line: Int32, column: Int32) {
        self.content = content
        self.line = line
        self.column = column
    }

    /// The entry of a key; nil where this is no mapping or has no such key.
    public subscript(key: String) -> Entry? {
        guard case .map(let entries) = content else { return nil }
        return entries.first { $0.key == key }
    }

    public var entries: [Entry]? { if case .map(let entries) = content { entries } else { nil } }
    public var items: [Node]? { if case .list(let items) = content { items } else { nil } }
    public var scalar: Scalar? { if case .scalar(let scalar) = content { scalar } else { nil } }

    /// The place in a file.
    public func mark(in file: String) -> SourceMark {
        SourceMark(file: file, line: Int(line), column: Int(column))
    }

    /// `a mapping`, `a list`, `a text`, for diagnostics; the offending text is not in it.
    public var shapeName: String {
        switch content {
        case .map: "a mapping"
        case .list: "a list"
        case .scalar(let scalar):
            switch scalar.value {
            case .null: "nothing"
            case .bool: "a boolean"
            case .int, .number: "a number"
            default: "a text"
            }
        }
    }

    /// The value without places; of a duplicated key the first value.
    public var value: Value {
        switch content {
        case .scalar(let scalar): scalar.value
        case .list(let items): .list(items.map(\.value))
        case .map(let entries): .object(Value.Object(entries.map { Value.Object.Member($0.key, $0.value.value) }))
        }
    }
}

extension Node.Entry {
    /// The place of the key in a file.
    public func keyMark(in file: String) -> SourceMark {
        SourceMark(file: file, line: Int(keyLine), column: Int(keyColumn))
    }

    public var isAmbiguous: Bool { !duplicates.isEmpty }
}
