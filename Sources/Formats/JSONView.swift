import SimdjsonShim

/// One value of a `JSONDocument`, not yet built.
///
/// Looking for what is not there gives a view for which `exists` is false and from which nothing comes, so that a path
/// can be followed without asking at each step: `page["links"]["pages"]["next"].string`. Missing and null are told
/// apart by `exists` and `isNull`; a missing list is nil and not empty.
public struct JSONView: Sendable {
    /// What a value is.
    public enum Kind: Sendable, Hashable {
        case missing, null, bool, int, number, string, list, object
    }

    let storage: JSONStorage
    let index: Int

    static let missing = -1

    /// What it is.
    public var kind: Kind {
        guard exists else { return .missing }
        return switch storage.kind(index) {
        case JSON_KIND_FALSE, JSON_KIND_TRUE: .bool
        case JSON_KIND_INTEGER: .int
        case JSON_KIND_NUMBER: .number
        case JSON_KIND_STRING, JSON_KIND_ESCAPED_STRING: .string
        case JSON_KIND_ARRAY: .list
        case JSON_KIND_OBJECT: .object
        default: .null
        }
    }

    /// Whether there is such a value, be it null.
    public var exists: Bool { index >= 0 }

    /// Whether it is there and null.
    public var isNull: Bool { exists && storage.kind(index) == JSON_KIND_NULL }

    /// Whether it is missing or null, which many providers do not tell apart.
    public var isMissingOrNull: Bool { !exists || isNull }

    /// The text of a string; nil for anything else.
    public var string: String? {
        guard exists else { return nil }
        let kind = storage.kind(index)
        guard kind == JSON_KIND_STRING || kind == JSON_KIND_ESCAPED_STRING else { return nil }
        return storage.text(index)
    }

    /// A whole number that fits in 64 bits; nil for anything else.
    public var int: Int64? { exists && storage.kind(index) == JSON_KIND_INTEGER ? storage.integer(index) : nil }

    /// True or false; nil for anything else.
    public var bool: Bool? {
        guard exists else { return nil }
        return switch storage.kind(index) {
        case JSON_KIND_TRUE: true
        case JSON_KIND_FALSE: false
        default: nil
        }
    }

    /// Any number as it was written; nil for anything else.
    public var numberText: String? {
        guard exists else { return nil }
        let kind = storage.kind(index)
        return kind == JSON_KIND_INTEGER || kind == JSON_KIND_NUMBER ? storage.text(index) : nil
    }

    /// Builds the value with all that is in it; what is missing becomes null.
    public var value: Value { exists ? storage.value(index) : .null }

    /// The items of a list; nil for anything else.
    public var items: Items? {
        exists && storage.kind(index) == JSON_KIND_ARRAY ? Items(storage: storage, index: index) : nil
    }

    /// The members of an object in their order; nil for anything else.
    public var members: Members? {
        exists && storage.kind(index) == JSON_KIND_OBJECT ? Members(storage: storage, index: index) : nil
    }

    /// How many items or members there are; nil for anything else.
    public var count: Int? {
        if let items { return items.reduce(0) { sum, _ in sum + 1 } }
        return members?.reduce(0) { sum, _ in sum + 1 }
    }

    /// A member of an object, found by the bytes of its name.
    public subscript(name: String) -> JSONView {
        guard exists, storage.kind(index) == JSON_KIND_OBJECT else { return absent }
        var name = name
        return name.withUTF8 { name in
            let end = storage.payload(index)
            var position = index + 1
            while position < end {
                if storage.matches(position, name) { return JSONView(storage: storage, index: position + 1) }
                position = storage.next(position + 1)
            }
            return absent
        }
    }

    /// An item of a list, counted from 0.
    public subscript(position: Int) -> JSONView {
        guard let items, position >= 0 else { return absent }
        return items.dropFirst(position).first { _ in true } ?? absent
    }

    /// Whether it is exactly this string, compared by bytes and without building it.
    public func holds(_ text: String) -> Bool {
        guard exists else { return false }
        let kind = storage.kind(index)
        guard kind == JSON_KIND_STRING || kind == JSON_KIND_ESCAPED_STRING else { return false }
        var text = text
        return text.withUTF8 { storage.matches(index, $0) }
    }

    private var absent: JSONView { JSONView(storage: storage, index: Self.missing) }

    /// The items of a list, one after the other.
    public struct Items: Sequence, IteratorProtocol, Sendable {
        private let storage: JSONStorage
        private var position: Int
        private let end: Int

        init(storage: JSONStorage, index: Int) {
            self.storage = storage
            position = index + 1
            end = storage.payload(index)
        }

        public mutating func next() -> JSONView? {
            guard position < end else { return nil }
            defer { position = storage.next(position) }
            return JSONView(storage: storage, index: position)
        }
    }

    /// The members of an object, one after the other.
    public struct Members: Sequence, IteratorProtocol, Sendable {
        private let storage: JSONStorage
        private var position: Int
        private let end: Int

        init(storage: JSONStorage, index: Int) {
            self.storage = storage
            position = index + 1
            end = storage.payload(index)
        }

        public mutating func next() -> (name: String, value: JSONView)? {
            guard position < end else { return nil }
            defer { position = storage.next(position + 1) }
            return (storage.text(position), JSONView(storage: storage, index: position + 1))
        }
    }
}
