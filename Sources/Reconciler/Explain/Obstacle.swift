public import Basics
public import DesiredState
public import Diff
import Formats
import Store

/// The first thing that keeps a resource from being as it is wanted.
public struct Obstacle: Sendable, Hashable {
    /// What sort of thing it is: a hold of the plan, or what stands between a plan and its pass.
    public enum Kind: Sendable, Hashable {
        case hold(Hold)
        /// Another pass is under way.
        case lease
        /// The last try failed; the service waits before it tries again.
        case backOff
        /// The provider's budget is used up.
        case budget

        /// For programs: `approval`, `back_off`.
        public var name: String {
            switch self {
            case .hold(let hold): hold.rawValue
            case .lease: "lease"
            case .backOff: "back_off"
            case .budget: "budget"
            }
        }
    }

    public let kind: Kind
    /// The resource at which it stands: another one where ours waits for that.
    public let key: ResourceKey
    /// One sentence.
    public let reason: String
    /// The line of the SSOT at which it stands; nil where no line is its cause.
    public let source: SourceMark?
    /// When it ends by itself; nil where it takes more than time.
    public let until: Timestamp?
    /// The command that ends it or shows more; nil where time alone does.
    public let command: String?
}

/// What is known besides the plan when somebody asks why.
struct Circumstances: Sendable {
    /// Who makes a pass now.
    var lease: Lease?
    /// The last steps of the resource and of what it waits for that failed, or of which nobody knows whether they happened.
    var failures: [ResourceKey: JournalEntry] = [:]
    /// What the service that looks after the resource said after its last pass.
    var service: ServiceSign?
    /// The same of the services that look after other shards.
    var services: [Int: ServiceSign] = [:]
    /// The last pass, in view of whose plan somebody can allow what waits.
    var lastRun: String?
    /// How long the budgets stretch the plan, by provider.
    var waits: [String: Duration] = [:]
    /// How the services of the store share the work.
    var share = Share.everything
}

/// Finds the first obstacle: what the plan holds back, then what holds the pass back.
struct ObstacleFinder {
    let outlook: Outlook
    let circumstances: Circumstances
    let now: Timestamp

    /// Follows what waits for something else to where that stands.
    ///
    /// - Parameters:
    ///   - key: the resource asked about.
    ///   - path: the resources that wait for each other, from the one asked about to the one at which it stands.
    /// - Returns: nil when nothing is in the way: the next pass does it, or there is nothing to do.
    func first(for key: ResourceKey, path: inout [ResourceKey]) -> Obstacle? {
        guard let change = outlook.plan.changes.first(where: { $0.key == key }) else { return nil }
        guard change.verdict != .allowed else {
            return elsewhere(change, &path) ?? failedBefore(change, &path) ?? outside(change)
        }
        // What waits for another change stands where that one stands.
        if change.hold == .dependency {
            for other in change.dependsOn where !path.contains(other) {
                guard let next = outlook.plan.changes.first(where: { $0.key == other }), next.verdict != .allowed else {
                    continue
                }
                path.append(other)
                if let obstacle = first(for: other, path: &path) { return obstacle }
            }
        }
        // What only lacks another's value stands where that one isn't known.
        if change.hold == .unobserved,
            outlook.observed.kinds[key.kind]?.completeness(of: key.name).isComplete == true
        {
            for other in change.references where !path.contains(other) {
                guard outlook.plan.changes.contains(where: { $0.key == other && $0.action == .read }) else { continue }
                path.append(other)
                if let obstacle = first(for: other, path: &path) { return obstacle }
            }
        }
        let hold = change.hold ?? .rule
        return Obstacle(
            kind: .hold(hold), key: key, reason: change.verdictReason ?? change.verdict.rawValue,
            source: source(of: hold, change),
            // No instant says yes in a person's place.
            until: hold == .approval ? nil : change.blockedUntil, command: command(hold, change))
    }

    /// What an allowed change waits for that another service has to do.
    private func elsewhere(_ change: PlannedChange, _ path: inout [ResourceKey]) -> Obstacle? {
        let share = circumstances.share
        let own = share.shard(of: change.key, wantedBy: change.environment)
        for other in change.dependsOn where !path.contains(other) {
            guard let next = outlook.plan.changes.first(where: { $0.key == other && $0.verdict == .allowed }),
                case let shard = share.shard(of: other, wantedBy: next.environment), shard != own
            else { continue }
            path.append(other)
            if let obstacle = first(for: other, path: &path) { return obstacle }
            return Obstacle(
                kind: .hold(.dependency), key: change.key,
                reason:
                    "it waits for \(other), which is of shard \(shard) of \(share.shards.count) and not of its own, "
                    + "\(own): the service that looks after that one does it first",
                source: nil, until: circumstances.services[shard]?.nextPassAt.flatMap { $0 > now ? $0 : nil },
                command: "reconcile explain \(other)")
        }
        return nil
    }

