public import DesiredState
public import Diff
internal import Drivers

/// The whole way of the documents: read, planned, brought about, and planned again.
extension SmallEngine {
    /// What came of documents.
    public struct Convergence: Sendable {
        public let state: DesiredState
        public let first: Plan
        public let failures: [String]
        /// What is ours afterwards.
        public let inventory: [InventoryEntry]
        public let second: Plan

        /// The changes of a plan, `create docker.network/crm allowed`.
        public static func lines(_ plan: Plan) -> [String] {
            plan.changes.map { "\($0.action.rawValue) \($0.key) \($0.verdict.rawValue)" }
        }
    }

    /// Brings about what the documents want of this driver's kinds.
    public func converge(
        _ files: [String: String], branches: BranchListing = .known([]), _ inventory: [InventoryEntry] = [],
        remembering environments: [EnvironmentRecord] = []
    ) async -> Convergence {
        let whole = readDesiredState(
            SourceTree(
                revision: String(repeating: "a", count: 40),
                files: files.map { SourceFile(path: $0.key, text: $0.value) }, branches: branches))
        let kinds = Set(driver.schemas.map(\.kind))
        var state = DesiredState(
            revision: whole.revision, roots: whole.roots, environments: whole.environments,
            resources: whole.resources.filter { kinds.contains($0.key.kind) }, unknown: whole.unknown,
            policy: whole.policy, documents: whole.documents, diagnostics: whole.diagnostics)
        state.sources = whole.sources
        let first = await plan(state, inventory, environments)
        let (ours, failures) = await apply(first, state.resources, inventory)
        return Convergence(
            state: state, first: first, failures: failures, inventory: ours,
            second: await plan(state, ours, environments))
    }
}
