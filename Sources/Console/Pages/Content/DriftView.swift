import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// One difference, side by side: what is there and what is wanted, with the line that wants it.
struct DriftView {
    let record: DriftRecord
    let now: Timestamp
    /// Why it stands so; nil where that is not known.
    let explanation: Explanation?
    /// Whether the reader sees all of a run: its evidence isn't shown in parts.
    private let showsEvidence: Bool

    /// - Parameters:
    ///   - record: the difference.
    ///   - context: what else is known.
    ///   - explanation: why it stands so.
    init(_ record: DriftRecord, _ context: PageContext, explanation: Explanation? = nil) {
        self.explanation = explanation
        self.record = record
        now = context.now
        showsEvidence = context.share == nil
    }

    var html: HTML {
        let isOnlyFinding = record.isOnlyFinding
        let (word, tone) = Words.cause(record)
        return element(.section, "card", .labelled(by: anchor)) {
            element(.header) {
                element(.h2, "key", .id(anchor)) { record.key.description }
                chip(tone, word, icon: record.cause == .externalChange || isOnlyFinding ? .warning : nil)
                if let mark = record.mark {
                    chip(.idle, mark.kind == .muted ? "muted" : "acknowledged", icon: .eye)
                }
                span("aside soft") {
                    "since "
                    ago(record.firstSeen, now)
                    " · seen "
                    ago(record.lastSeen, now)
                }
            }
            div("body") {
                p { record.detail["summary"]?.stringValue ?? "" }
                p("soft") {
                    "Environment "
                    Words.environment(record.environment)
                    if let place = Words.place(record.detail["source"]) {
                        isOnlyFinding ? " · ruled at " : " · wanted at "
                        code(place)
                    }
                    " · found by run "
                    Words.run(record.runID)
                    if showsEvidence {
                        " · "
                        a(Link("/runs", record.runID, "evidence", "drift.json"), "evidence")
                    }
                }
                if let mark = record.mark { known(mark) }
            }
            attributes
            div("body stack") {
                if record.mark == nil, record.cause != .expected {
                    p("Known and accepted for now? Then say so, and nobody is alarmed by exactly this difference:")
                    command("reconcile drift ack \(record.key) --reason \"why\"")
                }
                if let explanation {
                    div {
                        ExplanationView.stands(explanation, differs: true)
                        span("soft") {
                            " Next look "
                            ago(explanation.nextWake.at, now)
                            ", \(explanation.nextWake.reason)."
                        }
                    }
                }
                p("soft") { "All of why it stands so:" }
                command("reconcile explain \(record.key)")
            }
        }
    }

    private var anchor: String { "d-" + Anchor.id("\(record.key) \(record.cause.rawValue)") }

    private func known(_ mark: DriftMark) -> HTML {
        p("soft") {
            "\(mark.by) said: \(mark.reason) ("
            ago(mark.createdAt, now)
            if let until = mark.until {
                ", ends "
                ago(until, now)
            }
            ")"
        }
    }

    private var attributes: HTML {
        let changes = record.detail["attributes"]?.listValue ?? []
        guard !changes.isEmpty else { return HTML() }
        return element(.div, "diff") {
            div("sides headline") {
                div("path") { "Attribute" }
                div("there") { "There now" }
                div("wanted") { "Wanted by git" }
            }
            for change in changes { row(change) }
        }
    }

    private func row(_ change: Value) -> HTML {
        let path = change["path"]?.stringValue ?? ""
        let isSensitive = change["sensitive"]?.boolValue ?? false
        return div("sides") {
            div("path") {
                path
                if let since = record.attributesSince[path], since != record.firstSeen {
                    span("where") {
                        "since "
                        ago(since, now)
                    }
                }
            }
            div("there") {
                span("mark", "−")
                isSensitive ? "(not shown)" : Words.value(change["before"])
            }
            div("wanted") {
                span("mark", "+")
                isSensitive ? "(not shown)" : Words.wanted(change)
                // The line of the attribute itself; rows from before that was kept have only the resource's.
                if let place = Words.place(change["source"]) ?? Words.place(record.detail["source"]) {
                    span("where", place)
                }
            }
        }
    }
}
