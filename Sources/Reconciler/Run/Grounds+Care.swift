import DesiredState
import Diff
import Store

extension Grounds {
    /// Holds how carefully environments are treated against how they were.
    mutating func weighCare(_ desired: DesiredState, _ store: Store) async throws(StoreFault) {
        var living = Set(desired.environments.map(\.slug))
        found.careFound = CareFound(desired, living: living)
        // Only rows know whether what nothing wants any more is there yet, and whether what is wanted is another one.
        let isPlain = remembered.care?.keys.allSatisfy { living.contains($0) } == true
        if !isPlain || remembered.departure(.care, in: found) != nil {
            let rows = try await store.environments()
            rememberCare(of: rows)
            living.formUnion(rows.lazy.filter { $0.status != .gone }.map(\.slug))
            found.careFound.living = living
        }
        _ = try await weigh(.care, store)
    }
}
