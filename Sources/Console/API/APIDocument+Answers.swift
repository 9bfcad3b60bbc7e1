/// What routes answer, member by member, for people.
extension APIDocument {
    /// The answer of one route; of an object with a name only that name, for it has a table of its own.
    static func answer(of route: APIRoute) -> String {
        if case .anything = route.answer { return "Answers an OpenAPI document.\n" }
        let members = rows(of: route.answer)
        let text = "Answers \(route.answer.words)\(route.isPaged ? ", in parts" : "").\n"
        return members.isEmpty ? text : "\(text)\n\(table(members))"
    }

    /// A table for each object that answers hold under a name, by name.
    static func objects(of routes: [APIRoute]) -> String {
        var text = """
            \n# Objects

            What answers hold. A member is always there where its type does not say otherwise, and there is no other one.

            """
        for (name, schema) in OpenAPI.objects(of: routes) {
            text += "\n## \(name)\n\n"
            if case .object(_, true) = schema { text += "There may be more members than these.\n\n" }
            text += table(rows(of: schema))
        }
        return text
    }

    private static func table(_ rows: [String]) -> String {
        "| member | type | meaning |\n|---|---|---|\n" + rows.joined()
    }

    /// A line for each member, and after it those of an object that it holds and that has no name of its own.
    private static func rows(of schema: APISchema, below path: String = "") -> [String] {
        switch schema {
        case .object(let fields, _):
            fields.flatMap { field -> [String] in
                let name = path + field.name
                let type = field.schema.words + (field.isRequired ? "" : ", not always there")
                return ["| `\(name)` | \(type) | \(field.about) |\n"] + rows(of: field.schema, below: "\(name).")
            }
        case .list(let item, _, _): rows(of: item, below: path.isEmpty ? "" : "\(path.dropLast())[].")
        case .nullable(let schema): rows(of: schema, below: path)
        default: []
        }
    }
}

extension APISchema {
    /// The type in words, as the manual shows it.
    fileprivate var words: String {
        switch self {
        case .text, .line, .pattern: "text"
        case .choice(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .instant: "instant"
        case .instantOrDay: "instant or day"
        case .integer, .count: "whole number"
        case .flag: "true or false"
        case .list(let item, _, _): "list of \(item.words)"
        case .object: "object"
        case .map(let schema): "object, each member \(schema.words)"
        case .named(let name, _): "[\(name)](#\(name.lowercased()))"
        case .either(let forms): forms.map(\.words).joined(separator: " or ")
        case .nullable(let schema): "\(schema.words) or null"
        case .anything: "any"
        }
    }
}
