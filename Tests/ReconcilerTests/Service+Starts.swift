import Basics
import Reconciler
import Store

extension Service {
    /// When the first passes of a service began that is stopped after as many.
    static func starts(of reconciler: Reconciler, every interval: Duration, passes: Int) async -> [Timestamp] {
        let starts = Locked<[Timestamp]>([])
        let holder = Locked<Service?>(nil)
        let service = Service(reconciler: reconciler, interval: interval) { report in
            let count = starts.withLock { starts in
                starts.append(report.run.startedAt)
                return starts.count
            }
            if count == passes { holder.withLock { $0?.requestStop() } }
        }
        holder.withLock { $0 = service }
        await service.run()
        return starts.withLock { $0 }
    }
}
