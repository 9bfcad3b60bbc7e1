internal import DesiredState
internal import Formats

/// Normalisers: bring what is wanted and what is observed to one form, so that a second plan is empty.
///
/// Each takes any value and gives back what it doesn't understand.
enum Normal {
    /// A text without space at its ends; none at all is an empty one.
    static let text: @Sendable (Value) -> Value = { value in
        switch value {
        case .null: return ""
        case .string(let text): return .string(trimmed(text))
        default: return value
        }
    }

    static let lowercase: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value else { return value }
        return .string(text.lowercased())
    }

    static let lowercaseAll: @Sendable (Value) -> Value = { value in
        guard case .list(let items) = value else { return value }
        return .list(items.map(lowercase))
    }

    /// `#D73A4A` is `d73a4a`.
    static let color: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value else { return value }
        return .string((text.hasPrefix("#") ? String(text.dropFirst()) : text).lowercased())
    }

    /// GitHub writes this switch as a text, `"0"`, and takes a number too.
    static let digit: @Sendable (Value) -> Value = { value in
        switch value {
        case .int(let number): .string(String(number))
        case .bool(let flag): .string(flag ? "1" : "0")
        default: value
        }
    }

    /// What a ruleset is for, as every name that fits: `default_branch` is a `branch` with a certain condition.
    static let target: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value else { return value }
        return .list([.string(text.lowercased())])
    }

    /// Who may pass by a ruleset: without nulls, with the usual mode.
    static let actors: @Sendable (Value) -> Value = { value in
        guard case .list(let items) = value else { return value }
        return .list(
            items.map { item in
                guard var object = item.objectValue else { return item }
                if object["bypass_mode"]?.stringValue == nil { object["bypass_mode"] = "always" }
                return canonical(.object(object))
            })
    }

    /// Which names a ruleset is for: both lists, sorted.
    static let conditions: @Sendable (Value) -> Value = { value in
        guard var object = value.objectValue, var names = object["ref_name"]?.objectValue else {
            return canonical(value)
        }
        for member in ["include", "exclude"] {
            let texts = (names[member]?.listValue ?? []).compactMap(\.stringValue)
            names[member] = .strings(texts.sorted { $0.precedesByBytes($1) })
        }
        object["ref_name"] = .object(names)
        return canonical(.object(object))
    }

    /// The rules of a ruleset as facts, such as `pull_request.required_approving_review_count: 1`.
    ///
    /// GitHub fills in what a rule doesn't name; of facts only those that are wanted have to be there.
    static let rules: @Sendable (Value) -> Value = { value in
        guard case .list(let items) = value else { return value }
        var facts: [String] = []
        for item in items {
            guard let type = item["type"]?.stringValue else { return value }
            facts.append(type)
            for member in item["parameters"]?.objectValue?.members ?? [] where !member.value.isNull {
                let name = "\(type).\(member.name)"
                guard case .list(let elements) = member.value else {
                    facts.append("\(name): \(JSON.write(canonical(member.value)))")
                    continue
                }
                for element in elements {
                    facts.append("\(name): \(JSON.write(canonical(element)))")
                    // A check that a certain app has to report is that check too.
                    guard let context = element["context"]?.stringValue else { continue }
                    facts.append("\(name): \(JSON.write(.object(["context": .string(context)])))")
                }
            }
        }
        return .strings(Set(facts).sorted { $0.precedesByBytes($1) })
    }

    /// Members in order, without nulls.
    static func canonical(_ value: Value) -> Value {
        switch value {
        case .object(let object):
            let members = object.members.filter { !$0.value.isNull }.sorted { $0.name.precedesByBytes($1.name) }
            return .object(Value.Object(members.map { Value.Object.Member($0.name, canonical($0.value)) }))
        case .list(let items): return .list(items.map(canonical))
        default: return value
        }
    }

    private static func trimmed(_ text: String) -> String {
        func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
        let bytes = text.utf8
        guard let first = bytes.firstIndex(where: { !isSpace($0) }), let last = bytes.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }
}
