import Basics
import ConsoleAccess
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// Routes about when backups are due, and what providers hold of them.
extension APIEndpoints {
    private static let backup = APISchema.named(
        "Backup",
        .object([
            .init("key", .text(), "the resource"), .init("kind", .text(), "what it is"),
            .init("provider_id", .text(), "its id at the provider"), .init("count", .count, "how many there are of it"),
            .init("size_gb", .anything, "as the provider says; null where it doesn't"),
            .init("created_at", .nullable(.instant), "when the latest was made; null where nobody knows"),
        ]))

    private static let madeSince = APIParameter(
        "since", .instantOrDay, "only where the latest was made then or later: an instant, or a day at 00:00 UTC")
    private static let madeUntil = APIParameter(
        "until", .instantOrDay, "only where the latest was made before: an instant, or a day at 00:00 UTC")

    static func backups(_ services: APIServices) -> [APIRoute] {
        [
            APIRoute(
                "GET", "/backups", "listBackups", "backups",
                "The snapshots and backups that providers held when the last pass of this service looked, by key: `count` "
                    + "of them, the latest made at `created_at`. When they are due is in `/schedules`. 404 where nobody has "
                    + "looked.",
                needs: .read, parameters: [madeSince, madeUntil, nameCursor], answer: .list(backup), isPaged: true
            ) { call in
                guard let found = services.outlook()?.backups else {
                    throw APIFault.notFound(
                        "nobody has looked yet at what providers hold", hint: "Ask for a pass: POST /api/v1/reconcile")
                }
                let time = call.askedTime
                return part(
                    found.filter { time.has($0.backedUpAt) }, call, key: { "\($0.key)" }, document: \.backupDocument)
            },
            APIRoute(
                "GET", "/databases/{environment}/backups", "listDatabaseBackups", "backups",
                "When the backups of an environment are due, and what providers held of it when the last pass of this "
                    + "service looked: the backups of the cluster that its database lies in, and the snapshots of its "
                    + "droplet.",
                needs: .read, at: .environment, parameters: [environmentName],
                answer: .object([
                    .init("environment", Answer.text, "its name"),
                    .init("database", Answer.textOrNull, "its database"),
                    .init("cluster", Answer.textOrNull, "the cluster that this lies in; null where nobody knows"),
                    .init("schedules", Answer.many(Answer.schedule), "when backups are due; empty: never by the clock"),
                    .init("held", .nullable(Answer.many(backup)), "null where nobody has looked"),
                ])
            ) { call in
                let row = try await environment(call, services)
                let outlook = services.outlook()
                let wanted = outlook?.desired.environments.first { $0.slug == row.slug }
                let schedules = try await scheduleDocuments(services, at: call.now) { $0 == row.slug }
                return Envelope(
                    200,
                    [
                        "environment": .string(row.slug), "database": .text(row.database),
                        "cluster": .text(wanted?.databaseCluster), "schedules": .list(schedules),
                        "held": outlook.flatMap { outlook in
                            wanted.flatMap { outlook.backups(of: $0) }.map { .list($0.map(\.backupDocument)) }
                        } ?? .null,
                    ])
            },
        ]
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
