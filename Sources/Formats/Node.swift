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
        /// What the text is read as; a number is read again where it is needed, so that a scalar stays small.
        private enum Form: UInt8 {
            case quoted, text, null, yes, no, number
        }

        private enum Storage: Sendable {
            case text(String)
            case slice(TextSlice)
        }

        private let storage: Storage
        private let form: Form

        /// A text as written; a plain one had no quotes and was no block scalar.
        public init(text: String, isPlain: Bool) {
            storage = .text(text)
            guard isPlain else {
                form = .quoted
                return
            }
            form =
                switch YAMLScalar.resolve(text) {
                case .string: .text
                case .null: .null
                case .bool(let value): value ? .yes : .no
                default: .number
                }
        }

        /// A text that is surely none of the words and numbers that plain scalars may be.
        init(string text: consuming String, isPlain: Bool) {
            storage = .text(text)
            form = isPlain ? .text : .quoted
        }

        /// The same, without a string of its own.
        init(_ slice: consuming TextSlice, isPlain: Bool) {
            storage = .slice(slice)
            form = isPlain ? .text : .quoted
        }

        /// The text as written, without quotes.
        public var text: String {
            switch storage {
            case .text(let text): text
            case .slice(let slice): slice.text
            }
        }

        /// Whether it had no quotes and was no block scalar: only then do the YAML 1.2 core rules resolve it.
        public var isPlain: Bool { form != .quoted }

        /// Null, bool, int, number or string by the YAML 1.2 core schema.
        public var value: Value {
            switch form {
            case .quoted, .text: .string(text)
            case .null: .null
            case .yes: .bool(true)
            case .no: .bool(false)
            case .number: YAMLScalar.resolve(text)
            }
        }
    }

    /// One key of a mapping with its value.
    public struct Entry: Sendable {
        public let key: String
        public let keyLine: Int32
        public let keyColumn: Int32
        public internal(set) var value: Node
        /// Nil rather than empty, as nearly always: then there is nothing to retain.
        private var others: [Duplicate]?

        /// The same key once more in the same mapping.
        public struct Duplicate: Sendable {
            public let position: Position
            public internal(set) var value: Node
        }

        public init(key: String, keyLine: Int32, keyColumn: Int32, value: Node, duplicates: [Duplicate] = []) {
            self.key = key
            self.keyLine = keyLine
            self.keyColumn = keyColumn
            self.value = value
            others = duplicates.isEmpty ? nil : duplicates
        }

        /// Where the same key stands again in the same mapping, and with what.
        ///
        /// Such an entry is ambiguous: which of its values is meant is unknown.
        public var duplicates: [Duplicate] { others ?? [] }

        public var isAmbiguous: Bool { others != nil }

        mutating func addDuplicate(_ duplicate: Duplicate) { others = duplicates + [duplicate] }

        /// Of the newest one, as soon as it is read.
        mutating func setLastDuplicate(_ value: Node) {
            guard let last = others?.indices.last else { return }
            others?[last].value = value
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
}
