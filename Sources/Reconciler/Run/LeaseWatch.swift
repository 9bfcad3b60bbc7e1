import Basics
import HTTPClient
import Store

/// A lease that is held and renewed for as long as a pass runs, and what is known of it at any moment.
///
/// Whether a step may begin is decided in the transaction that writes its intent. This is for the time between that and
/// the effect: a process may stand still there, and wake up when another one has long taken over.
final class LeaseWatch: Sendable {
    let lease: Lease
    private let store: Store
    private let time: any TimeSource
    private let log: Log
    /// When the lease was last known to be ours, by both clocks: one stands still with the machine, the other may be set.
    private let proved: Locked<(uptime: Duration, now: Timestamp)>

    /// Watches a lease; `asked` are the clocks of before it was asked for.
    init(_ lease: Lease, store: Store, time: any TimeSource, log: Log, asked: (uptime: Duration, now: Timestamp)) {
        self.lease = lease
        self.store = store
        self.time = time
        self.log = log
        proved = Locked(asked)
    }

    /// For how long after a proof an effect may still begin.
    ///
    /// The rest of the lease is for a request that is under way: at most half a minute, and as long to be visible.
    private var certainty: Duration { lease.lasting - lease.lasting / 5 }

    /// Renews the lease again and again until the task is cancelled or somebody else has it.
    func keep() async {
        while true {
            do {
                try await time.idle(for: lease.lasting / 3)
                try await renew()
            } catch let fault as StoreFault {
                guard fault.kind == .fenced else {
                    log.warning("the lease could not be renewed", ["fault": fault.description])
                    continue
                }
                log.error("the lease was lost: nothing more is begun", ["fault": fault.description])
                return
            } catch {
                return
            }
        }
    }

    /// Whether an effect may begin now: the lease is surely ours, or proves so when the store is asked.
    func holds() async -> Bool {
        let (uptime, now) = proved.withLock { $0 }
        if time.uptime - uptime < certainty, time.now - now < certainty { return true }
        do throws(StoreFault) {
            try await renew()
            return true
        } catch {
            log.error("an effect was held back, for the lease can't be proved", ["fault": error.description])
            return false
        }
    }

    private func renew() async throws(StoreFault) {
        let asked = (time.uptime, time.now)
        _ = try await store.renewLease(lease)
        proved.withLock { $0 = asked }
    }
}
