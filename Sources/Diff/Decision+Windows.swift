internal import Basics
internal import DesiredState

/// The guard of time: sync windows and freezes.
extension Decision {
    /// Blocks what may not be changed at the instant of the plan, and says when it may.
    mutating func keepToWindows() {
        guard drafts.contains(where: \.isAllowed),
            var windows = WindowGuard(input.desired, zones: input.zones, at: input.now, isManual: input.isManual)
        else { return }
        for index in drafts.indices where drafts[index].isAllowed && drafts[index].hasEffect {
            windows.hold(&drafts[index].change) { [lives] in lives[$0]?.tier }
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
    private var known: [[SyncSubject]: (SyncCalendar.Closure, Timestamp?)?] = [:]

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
        let slugs = dependents.environments(of: change.key, change.environment)
        let subjects =
            slugs.isEmpty
            ? [SyncSubject(environment: nil, tier: nil)]
            : slugs.map { SyncSubject(environment: $0, tier: tier($0)) }
        let answer: (SyncCalendar.Closure, Timestamp?)?
        if let before = known[subjects] {
            answer = before
        } else {
            answer = calendar.closure(of: subjects, at: now, isManual: isManual).map {
                ($0, calendar.nextOpening(of: subjects, from: now, isManual: isManual))
            }
            known[subjects] = .some(answer)
        }
        guard let (closure, opening) = answer else { return }
        let next = opening.map { "; it opens at \($0.minuteText) UTC" } ?? "; no opening is in sight"
        change.verdict = .blocked
        change.verdictReason = closure.reason + next
        change.hold = .window
        change.blockedUntil = opening
        change.heldAt = closure.source
    }
}
