/// A place in a file; line and column count from 1, columns count Unicode scalars.
public struct SourceMark: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let file: String
    public let line: Int
    public let column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String { "\(file):\(line):\(column)" }

    public static func < (a: SourceMark, b: SourceMark) -> Bool {
        // Most marks that are compared are of one file, and whether two texts are equal is told faster than their order.
        if a.file != b.file { return a.file < b.file }
        return a.line == b.line ? a.column < b.column : a.line < b.line
    }
}

/// Something about the input that a person should know or mend.
///
/// A run may hold many.
public struct Diagnostic: Sendable, Hashable, Comparable {
    /// How bad it is; errors come first in an order.
    public enum Severity: String, Sendable, Hashable, Comparable, CaseIterable {
        case error, warning, note

        public static func < (a: Severity, b: Severity) -> Bool { a.order < b.order }

        private var order: Int {
            switch self {
            case .error: 0
            case .warning: 1
            case .note: 2
            }
        }
    }

    /// A second place that belongs to the story, for example where a key stood first.
    public struct Note: Sendable, Hashable {
        public let message: String
        public let mark: SourceMark?

        public init(_ message: String, at mark: SourceMark? = nil) {
            self.message = message
            self.mark = mark
        }
    }

    public let severity: Severity
    /// Stable, such as `SSOT-0007`: once given to a fault it is never given to another one.
    public let code: String
    /// One sentence: what is wrong, with the offending text, redacted where it could be a secret.
    public let message: String
    public let mark: SourceMark?
    /// What to do about it.
    public let hint: String?
    public let notes: [Note]

    public init(
        _ severity: Severity, _ code: String, _ message: String, at mark: SourceMark? = nil, hint: String? = nil,
        notes: [Note] = []
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.mark = mark
        self.hint = hint
        self.notes = notes
    }

    /// Whether a text is written as codes are, such as `SSOT-0300`; keys and branches of nearly all are written otherwise.
    public static func isCode(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return parts.count == 2 && (2...8).contains(parts[0].count) && parts[1].count == 4
            && parts[0].allSatisfy { (65...90).contains($0) } && parts[1].allSatisfy { (48...57).contains($0) }
    }

    /// The same, and no worse than that.
    public func limited(to most: Severity) -> Diagnostic {
        Diagnostic(max(severity, most), code, message, at: mark, hint: hint, notes: notes)
    }

    /// By place, then severity, code, message and what else is said: the same faults always come in the same order.
    public static func < (a: Diagnostic, b: Diagnostic) -> Bool {
        if a.mark != b.mark { return (a.mark ?? noPlace) < (b.mark ?? noPlace) }
        if a.severity != b.severity { return a.severity < b.severity }
        if (a.code, a.message) != (b.code, b.message) { return (a.code, a.message) < (b.code, b.message) }
        if a.hint != b.hint { return (a.hint ?? "") < (b.hint ?? "") }
        for (noteA, noteB) in zip(a.notes, b.notes) where noteA != noteB {
            return (noteA.mark ?? noPlace, noteA.message) < (noteB.mark ?? noPlace, noteB.message)
        }
        return a.notes.count < b.notes.count
    }

    private static let noPlace = SourceMark(file: "", line: 0, column: 0)
}
