import Basics
import DesiredState
import Diff
import Drivers
import Store

extension Pass {
    /// The plan for what was read and seen, with what people have approved of it.
    ///
    /// - Returns: nil where a saved plan was to be applied and something has moved since; the outcome says what.
    /// - Throws: what the store says; `TargetFault` where a target is nothing that there is.
    mutating func planChanges(
        _ desired: DesiredState, _ inventory: Inventory, _ observed: ObservedState, _ grounds: Grounds
    ) async throws -> Plan? {
        // The saved plan is compared before any approval is counted in: it was made without one.
        var input = PlanInput(
            desired: desired, inventory: inventory, observed: observed, schemas: reconciler.schemas,
            drivers: reconciler.driverVersions, now: plannedAt, targets: options.targets)
        input.silent = reconciler.silent
        input.installation = reconciler.installation
        input.clock = clock
        input.zones = reconciler.zones(desired.policy.timeZoneNames)
        input.isManual = options.trigger.isByHand
        input.departures = options.saved == nil ? grounds.unconfirmed : grounds.departures
        input.watched = watched
        input.emptySecrets = reconciler.drivers.emptySecrets(of: desired, input.schemas)
        var plan = makePlan(input)
        if let prices = await reconciler.prices(for: plan, runID: run.id) {
            input.prices = prices
            // Without a limit prices change no decision.
            plan = prices.dropletLimit == nil ? plan.priced(by: prices, observed) : makePlan(input)
        }
        if let fault = TargetFault(plan, desired, inventory) { throw fault }
        if let saved = options.saved {
            let moved = PlanStaleness.compare(saved, plan)
            guard moved.isEmpty else {
                self.plan = plan
                outcome = .stale(moved)
                return nil
            }
            try await keepApprovals(of: plan, as: saved.fingerprint)
        }
        if options.saved != nil, !grounds.confirmed.isEmpty {
            input.departures = grounds.unconfirmed
            plan = makePlan(input)
        }
        input.approvals = try await approvedKeys(in: plan)
        if !input.approvals.isEmpty { plan = makePlan(input) }
        return plan
    }
}
