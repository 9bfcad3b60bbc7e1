import Basics
import DesiredState
import Diff
import Reconciler
import Store

/// Why an environment stands as it does, for people.
struct EnvironmentExplanationText {
    private let it: EnvironmentExplanation

    init(_ explanation: EnvironmentExplanation) { it = explanation }

    /// So many of its resources that are not as wanted are named.
    private static let shown = 12

    func text(_ paint: Paint, now: Timestamp) -> String {
        var text = paint.bold("environment \(it.slug)") + "\n"
        for one in [it.standing] + it.others { text += Self.text(one, paint, now) }
        if let obstacle = it.obstacle, !isTold(obstacle) {
            text += ExplanationText.text(obstacle, it.path, paint, now)
            if it.path.count < 2 { text += "               of \(obstacle.key)\n" }
        }
        if let environment = it.environment {
            text += "  wanted by    \(environment.source), tier \(environment.tier.rawValue)"
            text += environment.branch.map { ", branch \($0)\n" } ?? "\n"
            text += ExplanationText.history(it.commit, it.outlook)
            for fact in it.facts { text += Self.text(fact, paint) }
        } else {
            text += "  wanted by    nothing that can be read at revision \(it.outlook.desired.revision.prefix(12))\n"
        }
        if let pull = it.pullRequest {
            text += "  shows        pull request \(pull.number): \(pull.head) into \(pull.base)"
            text += pull.isFork ? ", of another repository\n" : "\n"
        }
        text += end(now)
        if let closure = it.closure {
            let opens = closure.until.map { ", until \($0.minuteText)" } ?? ""
            text += "  window       closed\(opens): \(closure.reason)\n"
        }
        text += resources(paint)
        return text + ExplanationText.looks(it.lastRun, it.nextWake, now)
    }

    /// When it ends, and by what; nothing of one that has gone.
    private func end(_ now: Timestamp) -> String {
        guard it.environment != nil || it.row != nil, it.environment != nil || it.row?.status != .gone else {
            return ""
        }
        // What nothing wants any more has no end of its own: it goes, after a grace where there is one.
        if it.life?.phase == .unwanted {
            return it.row?.goesLater(than: now).map {
                "  goes         \($0.minuteText), unless something wants it again\n"
            }
                ?? ""
        }
        let reason = it.life.map { ": \($0.reason)\n" } ?? "\n"
        return "  ends         \(it.expiresAt?.minuteText ?? "not by itself")\(reason)"
    }

    /// What holds, the line that says so, and whom that goes before.
    private static func text(_ one: ExplainedFact, _ paint: Paint) -> String {
        let place = one.fact.mark.map { paint.dim("  \($0)") } ?? ""
        var text = "    \(one.fact.name) = \(one.shown(one.fact.value))\(place)\n"
        text += paint.dim("        \(one.fact.claims.first?.authority.title ?? "")")
        text += one.lastChange.map { paint.dim(", changed last by \($0)") } ?? ""
        let others = one.fact.claims.dropFirst().map { claim in
            "\(one.shown(claim.value)) of \(claim.authority.title)" + (claim.mark.map { " (\($0))" } ?? "")
        }
        if !others.isEmpty { text += "\n" + paint.dim("        before \(others.joined(separator: " and "))") }
        return text + "\n"
    }

    /// Whether one of its states says the same already.
    private func isTold(_ obstacle: Obstacle) -> Bool {
        ([it.standing] + it.others).contains { one in
            switch one.state {
            case .suspended: obstacle.kind == .hold(.suspended)
            case .pinned: obstacle.kind == .hold(.pinned)
            case .unknown: obstacle.kind == .hold(.unknownWish)
            default: false
            }
        }
    }

    private static func text(_ standing: EnvironmentExplanation.Standing, _ paint: Paint, _ now: Timestamp) -> String {
        let name = standing.state.rawValue.spaced
        let word: String
        switch standing.state {
        case .asWanted, .pending: word = paint.green(name)
        // Nothing is in the way of what differs: a pass mends it once a plan wants that.
        case .expiring, .ending, .gone, .unwanted, .pinned, .differs: word = paint.yellow(name)
        default: word = paint.red(name)
        }
        let gap = String(repeating: " ", count: max(1, 13 - name.count))
        let text = "  " + word + gap + standing.reason + "\n"
        // The obstacle has them too, and says them below.
        let isOfObstacle = [.waiting, .window, .blocked].contains(standing.state)
        return isOfObstacle
            ? text : text + ExplanationText.details(standing.source, standing.until, standing.command, paint, now)
    }

    private func resources(_ paint: Paint) -> String {
        let changes = it.resources.compactMap(\.change)
        let still = it.resources.count - changes.count
        guard !it.resources.isEmpty else { return "  owns         nothing\n" }
        var text = "  owns         \(it.resources.count), \(still) of them as wanted\n"
        for change in changes.prefix(Self.shown) {
            let reason = change.verdictReason ?? change.reason
            let verdict = change.verdict == .allowed ? "next pass" : change.verdict.rawValue.spaced
            text += "    \(change.key)  \(change.action.rawValue), \(verdict): \(reason)\n"
        }
        if changes.count > Self.shown { text += "    and \(changes.count - Self.shown) more\n" }
        return text
    }
}
