import ConsoleAccess
import DesiredState
public import Formats

/// The API written down as OpenAPI 3.1, from the table that also dispatches and checks.
public enum OpenAPI {
    /// Statuses by which any route may refuse.
    private static let refusals: [(String, String)] = [
        ("400", "what was sent has not the form that the route takes"), ("401", "nobody is logged in"),
        ("403", "who is logged in may not"), ("404", "there is no such thing"),
        ("405", "the path does not know the method"), ("406", "no form of answer is taken"),
        ("409", "it can't be done as things stand"), ("413", "the body is too large"),
        ("415", "the body is no JSON"), ("417", "what Expect asks for is not known"),
        ("422", "the Idempotency-Key was used for another request, or a time can't be told like that"),
        ("429", "too many requests"), ("431", "the header is too large"), ("500", "a fault of the service"),
        ("503", "something that is needed can't be reached"), ("505", "the version of HTTP is not known"),
    ]

    /// The whole document.
    public static func document(of routes: [APIRoute]) -> Value {
        var paths = Value.Object()
        for route in routes {
            let path = APIEndpoints.prefix + route.path
            var item = paths[path]?.objectValue ?? [:]
            item[route.method.lowercased()] = operation(route)
            paths[path] = .object(item)
        }
        var info = Value.Object()
        info["title"] = "OdooOps"
        info["version"] = "1"
        info["description"] = "What the reconciler knows and does. Every answer has data, meta and errors."
        var components = Value.Object()
        var schemas: Value.Object = ["Errors": errors]
        for (name, schema) in objects(of: routes) { schemas[name] = schema.document }
        components["schemas"] = .object(schemas)
        components["responses"] = .object(responses)
        components["securitySchemes"] = .object([
            "bearer": [
                "type": "http", "scheme": "bearer",
                "description": "a token of POST /api/v1/auth/login, of an issuer, or a key odops_…",
            ],
            "key": ["type": "apiKey", "in": "header", "name": "X-API-Key"],
        ])
        var document = Value.Object()
        document["openapi"] = "3.1.0"
        document["info"] = .object(info)
        document["servers"] = .list([.object(["url": "/"])])
        document["paths"] = .object(paths)
        document["components"] = .object(components)
        return .object(document)
    }

    /// What the answers of routes hold under a name of its own, by name.
    static func objects(of routes: [APIRoute]) -> [(name: String, schema: APISchema)] {
        routes.reduce(into: [String: APISchema]()) { $0.merge($1.answer.namedParts) { first, _ in first } }
            .sorted { $0.key.precedesByBytes($1.key) }.map { ($0.key, $0.value) }
    }

    private static func operation(_ route: APIRoute) -> Value {
        var operation = Value.Object()
        operation["operationId"] = .string(route.id)
        operation["tags"] = .strings([route.tag])
        operation["summary"] = .string(route.summary)
        if let permission = route.permission {
            operation["description"] = .string(
                "Needs the permission \(permission.rawValue): the role \(permission.minimumRole.rawValue) or more.")
            operation["security"] = .list([.object(["bearer": []]), .object(["key": []])])
        } else {
            operation["security"] = .list([])
        }
        var parameters = route.parameters.map { parameter($0, isPath: route.pathNames.contains($0.name)) }
        // Of a write that needs nobody's permission nothing is kept.
        if route.isWrite, route.permission != nil {
            var header = Value.Object()
            header["name"] = "Idempotency-Key"
            header["in"] = "header"
            header["description"] = "the same key with the same request is done once and answered alike for a day"
            header["schema"] = .object(["type": "string", "pattern": "^[0-9A-Za-z_-]{16,64}$"])
            parameters.append(.object(header))
        }
        if !parameters.isEmpty { operation["parameters"] = .list(parameters) }
        if let body = route.body {
            operation["requestBody"] = .object([
                "required": .bool(body.problem(.object([:]), at: "") != nil),
                "content": .object([Envelope.plainMediaType: .object(["schema": body.document])]),
            ])
        }
        var answers = Value.Object()
        answers[String(route.status)] = .object([
            "description": "done", "content": content(route.isBare ? route.answer.document : envelope(route)),
        ])
        let provider = route.isBareWrite ? [("502", "a provider refused it")] : []
        for (status, about) in refusals + provider {
            answers[status] =
                route.isBareWrite
                ? .object(["description": .string(about), "content": content(bareRefusal)])
                : .object(["$ref": .string("#/components/responses/\(status)")])
        }
        operation["responses"] = .object(answers)
        return .object(operation)
    }

