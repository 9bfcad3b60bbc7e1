import Basics
import DesiredState
import Formats
import Store

/// What each service of a store can run by the clock, as they say of themselves: what one can't run may be another's.
///
/// Runners are named as the SSOT names them, for each service may have another configuration.
struct RunnerSigns: Sendable, Equatable {
    /// What one service says.
    struct Sign: Sendable, Equatable {
        let at: Timestamp
        /// Nil: it is there, and has not read yet what runs by the clock.
        let runners: Set<String>?
        /// The jobs of those runners that it can't run all the same.
        let exceptions: Set<String>

        func runs(_ job: ScheduledJob) -> Bool {
            runners?.contains(job.namedRunner) == true && !exceptions.contains(job.id)
        }
    }

    /// Without one's own, and without those that are silent.
    private let others: [Sign]

    static let nobody = RunnerSigns(others: [])

    static let key = "schedules.runners"
    /// A sign counts for so long: a service that is started anew is back by then.
    static let lifetime = Duration.minutes(5)
    /// A service repeats it after so long.
    static let pause = Duration.minutes(2)

    private init(others: [Sign]) { self.others = others }

    /// Whether another service runs a job.
    func runs(_ job: ScheduledJob) -> Bool { others.contains { $0.runs(job) } }

    /// Whether another service runs a job, or has still to find out what it runs.
    func mayRun(_ job: ScheduledJob) -> Bool { others.contains { $0.runners == nil || $0.runs(job) } }

    /// Says what this service runs, as often as it has to be said, and hears what the others do.
    ///
    /// - Throws: `StoreFault`.
    static func exchange(
        _ sign: Sign, of holder: String, in store: Store
    ) async throws(StoreFault) -> RunnerSigns {
        let now = sign.at
        let known = signs(try await store.bookmark(key))
        let own = known[holder]
        let isFresh = own.map { $0.at <= now && now - $0.at < pause } ?? false
        if !isFresh || own?.runners != sign.runners || own?.exceptions != sign.exceptions {
            try await store.changeBookmark(key) { stored in
                var all = signs(stored).filter { isAlive($0.value, now) }
                all[holder] = sign
                return value(of: all)
            }
        }
        return RunnerSigns(others: known.filter { $0.key != holder && isAlive($0.value, now) }.map(\.value))
    }

    /// A sign from a clock that was far ahead counts as over.
    private static func isAlive(_ sign: Sign, _ now: Timestamp) -> Bool {
        sign.at > now - lifetime && sign.at < now + lifetime
    }

    private static func signs(_ value: Value?) -> [String: Sign] {
        var signs: [String: Sign] = [:]
        for member in value?.objectValue?.members ?? [] {
            guard let at = member.value["at"]?.instantValue else { continue }
            let exceptions = member.value["except"]?.listValue ?? []
            signs[member.name] = Sign(
                at: at, runners: (member.value["runners"]?.listValue).map { Set($0.compactMap(\.stringValue)) },
                exceptions: Set(exceptions.compactMap(\.stringValue)))
        }
        return signs
    }

    private static func value(of signs: [String: Sign]) -> Value {
        var object = Value.Object()
        for (holder, sign) in signs.sorted(by: { $0.key.precedesByBytes($1.key) }) {
            object[holder] = [
                "at": .string(sign.at.description),
                "runners": sign.runners.map { .strings($0.sorted { $0.precedesByBytes($1) }) } ?? .null,
                "except": .strings(sign.exceptions.sorted { $0.precedesByBytes($1) }),
            ]
        }
        return .object(object)
    }
}

extension Agenda {
    /// What a service says of what it can run.
    ///
    /// - Parameters:
    ///   - now: when it says so.
    ///   - can: whether it has what a runner needs.
    /// - Returns: the runners, and the jobs of theirs that it can't run.
    func sign(at now: Timestamp, can: (ScheduleSettings.Runner) -> Bool) -> RunnerSigns.Sign {
        var runners: Set<String> = []
        var unable: [ScheduledJob] = []
        for job in jobs {
            if case .runner(let kind) = job.way, can(kind) {
                runners.insert(job.namedRunner)
            } else {
                unable.append(job)
            }
        }
        let exceptions = unable.filter { runners.contains($0.namedRunner) }.map(\.id)
        return RunnerSigns.Sign(at: now, runners: runners, exceptions: Set(exceptions))
    }
}
