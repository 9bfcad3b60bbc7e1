import Basics
import ConsoleAccess
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// Routes about what was done: runs, plans, evidence, the audit log, deliveries, logs.
extension APIEndpoints {
    static func records(_ services: APIServices) -> [APIRoute] {
        runRoutes(services) + logRoutes(services) + deliveryRoutes(services)
    }

    private static func runRoutes(_ services: APIServices) -> [APIRoute] {
        [
            APIRoute(
                "GET", "/runs", "listRuns", "runs", "The runs, newest first.", needs: .read,
                parameters: [
                    APIParameter("phase", choice(RunPhase.self), "only in this phase"), since, until, timeCursor,
                ],
                answer: .list(Answer.runSummary), isPaged: true
            ) { call in
                let found = try await services.store.runPage(
                    limit: call.limit, after: call.text("cursor").flatMap { PageCursor($0) },
                    phase: call.text("phase").flatMap(RunPhase.init), since: call.instant("since"),
                    until: call.instant("until"))
                return page(found.rows.map(\.summaryDocument), next: found.next?.description)
            },
            APIRoute(
                "GET", "/runs/{run}", "getRun", "runs", "One run with its steps.", needs: .read, parameters: [run],
                answer: Answer.run
            ) { call in
                let run = try await run(call, services)
                return Envelope(200, run.document(journal: try await services.store.journal(ofRun: run.id)))
            },
            APIRoute(
                "GET", "/runs/{run}/events", "listRunEvents", "runs", "The story of a run, newest line first.",
                needs: .read, parameters: [run, timeCursor], answer: .list(Answer.event), isPaged: true
            ) { call in
                let run = try await run(call, services)
                let found = try await services.store.eventPage(
                    limit: call.limit, after: call.text("cursor").flatMap { PageCursor($0) }, runID: run.id)
                return page(found.rows.map(document), next: found.next?.description)
            },
            APIRoute(
                "GET", "/runs/{run}/evidence", "getRunEvidence", "runs",
                "What was kept of a run as evidence, and where it stands in the chain.", needs: .read,
                parameters: [run], answer: Answer.evidence
            ) { call in
                let run = try await run(call, services)
                guard let link = try await services.store.evidence(ofRun: run.id) else {
                    throw APIFault.notFound(
                        "run \(run.id) has no evidence", hint: "See its error: GET /api/v1/runs/\(run.id)")
                }
                var object = Value.Object()
                object["run"] = .string(run.id)
                object["manifest"] = .string(link.manifest.description)
                object["previous"] = .text(link.previous?.description)
                object["sequence"] = .int(Int64(link.sequence))
                object["at"] = .string(link.at.description)
                if let manifest = services.evidence?.manifest(link.manifest) {
                    object["items"] = .list(
                        manifest.items.map {
                            [
                                "name": .string($0.name), "digest": .string($0.digest.description),
                                "bytes": .int(Int64($0.bytes)),
                            ]
                        })
                }
                return Envelope(200, .object(object))
            },
            APIRoute(
                "GET", "/plans", "listPlans", "plans",
                "The plans of passes, newest first, and how each stands with the people whose yes it needs.",
                needs: .read,
                parameters: [
                    APIParameter(
                        "approval", choice(PlanRow.Approval.self),
                        "waiting: the latest plan needs a yes; approved: it has all; superseded: a later pass made its "
                            + "own; unneeded: nothing needs one"), timeCursor,
                ], answer: .list(Answer.planRow), isPaged: true
            ) { call in
                let found = try await services.store.planPage(
                    limit: call.limit, after: call.text("cursor").flatMap { PageCursor($0) },
                    approval: call.text("approval").flatMap(PlanRow.Approval.init), at: call.now)
                return page(found.rows.map(\.document), next: found.next?.description)
            },
            APIRoute(
                "GET", "/plans/{run}", "getPlan", "plans",
                "The plan of a run, as it was saved; latest: what the last pass planned, whatever was looked at since.",
                needs: .read, parameters: [run], answer: Answer.plan
            ) { call in
                let name = call.text("run") ?? ""
                guard let plan = try await KeptPlan(name, services.store, services.evidence) else {
                    let run = try await run(call, services)
                    throw APIFault.notFound(
                        "run \(run.id) kept no plan, or it is kept no more", hint: "List the runs: GET /api/v1/runs")
                }
                return Envelope(200, plan.document)
            },
        ]
    }

    private static func document(_ line: (id: String, event: RunEvent)) -> Value {
        [
            "id": .string(line.id), "run": .string(line.event.runID), "type": .string(line.event.type),
            "at": .string(line.event.at.description), "payload": line.event.payload,
        ]
    }

    private static let identifier = APISchema.pattern(
        "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", about: "an id", matches: { isIdentifier($0) })

    private static func logRoutes(_ services: APIServices) -> [APIRoute] {
        [
            APIRoute(
                "GET", "/logs", "listLogs", "logs",
                "What was told by runs, people's changes, notices and hooks, newest first.", needs: .read, at: .list,
                parameters: [
                    APIParameter("environment", .line(least: 1, most: 255), "only of this environment"),
                    APIParameter("service", choice(LogLine.Service.self), "only what this part tells"),
                    APIParameter("level", choice(LogLine.Level.self), "only of this level"),
                    APIParameter("correlation_id", identifier, "only what belongs to this run, or to this delivery"),
                    APIParameter("type", .line(most: 64), "only lines of runs of this type, such as step or warning"),
                    since, until, timeCursor,
                ], answer: .list(Answer.logLine), isPaged: true
            ) { call in
                var filter = LogFilter()
                filter.environment = call.text("environment")
                filter.service = call.text("service").flatMap(LogLine.Service.init)
                filter.level = call.text("level").flatMap(LogLine.Level.init)
                filter.correlation = call.text("correlation_id")
                filter.type = call.text("type")
                filter.environments = call.visibleNames
                filter.hasAudit = call.caller.may(.readAudit, at: .list)
                filter.since = call.instant("since")
                filter.until = call.instant("until")
                let found = try await services.store.logPage(
                    filter, limit: call.limit, after: call.text("cursor").flatMap { PageCursor($0) })
                return page(found.rows.map(\.document), next: found.next?.description)
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

extension PlanRow {
    /// As JSON.
    var document: Value {
        var object = approvalDocument.objectValue ?? [:]
        object["fingerprint"] = .string(fingerprint)
        object["planned_at"] = .string(savedAt.description)
        object["latest"] = .bool(isLatest)
        object["phase"] = .text(run?.phase.rawValue)
        object["trigger"] = .text(run?.trigger.rawValue)
        object["revision"] = .text(run?.revision)
        object["summary"] = run?.metadata["summary"] ?? .null
        return .object(object)
    }

    /// Of which run it is, and how it stands with the people whose yes it needs.
    var approvalDocument: Value {
        [
            "run": .string(runID), "approval": .string(approval.rawValue), "needed": .int(Int64(needed)),
            "approved": .int(Int64(approved)), "used": .int(Int64(used)),
        ]
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
