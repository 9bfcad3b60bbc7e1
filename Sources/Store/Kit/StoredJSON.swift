import DesiredState
import Formats

/// JSON as the store writes and reads it.
enum StoredJSON {
    /// Members in the order that they have.
    static func text(_ value: Value) -> String { JSON.write(value) }

    /// Members in the order of their bytes, and without NUL, which `jsonb` refuses.
    static func sortedText(_ value: Value) -> String { text(sorted(value)) }

    /// The same value with all members in the order of their bytes.
    static func sorted(_ value: Value) -> Value {
        switch value {
        case .list(let items): .list(items.map(sorted))
        case .object(let object):
            .object(
                Value.Object(
                    object.members.map { Value.Object.Member(withoutNUL($0.name), sorted($0.value)) }
                        .sorted { $0.name.precedesByBytes($1.name) }))
        case .string(let text): .string(withoutNUL(text))
        default: value
        }
    }

    private static func withoutNUL(_ text: String) -> String {
        guard text.utf8.contains(0) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }

    /// Nil when the text is no JSON.
    static func value(_ text: String) -> Value? { try? JSON.parse(text) }

    /// Many at once; nil when one of them is no JSON, which looking at each alone then finds.
    static func values(_ texts: [String]) -> [Value]? {
        guard let items = value("[\(texts.joined(separator: ","))]")?.listValue, items.count == texts.count else {
            return nil
        }
        return items
    }
}