    /// What comes before an allowed change and failed when it was tried last: until that succeeds nobody begins with this one.
    private func failedBefore(_ change: PlannedChange, _ path: inout [ResourceKey]) -> Obstacle? {
        guard circumstances.lease == nil else { return nil }
        let failed = circumstances.failures
        guard !failed.isEmpty else { return nil }
        let allowed = AllowedChanges(outlook.plan)
        var first: PlannedChange?
        // What failed may itself wait by now for what failed since.
        while let found = allowed.path(from: first ?? change, where: { failed[$0] != nil }), let last = found.last {
            path += found
            first = allowed[last]
        }
        return first.flatMap(outside)
    }

    /// What keeps an allowed change from having happened.
    private func outside(_ change: PlannedChange) -> Obstacle? {
        if let lease = circumstances.lease {
            return Obstacle(
                kind: .lease, key: change.key, reason: "a pass is under way: \(lease.holder)", source: nil,
                until: lease.expiresAt, command: "reconcile runs --limit 1")
        }
        if let failure = circumstances.failures[change.key] {
            let code = failure.output["code"]?.stringValue.map { "\($0): " } ?? ""
            let message = failure.output["message"]?.stringValue
            let until = circumstances.service?.nextPassAt.flatMap { $0 > now ? $0 : nil }
            guard failure.state == .failed else {
                let why = message.map { " (\(code)\($0))" } ?? ""
                return Obstacle(
                    kind: .backOff, key: change.key,
                    reason:
                        "nobody knows whether the last try, \(failure.title) at \(failure.intendedAt), happened\(why); "
                        + "the next pass looks for it before it does anything\(Recovery.rest(of: failure, at: now))",
                    source: nil, until: until, command: "reconcile show \(failure.runID)")
            }
            // Nothing keeps a person's own pass from trying.
            let next = until == nil ? "the next pass tries again" : "the service waits, and a pass by hand tries again"
            return Obstacle(
                kind: .backOff, key: change.key,
                reason: "the last try, \(failure.title), failed at \(failure.intendedAt): "
                    + "\(code)\(message ?? "no reason was given"); \(next)",
                source: nil, until: until, command: "reconcile show \(failure.runID)")
        }
        if let wait = circumstances.waits[change.key.kind.provider], wait > .zero {
            return Obstacle(
                kind: .budget, key: change.key,
                reason: "the request budget of \(change.key.kind.provider) is used up", source: nil, until: now + wait,
                command: nil)
        }
        return nil
    }

    private func source(of hold: Hold, _ change: PlannedChange) -> SourceMark? {
        switch hold {
        case .unknownWish: WishDoubt(outlook.desired).about(change.key, of: change.environment)?.mark
        case .approval: nil
        default: change.heldAt
        }
    }

    /// Lets the environment go on that a person holds: its owner, or one that stands on it.
    ///
    /// - Parameters:
    ///   - change: what is held.
    ///   - verb: what takes the person's word back.
    /// - Returns: the command; nil where nobody knows whose word it is.
    private func release(of change: PlannedChange, _ verb: String) -> String? {
        // The reason ends with the command where another environment than the owner is held.
        guard let reason = change.verdictReason, let place = reason.ranges(of: " env \(verb) ").last else {
            return change.environment.map { "reconcile env \(verb) \($0)" }
        }
        return "reconcile\(reason[place.lowerBound...])"
    }

    private func command(_ hold: Hold, _ change: PlannedChange) -> String? {
        switch hold {
        case .unknownWish: "reconcile validate"
        case .unsettled:
            circumstances.failures[change.key].map { "reconcile show \($0.runID)" } ?? "reconcile"
        case .suspended: release(of: change, "resume")
        case .pinned: release(of: change, "unpin")
        case .unobserved: "reconcile doctor"
        case .approval: approval(of: change)
        case .dependency, .needed: change.dependsOn.first.map { "reconcile explain \($0)" }
        case .contested: "reconcile drift"
        // An approval shortens no grace of what is guarded: once that is over, it is held by `approval`.
        case .grace: change.isApprovable(outlook.plan.openGraces) ? approval(of: change) : nil
        case .ambiguous, .impossible, .rule, .window: nil
        }
    }

    private func approval(of change: PlannedChange) -> String {
        "reconcile approve \(circumstances.lastRun ?? "latest") --key \(change.key)"
    }
}
