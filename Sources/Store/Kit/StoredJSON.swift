import DesiredState
import Formats

/// JSON as the store writes and reads it.
enum StoredJSON {
    /// Members in the order that they have.
    static func text(_ value: Value) -> String { JSON.write(value) }

    /// Members in the order of their bytes, and without NUL, which `jsonb` refuses.
    static func sortedText(_ value: Value) -> String { text(sorted(value)) }

    /// The same value with all members in the order of their bytes.
    ///
    /// What was stored was sorted for that, so that nearly always it is as it has to be.
    static func sorted(_ value: Value) -> Value { isSorted(value) ? value : sortedAnew(value) }

    private static func isSorted(_ value: Value) -> Bool {
        switch value {
        case .list(let items): return items.allSatisfy(isSorted)
        case .object(let object):
            let members = object.members
            for index in members.indices {
                guard !members[index].name.utf8.contains(0), isSorted(members[index].value),
                    index == 0 || members[index - 1].name.precedesByBytes(members[index].name)
                else { return false }
            }
            return true
        case .string(let text): return !text.utf8.contains(0)
        default: return true
        }
    }

    private static func sortedAnew(_ value: Value) -> Value {
        switch value {
        case .list(let items): .list(items.map(sortedAnew))
        case .object(let object):
            .object(
                Value.Object(
                    object.members.map { Value.Object.Member(withoutNUL($0.name), sortedAnew($0.value)) }
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
    static func value(_ text: String) -> Value? {
        // Of many rows that is all there is.
        text == "{}" ? .object([:]) : try? JSON.parse(text)
    }

    /// Many at once; nil when one of them is no JSON, which looking at each alone then finds.
    static func values(_ texts: [String]) -> [Value]? {
        guard let items = value("[\(texts.joined(separator: ","))]")?.listValue, items.count == texts.count else {
            return nil
        }
        return items
    }
}
