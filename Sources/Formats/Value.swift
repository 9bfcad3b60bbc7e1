public import Basics

/// A JSON or YAML value without its place: what is compared, digested and stored.
///
/// There is no floating point: a number with a fraction keeps the text it had, so that nothing is lost or invented.
public enum Value: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    /// A number that is no 64-bit integer, as it was written.
    case number(String)
    case string(String)
    case list([Value])
    case object(Object)

    /// Named values in the order in which they were written; names are unique.
    public struct Object: Sendable, Hashable, ExpressibleByDictionaryLiteral {
        /// One name with its value.
        public struct Member: Sendable, Hashable {
            public let name: String
            public var value: Value

            public init(_ name: String, _ value: Value) {
                self.name = name
                self.value = value
            }
        }

        public private(set) var members: [Member]

        /// - Parameter members: names must be unique; use the subscript where they may not be.
        public init(_ members: [Member] = []) { self.members = members }

        public init(dictionaryLiteral elements: (String, Value)...) {
            members = []
            members.reserveCapacity(elements.count)
            for (name, value) in elements { self[name] = value }
        }

        /// The value of a name; setting nil removes it, setting a new name appends it.
        ///
        /// Names are the same where their bytes are, as RFC 8259, section 8.3, has it.
        public subscript(name: String) -> Value? {
            get { index(of: name).map { members[$0].value } }
            set {
                if let index = index(of: name) {
                    if let newValue { members[index].value = newValue } else { members.remove(at: index) }
                } else if let newValue {
                    members.append(Member(name, newValue))
                }
            }
        }

        /// Adds a member whose name is not there yet: of a long object, to look for it would be most of the work.
        public mutating func append(_ name: String, _ value: Value) {
            assert(index(of: name) == nil, "\(name) stands twice")
            members.append(Member(name, value))
        }

        /// Takes room for this many members.
        public mutating func reserveCapacity(_ count: Int) { members.reserveCapacity(count) }

        public var isEmpty: Bool { members.isEmpty }

        /// Objects are made name by name: most names are told apart by their length, which costs next to nothing.
        private func index(of name: String) -> Int? {
            let count = name.utf8.count
            return members.indices.first { index in
                members[index].name.utf8.count == count && members[index].name.utf8.elementsEqual(name.utf8)
            }
        }
    }

    /// An object of pairs; a literal becomes an object without this.
    @_disfavoredOverload
    public static func object(_ members: KeyValuePairs<String, Value>) -> Value {
        var object = Object()
        for (name, value) in members { object[name] = value }
        return .object(object)
    }

    /// A list of strings.
    public static func strings(_ items: some Sequence<String>) -> Value { .list(items.map { .string($0) }) }

    // MARK: Looking inside; nil where the shape is another one.

    public var stringValue: String? { if case .string(let value) = self { value } else { nil } }
    public var intValue: Int64? { if case .int(let value) = self { value } else { nil } }
    /// Whole or not; nil, too, for what no `Double` holds.
    public var doubleValue: Double? {
        switch self {
        case .int(let value): Double(value)
        case .number(let text): Double(text).flatMap { $0.isFinite ? $0 : nil }
        default: nil
        }
    }
    /// An instant, which is written as text.
    public var instantValue: Timestamp? { stringValue.flatMap { Timestamp($0) } }
    public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var listValue: [Value]? { if case .list(let value) = self { value } else { nil } }
    public var objectValue: Object? { if case .object(let value) = self { value } else { nil } }
    public var isNull: Bool { self == .null }

    /// A member of an object; nil where this is no object or has no such member.
    public subscript(name: String) -> Value? { objectValue?[name] }

    /// An item of a list; nil where this is no list or is shorter.
    public subscript(index: Int) -> Value? {
        guard case .list(let items) = self, items.indices.contains(index) else { return nil }
        return items[index]
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: Value...) { self = .list(elements) }
}

extension Value: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, Value)...) {
        var object = Object()
        object.reserveCapacity(elements.count)
        for (name, value) in elements { object[name] = value }
        self = .object(object)
    }
}
