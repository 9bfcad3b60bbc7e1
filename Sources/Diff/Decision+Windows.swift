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
        guard !calendar.isEmpty else { return }
        let dependents = Dependents(input.desired)
        var known: [[SyncSubject]: (SyncCalendar.Closure, Timestamp?)?] = [:]
        for index in drafts.indices where drafts[index].isAllowed && drafts[index].hasEffect {
            let subjects = subjects(of: drafts[index], dependents)
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
            let next =
                opening.map { "; changes may be made again from \($0.minuteText) UTC on" } ?? "; no opening is in sight"
            drafts[index].refuse(.blocked, closure.reason + next, as: .window)
            drafts[index].change.blockedUntil = opening
            drafts[index].change.heldAt = closure.source
        }
        noteWindows(calendar, dependents)
    }

    /// Says of what waits for a person when it may happen at the earliest: an approval that ends before lets nothing happen.
    ///
    /// As a pass by hand would find it, which whoever approves can make. What goes by itself after its grace has its instant.
    private mutating func noteWindows(_ calendar: SyncCalendar, _ dependents: Dependents) {
        for index in drafts.indices {
            let change = drafts[index].change
            guard change.verdict == .needsApproval, change.hold == .approval, drafts[index].hasEffect else { continue }
            let subjects = subjects(of: drafts[index], dependents)
            guard let closure = calendar.closure(of: subjects, at: input.now, isManual: true) else { continue }
            drafts[index].change.blockedUntil = calendar.nextOpening(of: subjects, from: input.now, isManual: true)
            drafts[index].change.heldAt = closure.source
        }
    }

    /// What the windows of a change are about.
    private func subjects(of draft: Draft, _ dependents: Dependents) -> [SyncSubject] {
        let slugs = dependents.environments(of: draft.key, draft.change.environment)
        return slugs.isEmpty
            ? [SyncSubject(environment: nil, tier: nil)]
            : slugs.map { SyncSubject(environment: $0, tier: lives[$0]?.tier) }
    }
}
