public import Basics
public import DesiredState

extension Plan {
    /// What is left of it once some of its changes were made.
    ///
    /// What says which plan it is, its fingerprint, basis and summary, stays that of the whole.
    ///
    /// - Parameters:
    ///   - done: the changes that were made whole.
    ///   - drift: what differs still.
    /// - Returns: the same plan where nothing was made.
    public func without(_ done: Set<ResourceKey>, leaving drift: [DriftItem]) -> Plan {
        guard !done.isEmpty else { return self }
        var left = self
        left.changes.removeAll { done.contains($0.key) }
        for index in left.changes.indices where left.changes[index].dependsOn.contains(where: done.contains) {
            left.changes[index].dependsOn.removeAll(where: done.contains)
        }
        left.requests = Plan.requests(of: left.changes)
        left.drift = drift
        return left
    }

    /// The same with what people have approved since it was made, as the next one counts that in: what was approved may
    /// happen but for a window or a freeze, and with it what waited for nothing else.
    ///
    /// - Parameters:
    ///   - approved: the keys of changes that wait for an approval and have one.
    ///   - desired: what it was made from.
    ///   - inventory: what it was made from.
    ///   - zones: the time zones that the policy's windows name.
    ///   - now: the instant.
    /// - Returns: the same plan where nothing was approved.
    public func approving(
        _ approved: Set<ResourceKey>, _ desired: DesiredState, _ inventory: Inventory, zones: TimeZones,
        at now: Timestamp
    ) -> Plan {
        guard !approved.isEmpty else { return self }
        var counted = self
        var windows = WindowGuard(desired, zones: zones, at: now, isManual: false)
        let tiers = inventory.tiers(with: desired)
        var held = Set(changes.lazy.filter { $0.verdict != .allowed }.map(\.key))
        var freed: Set<ResourceKey> = []
        let graces = openGraces
        // In the order in which they would run: what waits comes after what it waits for.
        for index in counted.changes.indices {
            let change = counted.changes[index]
            let isApproved = change.isApprovable(graces) && approved.contains(change.key)
            let waitsNoMore =
                change.hold == .dependency && change.dependsOn.contains(where: freed.contains)
                && !change.dependsOn.contains(where: held.contains)
            guard isApproved || waitsNoMore else { continue }
            counted.changes[index].allow()
            if change.hasEffect, !Departure.isKey(change.key) {
                windows?.hold(&counted.changes[index]) { tiers[$0] }
            }
            guard counted.changes[index].verdict == .allowed else { continue }
            held.remove(change.key)
            freed.insert(change.key)
        }
        counted.requests = Plan.requests(of: counted.changes)
        counted.approvals.formUnion(approved)
        return counted
    }
}
