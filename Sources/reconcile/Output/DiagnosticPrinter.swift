import Basics
import DesiredState
import Diff
import Formats

/// Prints diagnostics with the lines that they are about, which it looks up in a tree.
struct DiagnosticPrinter {
    private let terminal: Terminal
    private let files: [SourceFile]

    init(_ terminal: Terminal, _ tree: SourceTree) {
        self.terminal = terminal
        files = tree.files
    }

    func print(_ diagnostics: [Diagnostic]) {
        var lines: [String: SourceLines] = [:]
        for diagnostic in diagnostics {
            if let file = diagnostic.mark?.file, lines[file] == nil { lines[file] = self.lines(of: file) }
            let sourceLine = diagnostic.mark.flatMap { lines[$0.file]?[$0.line] }
            terminal.print(DiagnosticText.render(diagnostic, sourceLine: sourceLine, style: terminal.style))
        }
    }

    /// Nil where the file is not at hand, or too large to be shown.
    private func lines(of path: String) -> SourceLines? {
        guard let file = files.first(where: { $0.path == path }), case .bytes(let bytes) = file.content,
            bytes.count < 8 << 20
        else { return nil }
        let plain = WideText.narrowed(bytes) ?? bytes
        // A secret of several lines can't be told by one of them, so all of it is masked first.
        return SourceLines(PastedSecret.masked(plain) ?? plain)
    }
}
