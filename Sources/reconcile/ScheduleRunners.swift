import Basics
import Drivers
import Reconciler
import Store

extension ScheduleService {
    /// The service that runs what is due by the clock, for `reconcile run`.
    convenience init(_ composition: Composition, _ service: Service, _ environment: [String: String]) {
        let reconciler = composition.reconciler
        let settings = composition.configuration.schedules
        let traffic = reconciler.traffic
        let context = DriverContext(runID: "schedules", log: composition.log) { traffic.keep($0, runID: "schedules") }
        let time = reconciler.time
        let runners = JobRunners(
            drivers: reconciler.drivers, service: service, environment: environment, time: time, context: context)
        let jobs = ScheduledJobs(settings, zones: reconciler.zones, time: time)
        self.init(
            store: composition.store, jobs: { reconciler.latestDesired.map { jobs.jobs(of: $0) } },
            runner: { runners.runner(of: $0) }, time: time, random: reconciler.random, log: composition.log,
            metrics: composition.metrics, holder: reconciler.holder)
    }
}
