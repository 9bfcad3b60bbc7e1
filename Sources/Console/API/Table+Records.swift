import Basics
import ConsoleAccess
import DesiredState
import Formats
import Reconciler
import Store

/// Routes about what was told: logs, the audit log, deliveries.
extension APIEndpoints {
    static func records(_ services: APIServices) -> [APIRoute] {
        runs(services) + logRoutes(services) + deliveryRoutes(services)
    }

    private static let identifier = APISchema.pattern(
        "^\(identifierForm)$", about: "an id", matches: { isIdentifier($0) })

    /// What narrows lines, whatever they are of.
    static let lineParameters = [
        APIParameter("service", choice(LogLine.Service.self), "only what this part tells"),
        APIParameter("level", choice(LogLine.Level.self), "only of this level"),
        APIParameter("correlation_id", identifier, "only what belongs to this run, or to this delivery"),
        APIParameter("type", .line(most: 64), "only lines of runs of this type, such as step or warning"),
        since, until, timeCursor,
    ]

    /// The lines that a call asks for and its caller may read, of one environment or of all; people's changes only where
    /// these are theirs to read at the place.
    static func lines(
        _ call: APICall, of environment: String?, at place: AccessPlace, _ services: APIServices
    ) async throws -> Envelope {
        var filter = LogFilter()
        filter.environment = environment
        filter.service = call.text("service").flatMap(LogLine.Service.init)
        filter.level = call.text("level").flatMap(LogLine.Level.init)
        filter.correlation = call.text("correlation_id")
        filter.type = call.text("type")
        filter.environments = call.visibleNames
        filter.hasAudit = call.caller.may(.readAudit, at: place)
        filter.since = call.instant("since")
        filter.until = call.instant("until")
        let found = try await services.store.logPage(
            filter, limit: call.limit, after: call.text("cursor").flatMap { PageCursor($0) })
        return page(found.rows.map(\.document), next: found.next?.description)
    }

    private static func logRoutes(_ services: APIServices) -> [APIRoute] {
        [
            APIRoute(
                "GET", "/logs", "listLogs", "logs",
                "What was told by runs, people's changes, notices and hooks, newest first.", needs: .read, at: .list,
                parameters: [onlyEnvironment] + lineParameters, answer: .list(Answer.logLine), isPaged: true
            ) { call in
                try await lines(call, of: call.text("environment"), at: .list, services)
            },
            APIRoute(
                "GET", "/environments/{environment}/logs", "listEnvironmentLogs", "logs",
                "What was told of this environment by runs, people's changes and notices, newest first; logs of its "
                    + "containers aren't collected.",
                needs: .read, at: .environment, parameters: [environmentName] + lineParameters,
                answer: .list(Answer.logLine), isPaged: true
            ) { call in
                let slug = try await environment(call, services).slug
                return try await lines(call, of: slug, at: .environment(slug), services)
            },
            APIRoute(
                "GET", "/audit-logs", "listAuditLogs", "audit", "Who changed what by hand, newest first.",
                needs: .readAudit,
                parameters: [
                    APIParameter("user", .line(most: 255), "only by this one"),
                    APIParameter("action", .line(most: 64), "only this, such as env.extend"),
                    APIParameter("target", .line(most: 512), "only of this"), since, until, timeCursor,
                ], answer: .list(Answer.auditLine), isPaged: true
            ) { call in
                let found = try await services.store.auditPage(
                    limit: call.limit, after: call.text("cursor").flatMap { PageCursor($0) }, actor: call.text("user"),
                    action: call.text("action"), target: call.text("target"), since: call.instant("since"),
                    until: call.instant("until"))
                let rows = found.rows.map { row -> Value in
                    var object: Value.Object = ["id": .string(row.id)]
                    for member in row.record.document.objectValue?.members ?? [] { object[member.name] = member.value }
                    return .object(object)
                }
                return page(rows, next: found.next?.description)
            },
            APIRoute(
                "GET", "/audit-logs/verification", "verifyAuditLogs", "audit",
                "Whether the audit log is as it was written.", needs: .readAudit,
                answer: .object([
                    .init("whole", .flag, "whether nothing of it was changed or taken out"),
                    .init("lines", .count, "how many lines the chain has"),
                    .init("cut", .count, "how many were cut from its beginning because they were old"),
                    .init("cut_before", Answer.instantOrNull, "until when they were cut; null: none was"),
                    .init("before_the_chain", .count, "how many lines are older than the chain"),
                    .init("head", Answer.text, "the digest of the last line; keep it elsewhere to compare"),
                    .init(
                        "faults",
                        Answer.many(
                            .object([
                                .init("record", Answer.text, "the line"),
                                .init("message", Answer.text, "what is wrong with it"),
                            ])), "what is not as it was written"),
                ])
            ) { _ in
                let found = try await services.store.verifyAuditLog()
                return Envelope(200, found.document)
            },
        ]
    }

