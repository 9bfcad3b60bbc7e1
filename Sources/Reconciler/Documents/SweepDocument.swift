public import Basics
import DesiredState
import Diff
public import Formats
public import Store

extension Sweep {
    /// What would go of what was seen.
    ///
    /// - Throws: `StoreFault`.
    public init(_ outlook: Outlook, _ store: Store) async throws(StoreFault) {
        let deletions = outlook.plan.changes.filter { $0.action == .delete }.map(\.key)
        self.init(
            outlook.plan, outlook.inventory, rows: try await store.environments(),
            stuck: try await store.stuckDeletions(of: deletions))
    }

    /// As `reconcile sweep --json` and the API show it.
    public func document(at now: Timestamp) -> Value {
        var object = Value.Object()
        object["as_of"] = .string(now.description)
        object["targets"] = .strings(targets)
        object["ending"] = .list(
            endings.map { ending in
                .object([
                    "environment": .string(ending.outlook.slug), "phase": .string(ending.outlook.phase.rawValue),
                    "tier": .text(ending.tier?.rawValue), "ends_at": .text(ending.outlook.expiresAt?.description),
                    "goes_at": .text(ending.outlook.goesAt?.description), "reason": .string(ending.outlook.reason),
                    "cost_monthly_usd": .text(ending.cost), "going": .strings(ending.going.map(\.key.description)),
                    "held": .list(ending.held.map(PlanDocument.json)),
                ])
            })
        object["others"] = .list(others.map(PlanDocument.json))
        object["marked"] = .list(candidates.map(PlanDocument.json))
        object["stuck"] = .list(stuck.map(\.value))
        object["staying"] = .list(staying.map(PlanDocument.json))
        return .object(object)
    }
}
