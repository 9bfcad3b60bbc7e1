internal import Formats

/// Values as people read them: JSON, with nothing in it that a terminal would act on.
enum ValueText {
    /// A value on one line.
    static func full(_ value: Value?) -> String {
        guard let value else { return "nothing" }
        switch value {
        case .null: return "null"
        case .bool(let flag): return flag ? "true" : "false"
        case .int(let number): return String(number)
        case .number(let text): return plain(text)
        case .string(let text): return quoted(text)
        case .list(let items): return "[\(items.map(full).joined(separator: ", "))]"
        case .object(let object):
            let members = object.members.map { "\(plain($0.name)): \(full($0.value))" }
            return "{\(members.joined(separator: ", "))}"
        }
    }

    /// A value cut to sixty characters.
    static func short(_ value: Value?) -> String { cut(full(value), to: 60) }

    static func cut(_ text: String, to width: Int) -> String {
        text.unicodeScalars.count <= width ? text : String(text.unicodeScalars.prefix(max(1, width - 1))) + "…"
    }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            default: append(scalar, to: &result)
            }
        }
        return result + "\""
    }

    /// A text without quotes; control and direction characters are written out, so that no name moves the cursor.
    static func plain(_ text: String) -> String {
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
        var result = ""
        for scalar in text.unicodeScalars { append(scalar, to: &result) }
        return result
    }

    private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
        switch scalar {
        case "\n": text += "\\n"
        case "\r": text += "\\r"
        case "\t": text += "\\t"
        default:
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned:
                text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
