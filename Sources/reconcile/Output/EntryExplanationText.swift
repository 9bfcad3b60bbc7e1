import Basics
import DesiredState
import Formats
import Reconciler
import Store

/// Where an entry is written from which no resource is made, for people.
struct EntryExplanationText {
    private let it: EntryExplanation

    init(_ explanation: EntryExplanation) { it = explanation }

    func text(_ paint: Paint, now: Timestamp) -> String {
        var text = "\(paint.bold(it.key.description))\n  \(Redaction.redact(it.title))\n"
        text += "  wanted by    \(it.source)\n" + ExplanationText.history(it.commit, it.outlook)
        text += ExplanationText.text(it.origins, paint)
        for line in it.precedence { text += "  precedence   \(line)\n" }
        if let finding = it.finding {
            text += "  finding      \(finding.status.rawValue), first seen \(finding.firstSeen.minuteText)"
            text += ", last \(finding.lastSeen.minuteText)\n"
        } else if it.key.kind == .convergenceCheck {
            text += "  finding      none: no pass found anything wrong with it\n"
        }
        text += "  shown by     \(it.command)\n"
        return text + ExplanationText.looks(nil, it.nextWake, now)
    }
}
