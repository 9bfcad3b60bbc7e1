internal import Basics
internal import DesiredState
internal import Formats

/// Compares what is wanted, what is remembered and what is there, and says in order what to do and why.
///
/// Pure: no I/O, no clock, no randomness; the same input gives the same plan, byte for byte. What is not known is never
/// taken as absent, and only what the inventory holds or what carries our mark is ever deleted.
///
/// Resources may come in any order. Of two with one key neither is created, changed or deleted, and the plan says so.
public func makePlan(_ input: PlanInput) -> Plan {
    let resources = input.desired.resources
    let isInOrder = zip(resources, resources.dropFirst()).allSatisfy { ResourceKey.compare($0.key, $1.key) < 0 }
    guard isInOrder else {
        var ordered = input
        ordered.desired = input.desired.withEachResourceOnce()
        return makePlan(inOrder: ordered)
    }
    return makePlan(inOrder: input)
}

/// The plan for resources in the order of their keys, each once.
private func makePlan(inOrder input: PlanInput) -> Plan {
    var input = input.rekeyed()
    input.desired = input.desired.holdingArrivals(input.inventory)
    let environments = input.desired.environments.sortedUnlessSorted { compareBytes($0.slug, $1.slug) }
    let scopes = UnknownScopes(
        input.desired.unknown
            + StandingPins.scopes(
                input.inventory, beside: environments, unknown: input.desired.unknown, now: input.now)
            + StandingPins.kept(input.desired, input.inventory, now: input.now),
        of: input.desired, Footing(input.inventory, input.observed))
    let targets = PlanTargets(input.targets)
    let lives = EnvironmentLives(
        environments, of: input.desired, records: input.inventory.environments, scopes: scopes,
        kept: input.departures.keptCare, now: input.now)

    var comparison = Comparison(input, lives: lives, scopes: scopes, targets: targets)
    let digests = comparison.run(environments)
    var decision = Decision(input, lives: lives, drafts: comparison.drafts)
    if !targets.isEmpty { decision = decision.restricted(to: targets) }
    let drafts = decision.drafts
    decision.run()
    let changes = input.departures.map(\.change) + decision.order.order.map { decision.drafts[$0].change }

    let basis = Plan.Basis(
        desired: digests.desired, observed: digests.observed, inventory: digests.inventory,
        policy: BasisDigests.policy(input.desired.policy), drivers: input.drivers, installation: input.installation)
    let sortedTargets = input.targets.sorted { compareBytes($0, $1) < 0 }
    // The desired state of a commit knows no clock: what is due is told as of the plan's instant.
    var kept = input
    kept.desired = input.desired.keeping(input.departures.keptCare)
    if let clock = input.clock { kept.desired = kept.desired.backedUp(as: clock) }
    let held = ProviderFindings.all(kept)
    let findings =
        input.desired.dueDiagnostics(at: input.now) + input.desired.zoneDiagnostics(input.zones) + decision.diagnostics
        + comparison.notes + comparison.outdatedAcknowledgements()
        + targets.diagnostics(comparison, records: input.inventory.environments)
        + SecretAges.diagnostics(comparison.secrets, input.desired, now: input.now) + held.map(\.diagnostic)
    var plan = Plan(
        revision: input.desired.revision, changes: changes, summary: Plan.Summary(of: changes, noops: comparison.noops),
        drift: DriftReport.items(decision.drafts, beside: held.compactMap(\.drift) + comparison.normalised),
        environments: lives.outlooks,
        diagnostics: (input.desired.diagnostics + findings).sorted(), requests: Plan.requests(of: changes),
        basis: basis,
        fingerprint: PlanFingerprint.of(
            revision: input.desired.revision, basis: basis, changes: changes, targets: sortedTargets,
            approvals: input.approvals))
    plan.targets = sortedTargets
    if !targets.isEmpty {
        plan.leftOut = Set(comparison.drafts.lazy.map(\.key)).subtracting(drafts.lazy.map(\.key))
    }
    plan.approvals = input.approvals
    plan.candidates = decision.candidates
    plan.secrets = comparison.secrets
    return plan.priced(by: input.prices, input.observed)
}

extension Plan.Summary {
    /// Counts each change once: what is allowed by its action, all else as blocked or unknown.
    init(of changes: [PlannedChange], noops: Int) {
        self.init()
        noop = noops
        for change in changes {
            switch (change.action, change.verdict) {
            case (.read, _): unknown += 1
            case (.noop, _): noop += 1
            case (_, .blocked), (_, .denied), (_, .needsApproval): blocked += 1
            case (.create, .allowed): create += 1
            case (.update, .allowed): update += 1
            case (.replace, .allowed): replace += 1
            case (.delete, .allowed): delete += 1
            case (.adopt, .allowed): adopt += 1
            case (.forget, .allowed): forget += 1
            }
        }
    }
}

extension Plan {
    /// The requests that the allowed changes take, by provider; a sum that has no place is the greatest number.
    static func requests(of changes: [PlannedChange]) -> [String: Int] {
        var requests: [String: Int] = [:]
        for change in changes where change.verdict == .allowed && change.requests > 0 {
            let provider = change.key.kind.provider
            let (sum, overflow) = requests[provider, default: 0].addingReportingOverflow(change.requests)
            requests[provider] = overflow ? .max : sum
        }
        return requests
    }
}
