public import Basics
public import DesiredState

/// The guard of time: sync windows and freezes.
extension Decision {
    /// Blocks what may not be changed at the instant of the plan, and says when it may.
    mutating func keepToWindows() {
        guard drafts.contains(where: { $0.isAllowed || $0.change.verdict == .needsApproval }),
            var windows = WindowGuard(input.desired, zones: input.zones, at: input.now, isManual: input.isManual)
        else { return }
        for index in drafts.indices where drafts[index].hasEffect && !isDue(index) {
            if drafts[index].isAllowed {
                windows.hold(&drafts[index].change) { [lives] in lives[$0]?.tier }
            } else {
                windows.note(&drafts[index].change) { [lives] in lives[$0]?.tier }
            }
        }
    }
}

/// Holds back what a window or a freeze forbids.
///
/// What several environments share stands on the windows of all that need it: a freeze of production covers the
/// droplet on which production runs.
struct WindowGuard {
    private let calendar: SyncCalendar
    private let dependents: Dependents
    private let now: Timestamp
    private let isManual: Bool
    /// What was found before: very many changes have the same subjects.
    private var known: [Question: (SyncCalendar.Closure, opening: Timestamp?)?] = [:]

    private struct Question: Hashable {
        let subjects: [SyncSubject]
        let isManual: Bool
    }

    /// Nil where the policy never closes.
    init?(_ desired: DesiredState, zones: TimeZones, at now: Timestamp, isManual: Bool) {
        calendar = SyncCalendar(desired.policy, zones: zones)
        guard !calendar.isEmpty else { return nil }
        dependents = Dependents(desired)
        self.now = now
        self.isManual = isManual
    }

    /// Blocks a change that may not be made now, and says when it may.
    mutating func hold(_ change: inout PlannedChange, tier: (_ slug: String) -> Tier?) {
        guard let (closure, opening) = closure(of: dependents.subjects(of: change, tier), isManual: isManual) else {
            return
        }
        let next =
            opening.map { "; changes may be made again from \($0.minuteText) UTC on" } ?? "; no opening is in sight"
        change.refuse(.blocked, closure.reason + next, as: .window, until: opening, at: closure.source)
    }

    /// Says of what waits for a person when it may happen at the earliest: an approval that ends before lets nothing happen.
    ///
    /// As a pass by hand would find it, which whoever approves can make. What goes by itself after its grace has its instant.
    mutating func note(_ change: inout PlannedChange, tier: (_ slug: String) -> Tier?) {
        guard change.verdict == .needsApproval, change.hold == .approval,
            let (closure, opening) = closure(of: dependents.subjects(of: change, tier), isManual: true)
        else { return }
        (change.blockedUntil, change.heldAt) = (opening, closure.source)
    }

    /// What closes, and when it opens; nil where it is open.
    private mutating func closure(
        of subjects: [SyncSubject], isManual: Bool
    ) -> (SyncCalendar.Closure, opening: Timestamp?)? {
        let question = Question(subjects: subjects, isManual: isManual)
        if let before = known[question] { return before }
        let answer = calendar.closure(of: subjects, at: now, isManual: isManual).map {
            ($0, opening: calendar.nextOpening(of: subjects, from: now, isManual: isManual))
        }
        known[question] = .some(answer)
        return answer
    }
}

extension Dependents {
    /// What the windows of a change are about.
    fileprivate func subjects(of change: PlannedChange, _ tier: (_ slug: String) -> Tier?) -> [SyncSubject] {
        let slugs = environments(of: change.key, change.environment)
        return slugs.isEmpty
            ? [SyncSubject(environment: nil, tier: nil)]
            : slugs.map { SyncSubject(environment: $0, tier: tier($0)) }
    }
}

/// The windows and freezes of a plan as each of its changes finds them when it begins.
///
/// A pass waits for other passes, for budgets, and for what it makes: it may be at work for longer than a window is open.
public struct WindowWatch: Sendable {
    private let calendar: SyncCalendar
    private let dependents: Dependents
    private let tiers: [String: Tier]
    private let isManual: Bool

    /// Nil where the policy never closes.
    ///
    /// - Parameters:
    ///   - desired: what the plan was made from.
    ///   - inventory: what it was made from.
    ///   - zones: the time zones that the policy's windows name.
    ///   - isManual: whether a person asked for the pass by hand.
    public init?(_ desired: DesiredState, _ inventory: Inventory, zones: TimeZones, isManual: Bool) {
        calendar = SyncCalendar(desired.policy, zones: zones)
        guard !calendar.isEmpty else { return nil }
        dependents = Dependents(desired)
        tiers = inventory.tiers(with: desired)
        self.isManual = isManual
    }

    /// Why a change may not begin at an instant; nil where it may.
    public func reason(against change: PlannedChange, at now: Timestamp) -> String? {
        guard change.hasEffect else { return nil }
        return calendar.closure(of: dependents.subjects(of: change) { tiers[$0] }, at: now, isManual: isManual)?.reason
    }
}

extension Inventory {
    /// The tier of each environment: as it is wanted, else as it is remembered.
    func tiers(with desired: DesiredState) -> [String: Tier] {
        var tiers = Dictionary(environments.map { ($0.slug, $0.tier) }, uniquingKeysWith: { first, _ in first })
        for environment in desired.environments { tiers[environment.slug] = environment.tier }
        return tiers
    }
}
