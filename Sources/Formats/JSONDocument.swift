import SimdjsonShim

/// The bounds within which JSON is read.
public struct JSONLimits: Sendable {
    /// The most bytes that a document may have; never more than 256 MiB.
    public var maximumBytes: Int
    /// The most arrays and objects that may stand inside each other.
    public var maximumDepth: Int

    public init(maximumBytes: Int = 128 << 20, maximumDepth: Int = 128) {
        self.maximumBytes = maximumBytes
        self.maximumDepth = maximumDepth
    }

    /// 128 MiB and 128 levels.
    public static let standard = JSONLimits()
}

/// A JSON document whose values are built only when they are asked for.
///
/// It keeps the bytes that it was read from and eight bytes for each value and name. Reading a few fields of many
/// objects costs no memory for the other fields. The whole document is checked when it is made: whatever a
/// `JSONView` gives out later is well-formed.
public struct JSONDocument: Sendable {
    let storage: JSONStorage

    /// Reads and checks a document (RFC 8259; a UTF-8 byte order mark is passed over).
    ///
    /// - Throws: `JSONFault` with the byte at which the fault is; a name that stands twice in an object is one.
    public init(_ bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONFault) {
        storage = try JSONStorage(bytes, limits: limits)
    }

    /// Reads and checks the UTF-8 of a text.
    ///
    /// - Throws: `JSONFault`.
    public init(text: String, limits: JSONLimits = .standard) throws(JSONFault) {
        try self.init(Array(text.utf8), limits: limits)
    }

    /// The outermost value.
    public var root: JSONView { JSONView(storage: storage, index: 0) }
}

/// The bytes of a document and the index over them.
final class JSONStorage: @unchecked Sendable {  // Nothing in it changes after init.
    let bytes: [UInt8]
    let elements: UnsafeBufferPointer<json_element>

    init(_ bytes: [UInt8], limits: JSONLimits) throws(JSONFault) {
        let limit = min(limits.maximumBytes, 256 << 20 - 1)
        guard bytes.count <= limit else { throw JSONFault(tooLarge: bytes.count, limit: limit) }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let source = bytes.starts(with: mark) ? Array(bytes.dropFirst(3)) : bytes
        var tape = json_tape()
        source.withUnsafeBufferPointer { buffer in
            if let base = buffer.baseAddress { json_read(base, buffer.count, max(0, limits.maximumDepth), &tape) }
        }
        guard tape.problem == 0, let elements = tape.elements, tape.count > 0 else {
            if source.isEmpty { tape.problem = Int32(JSON_PROBLEM_EMPTY.rawValue) }
            throw JSONFault(tape, in: source, limits: limits)
        }
        self.bytes = source
        self.elements = UnsafeBufferPointer(start: elements, count: tape.count)
        if tape.has_foreign_names != 0 { try refuseEquivalentNames() }
    }

    deinit { json_free(UnsafeMutablePointer(mutating: elements.baseAddress)) }

    func kind(_ index: Int) -> json_kind { json_kind(rawValue: elements[index].word >> 28) }

    func payload(_ index: Int) -> Int { Int(elements[index].word & 0x0FFF_FFFF) }

    /// The index of the element that follows this value.
    func next(_ index: Int) -> Int {
        let kind = kind(index)
        return kind == JSON_KIND_ARRAY || kind == JSON_KIND_OBJECT ? payload(index) : index + 1
    }

    /// The value of a string or name, or the text of a number.
    func text(_ index: Int) -> String {
        let offset = Int(elements[index].offset)
        let count = payload(index)
        return bytes.withUnsafeBufferPointer { bytes in
            let source = UnsafeBufferPointer(rebasing: bytes[offset..<offset + count])
            guard kind(index) == JSON_KIND_ESCAPED_STRING else { return String(decoding: source, as: UTF8.self) }
            return String(unsafeUninitializedCapacity: count) { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return 0 }
                return json_unescape(from, count, to)
            }
        }
    }

    /// Whether a string or name is exactly these bytes.
    func matches(_ index: Int, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        if kind(index) == JSON_KIND_ESCAPED_STRING { return text(index).utf8.elementsEqual(name) }
        guard payload(index) == name.count else { return false }
        let offset = Int(elements[index].offset)
        return bytes.withUnsafeBufferPointer { bytes in
            UnsafeBufferPointer(rebasing: bytes[offset..<offset + name.count]).elementsEqual(name)
        }
    }

    /// The value of a whole number; the index was made only for those that fit.
    func integer(_ index: Int) -> Int64 {
        let offset = Int(elements[index].offset)
        let count = payload(index)
        return bytes.withUnsafeBufferPointer { bytes in
            var value: Int64 = 0
            let isNegative = bytes[offset] == UInt8(ascii: "-")
            for byte in bytes[(isNegative ? offset + 1 : offset)..<offset + count] {
                let digit = Int64(byte & 15)
                value = value &* 10 &+ (isNegative ? -digit : digit)
            }
            return value
        }
    }

    func value(_ index: Int) -> Value {
        switch kind(index) {
        case JSON_KIND_FALSE: return .bool(false)
        case JSON_KIND_TRUE: return .bool(true)
        case JSON_KIND_INTEGER: return .int(integer(index))
        case JSON_KIND_NUMBER: return .number(text(index))
        case JSON_KIND_STRING, JSON_KIND_ESCAPED_STRING: return .string(text(index))
        case JSON_KIND_ARRAY:
            var items: [Value] = []
            var position = index + 1
            while position < payload(index) {
                items.append(value(position))
                position = next(position)
            }
            return .list(items)
        case JSON_KIND_OBJECT:
            var members: [Value.Object.Member] = []
            var position = index + 1
            while position < payload(index) {
                members.append(Value.Object.Member(text(position), value(position + 1)))
                position = next(position + 1)
            }
            return .object(Value.Object(members))
        default: return .null
        }
    }

    /// Two names that differ in bytes can still be equal as Unicode, and so as Swift strings.
    private func refuseEquivalentNames() throws(JSONFault) {
        for index in elements.indices where kind(index) == JSON_KIND_OBJECT {
            var seen: Set<String> = []
            var position = index + 1
            while position < payload(index) {
                let isNew = seen.insert(text(position)).inserted
                guard isNew else {
                    throw JSONFault(
                        "FMT-0103", "two names in one JSON object are the same Unicode text",
                        at: Int(elements[position].offset) - 1, in: bytes)
                }
                position = next(position + 1)
            }
        }
    }
}
