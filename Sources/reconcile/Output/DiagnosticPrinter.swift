import Basics
import DesiredState
import Diff

/// Prints diagnostics with the lines that they are about, which it looks up in a tree.
struct DiagnosticPrinter {
    private let terminal: Terminal
    private let files: [SourceFile]

    init(_ terminal: Terminal, _ tree: SourceTree) {
        self.terminal = terminal
        files = tree.files
    }

    func print(_ diagnostics: [Diagnostic]) {
        var lines: [String: [Substring]] = [:]
        for diagnostic in diagnostics {
            var sourceLine: String?
            if let mark = diagnostic.mark {
                if lines[mark.file] == nil, let file = files.first(where: { $0.path == mark.file }),
                    case .bytes(let bytes) = file.content, bytes.count < 8 << 20
                {
                    lines[mark.file] = String(decoding: bytes, as: UTF8.self).split(
                        separator: "\n", omittingEmptySubsequences: false)
                }
                if let all = lines[mark.file], all.indices.contains(mark.line - 1) {
                    sourceLine = String(all[mark.line - 1])
                }
            }
            terminal.print(DiagnosticText.render(diagnostic, sourceLine: sourceLine, style: terminal.style))
        }
    }
}
