/// What an unquoted YAML scalar means by the core schema of YAML 1.2 (section 10.3.2).
enum YAMLScalar {
    /// Whether a text that begins with this byte can be anything but a string.
    static func canBeOther(_ first: UInt8) -> Bool {
        switch first {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "~"), UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "t"), UInt8(ascii: "T"),
            UInt8(ascii: "f"), UInt8(ascii: "F"):
            true
        default: false
        }
    }

    /// Null, boolean, integer or number; everything else is a string.
    static func resolve(_ text: String) -> Value {
        guard let first = text.utf8.first else { return .null }
        switch first {
        case UInt8(ascii: "~"): return text == "~" ? .null : .string(text)
        case UInt8(ascii: "n"), UInt8(ascii: "N"):
            return text == "null" || text == "Null" || text == "NULL" ? .null : .string(text)
        case UInt8(ascii: "t"), UInt8(ascii: "T"):
            return text == "true" || text == "True" || text == "TRUE" ? .bool(true) : .string(text)
        case UInt8(ascii: "f"), UInt8(ascii: "F"):
            return text == "false" || text == "False" || text == "FALSE" ? .bool(false) : .string(text)
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
            return number(text) ?? .string(text)
        default: return .string(text)
        }
    }

    private static func number(_ text: String) -> Value? {
        let first = text.utf8.first
        if first == UInt8(ascii: "0"), let value = based(text, "0x", 16) ?? based(text, "0o", 8) { return value }
        let isNegative = first == UInt8(ascii: "-")
        let body = isNegative || first == UInt8(ascii: "+") ? text.dropFirst() : text[...]
        if body.utf8.first == UInt8(ascii: "."),
            [".inf", ".Inf", ".INF"].contains(body) || [".nan", ".NaN", ".NAN"].contains(text)
        {
            return .number(text)
        }
        guard let parts = Parts(body.utf8) else { return nil }
        if !parts.hasPoint, parts.exponent == nil, let value = Int64(text) { return .int(value) }
        return .number(parts.json(isNegative: isNegative))
    }

    private static func based(_ text: String, _ prefix: String, _ radix: Int) -> Value? {
        guard text.hasPrefix(prefix) else { return nil }
        let digits = text.dropFirst(2)
        let isDigits = digits.utf8.allSatisfy { byte in
            switch byte {
            case 48...55: true
            case 56...57, 65...70, 97...102: radix == 16
            default: false
            }
        }
        guard isDigits, !digits.isEmpty else { return nil }
        return Int64(digits, radix: radix).map { .int($0) } ?? .number(text)
    }

    /// `12`, `1.5`, `.5`, `1.`, `1e3`: the digits before the point, after it, and the exponent.
    private struct Parts {
        let whole: Substring
        let fraction: Substring
        let hasPoint: Bool
        let exponent: Substring?

        init?(_ text: Substring.UTF8View) {
            var rest = text
            func digits(_ rest: inout Substring.UTF8View) -> Substring {
                let found = rest.prefix { (48...57).contains($0) }
                rest = rest.dropFirst(found.count)
                return Substring(found)
            }
            whole = digits(&rest)
            hasPoint = rest.first == UInt8(ascii: ".")
            if hasPoint {
                rest = rest.dropFirst()
                fraction = digits(&rest)
            } else {
                fraction = ""
            }
            guard !whole.isEmpty || !fraction.isEmpty else { return nil }
            if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
                let start = rest
                rest = rest.dropFirst()
                if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
                guard !digits(&rest).isEmpty else { return nil }
                exponent = Substring(start)
            } else {
                exponent = nil
            }
            guard rest.isEmpty else { return nil }
        }

        /// The same number as JSON writes it: no plus sign, no leading zero, digits on both sides of a point.
        func json(isNegative: Bool) -> String {
            let trimmed = whole.drop { $0 == "0" }
            var text = (isNegative ? "-" : "") + (trimmed.isEmpty ? "0" : String(trimmed))
            if hasPoint { text += "." + (fraction.isEmpty ? "0" : String(fraction)) }
            return text + (exponent ?? "")
        }
    }
}