    private static func deliveryRoutes(_ services: APIServices) -> [APIRoute] {
        let id = APIParameter("delivery", .line(least: 1, most: 64), "its id", required: true)
        return [
            APIRoute(
                "GET", "/webhooks/deliveries", "listDeliveries", "webhooks",
                "What providers' hooks sent, newest first.",
                needs: .read,
                parameters: [
                    APIParameter("provider", .choice(HookProvider.allCases.map(\.rawValue)), "only of this provider"),
                    APIParameter("state", choice(DeliveryRecord.State.self), "only in this state"), timeCursor,
                ], answer: .list(Answer.delivery), isPaged: true
            ) { call in
                let found = try await services.store.deliveryPage(
                    limit: call.limit, after: call.text("cursor").flatMap { PageCursor($0) },
                    provider: call.text("provider"), state: call.text("state").flatMap(DeliveryRecord.State.init))
                return page(found.rows.map(\.document), next: found.next?.description)
            },
            APIRoute(
                "GET", "/webhooks/deliveries/{delivery}", "getDelivery", "webhooks",
                "One delivery with its headers and its body, without what is secret.", needs: .read, parameters: [id],
                answer: Answer.wholeDelivery
            ) { call in
                let delivery = try await find(call, services)
                var object = delivery.document.objectValue ?? [:]
                object["headers"] = delivery.headers
                object["body"] = delivery.body.map { (try? JSON.parse($0)) ?? .string($0) } ?? .null
                return Envelope(200, .object(object))
            },
            APIRoute(
                "POST", "/webhooks/deliveries/{delivery}/retry", "retryDelivery", "webhooks",
                "Has a delivery that went wrong worked on again.", needs: .hooks, parameters: [id],
                answer: .object([
                    .init("id", Answer.text, "its id"), .init("state", Answer.text, "how it stands until then"),
                ]),
                status: 202
            ) { call in
                let delivery = try await find(call, services)
                try await DeliveryRetry.make(delivery, in: services.store, by: call.actor, at: call.now)
                return Envelope(202, ["id": .string(delivery.id), "state": "failed"])
            },
        ]
    }

    private static func find(_ call: APICall, _ services: APIServices) async throws -> DeliveryRecord {
        let name = call.text("delivery") ?? ""
        guard let found = try await services.store.deliveries(matching: name).first(where: { $0.id == name }) else {
            throw APIFault.notFound(
                "there is no delivery \(name)", hint: "List them: GET /api/v1/webhooks/deliveries")
        }
        return found
    }
}

extension LogLine {
    /// As JSON.
    var document: Value {
        var object = Value.Object()
        object["id"] = .string(id)
        object["at"] = .string(at.description)
        object["service"] = .string(service.rawValue)
        object["level"] = .string(level.rawValue)
        object["environment"] = .text(environment)
        object["correlation_id"] = .text(correlation)
        object["type"] = .string(type)
        object["message"] = .string(message)
        object["run"] = .text(run)
        object["payload"] = payload
        return .object(object)
    }
}
