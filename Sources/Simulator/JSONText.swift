import Formats

/// Appends JSON as the provider writes it: no spaces, members in order.
///
/// A writer of its own, because what is listed thousands of times is put together from ready pieces.
extension [UInt8] {
    mutating func append(json value: Value) {
        switch value {
        case .null: append(contentsOf: "null".utf8)
        case .bool(let flag): append(contentsOf: flag ? "true".utf8 : "false".utf8)
        case .int(let number): append(contentsOf: String(number).utf8)
        case .number(let text): append(contentsOf: text.utf8)
        case .string(let text): append(json: text)
        case .list(let items):
            append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { append(UInt8(ascii: ",")) }
                append(json: item)
            }
            append(UInt8(ascii: "]"))
        case .object(let object): append(json: object)
        }
    }

    mutating func append(json object: Value.Object) {
        append(UInt8(ascii: "{"))
        for (index, member) in object.members.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            append(json: member.name)
            append(UInt8(ascii: ":"))
            append(json: member.value)
        }
        append(UInt8(ascii: "}"))
    }

    mutating func append(json text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 10: append(contentsOf: "\\n".utf8)
            case 0..<32:
                append(contentsOf: "\\u00".utf8)
                append(contentsOf: (byte < 16 ? "0" : "").utf8)
                append(contentsOf: String(byte, radix: 16).utf8)
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }

    mutating func append(text: String) { append(contentsOf: text.utf8) }

    init(json value: Value) {
        self = []
        append(json: value)
    }
}

extension Value {
    /// An object written in place; `object` would be ambiguous with a literal.
    static func members(_ object: Value.Object) -> Value { .object(object) }
}
