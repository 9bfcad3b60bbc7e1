import Basics
import ConsoleAccess
import DesiredState
import Formats
import Reconciler
import Store

/// Routes about what happens by the clock.
extension APIEndpoints {
    static func schedules(_ services: APIServices) -> [APIRoute] {
        [
            APIRoute(
                "GET", "/schedules", "listSchedules", "schedules",
                "The chores and backups that are due by the clock: when, by whom, how each stands and why. "
                    + "`next_slot` is in UTC, `next_slot_local` the same instant with the distance from UTC that the clocks of `time_zone` show.",
                needs: .read, at: .list, answer: Answer.many(Answer.schedule)
            ) { call in
                let visible = call.visible
                return Envelope(
                    200, .list(try await scheduleDocuments(services, at: call.now) { visible.contains($0) }))
            },
            APIRoute(
                "GET", "/upcoming", "listUpcoming", "schedules", "What happens next by itself, soonest first.",
                needs: .read, at: .list,
                answer: .list(
                    .object([
                        .init("at", .instant, "when"), .init("what", Answer.text, "what happens"),
                        .init("environment", Answer.textOrNull, "the environment that it is about"),
                    ]))
            ) { call in
                let coming = try await upcoming(call, services)
                return Envelope(
                    200,
                    .list(
                        coming.prefix(200).map {
                            [
                                "at": .string($0.at.description), "what": .string($0.what),
                                "environment": .text($0.environment),
                            ]
                        }))
            },
        ]
    }

    /// The schedules of those environments that are wanted, by id; nil stands for a chore.
    static func scheduleDocuments(
        _ services: APIServices, at now: Timestamp, of isWanted: (String?) -> Bool
    ) async throws -> [Value] {
        let states = try await services.store.scheduleStates()
        guard let jobs = services.schedules() else {
            // Of those that have run before only that is known until a commit was read.
            return states.values.sorted { $0.id.precedesByBytes($1.id) }.filter { isWanted($0.environment) }
                .map(\.document)
        }
        return jobs.filter { isWanted($0.environment?.slug) }.map { $0.document(states[$0.id], at: now) }
    }

    private static func upcoming(
        _ call: APICall, _ services: APIServices
    ) async throws -> [(at: Timestamp, what: String, environment: String?)] {
        var coming: [(at: Timestamp, what: String, environment: String?)] = []
        func add(_ at: Timestamp?, _ what: String, _ environment: String?) {
            if let at, at > call.now, call.visible.contains(environment) { coming.append((at, what, environment)) }
        }
        let shares = try await services.store.shardStanding().shares()
        if shares.isEmpty {
            add(try await services.store.serviceSign()?.nextPassAt, "pass", nil)
        } else {
            for (service, _) in shares { add(service.nextPassAt, "pass", nil) }
        }
        let states = try await services.store.scheduleStates()
        for job in services.schedules() ?? [] where job.standing(states[job.id]) == "active" {
            add(job.next(after: call.now), "schedule \(job.id)", job.environment?.slug)
        }
        for row in try await services.store.environments() where row.status != .gone {
            let isPinned = row.isPinned(at: call.now)
            if !isPinned, !row.isUnwanted { add(row.endsAt(call.now), "environment ends", row.slug) }
            if !isPinned, row.doubt == nil, let goesAt = row.goesAt(call.now),
                row.isUnwanted || goesAt != row.endsAt(call.now)
            {
                add(goesAt, row.isUnwanted ? "environment goes, nothing wants it" : "environment goes", row.slug)
            }
            if row.isPinned { add(row.pinnedUntil, "pin ends", row.slug) }
            if row.isSuspended { add(row.suspendedUntil, "suspension ends", row.slug) }
        }
        for approval in try await services.store.standingApprovals() {
            add(approval.expiresAt, "approval of \(approval.key) ends", nil)
        }
        coming.sort { $0.at == $1.at ? $0.what.precedesByBytes($1.what) : $0.at < $1.at }
        return coming
    }
}

extension ScheduleState {
    /// The environment whose backup it is; nil for a chore.
    fileprivate var environment: String? {
        let prefix = ScheduledJob.backupPrefix
        return id.hasPrefix(prefix) ? String(id.dropFirst(prefix.count)) : nil
    }

    /// As JSON, where the document that wants it isn't read yet.
    fileprivate var document: Value {
        var object = Value.Object()
        object["id"] = .string(id)
        object["name"] = .string(id)
        object["environment"] = .text(environment)
        for name in ["cron", "time_zone", "runner"] { object[name] = .null }
        object["state"] = .string(disabledAt == nil ? "unknown" : "disabled")
        object["reason"] = .string(disabledReason ?? "no commit was read yet since the service began")
        object["lane"] = .null
        object["last_state"] = .text(lastState?.rawValue)
        object["last_slot"] = .text(lastSlot?.description)
        for name in ["next_slot", "next_slot_local", "source"] { object[name] = .null }
        return .object(object)
    }
}
