internal import Basics
internal import DesiredState

/// The guard of time: sync windows and freezes.
extension Decision {
    /// Blocks what may not be changed at the instant of the plan, and says when it may.
    mutating func keepToWindows() {
        guard drafts.contains(where: { $0.isAllowed || $0.change.verdict == .needsApproval }),
            var windows = WindowGuard(input.desired, zones: input.zones, at: input.now, isManual: input.isManual)
        else { return }
        for index in drafts.indices where drafts[index].hasEffect {
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
        let subjects = subjects(of: change, tier)
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
        let next =
            opening.map { "; changes may be made again from \($0.minuteText) UTC on" } ?? "; no opening is in sight"
        change.verdict = .blocked
        change.verdictReason = closure.reason + next
        change.hold = .window
        change.blockedUntil = opening
        change.heldAt = closure.source
    }

    /// Says of what waits for a person when it may happen at the earliest: an approval that ends before lets nothing happen.
    ///
    /// As a pass by hand would find it, which whoever approves can make. What goes by itself after its grace has its instant.
    func note(_ change: inout PlannedChange, tier: (_ slug: String) -> Tier?) {
        guard change.verdict == .needsApproval, change.hold == .approval else { return }
        let subjects = subjects(of: change, tier)
        guard let closure = calendar.closure(of: subjects, at: now, isManual: true) else { return }
        change.blockedUntil = calendar.nextOpening(of: subjects, from: now, isManual: true)
        change.heldAt = closure.source
    }

    /// What the windows of a change are about.
    private func subjects(of change: PlannedChange, _ tier: (_ slug: String) -> Tier?) -> [SyncSubject] {
        let slugs = dependents.environments(of: change.key, change.environment)
        return slugs.isEmpty
            ? [SyncSubject(environment: nil, tier: nil)]
            : slugs.map { SyncSubject(environment: $0, tier: tier($0)) }
    }
}
