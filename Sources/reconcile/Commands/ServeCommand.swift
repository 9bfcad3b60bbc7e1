import Basics
import Console
import ConsoleAPI
import ConsoleAccess
import ConsolePages
import Drivers
import HTTPClient
import Reconciler
import Store
import Web

/// `reconcile run`.
struct ServeCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let composition = try await Composition(context, logLevel: .info, isService: true)
        let configuration = composition.configuration
        let log = composition.log
        let terminal = context.terminal
        let notices = NoticeService(composition, context.environment)
        let knowledge = Knowledge()
        let service = Service(
            reconciler: composition.reconciler, interval: configuration.interval, gap: configuration.passGap,
            retention: composition.retention
        ) { report in
            knowledge.learn(report)
            notices.notice()
            guard terminal.isJSON else { return }
            StandardStreams.output(RunLine.text(report) + "\n")
        }
        let schedules = ScheduleService(composition, service, context.environment)
        let hooks = HookService(composition, service, context.environment)
        let endpoints = ServiceEndpoints(
            service: service, store: composition.store, metrics: composition.metrics, time: SystemTime(),
            interval: configuration.interval, hooks: hooks.endpoints
        ) { [environment = context.environment] in HookEndpoints.door(configuration.hookSecret, in: environment) }
        let pages: ConsolePages
        let door: FrontDoor
        do {
            let access = try AccessControl(
                configuration, store: composition.store, context.environment, log: log, metrics: composition.metrics)
            if try await !access.isConfigured(), !access.isLoopback {
                log.warning(
                    "nobody was given access: all but health and hooks is refused",
                    ["hint": AccessFault.firstOwner])
            }
            pages = ConsoleService.pages(composition, service, knowledge, access, schedules, context.environment)
            let services = APIServices(
                store: composition.store, access: access, reconciler: composition.reconciler, service: service,
                metrics: composition.metrics, time: SystemTime(), schedules: schedules.jobs,
                outlook: { knowledge.outlook }, address: configuration.address, retention: configuration.retention,
                errorPage: ErrorPages.text)
            door = FrontDoor(access: access, api: APIEndpoints(services), service: endpoints)
        } catch {
            await composition.close()
            throw error
        }
        var options = Self.options(configuration)
        options.refusal = { door.refusal(ofTarget: $0, status: $1, reason: $2) }
        // Reads of the API alone: a slow disk keeps no hook waiting, nor whoever asks whether the service is alive.
        options.home = { [home = composition.store.home] request in
            request.method == "GET" && request.segments.first == "api" ? home : nil
        }
        let server: WebServer
        do {
            options.identity = try configuration.tls.map { try WebIdentity($0, context.environment) }
            server = try WebServer(
                address: configuration.listenAddress, port: configuration.listenPort, options: options
            ) { request in
                if let page = await pages.answer(request) { return page }
                return await door.answer(request)
            }
            if let end = server.identityEnd { Self.tell(end, log) }
        } catch {
            await composition.close()
            throw error
        }
        let environment = context.environment
        let reload: @Sendable () -> Void = {
            guard let tls = configuration.tls else { return }
            do {
                try server.replace(identity: try WebIdentity(tls, environment))
                if let end = server.identityEnd { Self.tell(end, log) }
            } catch {
                let fault = error as? any Fault
                log.error(
                    "the service keeps the certificate that it has, for the new one can't be used",
                    ["code": fault?.code ?? "", "error": fault?.message ?? "\(error)", "hint": fault?.hint ?? ""])
            }
        }
        let manager = ServiceManager(environment: context.environment)
        context.signals.handle { signal in
            switch signal {
            case .reload:
                log.info("SIGHUP: a pass begins now")
                reload()
                Task { await service.ask(.manual) }
            case .stop:
                log.info("stopping: running steps are finished and recorded")
                manager.notify("STOPPING=1")
                service.requestStop()
            }
        }
        log.info(
            "the service runs",
            ["listen": "\(configuration.listenAddress):\(server.port)", "interval": configuration.interval.shortText])
        manager.notify("READY=1\nSTATUS=reconciling every \(configuration.interval.shortText)")
        let working = Task { await hooks.run() }
        let telling = Task { await notices.run() }
        let following = Task { await pages.feed.run() }
        let ticking = Task { await schedules.run() }
        let watchdog = Task { await Self.feed(manager, service, configuration.interval) }
        let guarding = Task { await Self.isReplaced(composition.store, service, log) }
        await service.run()
        guarding.cancel()
        watchdog.cancel()
        following.cancel()
        await following.value
        await server.stop(drain: .seconds(10))
        schedules.requestStop()
        ticking.cancel()
        await ticking.value
        hooks.requestStop()
        // A list that is being read is read again next time.
        working.cancel()
        await working.value
        notices.requestStop()
        // What is being sent is looked for, or sent again, next time.
        telling.cancel()
        await telling.value
        await composition.close()
        // Refused, and not started again: on a copy of yesterday a pass could delete before a person has made it safe.
        return await guarding.value ? .refused : .done
    }

    /// Ends the service once another store is in the place of its own: what it holds in mind is of the one before.
    ///
    /// - Returns: whether that was so, when it ends or is cancelled.
    private static func isReplaced(_ store: Store, _ service: Service, _ log: Log) async -> Bool {
        let time = SystemTime()
        while !Task.isCancelled {
            do throws(StoreFault) {
                // A file is looked at; of a server a pass finds out by its lease. One that refused a write is tried until it
                // takes one again, whoever asks whether it is well.
                if store.isEmbedded || store.refusesWrites { try await store.ping() } else { try store.confirmSame() }
            } catch {
                // What is locked, full or gone comes back; a store that was replaced doesn't.
                if error.kind == .fenced {
                    log.error(
                        "the service ends", ["code": error.code, "fault": error.message, "hint": error.hint ?? ""])
                    service.requestStop()
                    return true
                }
            }
            do { try await time.sleep(for: .seconds(5)) } catch { return false }
        }
        return false
    }

    /// So long before its end a certificate is told of.
    static let certificateNotice = Duration.days(14)

    /// Says until when the certificate is good, louder when that is soon or over.
    private static func tell(_ end: Timestamp, _ log: Log) {
        let left = end - SystemTime().now
        if left < .zero {
            log.warning("the service's certificate has ended", ["end": end.description])
        } else if left < certificateNotice {
            log.warning("the service's certificate ends soon", ["end": end.description])
        } else {
            log.info("the service speaks TLS", ["certificate_end": end.description])
        }
    }

    /// Strangers' requests must not take the memory: only hooks are long, and only proxies bring many clients.
    static func options(_ configuration: Configuration) -> WebServerOptions {
        var options = WebServerOptions(
            bodyLimit: HookProvider.allCases.map(\.bodyLimit).max() ?? 1 << 20,
            connectionsPerAddress: configuration.access.trustedProxies.isEmpty ? 64 : 0)
        options.bodyLimitOfPath = { path in path.hasPrefix("/hooks/") ? .max : APIEndpoints.bodyLimit }
        return options
    }

    /// Tells the service manager that the loop is alive, for as long as it is.
    private static func feed(_ manager: ServiceManager, _ service: Service, _ interval: Duration) async {
        guard let period = manager.watchdogInterval else { return }
        let time = SystemTime()
        while !Task.isCancelled {
            if ServiceEndpoints.isAlive(service.currentStatus, now: time.now, interval: interval) {
                manager.notify("WATCHDOG=1")
            }
            do { try await time.sleep(for: period) } catch { return }
        }
    }
}

extension NoticeService {
    /// The service that tells people, for `reconcile run`.
    convenience init(_ composition: Composition, _ environment: [String: String]) {
        let reconciler = composition.reconciler
        let settings = composition.configuration.notifications
        let traffic = reconciler.traffic
        let context = DriverContext(runID: "notices", log: composition.log) { traffic.keep($0, runID: "notices") }
        self.init(
            store: composition.store, settings: settings,
            senders: Self.senders(
                settings, drivers: reconciler.drivers, transport: CurlTransport(), environment: environment,
                time: reconciler.time, context, store: composition.store),
            time: reconciler.time, random: reconciler.random, log: composition.log, metrics: composition.metrics,
            holder: reconciler.holder)
    }
}
