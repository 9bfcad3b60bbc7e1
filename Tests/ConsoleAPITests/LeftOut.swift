import Formats

@testable import ConsoleAPI

/// Members of answers that are only there where there is something to say: of these an answer that lacks them proves nothing.
enum LeftOut {
    /// All of them that a form knows, each by the type that it stands in: `Plan.cost`.
    static func members(of schema: APISchema, in path: String) -> Set<String> {
        switch schema {
        case .object(let fields, _):
            fields.reduce(into: []) { all, field in
                if !field.isRequired { all.insert("\(path).\(field.name)") }
                all.formUnion(members(of: field.schema, in: "\(path).\(field.name)"))
            }
        case .named(let name, let schema): members(of: schema, in: name)
        case .list(let schema, _, _), .map(let schema), .nullable(let schema): members(of: schema, in: path)
        case .either(let forms): forms.reduce(into: []) { $0.formUnion(members(of: $1, in: path)) }
        default: []
        }
    }

    /// Those of them that an answer has.
    static func found(in value: Value, _ schema: APISchema, at path: String) -> Set<String> {
        switch (schema, value) {
        case (.object(let fields, _), .object(let object)):
            fields.reduce(into: []) { all, field in
                guard let member = object[field.name] else { return }
                if !field.isRequired { all.insert("\(path).\(field.name)") }
                all.formUnion(found(in: member, field.schema, at: "\(path).\(field.name)"))
            }
        case (.named(let name, let schema), _): found(in: value, schema, at: name)
        case (.nullable(let schema), _): found(in: value, schema, at: path)
        case (.list(let schema, _, _), .list(let items)):
            items.reduce(into: []) { $0.formUnion(found(in: $1, schema, at: path)) }
        case (.map(let schema), .object(let object)):
            object.members.reduce(into: []) { $0.formUnion(found(in: $1.value, schema, at: path)) }
        case (.either(let forms), _):
            forms.reduce(into: []) { all, form in
                if form.problem(value, at: path) == nil { all.formUnion(found(in: value, form, at: path)) }
            }
        default: []
        }
    }
}
