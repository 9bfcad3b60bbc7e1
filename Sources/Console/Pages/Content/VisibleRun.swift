import Reconciler
import Store

/// Finds a run as far as the reader of a page may see it.
enum VisibleRun {
    /// - Parameters:
    ///   - id: the run's, or `latest`: to whoever sees some environments alone, the latest that did something for these.
    ///   - context: who reads.
    /// - Returns: the run with its steps; nil where there is none, or nothing of it is the reader's.
    /// - Throws: a `Fault` of the store.
    static func find(
        _ id: String, _ context: PageContext
    ) async throws -> (run: RunRecord, journal: [JournalEntry])? {
        guard let share = context.share else {
            let found =
                id == "latest" ? try await context.store.runs(limit: 1).first : try await context.store.run(withID: id)
            guard let found else { return nil }
            return (found, try await context.store.journal(ofRun: found.id))
        }
        let found =
            id == "latest"
            ? try await context.store.runPage(limit: 1, environments: share.names).rows.first
            : try await context.store.run(withID: id)
        guard let found else { return nil }
        let journal = try await context.store.journal(ofRun: found.id).filter { share.holds($0.environment) }
        if journal.isEmpty {
            let plan = try await KeptPlan(found.id, context.store, context.pages.evidence)
            guard plan.flatMap({ share.plan($0.document) }) != nil else { return nil }
        }
        return (share.run(found), journal)
    }
}
