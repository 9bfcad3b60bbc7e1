import Basics
import DesiredState
import Diff
import Store

extension Grounds {
    /// Holds how carefully environments, and what they own, are treated against how they were.
    ///
    /// The inventory says whose each thing is by now.
    mutating func weighCare(
        _ desired: DesiredState, _ inventory: Inventory, at now: Timestamp, _ store: Store,
        holdsData: (ResourceKind) -> Bool
    ) async throws(StoreFault) {
        var living = Set(desired.environments.map(\.slug))
        found.careFound = CareFound(desired, living: living, entries: inventory.entries, holdsData: holdsData)
        // Only rows know whether what nothing wants any more is there yet, and whether what is wanted is another one.
        let isPlain = remembered.care?.keys.allSatisfy { living.contains($0) } == true
        if !isPlain || remembered.departure(.care, in: found) != nil {
            let rows = try await store.environments()
            rememberCare(of: rows, at: now)
            living.formUnion(rows.lazy.filter { !$0.isNameFree(at: now) }.map(\.slug))
            found.careFound.living = living
        }
        _ = try await weigh(.care, store)
    }

    /// The things that stay with whom they belong to, and keep their protection, although the commit wants them of another.
    ///
    /// What has got another name meanwhile is among them under that one. Said yes to or not, they move only once that is written down, or by who writes it: a service that looks after another
    /// part would count the same approval of fewer things.
    func held(_ desired: DesiredState, _ inventory: Inventory, holdsData: (ResourceKind) -> Bool) -> Set<ResourceKey> {
        var settled = remembered
        if keepsRecords { settled.granted = next.granted }
        var now = found.careFound
        now.takeovers = Takeover.all(desired, inventory.entries, now.wanted, holdsData: holdsData)
        return Set(settled.openTakeovers(of: now).map(\.key))
    }

    /// The environments with care that nobody has said may be let go of.
    ///
    /// - Parameter done: those of which this pass has deleted something: what has care goes only when a person says so.
    /// - Returns: their slugs.
    func caredFor(_ done: Set<String>) -> Set<String> {
        Set((remembered.care ?? [:]).keys).subtracting(done).subtracting(next.granted.compactMap(\.owner))
    }

    /// Whether an environment with care is wanted no more, or is gone and nobody has said that it may be: what it stood on
    /// keeps its protection.
    func missesCare(_ desired: DesiredState) -> Bool {
        let wanted = Set(desired.environments.map(\.slug))
        return remembered.care?.keys.contains { !wanted.contains($0) } == true
    }
}