    private static func parameter(_ parameter: APIParameter, isPath: Bool) -> Value {
        var object = Value.Object()
        object["name"] = .string(parameter.name)
        object["in"] = .string(isPath ? "path" : "query")
        object["required"] = .bool(isPath || parameter.isRequired)
        object["description"] = .string(parameter.about)
        object["schema"] = parameter.schema.document
        return .object(object)
    }

    /// An answer, which is of the one type or the other as `Accept` asks.
    private static func content(_ schema: Value) -> Value {
        .object([
            Envelope.plainMediaType: .object(["schema": schema]), Envelope.mediaType: .object(["schema": schema]),
        ])
    }

    private static func envelope(_ route: APIRoute) -> Value {
        let meta = APISchema.object(
            meta
                + (route.isPaged
                    ? [
                        .init("count", .count, "how many rows this part has"),
                        .init("next_cursor", Answer.textOrNull, "the cursor of the next part; null at the end"),
                    ] : []))
        return .object([
            "type": "object", "required": .strings(["data", "meta", "errors"]), "additionalProperties": false,
            "properties": .object([
                "data": route.answer.document, "meta": meta.document,
                "errors": .object(["type": "array", "maxItems": 0]),
            ]),
        ])
    }

    private static let meta: [APISchema.Field] = [
        .init("request_id", Answer.text, "names the request in the service's log too"),
        .init("timestamp", .instant, "when it was answered"),
    ]

    private static let errors: Value = {
        let fault = APISchema.object([
            .init("error", Answer.text, "what it is, for programs: NOT_FOUND"),
            .init("code", Answer.text, "its code, such as API-0001"),
            .init("message", Answer.text, "what went wrong, in one sentence"),
            .init("details", .map(.anything), "more of it, for programs"),
            .init("remediation", Answer.textOrNull, "what to do instead"),
            .init("docs", page, "where this service shows the page about the code"),
        ])
        return .object([
            "type": "object", "required": .strings(["data", "meta", "errors"]), "additionalProperties": false,
            "properties": .object([
                "data": .object(["type": "null"]), "meta": APISchema.object(meta).document,
                "errors": .object(["type": "array", "minItems": 1, "items": fault.document]),
            ]),
        ])
    }()

    /// The page about a code, whole where the service knows its own address.
    private static let page = APISchema.pattern(
        "^(https?://[0-9A-Za-z.:\\[\\]-]+)?/api/v1/errors/[A-Z]{1,12}-[0-9]{4}$",
        about: "where this service shows the page about the code: a link, or a path at the address that was asked",
        matches: { $0.contains("\(APIEndpoints.prefix)/errors/") })

    /// Of a write that is answered without the usual members; who may not ask at all gets the usual ones.
    private static let bareRefusal: Value = {
        let bare = APISchema.object([
            .init("ok", .flag, "false"), .init("error", Answer.text, "the code, what went wrong and what to do"),
            .init("code", .count, "the status of the provider's answer, where one came", required: false),
        ])
        return .object(["oneOf": .list([bare.document, .object(["$ref": "#/components/schemas/Errors"])])])
    }()

    private static let responses: Value.Object = {
        var responses = Value.Object()
        for (status, about) in refusals {
            responses[status] = .object([
                "description": .string(about),
                "content": content(.object(["$ref": "#/components/schemas/Errors"])),
            ])
        }
        return responses
    }()
}
