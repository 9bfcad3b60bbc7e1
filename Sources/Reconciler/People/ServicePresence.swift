public import Basics
public import Store

extension Store {
    /// Whether a service is there that works on what is written down for it.
    ///
    /// - Parameters:
    ///   - now: the instant of asking.
    ///   - process: who asks, and can see which processes of its machine are gone.
    /// - Returns: true also where that was so a moment ago, for a service is silent during its pass.
    /// - Throws: `StoreFault`.
    public func hasService(
        at now: Timestamp, seenFrom process: String = LeaseHolder.current()
    ) async throws(StoreFault) -> Bool {
        if try await !shardStanding().shares(seenFrom: process).isEmpty { return true }
        guard let sign = try await serviceSign(), let next = sign.nextPassAt, next + .minutes(1) > now else {
            return false
        }
        return !LeaseHolder.isGone(sign.holder, ours: process)
    }
}
