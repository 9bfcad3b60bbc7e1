import Basics
import Diff

/// What a colour means; never told by the colour alone, for an icon and a text stand beside it.
enum Tone: String, Sendable {
    case ok, warn, bad, info, idle, accent

    var icon: Icon {
        switch self {
        case .ok: .ok
        case .warn: .warning
        case .bad: .cross
        case .info: .spinner
        case .idle: .dash
        case .accent: .info
        }
    }
}

func chip(_ tone: Tone, _ text: String, icon: Icon? = nil) -> HTML {
    span("chip \(tone.rawValue)") {
        (icon ?? tone.icon).html
        text
    }
}

/// A word that says what something is and not how it fares.
func label(_ text: String) -> HTML { span("chip plain", text) }

/// A box with a heading.
func card(_ title: String, id: String = "", aside: HTML = HTML(), flush: Bool = false, @Content body: () -> HTML)
    -> HTML
{
    let name = id.isEmpty ? Anchor.id(title) : id
    return element(.section, "card", .labelled(by: name)) {
        element(.header) {
            element(.h2, "", .id(name)) { title }
            if !aside.isEmpty { span("aside") { aside } }
        }
        element(.div, flush ? "body flush" : "body", content: body)
    }
}

/// One number with its name; leads somewhere when there is more to see.
func tile(
    _ name: String, _ value: String, _ tone: Tone? = nil, note: String = "", link: Link? = nil, chart: HTML = HTML()
) -> HTML {
    let content = markup {
        span("label", name)
        span(tone.map { "value is-\($0.rawValue)" } ?? "value", value)
        if !note.isEmpty { span("note", note) }
        chart
    }
    guard let link else { return div("tile") { content } }
    return a(link, "tile") { content }
}

/// What to say, and how it stands, above everything else on a page.
func banner(_ tone: Tone, _ title: String, icon: Icon? = nil, @Content detail: () -> HTML = { HTML() }) -> HTML {
    div("banner \(tone.rawValue)") {
        (icon ?? tone.icon).html
        div {
            p(title, "title")
            detail()
        }
    }
}

/// A command to be typed as it stands.
///
/// The button is shown where a script runs that can copy.
func command(_ text: String) -> HTML {
    div("command") {
        code(text)
        element(.button, "copy", .type("button"), .label("Copy \(text)")) { "Copy" }
    }
}

/// Where there is nothing yet: why, and what to do so that there is.
func empty(_ title: String, _ reason: String, icon: Icon = .info, next: String? = nil) -> HTML {
    div("empty") {
        icon.html
        p(title, "what")
        p(reason)
        if let next { command(next) }
    }
}

/// Where nobody has looked: that nothing was found means nothing then.
func unlooked(_ reason: String, icon: Icon = .eye) -> HTML {
    empty("Nobody has looked yet", reason, icon: icon, next: "reconcile --dry-run")
}

/// Names and values.
func facts(_ rows: [(String, HTML)]) -> HTML {
    element(.dl, "facts") {
        for (name, value) in rows {
            element(.dt) { name }
            element(.dd) { value }
        }
    }
}

/// A table whose rows become cards on a phone.
struct Grid {
    let columns: [String]
    private(set) var rows: [[HTML]] = []
    let caption: String

    init(_ caption: String, _ columns: String...) { self.init(caption, columns: columns) }

    init(_ caption: String, columns: [String]) {
        self.caption = caption
        self.columns = columns
    }

    mutating func add(_ cells: HTML...) { add(cells: cells) }

    mutating func add(cells: [HTML]) { rows.append(cells) }

