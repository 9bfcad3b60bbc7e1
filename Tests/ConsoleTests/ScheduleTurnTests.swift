import Basics
import DesiredState
import Formats
import Store
import Testing

@testable import Reconciler

/// What a service asks of its store from turn to turn, and what it does while that is away.
@Suite("Turns of schedules")
struct ScheduleTurnTests {
    /// A store that is counted, and that falls away.
    private final class Watched: SQLEngine {
        struct Counts { var reads = 0, writes = 0, statements = 0 }

        private struct Connection: SQLConnection {
            let inner: any SQLConnection
            let note: @Sendable () -> Void

            func run(_ sql: String, _ binds: [SQLValue]) throws(StoreFault) -> [SQLRow] {
                note()
                return try inner.run(sql, binds)
            }
        }

        let inner: any SQLEngine
        let counts = Locked(Counts())
        /// How many writes to come fail, and how.
        private let fall = Locked<(times: Int, kind: StoreFault.Kind)>((0, .unreachable))

        init(_ inner: any SQLEngine) { self.inner = inner }

        var dialect: SQLDialect { inner.dialect }
        var place: String { inner.place }

        func fall(_ times: Int, _ kind: StoreFault.Kind) { fall.withLock { $0 = (times, kind) } }

        private func wrapped(_ db: any SQLConnection) -> Connection {
            Connection(inner: db) { [counts] in counts.withLock { $0.statements += 1 } }
        }

        func transaction<T: Sendable>(
            _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
        ) async throws(StoreFault) -> T {
            counts.withLock { $0.writes += 1 }
            let kind = fall.withLock { fall -> StoreFault.Kind? in
                fall.times -= 1
                return fall.times >= 0 ? fall.kind : nil
            }
            if let kind, kind != .unknown { throw StoreFault(kind, code: "TEST-0001", message: "it is away") }
            let result = try await inner.transaction { (db: any SQLConnection) throws(StoreFault) -> T in
                try body(self.wrapped(db))
            }
            // It is written, and nobody hears of it.
            if let kind { throw StoreFault(kind, code: "TEST-0002", message: "the answer was lost") }
            return result
        }

        func read<T: Sendable>(
            _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
        ) async throws(StoreFault) -> T {
            counts.withLock { $0.reads += 1 }
            return try await inner.read { (db: any SQLConnection) throws(StoreFault) -> T in
                try body(self.wrapped(db))
            }
        }

        func close() async { await inner.close() }
    }

    /// The store falls away while it runs.
    private struct Felling: JobRunner {
        let isRepeatable = false
        let engine: Watched
        let times: Int
        let kind: StoreFault.Kind
        let runs = Locked(0)

        func run(
            _ job: ScheduledJob, slot: Timestamp, key: String, attempt: Int, limit: Duration
        ) async -> JobAnswer {
            runs.withLock { $0 += 1 }
            engine.fall(times, kind)
            return .succeeded(receipt: nil)
        }
    }

    private static func service(
        _ clock: Clockwork, _ engine: Watched, _ runner: any JobRunner, _ metrics: Metrics,
        jobs: (@Sendable () -> [ScheduledJob]?)? = nil
    ) -> ScheduleService {
        ScheduleService(
            store: Store(engine: engine, time: clock.time), jobs: jobs ?? { [jobs = clock.jobs] in jobs },
            runner: { _ in runner }, time: clock.time, random: RandomSource(seed: 1), log: .none, metrics: metrics,
            holder: "one")
    }

