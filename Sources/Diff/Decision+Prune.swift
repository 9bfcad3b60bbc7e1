internal import Basics
internal import DesiredState

/// The two halves of a deletion: one pass marks, a later one deletes.
extension Decision {
    /// Keeps what nothing wants until its mark is old enough; notes what is to be marked.
    ///
    /// What goes with an environment that has ended follows the rule of its time to live. After every guard that denies,
    /// so that what a vanished root would let go is never even marked.
    mutating func awaitGrace() {
        let rule = policy.prune
        let marks = Dictionary(input.inventory.marks.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        for index in drafts.indices
        where drafts[index].change.action == .delete && drafts[index].change.cause != .expired {
            guard drafts[index].isAllowed || drafts[index].change.verdict == .needsApproval else { continue }
            if let fault = rule.fault {
                drafts[index].refuse(
                    .blocked, "how things go can't be read (`prune` of the policies): \(fault)", as: .rule)
                continue
            }
            let isGuarded = reasonToAsk(drafts[index]) != nil
            let grace = isGuarded ? rule.guardedGrace : rule.grace
            guard grace > .zero else { continue }
            let providerID = drafts[index].change.providerID ?? ""
            let mark = marks[drafts[index].key].flatMap { sameBytes($0.providerID, providerID) ? $0 : nil }
            let candidate = PruneCandidate(
                key: drafts[index].key, providerID: providerID, environment: drafts[index].change.environment,
                markedAt: mark?.markedAt, grace: grace, needsApproval: isGuarded)
            candidates.append(candidate)
            guard let mark else {
                let after = isGuarded ? " and an approval" : ""
                drafts[index].refuse(
                    .blocked,
                    "it is marked first: a later pass deletes it after \(grace.shortText) of grace\(after), unless "
                        + "something wants it again", as: .grace)
                continue
            }
            let goesAt = mark.markedAt + grace
            guard input.now < goesAt else { continue }
            drafts[index].refuse(.blocked, candidate.reason(markedAt: mark.markedAt), as: .grace)
            drafts[index].change.blockedUntil = goesAt
        }
        candidates.sort { ResourceKey.compare($0.key, $1.key) < 0 }
    }
}
