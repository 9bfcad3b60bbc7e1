import Diff
import Drivers
import Formats
import Store

/// Replacements that ended halfway.
extension ChangeRunner {
    /// What an earlier run took away to put another in its place, and never did.
    ///
    /// It crashed in between, or the other one couldn't be made; what is made now takes that place. The journal knows it: the
    /// intent of the removal was written before, with all that was seen of the object.
    ///
    /// What another life of its environment left is no part of this one: its name came back, and its data is not handed on.
    ///
    /// - Returns: nil where nothing is made, or where the last thing that became of it is another.
    /// - Throws: `StoreFault`.
    func unfinishedReplacement() async throws(StoreFault) -> ObservedResource? {
        guard change.action == .create,
            let last = try await reconciler.store.lastStep(of: change.key, isDone: true),
            last.action == .replace, last.input["creates"]?.boolValue == false,
            // Settled by looking, it is done because the object is gone.
            last.output["gone"]?.boolValue == true || last.output["recovered"]?.boolValue == true,
            let before = last.input["before"], let id = before["provider_id"]?.stringValue,
            last.environment == change.environment
        else { return nil }
        if let slug = last.environment, let row = try await reconciler.store.environment(slug) {
            // One that comes back is written down as begun anew once this pass has ended.
            let isOver = row.status == .gone || row.status == .expired
            guard !isOver, row.createdAt.map({ $0 <= last.intendedAt }) ?? true else { return nil }
        }
        return ObservedResource(
            key: change.key, providerID: id, attributes: Attributes(before["attributes"] ?? .object([:])),
            isOwned: true)
    }
}
