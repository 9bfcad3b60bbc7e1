import Basics
import ConsoleAccess
import DesiredState
import Formats
import Reconciler
import Store

/// Routes about what runs brought to environments.
extension APIEndpoints {
    /// In so many of the latest runs deployments are looked for, as on the console's page.
    private static let deployedRuns = 500

    private static let deploymentStates = DeploymentRow.State.allCases.map(\.rawValue)

    /// What narrows them; a deployment is of the time when its first step began.
    private static let deploymentFilters = [
        APIParameter("state", .choice(deploymentStates), "only those that stand so"), since, until,
        timeCursor,
    ]

    private static let deployment = APISchema.object([
        .init("id", .text(), "its id, made of its run and its environment"),
        .init("environment", .nullable(.text()), "null: it is shared"),
        .init("run", .text(), "the id of the run that made it"),
        .init(
            "state", .choice(deploymentStates),
            "how it ended; deploying: its run is under way; unsettled: that has ended, and nobody knows what became of a step"
        ),
        .init("revision", .nullable(.text()), "the commit of the SSOT that was brought about"),
        .init("author", .nullable(.text()), "who wrote that commit"),
        .init("steps", .count, "how many steps it had"), .init("failed", .count, "how many of them failed"),
        .init("unsettled", .count, "of how many of them nobody knows yet what became"),
        .init("started_at", .instant, "when its first step began"),
        .init(
            "completed_at", .nullable(.instant),
            "when its last step ended, or where that is unsettled its run; null: that is under way"),
    ])

    static func deployments(_ services: APIServices) -> [APIRoute] {
        let id = APIParameter("deployment", .line(least: 1, most: 64), "its id", required: true)
        return [
            APIRoute(
                "GET", "/deployments", "listDeployments", "deployments",
                "What each of the latest \(deployedRuns) runs changed for an environment, newest first; deployments of "
                    + "the application itself the service doesn't make.",
                needs: .read, at: .list, parameters: [onlyEnvironment] + deploymentFilters, answer: .list(deployment),
                isPaged: true
            ) { call in
                try await deployments(call, of: call.text("environment"), services)
            },
            APIRoute(
                "GET", "/environments/{environment}/deployments", "listEnvironmentDeployments", "deployments",
                "What each of the latest \(deployedRuns) runs changed for this environment, newest first.",
                needs: .read, at: .environment, parameters: [environmentName] + deploymentFilters,
                answer: .list(deployment),
                isPaged: true
            ) { call in
                try await deployments(call, of: environment(call, services).slug, services)
            },
            APIRoute(
                "GET", "/deployments/{deployment}", "getDeployment", "deployments",
                "What one of the latest \(deployedRuns) runs changed for an environment.", needs: .read, at: .list,
                parameters: [id], answer: deployment
            ) { call in
                let name = call.text("deployment") ?? ""
                guard let found = try await rows(call, nil, services).first(where: { $0.id == name }) else {
                    throw APIFault.notFound(
                        "there is no deployment \(name) in the latest \(deployedRuns) runs",
                        hint: "List them: GET /api/v1/deployments")
                }
                return Envelope(200, found.document)
            },
        ]
    }

    /// One part of what runs changed, for one environment or for all.
    private static func deployments(
        _ call: APICall, of environment: String?, _ services: APIServices
    ) async throws -> Envelope {
        let cursor = call.text("cursor").flatMap { PageCursor($0) }
        let rest = try await rows(call, environment, services).filter { row in
            guard let cursor else { return true }
            return row.from == cursor.at ? row.id.precedesByBytes(cursor.id) : row.from < cursor.at
        }
        let shown = rest.prefix(call.limit)
        return page(shown.map(\.document), next: rest.count > call.limit ? shown.last?.cursor.description : nil)
    }

    private static func rows(
        _ call: APICall, _ environment: String?, _ services: APIServices
    ) async throws -> [DeploymentRow] {
        let (state, time) = (call.text("state"), call.askedTime)
        return try await services.store.deployments(ofLast: deployedRuns, environment: environment)
            .filter { row in
                call.visible.contains(row.environment) && state.map { $0 == row.state.rawValue } ?? true
                    && time.has(row.from)
            }
            .sorted { $0.from == $1.from ? $1.id.precedesByBytes($0.id) : $0.from > $1.from }
    }
}

extension DeploymentRow {
    /// As JSON.
    fileprivate var document: Value {
        var object = Value.Object()
        object["id"] = .string(id)
        object["environment"] = .text(environment)
        object["run"] = .string(runID)
        object["state"] = .string(state.rawValue)
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
