import Basics
import ConsoleAccess
import DesiredState
import Formats
import Reconciler
import Store

/// Routes about environments.
extension APIEndpoints {
    static let environmentName = APIParameter(
        "environment", .line(least: 1, most: 255),
        "its name, its id, its branch, or a tier that only one is of; a slash of a branch is written %2F",
        required: true)

    static let onlyEnvironment = APIParameter(
        "environment", .line(least: 1, most: 255),
        "only of this environment: its name, its id, its branch, or a tier that only one is of")

    /// Stands beside the statuses: an environment that is left alone has one of them too.
    private static let suspended = "suspended"

    /// The one figure that is kept of an environment; whoever asks for another one learns where it is.
    private static let environmentFigure = APISchema.pattern(
        "^steps$",
        about: "steps: nothing is measured inside of an environment's machines; have Prometheus scrape these",
        matches: { $0 == "steps" })

    /// The environment that a path names.
    static func environment(_ call: APICall, _ services: APIServices) async throws -> EnvironmentRow {
        let slug = call.text("environment") ?? ""
        guard let row = try await services.store.environment(slug) else {
            throw try await noEnvironment(slug, services, where: call.visible.contains)
        }
        return row
    }

    /// The name of the environment that a filter means: an empty list of what doesn't exist would say that all is well.
    ///
    /// One that is gone is known as long as anything is kept of it, and one that is wanted before a pass has made it.
    static func environmentName(
        ofFilter word: String, _ permission: Permission?, _ caller: Caller, _ services: APIServices
    ) async throws -> String {
        let wanted = services.outlook()?.desired
        let found =
            try await services.store.environmentName(of: word)
            ?? wanted?.environments.first { $0.slug == word || $0.branch == word }?.slug
        // As a path has it: what is none of theirs and what isn't there look alike.
        if let permission { try caller.demand(permission, at: .environment(found ?? word), called: word) }
        if let found { return found }
        if wanted?.modulePlans.contains(where: { $0.environment == word }) == true { return word }
        if try await services.store.keepsAnything(ofEnvironment: word) { return word }
        throw try await noEnvironment(word, services) { caller.environments(for: permission ?? .read).contains($0) }
    }

    private static func noEnvironment(
        _ name: String, _ services: APIServices, where isVisible: (String) -> Bool
    ) async throws -> APIFault {
        let known = try await services.store.environmentNames().filter(isVisible)
        let suggestion = Suggestion.nearest(to: name, in: known)
        let near = suggestion.map { "Did you mean \($0)? " } ?? ""
        var fault = APIFault.notFound(
            "there is no environment \(name)", hint: "\(near)List them: GET /api/v1/environments")
        fault.details["environment"] = .string(name)
        if let suggestion { fault.details["did_you_mean"] = .string(suggestion) }
        return fault
    }

