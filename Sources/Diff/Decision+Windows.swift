internal import Basics
internal import DesiredState

/// The guard of time: sync windows and freezes.
extension Decision {
    /// Blocks what may not be changed at the instant of the plan, and says when it may.
    ///
    /// What several environments share stands on the windows of all that need it: a freeze of production covers the
    /// droplet on which production runs.
    mutating func keepToWindows() {
        let calendar = SyncCalendar(policy, zones: input.zones)
        guard !calendar.isEmpty, drafts.contains(where: \.isAllowed) else { return }
        let dependents = Dependents(input.desired)
        var known: [[SyncSubject]: (SyncCalendar.Closure, Timestamp?)?] = [:]
        for index in drafts.indices where drafts[index].isAllowed && drafts[index].hasEffect {
            let slugs = dependents.environments(of: drafts[index].key, drafts[index].change.environment)
            let subjects =
                slugs.isEmpty
                ? [SyncSubject(environment: nil, tier: nil)]
                : slugs.map { SyncSubject(environment: $0, tier: lives[$0]?.tier) }
            let answer: (SyncCalendar.Closure, Timestamp?)?
            if let before = known[subjects] {
                answer = before
            } else {
                answer = calendar.closure(of: subjects, at: input.now, isManual: input.isManual).map {
                    ($0, calendar.nextOpening(of: subjects, from: input.now, isManual: input.isManual))
                }
                known[subjects] = .some(answer)
            }
            guard let (closure, opening) = answer else { continue }
            let next = opening.map { "; it opens at \($0.minuteText) UTC" } ?? "; no opening is in sight"
            drafts[index].refuse(.blocked, closure.reason + next, as: .window)
            drafts[index].change.blockedUntil = opening
            drafts[index].change.heldAt = closure.source
        }
    }
}
