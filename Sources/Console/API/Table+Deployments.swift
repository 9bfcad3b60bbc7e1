import Basics
import ConsoleAccess
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// Routes about what runs brought to environments, and what providers hold of backups.
extension APIEndpoints {
    /// In so many of the latest runs deployments are looked for, as on the console's page.
    private static let deployedRuns = 500

    static func deployments(_ services: APIServices) -> [APIRoute] {
        let row = APISchema.object([
            .init("id", .text(), "its id, made of its run and its environment"),
            .init("environment", .nullable(.text()), "null: it is shared"),
            .init("run", .text(), "the id of the run that made it"),
            .init("state", .choice(["success", "failed", "deploying"]), "how it ended; `deploying`: it is under way"),
            .init("revision", .nullable(.text()), "the commit of the SSOT that was brought about"),
            .init("author", .nullable(.text()), "who wrote that commit"),
            .init("steps", .count, "how many steps it had"), .init("failed", .count, "how many of them failed"),
            .init("unsettled", .count, "of how many of them nobody knows yet what became"),
            .init("started_at", .instant, "when its first step began"),
            .init("completed_at", .nullable(.instant), "when its last step ended; null: it is under way"),
        ])
        let environment = APIParameter("environment", .line(least: 1, most: 255), "only of this environment")
        let id = APIParameter("deployment", .line(least: 1, most: 64), "its id", required: true)
        @Sendable func rows(_ call: APICall, _ environment: String?) async throws -> [DeploymentRow] {
            try await services.store.deployments(ofLast: deployedRuns, environment: environment)
                .filter { call.visible.contains($0.environment) }
                .sorted { $0.from == $1.from ? $1.id.precedesByBytes($0.id) : $0.from > $1.from }
        }
        return [
            APIRoute(
                "GET", "/deployments", "listDeployments", "deployments",
                "What each of the latest \(deployedRuns) runs changed for an environment, newest first; deployments of "
                    + "the application itself the service doesn't make.",
                needs: .read, at: .list, parameters: [environment, timeCursor], answer: .list(row), isPaged: true
            ) { call in
                let cursor = call.text("cursor").flatMap { PageCursor($0) }
                let rest = try await rows(call, call.text("environment")).filter { row in
                    guard let cursor else { return true }
                    return row.from == cursor.at ? row.id.precedesByBytes(cursor.id) : row.from < cursor.at
                }
                let shown = rest.prefix(call.limit)
                return page(
                    shown.map(\.document), next: rest.count > call.limit ? shown.last?.cursor.description : nil)
            },
            APIRoute(
                "GET", "/deployments/{deployment}", "getDeployment", "deployments",
                "What one of the latest \(deployedRuns) runs changed for an environment.", needs: .read, at: .list,
                parameters: [id], answer: row
            ) { call in
                let name = call.text("deployment") ?? ""
                guard let found = try await rows(call, nil).first(where: { $0.id == name }) else {
                    throw APIFault.notFound(
                        "there is no deployment \(name) in the latest \(deployedRuns) runs",
                        hint: "List them: GET /api/v1/deployments")
                }
                return Envelope(200, found.document)
            },
            backups(services),
        ]
    }

    private static func backups(_ services: APIServices) -> APIRoute {
        let row = APISchema.object([
            .init("key", .text(), "the resource"), .init("kind", .text(), "what it is"),
            .init("provider_id", .text(), "its id at the provider"), .init("count", .count, "how many there are of it"),
            .init("size_gb", .anything, "as the provider says; null where it doesn't"),
            .init("created_at", .nullable(.instant), "when the latest was made; null where nobody knows"),
        ])
        return APIRoute(
            "GET", "/backups", "listBackups", "backups",
            "The snapshots and backups that providers held when the last pass of this service looked, by key: `count` of "
                + "them, the latest made at `created_at`. When they are due is in `/schedules`. 404 where nobody has looked.",
            needs: .read, parameters: [nameCursor], answer: .list(row), isPaged: true
        ) { call in
            guard let found = services.outlook()?.backups else {
                throw APIFault.notFound(
                    "nobody has looked yet at what providers hold", hint: "Ask for a pass: POST /api/v1/reconcile")
            }
            return part(found, call, key: { "\($0.key)" }, document: \.backupDocument)
        }
    }
}

extension DeploymentRow {
    /// As JSON.
    fileprivate var document: Value {
        var object = Value.Object()
        object["id"] = .string(id)
        object["environment"] = .text(environment)
        object["run"] = .string(runID)
        object["state"] = .string(state)
        object["revision"] = .text(revision)
        object["author"] = .text(authorName)
        object["steps"] = .int(Int64(steps))
        object["failed"] = .int(Int64(failed))
        object["unsettled"] = .int(Int64(unsettled))
        object["started_at"] = .string(from.description)
        object["completed_at"] = .text(to?.description)
        return .object(object)
    }
}

extension ObservedResource {
    /// As JSON, of a snapshot or of the backups of a cluster.
    fileprivate var backupDocument: Value {
        var object = Value.Object()
        object["key"] = .string(key.description)
        object["kind"] = .string(key.kind.name)
        object["provider_id"] = .string(providerID)
        object["count"] = .int(backupCount)
        object["size_gb"] = attributes["size_gb"] ?? .null
        object["created_at"] = .text(backedUpAt?.description)
        return .object(object)
    }
}