    static func environments(_ services: APIServices) -> [APIRoute] {
        let row = Answer.environment
        let reason = APISchema.Field("reason", .line(least: 1, most: 500))
        let until = APISchema.Field("until", .instant)
        return [
            APIRoute(
                "GET", "/environments", "listEnvironments", "environments", "The environments, by name.", needs: .read,
                at: .list,
                parameters: [
                    APIParameter("tier", choice(Tier.self), "only of this tier"),
                    APIParameter(
                        "status", .choice(EnvironmentRow.Status.allCases.map(\.rawValue) + [suspended]),
                        "only in this status; suspended: only those that a person has left alone, whatever their status"
                    ),
                    APIParameter("branch", .line(most: 255), "only of this branch"), nameCursor,
                ], answer: .list(row), isPaged: true
            ) { call in
                let (rows, hasMore) = try await services.store.environmentPage(
                    limit: call.limit, after: call.nameCursor, tier: call.text("tier").flatMap(Tier.init),
                    status: call.text("status").flatMap(EnvironmentRow.Status.init), branch: call.text("branch"),
                    names: call.visibleNames,
                    isSuspendedAt: call.text("status") == suspended ? call.now : nil)
                let drift = Dictionary(
                    grouping: try await services.store.openDrift(of: rows.map(\.slug)), by: \.environment)
                return page(
                    rows.map { $0.document(at: call.now, drift: drift[$0.slug] ?? []) },
                    nextAfter: hasMore ? rows.last?.slug : nil)
            },
            APIRoute(
                "GET", "/environments/{environment}", "getEnvironment", "environments",
                "One environment, by its name, its id, its branch, whose slashes are written `%2F`, or a tier that only one "
                    + "is of.",
                needs: .read, at: .environment, parameters: [environmentName], answer: row
            ) { call in
                let slug = call.text("environment") ?? ""
                guard let found = try await services.store.environmentWithDrift(slug) else {
                    throw try await noEnvironment(slug, services, where: call.visible.contains)
                }
                return Envelope(200, found.row.document(at: call.now, drift: found.drift))
            },
            change(
                services, .extend, "POST", "extend", "Gives an environment more days to live.",
                [.init("days", .integer(1...365), required: true), reason], row),
            change(services, .pin, "POST", "pin", "Keeps an environment from expiring.", [reason, until], row),
            change(services, .unpin, "DELETE", "pin", "Lets the time to live of an environment count again.", nil, row),
            change(
                services, .suspend, "POST", "suspend", "Keeps the reconciler from changing an environment.",
                [reason, until], row),
            change(services, .resume, "POST", "resume", "Has an environment reconciled again.", [], row),
            APIRoute(
                "GET", "/environments/{environment}/metrics", "getEnvironmentMetrics", "metrics",
                "How many steps were made for an environment, and how they ended, hour by hour.", needs: .readMetrics,
                at: .environment,
                parameters: [
                    environmentName,
                    APIParameter("metric", environmentFigure, "the figure: steps"),
                    APIParameter("range", .choice(["1h", "24h", "7d", "30d"]), "how far back; 24h"),
                ],
                answer: Answer.many(
                    .object([
                        .init("at", .instant, "when the hour begins"), .init("steps", .count, "how many were made"),
                        .init("failed", .count, "how many of them failed"),
                    ]))
            ) { call in
                let hours = ["1h": 1, "24h": 24, "7d": 168, "30d": 720][call.text("range") ?? "24h"] ?? 24
                let counts = try await services.store.stepCounts(
                    of: try await environment(call, services).slug, since: call.now - .hours(hours))
                return Envelope(
                    200,
                    .list(
                        counts.map {
                            [
                                "at": .string($0.hour.description), "steps": .int(Int64($0.steps)),
                                "failed": .int(Int64($0.failed)),
                            ]
                        }))
            },
        ]
    }

    private static func change(
        _ services: APIServices, _ verb: EnvironmentChange.Verb, _ method: String, _ word: String, _ summary: String,
        _ fields: [APISchema.Field]?, _ row: APISchema
    ) -> APIRoute {
        APIRoute(
            method, "/environments/{environment}/\(word)", "\(verb.rawValue)Environment", "environments", summary,
            needs: .operate, at: .environment, parameters: [environmentName], body: fields.map { .object($0) },
            answer: row
        ) { call in
            let name = call.text("environment") ?? ""
            // Before it is done: what fails afterwards would look as if nothing had been done.
            let drift = try await services.store.openDrift(of: [name])
            let change = EnvironmentChange(
                verb, of: name,
                days: call.body["days"]?.intValue.flatMap { Int(exactly: $0) } ?? 0,
                reason: call.body["reason"]?.stringValue,
                until: call.body["until"]?.instantValue)
            let made = try await change.make(in: services.store, by: call.actor, at: call.now)
            var document = made.row.document(at: call.now, drift: drift).objectValue ?? [:]
            document["changed"] = .bool(made.isChanged)
            return Envelope(200, .object(document))
        }
    }
}
