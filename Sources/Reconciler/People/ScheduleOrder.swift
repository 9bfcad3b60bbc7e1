public import Basics
public import Store

/// A person has a schedule run once now, or by itself again; the command line and the API do it alike.
public enum ScheduleOrder {
    /// Has it run once, whatever the clock says, with its audit record.
    ///
    /// - Parameters:
    ///   - name: its id.
    ///   - jobs: what is due by the clock; nil before the first commit was read.
    ///   - store: where it waits for the service.
    ///   - actor: who asks.
    ///   - now: when.
    /// - Returns: the id of what waits for the service.
    /// - Throws: `RequestFault` where it isn't there or nobody can run it; `StoreFault`.
    public static func run(
        _ name: String, of jobs: [ScheduledJob]?, in store: Store, by actor: Actor, at now: Timestamp
    ) async throws -> String {
        guard let jobs else {
            throw RequestFault(
                .conflict, "no commit was read yet since the service began, so nobody knows how \(name) runs",
                hint: "Ask again after a pass: reconcile schedules list")
        }
        guard let job = jobs.first(where: { $0.id == name }) else { throw missing(name, jobs.map(\.id)) }
        switch job.way {
        case .blocked(let reason), .unread(let reason):
            throw RequestFault(
                .conflict, "\(name) can't run: \(reason)", hint: "See what it needs: reconcile schedules show \(name)")
        case .byHand:
            throw RequestFault(
                .conflict, "\(name) is done by hand", hint: "Name a runner of it: schedules.jobs.\(name).runner.")
        case .runner: break
        }
        return try await store.requestSlot(
            of: name, lane: job.lane, audit: actor.audit("schedules.run", of: name, at: now))
    }

    /// Lets it run by itself again, with its audit record.
    ///
    /// - Throws: `RequestFault` where it isn't there or isn't disabled; `StoreFault`.
    public static func enable(_ name: String, in store: Store, by actor: Actor, at now: Timestamp) async throws {
        let states = try await store.scheduleStates()
        guard states[name] != nil else { throw missing(name, Array(states.keys)) }
        guard try await store.enableSchedule(name, audit: actor.audit("schedules.enable", of: name, at: now)) else {
            throw RequestFault(
                .conflict, "\(name) is not disabled", hint: "See all: reconcile schedules list")
        }
    }

    private static func missing(_ name: String, _ names: [String]) -> RequestFault {
        RequestFault(
            .notFound, "there is no schedule \(name)",
            hint: Suggestion.nearest(to: name, in: names).map { "Did you mean \($0)?" }
                ?? "List them with: reconcile schedules list")
    }
}
