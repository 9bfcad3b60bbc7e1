import Basics
import ConsoleAccess
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// Routes about what has ended: what would go when, and that it goes now.
extension APIEndpoints {
    static func sweep(_ services: APIServices) -> [APIRoute] {
        [
            APIRoute(
                "GET", "/sweep", "getSweep", "environments",
                "What has ended or is about to: what would go when, what holds it, what keeps the rest, and which deletions "
                    + "fail since when. Nothing is done.", needs: .read, answer: Answer.sweep
            ) { call in
                let (found, at) = try await sweep(services, isFresh: call.caller.may(.operate))
                return Envelope(200, found.document(at: at))
            },
            APIRoute(
                "POST", "/sweep", "sweepNow", "environments",
                "Asks for a pass at once, which deletes what has ended, as each pass does. The body confirms by name which "
                    + "environments something goes of now: where these are not exactly those that `GET /sweep` names in "
                    + "`targets`, nothing is done.", needs: .reconcile,
                body: .object([
                    .init("environments", .list(.line(least: 1, most: 255)), required: true),
                    .init("reason", .line(least: 1, most: 500)),
                ]),
                answer: .object([
                    .init("accepted", .flag, "true"), .init("environments", Answer.texts, "of which something goes"),
                ]),
                status: 202
            ) { call in
                guard let service = services.service else { throw APIFault.noService }
                let named = Set(call.body["environments"]?.listValue?.compactMap(\.stringValue) ?? [])
                let targets = try await sweep(services, isFresh: true).found.targets
                guard !targets.isEmpty else {
                    throw APIFault.moved("nothing has ended that may go", hint: "See what will: GET /api/v1/sweep")
                }
                guard named == Set(targets) else {
                    throw APIFault.moved(
                        "what goes now is of \(targets.joined(separator: ", ")), and that is not what was confirmed",
                        hint: "Look again, and confirm these: GET /api/v1/sweep")
                }
                let detail: Value.Object = call.body["reason"].map { ["reason": $0] } ?? [:]
                try await services.store.record(
                    call.actor.audit("sweep.now", of: targets.joined(separator: " "), at: call.now, detail))
                await service.ask(.ttl)
                return Envelope(202, ["accepted": true, "environments": .strings(targets)])
            },
        ]
    }

    private static func sweep(
        _ services: APIServices, isFresh: Bool
    ) async throws -> (found: Sweep, at: Timestamp) {
        guard let reconciler = services.reconciler else { throw APIFault.noService }
        let glance = try await services.glance(reconciler, isFresh: isFresh, isManual: true)
        return (try await Sweep(glance.outlook, services.store), glance.at)
    }
}

extension Answer {
    static let sweep = APISchema.named(
        "Sweep",
        .object([
            .init("as_of", .instant, "when somebody looked"),
            .init("targets", texts, "the environments of which something goes now"),
            .init(
                "ending",
                many(
                    .object([
                        .init("environment", text, "its name"),
                        .init("phase", text, "where in its life it is, as in a plan"),
                        .init("tier", .nullable(choice(Tier.self)), "what it is for"),
                        .init("ends_at", instantOrNull, "its end"),
                        .init("goes_at", instantOrNull, "when what it owns goes, where that is later"),
                        .init("reason", text, "which rule gives that end"),
                        .init("cost_monthly_usd", textOrNull, "what it costs a month in US dollars, as a decimal"),
                        .init("going", texts, "keys of what goes now"),
                        .init("held", many(change), "what would go and may not, each with its reason"),
                    ])), "what has ended or is about to, by name"),
            .init("others", many(change), "what goes or is held, and is shared or nobody's"),
            .init("marked", many(pruned), "what is marked before it goes"),
            .init(
                "stuck",
                many(
                    .object([
                        .init("key", text, "the resource"),
                        .init("environment", textOrNull, "the environment that it belongs to; null: it is shared"),
                        .init("since", .instant, "since when it can't be deleted"),
                        .init("last_at", .instant, "when that was last tried"),
                        .init("attempts", .count, "how often it was tried"),
                        .init("fault", .anything, "code and message of the last fault"),
                    ])), "deletions that fail"),
            .init("staying", many(outlook), "the environments that stay, each with its reason"),
        ]))
}
