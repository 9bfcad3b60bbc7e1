public import Basics
import SimdjsonShim

/// JSON text to values and back (RFC 8259).
public enum JSON {
    /// Reads a whole document.
    ///
    /// Whole numbers of 64 bits become `.int`, all others keep their text in `.number`. Where only some fields are
    /// wanted, `JSONDocument` is cheaper.
    ///
    /// - Throws: `JSONFault` with the byte at which the fault is.
    public static func parse(_ bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONFault) -> Value {
        try JSONDocument(bytes, limits: limits).root.value
    }

    /// Reads a whole document from memory that somebody else owns.
    ///
    /// - Throws: `JSONFault`.
    public static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits = .standard
    ) throws(JSONFault) -> Value {
        try parse(Array(bytes), limits: limits)
    }

    /// Reads a whole document from a text.
    ///
    /// - Throws: `JSONFault`.
    public static func parse(_ text: String, limits: JSONLimits = .standard) throws(JSONFault) -> Value {
        try parse(Array(text.utf8), limits: limits)
    }

    /// The text of a value, with members in their order.
    ///
    /// - Parameters:
    ///   - value: a `.number` whose text is no JSON number, such as YAML's `.inf`, is written as a string.
    ///   - pretty: one line a member or item, two spaces a level, a newline at the end.
    /// - Returns: valid JSON, whatever the value.
    public static func write(_ value: Value, pretty: Bool = false) -> String {
        var writer = JSONWriter(isPretty: pretty, sortsMembers: false)
        writer.write(value)
        if pretty { writer.bytes.append(UInt8(ascii: "\n")) }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The one way to write a value for a digest: members sorted by the bytes of their names, no white space.
    public static func canonical(_ value: Value) -> [UInt8] {
        var bytes: [UInt8] = []
        appendCanonical(value, to: &bytes)
        return bytes
    }

    /// Adds what `canonical` gives to bytes that are there already.
    public static func appendCanonical(_ value: Value, to bytes: inout [UInt8]) {
        append(value, to: &bytes, sortsMembers: true)
    }

    /// Adds JSON without white space to bytes that are there already.
    public static func append(_ value: Value, to bytes: inout [UInt8], sortsMembers: Bool) {
        var writer = JSONWriter(isPretty: false, sortsMembers: sortsMembers)
        swap(&writer.bytes, &bytes)
        writer.write(value)
        swap(&writer.bytes, &bytes)
    }

    /// Adds a list of values, of which only one is there at a time.
    public static func append(
        list values: some Sequence<Value>, to bytes: inout [UInt8], sortsMembers: Bool
    ) {
        bytes.append(UInt8(ascii: "["))
        var isFirst = true
        for value in values {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            append(value, to: &bytes, sortsMembers: sortsMembers)
        }
        bytes.append(UInt8(ascii: "]"))
    }
}

extension Value {
    /// The SHA-256 of the canonical JSON: equal for equal values whatever the order of members.
    public var digest: Digest { Digest(of: JSON.canonical(self)) }

    /// The JSON text in one line.
    public var json: String { JSON.write(self) }
}

/// Builds JSON text as bytes.
struct JSONWriter {
    var bytes: [UInt8] = []
    private let isPretty: Bool
    private let sortsMembers: Bool
    private var level = 0

    init(isPretty: Bool, sortsMembers: Bool) {
        self.isPretty = isPretty
        self.sortsMembers = sortsMembers
    }

    mutating func write(_ value: Value) {
        switch value {
        case .null: put("null")
        case .bool(let value): put(value ? "true" : "false")
        case .int(let value): put(String(value))
        case .number(let text):
            if Self.isNumber(text) { bytes.append(contentsOf: text.utf8) } else { write(text) }
        case .string(let text): write(text)
        case .list(let items):
            begin(UInt8(ascii: "["))
            for index in items.indices {
                next(isFirst: index == 0)
                write(items[index])
            }
            end(UInt8(ascii: "]"), isEmpty: items.isEmpty)
        case .object(let object):
            let members = sortsMembers ? Self.sorted(object.members) : object.members
            begin(UInt8(ascii: "{"))
            for index in members.indices {
                next(isFirst: index == 0)
                write(members[index].name)
                bytes.append(UInt8(ascii: ":"))
                if isPretty { bytes.append(UInt8(ascii: " ")) }
                write(members[index].value)
            }
            end(UInt8(ascii: "}"), isEmpty: members.isEmpty)
        }
    }

    /// Most objects are sorted already; seeing that is cheaper than sorting a copy.
    private static func sorted(_ members: [Value.Object.Member]) -> [Value.Object.Member] {
        func precedes(_ a: Value.Object.Member, _ b: Value.Object.Member) -> Bool {
            a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
        }
        return zip(members, members.dropFirst()).allSatisfy(precedes) ? members : members.sorted(by: precedes)
    }

    private mutating func begin(_ bracket: UInt8) {
        bytes.append(bracket)
        level += 1
    }

    private mutating func next(isFirst: Bool) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        newline()
    }

    private mutating func end(_ bracket: UInt8, isEmpty: Bool) {
        level -= 1
        if !isEmpty { newline() }
        bytes.append(bracket)
    }

    private mutating func newline() {
        guard isPretty else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * level))
    }

    /// Bytes as they are, from where the text has them.
    private mutating func put(_ text: String) {
        var text = text
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { source in
            var rest = source
            while true {
                let plain = json_plain_length(rest.baseAddress, rest.count)
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: rest[..<plain]))
                guard plain < rest.count else { break }
                escape(rest[plain])
                rest = UnsafeBufferPointer(rebasing: rest[(plain + 1)...])
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x22, 0x5C: bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default: bytes.append(contentsOf: "u00\(Hex.encode([byte]))".utf8)
        }
    }

    /// Whether a text is a number by the grammar of RFC 8259.
    static func isNumber(_ text: String) -> Bool {
        var rest = text.utf8[...]
        func digits(_ rest: inout Substring.UTF8View) -> Int {
            let count = rest.prefix { (48...57).contains($0) }.count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let startsWithZero = rest.first == UInt8(ascii: "0")
        let whole = digits(&rest)
        guard whole > 0, !(startsWithZero && whole > 1) else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits(&rest) > 0 else { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard digits(&rest) > 0 else { return false }
        }
        return rest.isEmpty
    }
}
