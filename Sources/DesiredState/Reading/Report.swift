import Basics
import Formats

/// Why something is unknown: the diagnostic that says so.
struct Cause {
    let code: String
    let reason: String
    let mark: SourceMark?
}

/// Collects what is wrong while documents are read, and what that makes unknown.
final class Report {
    /// Whether nobody looks at what is wrong, but only at what that makes unknown.
    private let isUnheard: Bool
    private var own: Set<Diagnostic> = []
    /// What others collected, of which each has its own in order.
    private var others: [Findings] = []
    /// What of all that makes a document faulty.
    private var faults: [Diagnostic] = []
    private var scopes: [UnknownScope.Extent: UnknownScope] = [:]
    /// Of which only removals are forbidden.
    private var kept: [UnknownScope.Extent: UnknownScope] = [:]
    /// The keys that nobody asked for, wherever they stood, with what says so.
    private(set) var unknownKeys: [(entry: Node.Entry, cause: Cause)] = []
    /// Of which documents more may be wanted than they name, and why.
    private(set) var distrusted: [String: Cause] = [:]

    /// All that was collected.
    final class Findings: Sendable {
        /// Sorted, each once.
        fileprivate let diagnostics: [Diagnostic]
        /// Those of them that make a document faulty.
        fileprivate let faults: [Diagnostic]
        fileprivate let scopes: [UnknownScope.Extent: UnknownScope]
        fileprivate let kept: [UnknownScope.Extent: UnknownScope]
        fileprivate let distrusted: [String: Cause]

        /// Those of nearly every document.
        fileprivate static let none = Findings([], [:], [:], [:])

        fileprivate init(
            _ diagnostics: [Diagnostic], _ scopes: [UnknownScope.Extent: UnknownScope],
            _ kept: [UnknownScope.Extent: UnknownScope], _ distrusted: [String: Cause]
        ) {
            self.diagnostics = diagnostics
            faults = diagnostics.filter(Report.isFault)
            self.scopes = scopes
            self.kept = kept
            self.distrusted = distrusted
        }
    }

    init(isUnheard: Bool = false) { self.isUnheard = isUnheard }

    var findings: Findings {
        let diagnostics = self.diagnostics
        // Whatever is distrusted has a diagnostic.
        return diagnostics.isEmpty && scopes.isEmpty && kept.isEmpty
            ? .none : Findings(diagnostics, scopes, kept, distrusted)
    }

    /// Takes over what another one collected; of several causes the first stands.
    func add(_ findings: Findings) {
        if !findings.diagnostics.isEmpty { others.append(findings) }
        faults += findings.faults
        if !findings.scopes.isEmpty { scopes.merge(findings.scopes) { first, _ in first } }
        if !findings.kept.isEmpty { kept.merge(findings.kept) { first, _ in first } }
        if !findings.distrusted.isEmpty { distrusted.merge(findings.distrusted) { first, _ in first } }
    }

    /// Sorted, each once.
    var diagnostics: [Diagnostic] {
        let own = Array(own).sortedByPlaces(by: <)
        return others.isEmpty ? own : [Diagnostic].merging(others.map(\.diagnostics)).merged(with: own)
    }

    /// Sorted by what they cover.
    var unknown: [UnknownScope] {
        let all = scopes.merging(kept) { whole, _ in whole }
        return Array(all.values).sortedByPlaces(\.extent.sortText) { $0.precedesByBytes($1) }
    }

    @discardableResult
    func error(
        _ code: Code, _ message: String, at mark: SourceMark?, hint: String, notes: [Diagnostic.Note] = []
    ) -> Cause {
        add(.error, code, message, at: mark, hint: hint, notes: notes)
    }

    @discardableResult
    func warning(
        _ code: Code, _ message: String, at mark: SourceMark?, hint: String, notes: [Diagnostic.Note] = []
    ) -> Cause {
        add(.warning, code, message, at: mark, hint: hint, notes: notes)
    }

    func note(_ code: Code, _ message: String, at mark: SourceMark?, hint: String, notes: [Diagnostic.Note] = []) {
        if !isUnheard { _ = add(.note, code, message, at: mark, hint: hint, notes: notes) }
    }

    /// Whatever of a document is in it is hidden where it could be a secret, a suggestion as well as the message.
    private func add(
        _ severity: Diagnostic.Severity, _ code: Code, _ message: String, at mark: SourceMark?, hint: String,
        notes: [Diagnostic.Note]
    ) -> Cause {
        let message = Redaction.redact(message)
        let diagnostic = Diagnostic(
            severity, code.rawValue, message, at: mark, hint: Redaction.redact(hint),
            notes: notes.map { Diagnostic.Note(Redaction.redact($0.message), at: $0.mark) })
        if own.insert(diagnostic).inserted, Self.isFault(diagnostic) { faults.append(diagnostic) }
        return Cause(code: code.rawValue, reason: message, mark: mark)
    }

    /// Marks a part as unknown; of several causes the first stands.
    func unknown(_ extent: UnknownScope.Extent, _ cause: Cause) {
        guard scopes[extent] == nil else { return }
        scopes[extent] = UnknownScope(extent, code: cause.code, reason: Redaction.redact(cause.reason), at: cause.mark)
    }

    /// Marks a part as one of which more may be wanted than is known: nothing of it goes.
    func keep(_ extent: UnknownScope.Extent, _ cause: Cause) {
        guard kept[extent] == nil else { return }
        kept[extent] = UnknownScope(
            extent, code: cause.code, reason: Redaction.redact(cause.reason), at: cause.mark, isAboutRemovals: true)
    }

    /// Remembers a key that nobody knows at its place.
    func noteUnknown(_ entry: Node.Entry, _ cause: Cause) { unknownKeys.append((entry, cause)) }

    /// Marks a document as one that may want more than it names; of several causes the first stands.
    func distrust(_ file: String, _ cause: Cause) {
        if distrusted[file] == nil { distrusted[file] = cause }
    }

    func unknown(kinds: some Sequence<ResourceKind>, _ cause: Cause) {
        for kind in kinds { unknown(.kind(kind), cause) }
    }

    /// The first error or unknown key in a file; nil where it has none.
    func firstFault(in entry: Library.Entry) -> Diagnostic? {
        let file = entry.path
        let own = entry.parsed.diagnostics.filter(Self.isFault)
        return (faults.filter { $0.mark?.file == file } + own.filter { $0.mark?.file == file }).min()
    }

    private static func isFault(_ diagnostic: Diagnostic) -> Bool {
        diagnostic.severity == .error || diagnostic.code == Code.unknownKey.rawValue
    }

    /// `file:line` of what has one of these codes.
    func lines(of codes: Set<Code>) -> Set<String> {
        let codes = codes.map(\.rawValue)
        var lines: Set<String> = []
        func add(_ diagnostics: some Sequence<Diagnostic>) {
            for diagnostic in diagnostics where codes.contains(diagnostic.code) {
                if let mark = diagnostic.mark { lines.insert("\(mark.file):\(mark.line)") }
            }
        }
        add(own)
        for findings in others { add(findings.diagnostics) }
        return lines
    }

    func isUnknown(_ extent: UnknownScope.Extent) -> Bool { scopes[extent] != nil }
}

extension UnknownScope.Extent {
    /// A text by which scopes are put in order; different for different scopes.
    var sortText: String {
        switch self {
        case .everything: "0"
        case .environments: "1"
        case .environment(let slug): "2\(slug)"
        case .kind(let kind): "3\(kind.name)"
        case .resource(let key): "4\(key)"
        }
    }
}
