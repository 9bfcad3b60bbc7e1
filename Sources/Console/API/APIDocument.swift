import Basics
import ConsoleAccess
import Formats

/// The API for people: `docs/api.md`, made of the same table as the OpenAPI document.
public enum APIDocument {
    /// What stands for a name in examples.
    private static let samples: [String: Value] = [
        "environment": "staging", "code": "API-0001", "figure": "runs", "run": "latest",
        "delivery": "0199a1b2-7b1c-7a54-9d0c-2f2b7c1b9e11", "key": "ci",
        "schedule": "sweep", "notice": "0199a1b2-7b1c-7a54-9d0c-2f2b7c1b9e12",
        "deployment": "0e1c7a52-93bb-8d10-8a4f-5c2d6b7e9f01",
        "name": "ada", "password": "correct horse battery staple",
        "new_password": "incorrect horse battery staple", "everywhere": true, "days": 7,
        "reason": "shown to the customer",
        "until": "2027-01-31T00:00:00Z", "user": "ada", "environments": ["feature-crm"], "roles": ["developer@staging"],
        "secrets": ["SLACK_BOT_TOKEN"], "keys": ["digitalocean.droplet/old"],
    ]

    /// A route's whole example, to be pasted into a shell with `ODOOOPS` and `KEY` set.
    public static func example(of route: APIRoute) -> String {
        var path = APIEndpoints.prefix
        for part in route.path.split(separator: "/") {
            let name = part.hasPrefix("{") ? String(part.dropFirst().dropLast()) : ""
            path += "/" + (samples[name]?.stringValue ?? String(part))
        }
        let query = route.parameters.filter { $0.isRequired && !route.pathNames.contains($0.name) }
            .map { "\($0.name)=\($0.name == "key" ? "digitalocean.droplet/erp" : samples[$0.name]?.stringValue ?? "")" }
        if !query.isEmpty { path += "?" + query.joined(separator: "&") }
        var text = "curl -s"
        if route.method != "GET" { text += " -X \(route.method)" }
        text += " \"$ODOOOPS\(path)\""
        // What ends a login takes no role, and that login.
        let isOwn = ["logOut", "changePassword"].contains(route.id)
        if route.permission != nil || isOwn { text += " -H \"Authorization: Bearer $\(isOwn ? "TOKEN" : "KEY")\"" }
        if route.isWrite, route.permission != nil { text += " -H \"Idempotency-Key: $(uuidgen)\"" }
        if let fields = route.body.flatMap(fields) {
            var body = Value.Object()
            for field in fields
            where field.isRequired || ["reason", "password", "keys", "everywhere"].contains(field.name) {
                body[field.name] = route.id == "addKey" && field.name == "name" ? "ci" : samples[field.name] ?? .null
                if field.name == "key" { body["key"] = "digitalocean.droplet/erp" }
            }
            text += " \\\n  --json '\(JSON.write(.object(body)))'"
        }
        return text
    }

    /// The fields of an object; of several forms those of the first.
    private static func fields(of schema: APISchema) -> [APISchema.Field]? {
        switch schema {
        case .object(let fields, _): fields
        case .either(let forms): forms.first.flatMap(fields)
        default: nil
        }
    }

    /// All routes, by tag, and then the objects that they answer.
    public static func routes(_ routes: [APIRoute]) -> String {
        var text = ""
        for tag in Set(routes.map(\.tag)).sorted() {
            text += "\n## \(tag)\n"
            for route in routes where route.tag == tag {
                text += "\n### `\(route.method) \(APIEndpoints.prefix)\(route.path)`\n\n\(route.summary) "
                if let permission = route.permission {
                    let place =
                        switch route.place {
                        case .project: "for the project"
                        case .list: "; each sees the environments that are theirs"
                        case .environment: "at the environment"
                        }
                    text += "Needs `\(permission.rawValue)`"
                    text += place.hasPrefix(";") ? place : " \(place)"
                    text += " (role \(permission.minimumRole.rawValue)).\n"
                } else {
                    text += "Needs nothing.\n"
                }
                let optional = route.parameters.filter { !route.pathNames.contains($0.name) }
                if !optional.isEmpty {
                    text += "\n| parameter | meaning |\n|---|---|\n"
                    for parameter in optional {
                        text +=
                            "| `\(parameter.name)`\(parameter.isRequired ? ", required" : "") | \(parameter.about) |\n"
                    }
                }
                text += "\n```sh\n\(example(of: route))\n```\n\n\(answer(of: route))"
            }
        }
        return text + objects(of: routes)
    }
}
