import Basics
import HTTPClient
import Store

/// Leases that are held and renewed for as long as a pass runs, and what is known of them at any moment.
///
/// Whether a step may begin is decided in the transaction that writes its intent. This is for the time between that and
/// the effect: a process may stand still there, and wake up when another one has long taken over.
final class LeaseWatch: Sendable {
    /// Sorted by name; the pass ends where one of them is lost.
    let leases: [Lease]
    /// What they are about.
    let share: Share
    /// Whether somebody else still holds a part of this service's share.
    let isPartial: Bool
    /// Under which name this service is known to the others; nil where it shares nothing.
    private let service: String?
    /// Whether it leaves its share to the others all the same.
    private let isAside: Bool
    private let store: Store
    private let time: any TimeSource
    private let log: Log
    /// When the leases were last known to be ours, by both clocks: one stands still with the machine, the other may be set.
    private let proved: Locked<(uptime: Duration, now: Timestamp)>

    /// Watches leases; `asked` are the clocks of before they were asked for.
    init(
        _ leases: [Lease], of shards: Shards, isPartial: Bool, service: String?, isAside: Bool, store: Store,
        time: any TimeSource, log: Log, asked: (uptime: Duration, now: Timestamp)
    ) {
        self.leases = leases
        self.isPartial = isPartial
        self.service = service
        self.isAside = isAside
        share = Share(shards, held: Set(leases.compactMap { Store.shard(ofLease: $0.name) }))
        lasting = leases.first?.lasting ?? .zero
        self.store = store
        self.time = time
        self.log = log
        proved = Locked(asked)
    }

    private let lasting: Duration

    /// For how long after a proof an effect may still begin.
    ///
    /// The rest of the lease is for a request that is under way: at most half a minute, and as long to be visible.
    private var certainty: Duration { lasting - lasting / 5 }

    /// Renews the leases again and again until the task is cancelled or somebody else has one of them.
    func keep() async {
        while true {
            do {
                try await time.idle(for: lasting / 3)
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

    /// Gives the leases back.
    func release() async {
        guard !leases.isEmpty else { return }
        try? await store.releaseLeases(leases)
    }

    private func renew() async throws(StoreFault) {
        let asked = (time.uptime, time.now)
        try await store.renewLeases(leases)
        proved.withLock { $0 = asked }
        guard let service else { return }
        do throws(StoreFault) {
            try await store.keepService(service, shards: share.shards.count, lasting: lasting, isAside: isAside)
        } catch {
            // The leases are ours all the same; the next sign is due long before the last one is over.
            log.debug("the service's sign of life could not be written", ["fault": error.description])
        }
    }
}
