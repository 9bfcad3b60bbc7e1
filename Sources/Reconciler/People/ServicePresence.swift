public import Basics
public import Store

extension Store {
    /// Whether a service is there that works on what is written down for it.
    ///
    /// - Parameters:
    ///   - now: the instant of asking.
    ///   - process: who asks, and can see which processes of its machine are gone.
    /// - Returns: true also where that was so a moment ago.
    /// - Throws: `StoreFault`.
    public func hasService(
        at now: Timestamp, seenFrom process: String = LeaseHolder.current()
    ) async throws(StoreFault) -> Bool {
        if try await !shardStanding().shares(seenFrom: process).isEmpty { return true }
        guard let sign = try await serviceSign(), let next = sign.nextPassAt,
            !LeaseHolder.isGone(sign.holder, ours: process)
        else { return false }
        if next + .minutes(1) > now { return true }
        // It is silent during its pass, which may take longer than that.
        let lease = try await self.lease(name: Store.lease(ofShard: 0))
        return lease.map { $0.holder == sign.holder && $0.expiresAt > now } ?? false
    }
}
