import Basics
import Console
import HTTPClient
import Reconciler
import Store

/// The parts that take and work on the deliveries of providers, put together for `reconcile run`.
struct HookService: Sendable {
    let endpoints: HookEndpoints
    private let processor: HookProcessor
    private let poller: HookPoller
    private let bell: WakeBell

    init(_ composition: Composition, _ service: Service, _ environment: [String: String]) {
        let configuration = composition.configuration
        let reconciler = composition.reconciler
        composition.metrics.declareHookMetrics()
        let addresses = [configuration.ssot?.url, configuration.application?.url].compactMap { $0 }
        let repositories = HookRepositories(addresses)
        let traffic = reconciler.traffic
        let poller = HookPoller(
            store: composition.store, drivers: reconciler.drivers,
            repositories: Set(repositories.onGitHub + configuration.hookRepositories).sorted(),
            interval: configuration.hookPollInterval, time: reconciler.time, random: reconciler.random,
            log: composition.log, metrics: composition.metrics, holder: reconciler.holder
        ) { traffic.keep($0, runID: "hooks") }
        let bell = service.bell
        let processor = HookProcessor(
            store: composition.store, repositories: repositories, previews: { reconciler.previewRepository },
            bell: bell, time: reconciler.time, random: reconciler.random, log: composition.log,
            metrics: composition.metrics, holder: reconciler.holder
        ) { await poller.lookAgain(at: $0) }
        endpoints = HookEndpoints(
            intake: DeliveryIntake(store: composition.store, time: reconciler.time) { processor.notice() },
            metrics: composition.metrics, time: reconciler.time
        ) { HookEndpoints.door(configuration.hookSecrets[$0], in: environment) }
        self.processor = processor
        self.poller = poller
        self.bell = bell
    }

    /// Works until `requestStop`.
    func run() async {
        async let polling: Void = poller.run()
        async let listening: Void = bell.run()
        await processor.run()
        await polling
        await listening
    }

    func requestStop() {
        poller.requestStop()
        bell.requestStop()
        processor.requestStop()
    }
}
