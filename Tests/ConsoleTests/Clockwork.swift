import Basics
import DesiredState
import Store
import StoreSQLite

@testable import Reconciler

/// Jobs of a small SSOT, a store, and a runner that does what a test says.
struct Clockwork {
    let time: SimulatedTime
    let store: Store
    let engine: any SQLEngine
    let runner: Fake
    let settings: ScheduleSettings
    let desired: DesiredState
    let jobs: [ScheduledJob]

    final class Fake: JobRunner {
        let isRepeatable: Bool
        let runs = Locked<[String]>([])
        let keys = Locked<[String]>([])
        let answers = Locked<[JobAnswer]>([])
        /// Runs go on until they are stopped.
        let isEndless = Locked(false)
        private let time: any TimeSource

        init(_ time: any TimeSource, isRepeatable: Bool) {
            self.time = time
            self.isRepeatable = isRepeatable
        }

        func run(
            _ job: ScheduledJob, slot: Timestamp, key: String, attempt: Int, limit: Duration
        ) async -> JobAnswer {
            keys.withLock { $0.append(key) }
            runs.withLock { $0.append("\(job.id) \(slot.minuteText) \(attempt)") }
            if isEndless.withLock({ $0 }) {
                try? await time.idle(for: .days(1))
                return .failed(code: "JOB-0003", reason: "stopped")
            }
            return answers.withLock { $0.isEmpty ? .succeeded(receipt: nil) : $0.removeFirst() }
        }

        var all: [String] { runs.withLock { $0 } }
    }

    static let bounds = ScheduleBounds(timeLimit: .hours(1), deadline: .hours(24))

    static let zones = try? TimeZones([
        TimeZone(name: "Europe/Berlin", rule: "CET-1CEST,M3.5.0,M10.5.0/3"),
        TimeZone(name: "America/New_York", rule: "EST5EDT,M3.2.0,M11.1.0"),
    ])

    /// With `isPatient` the clock stands while the service sleeps.
    init(
        _ chores: [(id: String, cron: String, runner: String)] = [("gates", "*/10 * * * *", "ci")],
        environments: String? = nil, policies: String? = nil, now: Timestamp = Timestamp(seconds: 1_772_000_040),
        isRepeatable: Bool = false,
        isPatient: Bool = false, _ change: (inout ScheduleSettings) -> Void = { _ in }
    ) async throws {
        time = SimulatedTime(now: now, advancesBySleeping: !isPatient)
        runner = Fake(time, isRepeatable: isRepeatable)
        engine = try await SQLiteEngine.open(path: ":memory:")
        store = Store(engine: engine, time: time)
        _ = try await store.migrate()
        var settings = ScheduleSettings()
        settings.runners = ["ci": .command(["/bin/true"], variables: [])]
        change(&settings)
        self.settings = settings
        let text =
            "version: \"1.0\"\nschema: ssot.maintenance.schedules.v1\nchores:\n"
            + chores.map {
                "  - {id: \($0.id), name: N, cron: \"\($0.cron)\", runner: \($0.runner), outputs: [x], alert_on_failure: true}\n"
            }.joined()
        var files = [SourceFile(path: "ssot/maintenance/schedules.yaml", text: text)]
        if let environments { files.append(SourceFile(path: "ssot/environments.yaml", text: environments)) }
        if let policies { files.append(SourceFile(path: ".odooops/policies.yaml", text: policies)) }
        let tree = SourceTree(revision: String(repeating: "a", count: 40), files: files, branches: .known([]))
        desired = readDesiredState(tree)
        jobs = ScheduledJob.all(in: desired, settings) { _ in Self.zones ?? TimeZones() }
    }

    /// The day that Berlin's clocks show.
    static func berlinDay(_ instant: Timestamp) -> Substring {
        (zones?["Europe/Berlin"]?.minuteText(instant) ?? "").prefix(10)
    }

    func service(_ holder: String = "one", store other: Store? = nil) -> ScheduleService {
        ScheduleService(
            store: other ?? store, jobs: { [jobs] in jobs }, runner: { [runner] _ in runner }, time: time,
            random: RandomSource(seed: 1), log: .none, metrics: Metrics(), holder: holder)
    }

    func turn(_ service: ScheduleService) async throws {
        try await service.plan()
        try await service.workAll()
    }

    func kinds() async throws -> [String] { try await store.notices().map(\.kind.rawValue) }
}
