import Basics
import DesiredState
import Diff
import Formats
import Git
import Reconciler
import Store

/// An explanation for people and for programs.
struct ExplanationText {
    private let it: Explanation

    init(_ explanation: Explanation) { it = explanation }

    // MARK: For people

    func text(_ paint: Paint, now: Timestamp) -> String {
        var text = paint.bold(it.key.description) + "\n"
        text += answer(paint, now)
        if let resource = it.resource {
            text += "  wanted by    \(resource.source)"
            text += resource.environment.map { ", for environment \($0)\n" } ?? ", shared\n"
            text += Self.history(it.provenance?.commit, it.outlook)
            text += it.provenance.map { Self.text($0, paint) } ?? ""
        } else if let doubt = it.doubt {
            text += "  wanted by    unknown at revision \(it.outlook.desired.revision.prefix(12))"
            if doubt.isContradiction {
                text += ": \(doubt.reason)\n"
            } else {
                text += doubt.mark.map { ": \($0) can't be read\n" } ?? "\n"
            }
        } else {
            text += "  wanted by    nothing at revision \(it.outlook.desired.revision.prefix(12))\n"
        }
        if let entry = it.entry {
            text += "  inventory    ours since \(entry.createdAt.minuteText), provider id \(entry.providerID), "
            text += "last applied at revision \(entry.revision.prefix(12))\n"
        } else {
            text += "  inventory    not ours yet: never created or adopted\n"
        }
        text += "  observed     \(it.observation)\n"
        if let change = it.change {
            text += "  next         \(change.action.rawValue): \(change.reason) (\(change.cause.rawValue))\n"
            text += "  decision     \(Self.verdict(change, paint))\n"
            if !change.dependsOn.isEmpty {
                text += "  after        \(change.dependsOn.map(\.description).joined(separator: ", "))\n"
            }
        } else {
            let until = it.doubt?.isContradiction == true ? "until they agree" : "until that can be read"
            let why = it.findings.isEmpty ? "it is as wanted" : "no change of ours mends it"
            text += "  next         nothing: \(it.obstacle == nil ? why : until)\n"
        }
        if let drift = it.drift {
            text += "  drift        \(drift.causeWord) since \(drift.firstSeen.minuteText): "
            text += "\(drift.detail["summary"]?.stringValue ?? "")\n"
            for (path, since) in drift.attributesSince.sorted(by: { $0.key.precedesByBytes($1.key) })
            where since != drift.firstSeen {
                text += "               \(path) since \(since.minuteText)\n"
            }
            if let mark = drift.mark {
                let until = mark.until.map { " until \($0.minuteText)" } ?? ""
                text += "  known        \(mark.kind.rawValue) by \(mark.by)\(until): \(mark.reason)\n"
            }
        }
        return text + Self.looks(it.lastRun, it.nextWake, now)
    }

    /// When somebody looked last, where that is known, and when the next look comes.
    static func looks(_ lastRun: RunRecord?, _ next: Explanation.Wake, _ now: Timestamp) -> String {
        let last = lastRun.map { "  last looked  \($0.startedAt.minuteText) by run \($0.id)\n" } ?? ""
        let at = next.at.map { "\($0.minuteText), in \(max(.zero, $0 - now).shortText): " } ?? ""
        return last + "  next look    \(at)\(next.reason)\n"
    }

    /// The one sentence that somebody came for.
    private func answer(_ paint: Paint, _ now: Timestamp) -> String {
        guard let obstacle = it.obstacle else {
            if it.change != nil {
                return "  \(paint.green("nothing is in the way")): the next pass does it\n" + found(paint)
            }
            return it.findings.isEmpty ? "  \(paint.green("as wanted"))\n" : found(paint)
        }
        return Self.text(obstacle, it.path, paint, now) + found(paint)
    }

    /// What rules want otherwise of it: each with its line and with what people can do.
    private func found(_ paint: Paint) -> String {
        it.findings.map { finding in
            var text = "  \(paint.yellow("against rule")) \(finding.code): \(finding.message)\n"
            text += finding.source.map { "               at \($0)\n" } ?? ""
            text += finding.hint.map { "               \($0)\n" } ?? ""
            return text + "               \(paint.bold(finding.command))\n"
        }.joined()
    }

    /// What is in the way, from where to where, until when, and what ends it.
    static func text(_ obstacle: Obstacle, _ path: [ResourceKey], _ paint: Paint, _ now: Timestamp) -> String {
        var text = "  " + paint.red("in the way") + "   \(obstacle.kind.name): \(obstacle.reason)\n"
        if path.count > 1 {
            text += "               by way of \(path.map(\.description).joined(separator: " → "))\n"
        }
        return text + details(obstacle.source, obstacle.until, obstacle.command, paint, now)
    }

    /// Place, end and command, each on its line where there is one.
    static func details(
        _ source: SourceMark?, _ until: Timestamp?, _ command: String?, _ paint: Paint, _ now: Timestamp
    ) -> String {
        var text = source.map { "               at \($0)\n" } ?? ""
        if let until {
            text += "               until \(until.minuteText), in \(max(.zero, until - now).shortText)\n"
        }
        return text + (command.map { "               \(paint.bold($0))\n" } ?? "")
    }

    private static func text(_ provenance: Provenance, _ paint: Paint) -> String {
        var text = Self.text(provenance.origins, paint)
        for line in provenance.precedence { text += "  precedence   \(line)\n" }
        return text
    }

    /// Each attribute with its line, what decided, and who changed that line last.
    static func text(_ origins: [Provenance.Origin], _ paint: Paint) -> String {
        var text = ""
        for origin in origins {
            let place = origin.mark.map { "  \($0)" } ?? ""
            text += "    \(origin.attribute.name) = \(origin.shown)\(paint.dim(place))\n"
            text += paint.dim("        \(origin.decider)")
            text += origin.commit.map { paint.dim(", changed last by \(Self.text($0))") } ?? ""
            text += "\n"
        }
        return text
    }

    /// Who changed the line last that wants it, and the commit at which all was read.
    static func history(_ commit: GitCommit?, _ outlook: Outlook) -> String {
        var text = commit.map { "               changed last by \(Self.text($0))\n" } ?? ""
        text += "  revision     \(outlook.desired.revision.prefix(12))"
        if !outlook.commitSubject.isEmpty {
            text += " \"\(outlook.commitSubject)\" by \(outlook.commitAuthor)"
            text += outlook.committedAt.map { ", \($0.minuteText)" } ?? ""
        }
        return text + "\n"
    }

    private static func verdict(_ change: PlannedChange, _ paint: Paint) -> String {
        let reason = change.verdictReason.map { ": \($0)" } ?? ""
        switch change.shownVerdict {
        case .allowed: return paint.green("allowed") + ": the next pass does it"
        case .needsApproval: return paint.yellow("needs approval") + reason
        case .denied: return paint.red("denied") + reason
        case .blocked: return paint.yellow("blocked") + reason
        }
    }

    private static func text(_ commit: GitCommit) -> String {
        "\(commit.id.prefix(12)) \(commit.author), \(commit.committedAt.minuteText): \"\(commit.subject)\""
    }
}
