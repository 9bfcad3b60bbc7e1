import Basics
import Console
import DesiredState
import Drivers
import HTTPClient
import Reconciler
import Store

/// What a process does beside its passes: it works on deliveries, runs what is due by the clock, and tells people.
///
/// In the program these are loops of their own; here each has its turn while the loop of passes waits, so that the points
/// of all of them come in one order.
struct SideWork: Sendable {
    enum Part: String, Sendable, Hashable, CaseIterable {
        case deliveries, schedules, notices
    }

    let world: Installation
    let gate: EffectGate
    let time: any TimeSource
    let drivers: [any Driver]
    let transport: any HTTPTransport
    let random: RandomSource
    let log: Log
    let metrics: Metrics
    let holder: String
    /// The store, as whoever writes is named at its points.
    let store: @Sendable (String) -> Store
    let desired: @Sendable () -> DesiredState?

    /// Longer than a dead process keeps others from anything of this.
    static let longestClaim = Duration.minutes(20)

    private var parts: Set<Part> { world.settings.withLock { $0.sideWork } }
    private var context: DriverContext { DriverContext(runID: "beside", log: log) }

    /// The doors for what providers send; nil where nobody works on it.
    func doors(_ time: any TimeSource) -> HookEndpoints? {
        guard parts.contains(.deliveries) else { return nil }
        return HookEndpoints(
            intake: DeliveryIntake(store: store("deliveries"), time: time), metrics: metrics, time: time
        ) { $0 == .github ? .guarded(Secret(Installation.hookSecret)) : .closed }
    }

    /// Does what is due.
    ///
    /// - Returns: whether a pass is asked for.
    func turn() async -> Bool {
        let parts = parts
        var isAsked = false
        if parts.contains(.deliveries) { isAsked = await workOnDeliveries() }
        if parts.contains(.schedules) { await runSchedules() }
        if parts.contains(.notices) { await tellPeople() }
        return isAsked && !gate.isDead
    }

    /// Whether nothing of it is left to do.
    static func isDone(_ parts: Set<Part>, _ store: Store) async -> Bool {
        do {
            if parts.contains(.deliveries) {
                let open = try await store.deliveries(limit: 100).filter {
                    $0.state == .received || $0.state == .failed
                }
                if !open.isEmpty { return false }
            }
            if parts.contains(.schedules) {
                if try await store.scheduleSlots(limit: 100).contains(where: { $0.finishedAt == nil }) { return false }
            }
            if parts.contains(.notices) {
                let open = try await store.noticeMessages(limit: 100).filter {
                    $0.state == .collecting || $0.state == .waiting
                }
                let unrouted = try await store.noticeQueue().unrouted
                if !open.isEmpty || unrouted > 0 { return false }
            }
            return true
        } catch {
            return false
        }
    }

    // MARK: Deliveries

    private func workOnDeliveries() async -> Bool {
        let store = store("deliveries")
        let wakeup = Wakeup()
        metrics.declareHookMetrics()
        let poller = HookPoller(
            store: store, drivers: drivers, repositories: [Installation.repository], interval: .minutes(15), time: time,
            random: random, log: log, metrics: metrics, holder: holder)
        let processor = HookProcessor(
            store: store, repositories: HookRepositories(["https://github.com/\(Installation.repository).git"]),
            bell: WakeBell(store: store, wakeup: wakeup, time: time), time: time, random: random, log: log,
            metrics: metrics, holder: holder
        ) { await poller.lookAgain(at: $0) }
        // What the store refuses is done at the next turn.
        _ = try? await processor.work()
        if world.mailbox.hasLost { _ = try? await poller.poll() }
        return wakeup.isRaised
    }

    // MARK: Schedules

    private static let schedules: ScheduleSettings = {
        var settings = ScheduleSettings()
        settings.runners = [
            "ci": .workflow(repository: Installation.repository, file: "gates.yml", ref: "main"),
            "backup": .command(["/bin/true"], variables: []),
        ]
        settings.all.timeLimit = .minutes(10)
        var gates = settings.all
        gates.retries = 3
        settings.jobs["gates"] = gates
        return settings
    }()

    private func runSchedules() async {
        let runners = JobRunners(drivers: drivers, service: nil, environment: [:], time: time, context: context)
        let service = ScheduleService(
            store: store("schedules"),
            jobs: { desired().map { ScheduledJob.all(in: $0, Self.schedules) { TimeZones.load($0) } } },
            runner: { kind in
                guard case .command = kind else { return runners.runner(of: kind) }
                return GatedRunner(gate: gate, ledger: world.ledger)
            }, time: time, random: random, log: log, metrics: metrics, holder: holder)
        do {
            try await service.plan()
            try await service.workAll()
        } catch {
            log.warning("schedules wait for the store", ["code": error.code])
        }
    }

    // MARK: Notices

    private static let notifications: NotificationSettings = {
        var settings = NotificationSettings()
        for (name, target) in [
            ("ops", NotificationSettings.Target.slack(channel: "#ops")),
            ("n8n", .webhook(url: Receiver.address, secret: .environment("HOOK"))),
        ] {
            var channel = NotificationSettings.Channel(name: name, target: target)
            channel.grouping = .all
            settings.channels.append(channel)
        }
        var route = NotificationSettings.Route(to: ["ops", "n8n"])
        route.severity = .info
        settings.routes = [route]
        return settings
    }()

    private func tellPeople() async {
        let settings = Self.notifications
        let service = NoticeService(
            store: store("notices"), settings: settings,
            senders: NoticeService.senders(
                settings, drivers: drivers, transport: transport, environment: ["HOOK": Installation.receiverSecret],
                time: time, context),
            time: time, random: random, log: log, metrics: metrics, holder: holder)
        do {
            try await service.route()
            for channel in settings.channels { try await service.send(channel) }
        } catch {
            log.warning("notices wait for the store", ["code": error.code])
        }
    }
}

/// Runs programs of this machine, of which nobody can tell afterwards whether they ran.
struct GatedRunner: JobRunner {
    let gate: EffectGate
    let ledger: WriteLedger

    var isRepeatable: Bool { false }

    func run(_ job: ScheduledJob, slot: Timestamp, key: String, attempt: Int, limit: Duration) async -> JobAnswer {
        let run = "run \(job.id) \(slot.minuteText)"
        func ended() -> JobAnswer { .failed(code: "JOB-0003", reason: "the service was stopped while it ran") }
        switch await gate.arrive(.write, "RUN \(job.id)") {
        case .dead: return ended()
        case .pass: break
        case .strike(.crashAfter):
            ledger.note(run)
            gate.shut()
            return ended()
        case .strike(.requestLost), .strike(.refused), .strike(.serverError):
            return .failed(code: "JOB-0001", reason: "it can't be started")
        case .strike(.answerLost), .strike(.serverErrorAfter):
            ledger.note(run)
            return .timedOut
        case .strike: break
        }
        ledger.note(run)
        return .succeeded(receipt: nil)
    }
}
