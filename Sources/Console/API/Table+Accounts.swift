import Basics
import ConsoleAccess
import Formats
import Reconciler
import Store

/// Routes about who may do what, and about figures.
extension APIEndpoints {
    static func accounts(_ services: APIServices) -> [APIRoute] {
        [
            APIRoute(
                "GET", "/access/users", "listUsers", "access", "Who can log in.", needs: .access,
                answer: Answer.many(Answer.user)
            ) { _ in
                let users = try await services.store.users()
                return Envelope(200, .list(users.map(\.document)))
            },
            APIRoute(
                "GET", "/access/keys", "listKeys", "access", "The keys of programs, without the keys themselves.",
                needs: .access, answer: Answer.many(Answer.key)
            ) { _ in
                let keys = try await services.store.keys()
                return Envelope(200, .list(keys.map { .object($0.document) }))
            },
            APIRoute(
                "POST", "/access/keys", "addKey", "access", "Makes a key, which is shown this once.", needs: .access,
                body: .object([
                    .init("name", .line(least: 1, most: 64), required: true),
                    .init("roles", .list(.role, least: 1, most: 32), required: true),
                    .init("scopes", .list(choice(Permission.self), most: 16)), .init("days", .integer(1...3_650)),
                ]), answer: Answer.newKey, status: 201
            ) { call in
                let grants = grants(call)
                let new = try await services.access.addKey(
                    call.body["name"]?.stringValue ?? "", grants: grants,
                    scopes: call.body["scopes"]?.listValue?.compactMap(\.stringValue)
                        .compactMap(Permission.init(rawValue:)),
                    lasting: call.body["days"]?.intValue.flatMap { Int(exactly: $0) }.map { .days($0) },
                    by: call.caller.name, detail: call.actor.detail())
                var object = new.account.document
                object["key"] = new.key.reveal { .string($0) }
                object["notes"] = .strings(try await notes(on: grants, services))
                return Envelope(201, .object(object))
            },
            APIRoute(
                "DELETE", "/access/keys/{key}", "revokeKey", "access",
                "Takes a key back, and what was approved by it.", needs: .access,
                parameters: [APIParameter("key", .line(least: 1, most: 64), "its name or id", required: true)],
                answer: .object([.init("revoked", Answer.text, "the name or id that was given")] + Answer.lossMembers)
            ) { call in
                let name = call.text("key") ?? ""
                guard
                    let loss = try await services.store.revokeKey(
                        name,
                        audit: call.actor.audit("access.key.revoke", of: name, at: call.now))
                else { throw APIFault.notFound("no key \(name) is in use", hint: "List them: GET /api/v1/access/keys") }
                services.access.forgetAll()
                return Envelope(200, revoked(name, loss))
            },
        ]
    }

    static func figures(_ services: APIServices) -> [APIRoute] {
        [
            APIRoute(
                "GET", "/metrics", "queryMetrics", "metrics", "The present figures of the service.",
                needs: .readMetrics,
                parameters: [APIParameter("name", .line(least: 1, most: 128), "only those whose name begins so")],
                answer: Answer.many(
                    .object([
                        .init("name", Answer.text, "the figure"),
                        .init("labels", Answer.text, "what tells it from others of the name, as Prometheus writes it"),
                        .init("value", Answer.text, "a number, as Prometheus writes it"),
                    ]))
            ) { call in
                let prefix = call.text("name") ?? ""
                var rows: [Value] = []
                for line in services.metrics.exposition().split(separator: "\n")
                where !line.hasPrefix("#") && line.hasPrefix(prefix) {
                    guard let space = line.lastIndex(of: " ") else { continue }
                    let series = line[..<space]
                    let name = series.prefix { $0 != "{" }
                    rows.append([
                        "name": .string(String(name)),
                        "labels": .string(String(series.dropFirst(name.count).filter { $0 != "{" && $0 != "}" })),
                        "value": .string(String(line[line.index(after: space)...])),
                    ])
                }
                return Envelope(200, .list(rows))
            }
        ]
    }
}

extension UserAccount {
    var document: Value {
        [
            "name": .string(name), "grants": .strings(grants), "created_at": .string(createdAt.description),
            "disabled_at": .text(disabledAt?.description),
        ]
    }
}

extension KeyAccount {
    var document: Value.Object {
        var object = Value.Object()
        object["id"] = .string(id)
        object["name"] = .string(name)
        object["grants"] = .strings(grants)
        object["scopes"] = scopes.map { .strings($0) } ?? .null
        object["created_at"] = .string(createdAt.description)
        object["created_by"] = .string(createdBy)
        object["expires_at"] = .text(expiresAt?.description)
        object["revoked_at"] = .text(revokedAt?.description)
        return object
    }
}
