import Basics
import DesiredState
import Diff
import Formats
import Store

/// The words and colours of the states that pages show.
enum Words {
    static func phase(_ phase: RunPhase) -> HTML {
        switch phase {
        case .pending: chip(.idle, "pending", icon: .wait)
        case .planning: chip(.info, "planning")
        case .planned: chip(.idle, "planned", icon: .eye)
        case .awaitingApproval: chip(.warn, "awaiting approval", icon: .wait)
        case .applying: chip(.info, "applying")
        case .succeeded: chip(.ok, "succeeded")
        case .failed: chip(.bad, "failed")
        case .canceled: chip(.idle, "canceled")
        }
    }

    static func tone(_ phase: RunPhase) -> Tone {
        switch phase {
        case .succeeded: .ok
        case .failed: .bad
        case .awaitingApproval: .warn
        case .planning, .applying: .info
        case .pending, .planned, .canceled: .idle
        }
    }

    static func cause(_ cause: ChangeCause) -> (text: String, tone: Tone) {
        switch cause {
        case .unappliedCommit: ("not applied yet", .info)
        case .externalChange: ("changed elsewhere", .bad)
        case .providerNormalization: ("written otherwise", .idle)
        case .expired: ("expired", .warn)
        case .expected: ("expected", .ok)
        }
    }

    /// The sign of an action, which is the same wherever it is shown or counted.
    static func sign(_ action: ChangeAction) -> (text: String, tone: String) {
        switch action {
        case .create: ("+", "ok")
        case .update: ("~", "info")
        case .replace: ("−/+", "warn")
        case .delete: ("−", "bad")
        case .adopt: ("←", "accent")
        case .forget: ("→", "idle")
        case .noop, .read: ("?", "idle")
        }
    }

    static func status(_ row: EnvironmentRow) -> HTML {
        switch row.status {
        case .active: chip(.ok, "active")
        case .expiring: chip(.warn, "expiring", icon: .wait)
        case .expired: chip(.bad, "expired")
        case .gone: chip(.idle, "gone")
        case .unknown: chip(.idle, "unknown")
        }
    }

    static func tier(_ tier: Tier) -> HTML {
        let tone: Tone =
            switch tier {
            case .production: .bad
            case .staging: .warn
            case .dev: .info
            case .preview: .accent
            }
        return span("chip plain \(tone.rawValue)", name(of: tier))
    }

    /// A tier by the word that every page has for it.
    static func name(of tier: Tier) -> String { tier == .dev ? "development" : tier.rawValue }

    static func verdict(_ decision: String) -> HTML {
        switch decision {
        case "allowed": chip(.ok, "allowed")
        case "needs_approval": chip(.warn, "needs approval", icon: .lock)
        case "denied": chip(.bad, "denied")
        default: chip(.idle, decision.isEmpty ? "unknown" : decision, icon: .pause)
        }
    }

    static func step(_ state: JournalEntry.State) -> HTML {
        switch state {
        case .intended: chip(.info, "intended")
        case .done: chip(.ok, "done")
        case .failed: chip(.bad, "failed")
        case .unknown: chip(.warn, "unknown")
        }
    }

    /// A difference by the word and the colour of its cause; what only a rule wants otherwise was changed by nobody.
    static func cause(_ record: DriftRecord) -> (text: String, tone: Tone) { cause(word: record.causeWord) }

    /// The same of the word that API and links have for it.
    static func cause(word: String) -> (text: String, tone: Tone) {
        ChangeCause(rawValue: word).map(cause) ?? ("not as it should be", .warn)
    }

    /// A value on one line, as the plan shows it.
    static func value(_ value: Value?) -> String {
        guard let value, !value.isNull else { return "nothing" }
        return short(told(value))
    }

    /// A value in words: what a list holds, what an object says, without brackets and quotation marks.
    private static func told(_ value: Value, within: Bool = false) -> String {
        switch value {
        case .null: return "nothing"
        case .string(let text): return text.isEmpty ? "\"\"" : text
        case .list(let items):
            if items.isEmpty { return "none" }
            return items.map { told($0, within: true) }.joined(separator: ", ")
        case .object(let object):
            let members = object.members.filter { !$0.value.isNull }
            if members.isEmpty { return "nothing" }
            let text = members.map { "\($0.name): \(told($0.value, within: true))" }
                .joined(separator: within ? ", " : " · ")
            return within ? "(\(text))" : text
        default: return JSON.write(value)
        }
    }

    /// A state of a provider as people read it: `ACTIVE_HEALTHY` is active healthy.
    static func state(_ text: String) -> String { text.lowercased().spaced }

    /// The tier that the platform's tables call by a shorter word.
    static func mailTier(_ word: String) -> String { Tier(alias: word).map(name) ?? word }

    /// Of what is long its beginning, and how long it is.
    private static func short(_ text: String) -> String {
        text.utf8.count <= 600 ? text : "\(text.prefix(500))… (\(text.utf8.count) bytes)"
    }

    /// What is wanted of an attribute: its value, and what that comes from; only where it comes from as long as that isn't known.
    static func wanted(_ change: Value) -> String {
        guard let reference = change["reference"]?.stringValue else { return value(change["after"]) }
        guard let after = change["after"], !after.isNull else { return "from \(reference)" }
        return "\(value(after)), from \(reference)"
    }

    /// `file:line` of a place in a document.
    static func place(_ source: Value?) -> String? {
        guard let file = source?["file"]?.stringValue, let line = source?["line"]?.intValue else { return nil }
        return "\(file):\(line)"
    }

    static func revision(_ revision: String?) -> HTML {
        guard let revision, !revision.isEmpty else { return span("soft", "–") }
        return element(.code, "nowrap", .title(revision)) { String(revision.prefix(10)) }
    }

    static func run(_ id: String) -> HTML {
        a(Link("/runs", id)) { element(.code, "nowrap", .title(id)) { shortRun(id) } }
    }

    /// The end of an id: its beginning is the time, and much alike for runs of one day.
    static func shortRun(_ id: String) -> String { "…" + String(id.suffix(8)) }

    static func environment(_ slug: String?) -> HTML {
        guard let slug else { return span("soft", "shared") }
        return a(Link("/environments", slug), slug)
    }
}
