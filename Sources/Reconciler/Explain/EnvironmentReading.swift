import Basics
import DesiredState
import Diff
import Store

/// Finds what an environment as a whole comes to: what keeps it from being wanted, then its life, then what it owns.
struct EnvironmentReading {
    typealias Standing = EnvironmentExplanation.Standing

    let slug: String
    let desired: DesiredState
    let environment: Environment?
    let row: EnvironmentRow?
    let life: EnvironmentOutlook?
    /// Its pull request as it was last seen; nil where it is of none, or nobody knows it.
    let pull: PullRequestRow?
    let doubt: UnknownScope?
    /// Something that it owns and of which nobody can read what is wanted.
    let unread: (key: ResourceKey, scope: UnknownScope)?
    /// The first thing in the way of what it owns.
    let obstacle: Obstacle?
    let changes: [PlannedChange]
    /// What differs of it and nobody has accepted, as whoever looked last has written down: not all of it may be planned.
    let differences: [DriftRecord]
    let now: Timestamp

    var standing: Standing { refusal ?? ignorance ?? suspension ?? end ?? hold ?? rest }

    /// What else keeps it as it is: each state once, and none that the standing says already.
    var others: [Standing] {
        let first = standing.state
        return [refusal, ignorance ?? partialIgnorance, suspension].compactMap { $0 }.filter { $0.state != first }
    }

    // MARK: What keeps it from being wanted

    private var refusal: Standing? {
        guard environment == nil, let pull else { return nil }
        let rule = desired.policy.previews
        func refused(_ reason: String) -> Standing {
            Standing(
                state: .refused, reason: "pull request \(pull.pullRequest.number) has no preview: \(reason)",
                source: rule?.source)
        }
        switch desired.previews.first(where: { $0.pullRequest.number == pull.pullRequest.number })?.verdict {
        case .refused(let reason): return refused(reason)
        case .uncertain(let reason):
            return Standing(
                state: .unknown, reason: "whether it has its place is unknown: \(reason)", source: rule?.source,
                command: "reconcile doctor")
        case .wanted: return nil
        case nil: break
        }
        // The list of pull requests could not be read: it may be open or not.
        if doubt?.extent == .environment(slug) { return nil }
        if pull.state != .open {
            guard row == nil || row?.status == .gone else { return nil }
            let when = pull.closedAt.map { " on \($0.minuteText)" } ?? ""
            return Standing(
                state: .gone, reason: "its pull request was \(pull.state.rawValue)\(when), and nothing of it is left")
        }
        return refused(
            rule == nil ? "no policy wants previews (`previews` of policies.yaml)" : "no entry of `allow` is about it")
    }

    private var ignorance: Standing? {
        guard let doubt else { return nil }
        // What is wanted by its name is known, whichever others there may be.
        if doubt.extent == .environments, environment != nil { return nil }
        return Standing(
            state: .unknown, reason: "what is wanted of it \(doubt.trouble): \(doubt.code): \(doubt.reason)",
            source: doubt.mark, command: doubt.mark == nil ? "reconcile doctor" : "reconcile validate")
    }

    /// Of the environment all is known, and not of all that it owns; nil where the obstacle says that already.
    private var partialIgnorance: Standing? {
        guard let unread, obstacle?.kind != .hold(.unknownWish) else { return nil }
        return Standing(
            state: .unknown,
            reason: "what is wanted of \(unread.key) \(unread.scope.trouble): \(unread.scope.code): "
                + unread.scope.reason,
            source: unread.scope.mark, command: "reconcile validate")
    }

    private var suspension: Standing? {
        guard let row, row.isSuspended(at: now) else { return nil }
        let why = row.suspendReason.map { ": \($0)" } ?? ""
        let unwanted = row.isKnownUnwanted ? "; nothing wants it any more, so it goes when it is reconciled again" : ""
        return Standing(
            state: .suspended, reason: "\(row.suspendedBy ?? "somebody") has it left alone\(why)\(unwanted)",
            until: row.suspendedUntil, command: "reconcile env resume \(slug)")
    }

