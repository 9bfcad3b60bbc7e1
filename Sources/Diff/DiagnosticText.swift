public import Basics
import Formats

/// Diagnostics as people read them: place, code, message, the line with a caret, and what to do.
public enum DiagnosticText {
    /// One diagnostic, under it the text of the line that its mark names where that is at hand.
    public static func render(_ diagnostic: Diagnostic, sourceLine: String? = nil, style: TextStyle) -> String {
        let paint = Paint(isOn: style.color)
        let color: Paint.Color =
            switch diagnostic.severity {
            case .error: .red
            case .warning: .yellow
            case .note: .cyan
            }
        var text = ""
        if let mark = diagnostic.mark { text += "\(place(mark)): " }
        text += paint("\(diagnostic.severity.rawValue)[\(diagnostic.code)]", color)
        text += ": \(ValueText.plain(diagnostic.message))\n"
        if let mark = diagnostic.mark, let sourceLine { text += quote(sourceLine, mark, paint, color, style.width) }
        for note in diagnostic.notes {
            text += "  note: \(ValueText.plain(note.message))"
            if let mark = note.mark { text += " (\(place(mark)))" }
            text += "\n"
        }
        if let hint = diagnostic.hint { text += "  \(paint("hint", .bold)): \(ValueText.plain(hint))\n" }
        return text
    }

    /// Many diagnostics, each with its line.
    ///
    /// `sourceLine` gives the text of a line without its newline, or nil where it is not at hand.
    public static func render(
        _ diagnostics: [Diagnostic], style: TextStyle, sourceLine: (SourceMark) -> String?
    ) -> String {
        diagnostics.map { render($0, sourceLine: $0.mark.flatMap(sourceLine), style: style) }.joined()
    }

    private static func place(_ mark: SourceMark) -> String {
        "\(ValueText.plain(mark.file)):\(mark.line):\(mark.column)"
    }

    /// The line with its number, and a caret under the column; a long line is cut around it, with `…` where it is.
    private static func quote(
        _ line: String, _ mark: SourceMark, _ paint: Paint, _ color: Paint.Color, _ width: Int
    ) -> String {
        let number = String(mark.line)
        let room = max(40, width - number.utf8.count - 8)
        // What could be a secret is not shown, whatever the diagnostic is about.
        let scalars = Array(Redaction.redact(line: line).unicodeScalars)
        let before = String(String.UnicodeScalarView(line.unicodeScalars.prefix(max(0, mark.column - 1))))
        let column = min(Redaction.redact(line: before).unicodeScalars.count, scalars.count) + 1
        let start = firstShown(scalars, before: column - 1, room)
        var (shown, ahead) = (start > 0 ? "…" : "", start > 0 ? " " : "")
        var taken = 0
        var end = start
        while end < scalars.count {
            let piece = piece(scalars[end])
            taken += Paint.width(piece)
            guard taken <= room || end < column else { break }
            shown += piece
            if end < column - 1 { ahead += piece }
            end += 1
        }
        if end < scalars.count { shown += "…" }
        let margin = Paint.spaces(number.utf8.count)
        let caret = Paint.spaces(Paint.width(ahead))
        return "  \(paint(number, .dim)) | \(shown)\n  \(margin) | \(caret)\(paint("^", color))\n"
    }

    /// What is shown of a scalar; a tab is one column of the mark, and one of the text here.
    private static func piece(_ scalar: Unicode.Scalar) -> String {
        scalar == "\t" ? " " : ValueText.plain(String(scalar))
    }

    /// Where the shown part of a line begins: at its beginning, or half of the room before what is pointed at.
    private static func firstShown(_ scalars: [Unicode.Scalar], before index: Int, _ room: Int) -> Int {
        var width = 0
        var start = index
        var half = index
        while start > 0, width < room {
            start -= 1
            width += Paint.width(piece(scalars[start]))
            if width <= room / 2 { half = start }
        }
        return start == 0 && width < room ? 0 : half
    }
}