    @Test(
        "a run that ends while the store is away has its end once that is back, and counts once",
        arguments: [(6, StoreFault.Kind.unreachable), (3, .readOnly), (1, .unknown), (4, .locked)])
    func away(times: Int, kind: StoreFault.Kind) async throws {
        let clock = try await Clockwork()
        let engine = Watched(clock.engine)
        let runner = Felling(engine: engine, times: times, kind: kind)
        let metrics = Metrics()
        let service = Self.service(clock, engine, runner, metrics)
        try await clock.turn(service)
        for number in 1...2 {
            clock.time.advance(by: .minutes(10))
            try await clock.turn(service)
            #expect(runner.runs.withLock { $0 } == number)
            #expect(
                metrics.value("reconciler_schedule_runs_total", ["outcome": "succeeded"]) == Double(number))
        }
        #expect(try await clock.store.scheduleSlots(limit: 9).map(\.state) == [.succeeded, .succeeded])
        #expect(try await clock.kinds() == [])
        await clock.engine.close()
    }

    @Test(
        "where the end can't be written it counts as what is known of it by then",
        arguments: [StoreFault.Kind.unreachable, .refused])
    func lost(kind: StoreFault.Kind) async throws {
        let clock = try await Clockwork()
        let engine = Watched(clock.engine)
        let metrics = Metrics()
        let service = Self.service(
            clock, engine, Felling(engine: engine, times: .max, kind: kind), metrics)
        try await clock.turn(service)
        clock.time.advance(by: .minutes(10))
        _ = try? await clock.turn(service)
        #expect(metrics.value("reconciler_schedule_runs_total", ["outcome": "succeeded"]) == nil)
        engine.fall(0, kind)
        clock.time.advance(by: .hours(2))
        try await service.workAll()
        #expect(metrics.value("reconciler_schedule_runs_total", ["outcome": "succeeded"]) == nil)
        #expect(metrics.value("reconciler_schedule_runs_total", ["outcome": "failed"]) == 1)
        #expect(try await clock.store.scheduleSlots(limit: 9).last?.errorCode == "JOB-0003")
        await clock.engine.close()
    }

    @Test("late times that all run are run in their order, and share a worker with what is due beside them")
    func order() async throws {
        let environments = """
            environments:
              lab: {tier: dev, backup_schedule: "*/10 * * * *"}
              try: {tier: staging, backup_schedule: "0 * * * *"}

            """
        let clock = try await Clockwork([], environments: environments) { settings in
            settings.runners["backup"] = .command(["/bin/true"], variables: [])
            settings.all.missed = .all
        }
        let service = clock.service()
        try await clock.turn(service)
        clock.time.jump(to: clock.time.now + .hours(5))
        try await clock.turn(service)
        let runs = clock.runner.all
        let lab = runs.filter { $0.hasPrefix("backup/lab ") }
        #expect(lab.count == 30 && lab == lab.sorted(), "\(runs)")
        // Turn by turn, until the one with fewer has none left.
        #expect(runs.prefix(10).count { $0.hasPrefix("backup/try ") } == 5, "\(runs)")
        await clock.engine.close()
    }

    @Test(
        "where nothing is due a turn costs the same for one environment and for many, and nothing is made anew",
        arguments: [true, false], [1, 90])
    func idle(isBlocked: Bool, count: Int) async throws {
        let environments =
            "environments:\n"
            + (0..<count).map { "  e\($0): {tier: staging, backup_schedule: \"0 2 * * *\"}\n" }.joined()
        let now = try #require(Timestamp("2026-03-02T12:00:00Z"))
        let clock = try await Clockwork([], environments: environments, now: now) { settings in
            if !isBlocked { settings.runners["backup"] = .command(["/bin/true"], variables: []) }
        }
        let engine = Watched(clock.engine)
        let readings = Locked(0)
        let jobs = ScheduledJobs(
            clock.settings,
            zones: { _ in
                readings.withLock { $0 += 1 }
                return TimeZones()
            }, time: clock.time)
        let service = Self.service(
            clock, engine, clock.runner, Metrics(),
            jobs: { [desired = clock.desired] in
                // Each pass makes an equal one anew.
                jobs.jobs(of: desired.with(environments: desired.environments.map { $0 }))
            })
        func counts() -> Watched.Counts {
            engine.counts.withLock { counts in
                defer { counts = Watched.Counts() }
                return counts
            }
        }
        try await clock.turn(service)
        let first = counts()
        #expect(first.reads <= 10 && first.writes <= 5, "\(first)")
        #expect(try await clock.kinds().count == (isBlocked ? count : 0))
        for _ in 0..<24 {
            clock.time.advance(by: .seconds(5))
            try await clock.turn(service)
        }
        // Two looks at everything in two minutes, at what the other services run, and one word of what this one does; what
        // can't run is asked for nowhere.
        let idle = counts()
        #expect(idle.writes <= 1 && idle.reads == 4 + (isBlocked ? 0 : 24), "\(idle)")
        #expect(idle.statements <= 7 + (isBlocked ? 0 : 48), "\(idle)")
        #expect(readings.withLock { $0 } == 1 && jobs.parses == 1)
        // All of them are due at one instant, and share a transaction.
        clock.time.advance(by: .hours(14))
        _ = counts()
        try await service.plan()
        #expect(counts().writes <= 4)
        #expect(try await clock.store.scheduleSlots(limit: 999).count == (isBlocked ? 0 : count))
        #expect(readings.withLock { $0 } == 2 && jobs.parses == 1, "time zones are read again after an hour")
        await clock.engine.close()
    }

    @Test("what was changed in the store meanwhile holds: a schedule that another moved, disabled or enabled")
    func others() async throws {
        let clock = try await Clockwork()
        let (one, two) = (clock.service("one"), clock.service("two"))
        for service in [one, two] { try await service.plan() }
        clock.time.advance(by: .minutes(10))
        for service in [one, two, one] { try await service.plan() }
        #expect(try await clock.store.scheduleSlots(limit: 9).count == 1)
        try await clock.turn(two)
        try await clock.engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run("update ops.schedule_states set disabled_at = $1", [.time(Timestamp(seconds: 0))])
        }
        // The clock jumps, so that nobody has looked at everything since.
        clock.time.jump(to: clock.time.now + .minutes(10))
        try await clock.turn(one)
        #expect(clock.runner.all.count == 1)
        let audit = AuditRecord(
            at: clock.time.now, action: "schedules.enable", target: "gates", actor: "ada", detail: [:])
        #expect(try await clock.store.enableSchedule("gates", audit: audit))
        clock.time.jump(to: clock.time.now + .minutes(10))
        try await clock.turn(one)
        #expect(clock.runner.all.count == 2)
        await clock.engine.close()
    }
}
