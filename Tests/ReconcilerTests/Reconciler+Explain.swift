import Reconciler

extension Reconciler {
    /// Looks, and says why a resource stands as it does.
    func explain(_ key: String) async throws -> Explanation {
        guard case .resource(let explanation) = try await answer(key) else { throw IsEnvironment(name: key) }
        return explanation
    }

    private struct IsEnvironment: Error { let name: String }
}
