import Basics
public import Store

extension Reconciler {
    /// Who else holds the only lease, and is not known to be gone; nil where a pass may begin.
    func otherHolder() async throws(StoreFault) -> Lease? {
        guard let lease = try await store.lease(name: Store.lease(ofShard: 0)), !isOver(lease.holder) else {
            return nil
        }
        return lease
    }

    private func isOver(_ holder: String) -> Bool { WriteLease.isFree(holder, for: self.holder) }

    /// Takes the leases of a pass.
    ///
    /// - Throws: `LeaseFault` when somebody else holds them, `ShardFault` where others count the shards otherwise.
    func takeLeases(
        runID: String, _ options: PassOptions, waits: @Sendable (Lease, Bool) -> Bool
    ) async throws -> LeaseWatch {
        let lease = WriteLease(
            store: store, time: time, log: log, process: holder, shards: shards, lasting: leaseTime)
        return try await lease.take(
            for: runID, isShared: options.isShared, isAside: options.isAside, waits: waits)
    }

    /// What a service has to know of the others between its passes.
    struct ShardView: Sendable, Hashable {
        /// The shards that are this service's, as the services stand now.
        var share: Set<Int> = []
        /// Those of them that somebody else is at work on.
        var busy: Set<Int> = []
        /// Those that a process has left in the middle of its work, each with who it was.
        var left: Set<String> = []
    }

    /// Looks who works on what.
    func shardView() async throws(StoreFault) -> ShardView {
        let standing = try await store.shardStanding()
        let now = time.now
        var view = ShardView()
        view.share = Set(shards.share(of: holder, among: standing.present(seenFrom: holder).map(\.holder)))
        for lease in standing.leases {
            guard let shard = Store.shard(ofLease: lease.name), view.share.contains(shard) else { continue }
            if lease.expiresAt > now, !isOver(lease.holder) {
                view.busy.insert(shard)
            } else if !lease.holder.hasPrefix("\(holder)/") {
                view.left.insert("\(lease.name) \(lease.holder)")
            }
        }
        return view
    }
}

extension ShardStanding {
    /// The services among whom the shards are dealt out.
    func present(seenFrom process: String) -> [ServiceSign] {
        services.filter { !$0.isAside && !LeaseHolder.isGone($0.holder, ours: process) }
    }

    /// Which shards each service looks after; those that stand aside have none.
    ///
    /// - Parameter process: who asks, and can see which processes of its machine are gone.
    /// - Returns: all services that are there, sorted by name.
    public func shares(seenFrom process: String = LeaseHolder.current()) -> [(service: ServiceSign, shards: [Int])] {
        let names = present(seenFrom: process).map(\.holder)
        return services.filter { !LeaseHolder.isGone($0.holder, ours: process) }.map { service in
            (service, service.isAside ? [] : Shards(count).share(of: service.holder, among: names))
        }
    }
}