    var html: HTML {
        element(.div, "table-wrap", .set("tabindex", "0"), .role("region"), .label("\(caption), table")) {
            element(.table, "reflow", .role("table")) {
                element(.caption, "visually-hidden") { caption }
                element(.thead, "", .role("rowgroup")) {
                    element(.tr, "", .role("row")) {
                        for column in columns {
                            element(.th, "", .set("scope", "col"), .role("columnheader")) { column }
                        }
                    }
                }
                element(.tbody, "", .role("rowgroup")) {
                    for row in rows {
                        element(.tr, "", .role("row")) {
                            for (index, (column, cell)) in zip(columns, row).enumerated() {
                                if index == 0 {
                                    // What a row is about: read out before each of its cells.
                                    element(
                                        .th, "", .set("scope", "row"), .role("rowheader"), .set("data-label", column)
                                    ) { div { cell } }
                                } else {
                                    element(.td, "", .role("cell"), .set("data-label", column)) { div { cell } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Ids of elements.
enum Anchor {
    /// Letters, digits and hyphens of a text, in lower case.
    static func id(_ text: String) -> String {
        var id = ""
        for byte in text.lowercased().utf8 {
            switch byte {
            case 0x30...0x39, 0x61...0x7A: id.append(Character(Unicode.Scalar(byte)))
            default: if !id.isEmpty, !id.hasSuffix("-") { id.append("-") }
            }
        }
        return id.isEmpty ? "part" : id
    }
}

/// An instant as people say it; the exact one on hover, and for programs.
func ago(_ instant: Timestamp?, _ now: Timestamp) -> HTML {
    guard let instant else { return span("soft", "–") }
    return element(
        .time, "nowrap", .datetime(instant.description), .title(TimeText.exact(instant)), .flag("data-ago")
    ) { TimeText.relative(instant, now) }
}

/// An instant to the second, to be read without a pointer, and how long ago that is.
func moment(_ instant: Timestamp?, _ now: Timestamp) -> HTML {
    guard let instant else { return span("soft", "–") }
    return markup {
        element(.time, "nowrap num", .datetime(instant.description), .title(TimeText.exact(instant))) {
            TimeText.exact(instant)
        }
        span("sub") { ago(instant, now) }
    }
}

/// Leads to the other parts of a list that is shown by parts; nothing where this is all of it.
///
/// - Parameters:
///   - name: what there is more of.
///   - begin: how many come before this part.
///   - count: how many this part has at the most.
///   - all: how many there are.
///   - link: the part that begins after so many.
/// - Returns: how much is shown, with the parts before and after.
func pager(_ name: String, from begin: Int, by count: Int, of all: Int, link: (Int) -> Link) -> HTML {
    guard all > count || begin > 0 else { return HTML() }
    let end = min(all, begin + count)
    return element(.nav, "pager", .label("More \(name)")) {
        if begin > 0 { a(link(max(0, begin - count)), "Previous \(min(begin, count))") }
        span("soft", begin < end ? "\(begin + 1) to \(end) of \(all)" : "none of \(all)")
        if end < all { a(link(end), "Next \(min(count, all - end))") }
    }
}

/// Instants and durations in words.
enum TimeText {
    /// `2026-11-21 17:06:42 UTC`.
    static func exact(_ instant: Timestamp) -> String {
        let text = instant.description
        guard let mark = text.firstIndex(of: "T") else { return text }
        return "\(text[..<mark]) \(text[text.index(after: mark)...].prefix(8)) UTC"
    }

    static func relative(_ instant: Timestamp, _ now: Timestamp) -> String {
        instant > now ? "in \(rough(instant - now))" : "\(rough(now - instant)) ago"
    }

    /// Whole units, one of them: `4 s`, `12 min`, `3 h`, `9 d`.
    static func rough(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3_600: return "\(seconds / 60) min"
        case ..<172_800: return "\(seconds / 3_600) h"
        default: return "\(seconds / 86_400) d"
        }
    }

    /// How long something took.
    static func took(_ duration: Duration) -> String {
        let milliseconds = max(0, duration.milliseconds)
        switch milliseconds {
        case ..<1_000: return "\(Int(milliseconds)) ms"
        case ..<60_000:
            let tenths = Int(milliseconds / 100)
            return "\(tenths / 10).\(tenths % 10) s"
        default: return "\(Int(milliseconds / 60_000)) min \(Int(milliseconds / 1_000) % 60) s"
        }
    }
}
