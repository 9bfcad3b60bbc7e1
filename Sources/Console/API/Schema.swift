import Basics
import Formats

/// What a value may be: checked when it comes in, and written down in the OpenAPI document.
public indirect enum APISchema: Sendable {
    /// One name of an object.
    public struct Field: Sendable {
        let name: String
        let schema: APISchema
        let isRequired: Bool
        /// What it means, in one line; empty in what callers send.
        let about: String

        init(_ name: String, _ schema: APISchema, required: Bool = false) {
            self.name = name
            self.schema = schema
            isRequired = required
            about = ""
        }

        /// A member of an answer: always there where nothing else is said.
        init(_ name: String, _ schema: APISchema, _ about: String, required: Bool = true) {
            self.name = name
            self.schema = schema
            isRequired = required
            self.about = about
        }

        fileprivate var document: Value {
            guard !about.isEmpty, var object = schema.document.objectValue else { return schema.document }
            object["description"] = .string(about)
            return .object(object)
        }
    }

    case text(least: Int = 0, most: Int = 1_024)
    /// A text without control characters, such as callers may send: it ends up in logs and on terminals.
    case line(least: Int = 0, most: Int = 1_024)
    case choice([String])
    case instant
    /// An instant, or a day, which stands for its beginning in UTC: as callers may send a time.
    case instantOrDay
    case pattern(String, about: String, matches: @Sendable (String) -> Bool)
    case integer(ClosedRange<Int64>)
    /// Any whole number, in answers.
    case count
    case flag
    case list(APISchema, least: Int = 0, most: Int = 1_000)
    case object([Field], isOpen: Bool = false)
    /// An object whose names are data, such as words that are counted.
    case map(APISchema)
    /// What several answers hold, written down once under a name of its own.
    case named(String, APISchema)
    /// One of several forms.
    case either([APISchema])
    case nullable(APISchema)
    case anything

    /// What is wrong with a value; nil when nothing is.
    func problem(_ value: Value, at path: String) -> String? {
        switch (self, value) {
        case (.anything, _), (.nullable, .null), (.flag, .bool), (.count, .int): return nil
        case (.nullable(let schema), _), (.named(_, let schema), _): return schema.problem(value, at: path)
        case (.either(let forms), _):
            let problems = forms.compactMap { $0.problem(value, at: path) }
            return problems.count < forms.count ? nil : problems.joined(separator: "; or ")
        case (.map(let schema), .object(let object)):
            return object.members.lazy.compactMap { schema.problem($0.value, at: Self.join(path, $0.name)) }.first
        case (.text(let least, let most), .string(let text)):
            let count = text.unicodeScalars.count
            if text.utf8.contains(0) { return "\(path) holds the character NUL" }
            return (least...most).contains(count) ? nil : "\(path) has to have \(least) to \(most) characters"
        case (.line(let least, let most), .string(let text)):
            if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "\(path) holds a control character" }
            return APISchema.text(least: least, most: most).problem(value, at: path)
        case (.choice(let words), .string(let text)):
            if words.contains(text) { return nil }
            return
                "\(path) has to be one of \(words.joined(separator: ", "))\(Suggestion.afterthought(on: text, among: words))"
        case (.instant, .string(let text)):
            return Timestamp(text) == nil ? "\(path) has to be an instant such as 2026-12-24T00:00:00Z" : nil
        case (.instantOrDay, .string(let text)):
            return Timestamp(text) == nil && Timestamp(date: text) == nil
                ? "\(path) has to be a day such as 2026-12-24, or an instant such as 2026-12-24T00:00:00Z" : nil
        case (.pattern(_, let about, let matches), .string(let text)):
            return matches(text) ? nil : "\(path) has to be \(about)"
        case (.integer(let range), .int(let number)):
            return range.contains(number)
                ? nil : "\(path) has to be from \(range.lowerBound) to \(range.upperBound)"
        case (.list(let item, let least, let most), .list(let values)):
            if values.count < least { return "\(path) has to have \(least.of("item")) at least" }
            if values.count > most { return "\(path) may have \(most.of("item")) at most" }
            for (index, value) in values.enumerated() {
                if let problem = item.problem(value, at: "\(path)[\(index)]") { return problem }
            }
            return nil
        case (.object(let fields, let isOpen), .object(let object)):
            for field in fields where field.isRequired && object[field.name] == nil {
                return "\(Self.join(path, field.name)) is missing"
            }
            for member in object.members {
                guard let field = fields.first(where: { $0.name == member.name }) else {
                    if isOpen { continue }
                    return "\(Self.join(path, member.name)) is not known"
                        + Suggestion.afterthought(on: member.name, among: fields.map(\.name))
                }
                if let problem = field.schema.problem(member.value, at: Self.join(path, member.name)) {
                    return problem
                }
            }
            return nil
        default: return "\(path) has to be \(name)"
        }
    }

    private static func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    private var name: String {
        switch self {
        case .text, .line, .choice, .instant, .instantOrDay, .pattern: "a text"
        case .integer, .count: "a whole number"
        case .flag: "true or false"
        case .list: "a list"
        case .object, .map: "an object"
        case .named(_, let schema): schema.name
        case .either(let forms): forms.map(\.name).joined(separator: " or ")
        case .nullable(let schema): "\(schema.name), or null"
        case .anything: "anything"
        }
    }

    /// The value that a text of the query means.
    func value(ofText text: String) -> Value {
        switch self {
        case .integer, .count: Int64(text).map { .int($0) } ?? .string(text)
        case .flag: text == "true" ? true : text == "false" ? false : .string(text)
        default: .string(text)
        }
    }

    /// The value with its whole numbers as such: in JSON Schema 7.0 is a whole number too.
    func coerced(_ value: Value) -> Value {
        switch (self, value) {
        case (.integer, .number(let text)), (.count, .number(let text)):
            guard let number = Double(text), number == number.rounded(), abs(number) < 9_007_199_254_740_992 else {
                return value
            }
            return .int(Int64(number))
        case (.nullable(let schema), _), (.named(_, let schema), _): return schema.coerced(value)
        case (.list(let item, _, _), .list(let values)): return .list(values.map(item.coerced))
        case (.object(let fields, _), .object(var object)):
            for field in fields { object[field.name] = object[field.name].map(field.schema.coerced) }
            return .object(object)
        default: return value
        }
    }

    /// As JSON Schema (2020-12), which OpenAPI 3.1 takes.
    var document: Value {
        var object = Value.Object()
        switch self {
        case .text(let least, let most):
            object["type"] = "string"
            if least > 0 { object["minLength"] = .int(Int64(least)) }
            object["maxLength"] = .int(Int64(most))
            object["pattern"] = "^[^\\x00]*$"
        case .line(let least, let most):
            object["type"] = "string"
            if least > 0 { object["minLength"] = .int(Int64(least)) }
            object["maxLength"] = .int(Int64(most))
            object["pattern"] = "^[^\\x00-\\x1f\\x7f]*$"
        case .choice(let words):
            object["type"] = "string"
            object["enum"] = .strings(words)
        case .instant:
            object["type"] = "string"
            object["format"] = "date-time"
        case .instantOrDay:
            object["type"] = "string"
            object["anyOf"] = .list([["format": "date-time"], ["format": "date"]])
        case .pattern(let pattern, let about, _):
            object["type"] = "string"
            object["pattern"] = .string(pattern)
            object["description"] = .string(about)
        case .integer(let range):
            object["type"] = "integer"
            object["minimum"] = .int(range.lowerBound)
            object["maximum"] = .int(range.upperBound)
        case .count: object["type"] = "integer"
        case .flag: object["type"] = "boolean"
        case .list(let item, let least, let most):
            object["type"] = "array"
            object["items"] = item.document
            if least > 0 { object["minItems"] = .int(Int64(least)) }
            object["maxItems"] = .int(Int64(most))
        case .object(let fields, let isOpen):
            object["type"] = "object"
            var properties = Value.Object()
            for field in fields { properties[field.name] = field.document }
            object["properties"] = .object(properties)
            let required = fields.filter(\.isRequired).map(\.name)
            if !required.isEmpty { object["required"] = .strings(required) }
            object["additionalProperties"] = .bool(isOpen)
        case .map(let schema):
            object["type"] = "object"
            object["additionalProperties"] = schema.document
        case .named(let name, _): object["$ref"] = .string("#/components/schemas/\(name)")
        case .either(let forms): object["oneOf"] = .list(forms.map(\.document))
        case .nullable(let schema):
            object["anyOf"] = .list([schema.document, .object(["type": "null"])])
        case .anything: break
        }
        return .object(object)
    }

    /// Every schema that has a name of its own, in this one and in those that it holds.
    var namedParts: [String: APISchema] {
        var parts: [String: APISchema] = [:]
        gather(into: &parts)
        return parts
    }

    private func gather(into parts: inout [String: APISchema]) {
        switch self {
        case .named(let name, let schema):
            guard parts.updateValue(schema, forKey: name) == nil else { return }
            schema.gather(into: &parts)
        case .list(let schema, _, _), .map(let schema), .nullable(let schema): schema.gather(into: &parts)
        case .object(let fields, _): for field in fields { field.schema.gather(into: &parts) }
        case .either(let forms): for form in forms { form.gather(into: &parts) }
        case .text, .line, .choice, .instant, .instantOrDay, .pattern, .integer, .count, .flag, .anything: break
        }
    }
}