    // MARK: Its life

    private var end: Standing? {
        if environment == nil, row?.status == .gone, changes.isEmpty {
            return Standing(state: .gone, reason: "nothing wants it, and nothing of it is left")
        }
        guard let life else { return nil }
        switch life.phase {
        case .expired:
            let when = life.expiresAt.map { " on \($0.minuteText)" } ?? ""
            return Standing(
                state: .expired, reason: "its time was over\(when): \(life.reason)", source: environment?.source,
                command: life.keeping.command(slug))
        case .unwanted: return Standing(state: .unwanted, reason: life.reason, source: environment?.source)
        case .unknown: return Standing(state: .unknown, reason: life.reason, command: "reconcile validate")
        // Nobody has it left alone any more, which the last look did not know.
        case .suspended: return Standing(state: .pending, reason: "it was resumed, and the next pass looks at it again")
        case .pinned: return kept(life)
        case .active, .expiring, .ending: return nil
        }
    }

    /// What nothing wants any more and a person keeps.
    private func kept(_ life: EnvironmentOutlook) -> Standing {
        guard let row, row.isPinned(at: now) else {
            return Standing(state: .pending, reason: "it was unpinned, and the next pass looks at it again")
        }
        return Standing(
            state: .pinned, reason: life.reason, until: row.pinnedUntil, command: "reconcile env unpin \(slug)")
    }

    // MARK: What it owns

    private var hold: Standing? {
        guard let obstacle else { return nil }
        let held = changes.filter { $0.verdict != .allowed }
        func count(_ hold: Hold) -> String { max(1, held.count { $0.hold == hold }).of("change") }
        let state: EnvironmentExplanation.State
        let reason: String
        switch obstacle.kind {
        case .hold(.approval):
            (state, reason) = (.waiting, "\(count(.approval)) of it can't be made without a person's yes")
        case .hold(.window): (state, reason) = (.window, "\(count(.window)) of it may not be made now")
        case .hold(.grace):
            (state, reason) = (.blocked, "\(count(.grace)) of it waits until its grace is over")
        default:
            state = .blocked
            // What could not be seen is no change: nobody knows whether anything of it would.
            let unseen = held.count { $0.action == .read }
            let known = held.count - unseen
            if held.isEmpty {
                reason = "\(changes.count.of("change")) of it can't be made yet"
            } else if known > 0 {
                reason =
                    "\(known.of("change")) of it can't be made"
                    + (unseen > 0 ? ", and \(unseen.of("resource")) of it can't be seen" : "")
            } else {
                reason = "\(unseen.of("resource")) of it can't be seen"
            }
        }
        return Standing(
            state: state, reason: reason, source: obstacle.source, until: obstacle.until, command: obstacle.command)
    }

    private var rest: Standing {
        let extend = life?.keeping.command(slug)
        switch life?.phase {
        case .ending:
            return Standing(
                state: .ending, reason: life?.reason ?? "", source: environment?.source, until: life?.goesAt,
                command: extend)
        case .expiring:
            return Standing(
                state: .expiring, reason: life?.reason ?? "", source: environment?.source, until: life?.expiresAt,
                command: extend)
        default: break
        }
        guard changes.isEmpty else {
            return Standing(state: .pending, reason: "the next pass makes \(changes.count.of("change")) of it")
        }
        if let first = differences.first {
            let count = Set(differences.map(\.key)).count
            return Standing(
                state: .differs,
                reason: count.of("resource of it differs", "resources of it differ")
                    + ", and nothing is planned for that: "
                    + (differences.allSatisfy(\.isOnlyFinding)
                        ? "no change of ours mends it" : "it was seen after the plan that this tells of"),
                command: "reconcile explain \(first.key)")
        }
        return Standing(state: .asWanted, reason: "all that it owns is as it is wanted")
    }
}
