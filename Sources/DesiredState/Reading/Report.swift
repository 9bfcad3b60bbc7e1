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
    private var diagnosticSet: Set<Diagnostic> = []
    private var scopes: [UnknownScope.Extent: UnknownScope] = [:]
    /// Of which only removals are forbidden.
    private var kept: [UnknownScope.Extent: UnknownScope] = [:]

    /// All that was collected.
    struct Findings: Sendable {
        fileprivate let diagnostics: Set<Diagnostic>
        fileprivate let scopes: [UnknownScope.Extent: UnknownScope]
        fileprivate let kept: [UnknownScope.Extent: UnknownScope]
    }

    var findings: Findings { Findings(diagnostics: diagnosticSet, scopes: scopes, kept: kept) }

    /// Takes over what another one collected; of several causes the first stands.
    func add(_ findings: Findings) {
        diagnosticSet.formUnion(findings.diagnostics)
        scopes.merge(findings.scopes) { first, _ in first }
        kept.merge(findings.kept) { first, _ in first }
    }

    /// Sorted.
    var diagnostics: [Diagnostic] { diagnosticSet.sorted() }

    /// Sorted by what they cover.
    var unknown: [UnknownScope] {
        let all = scopes.merging(kept) { whole, _ in whole }
        return all.values.sorted { $0.extent.sortText.precedesByBytes($1.extent.sortText) }
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
        _ = add(.note, code, message, at: mark, hint: hint, notes: notes)
    }

    /// Whatever of a document is in it is hidden where it could be a secret, a suggestion as well as the message.
    private func add(
        _ severity: Diagnostic.Severity, _ code: Code, _ message: String, at mark: SourceMark?, hint: String,
        notes: [Diagnostic.Note]
    ) -> Cause {
        let message = Redaction.redact(message)
        diagnosticSet.insert(
            Diagnostic(
                severity, code.rawValue, message, at: mark, hint: Redaction.redact(hint),
                notes: notes.map { Diagnostic.Note(Redaction.redact($0.message), at: $0.mark) }))
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

    func unknown(kinds: some Sequence<ResourceKind>, _ cause: Cause) {
        for kind in kinds { unknown(.kind(kind), cause) }
    }

    /// The first error or unknown key in a file; nil where it has none.
    func firstFault(in entry: Library.Entry) -> Diagnostic? {
        let file = entry.path
        return diagnosticSet.union(entry.parsed.diagnostics).filter {
            ($0.severity == .error || $0.code == Code.unknownKey.rawValue) && $0.mark?.file == file
        }.min()
    }

    /// `file:line` of what has one of these codes.
    func lines(of codes: Set<Code>) -> Set<String> {
        let codes = Set(codes.map(\.rawValue))
        return Set(
            diagnosticSet.filter { codes.contains($0.code) }.compactMap { $0.mark.map { "\($0.file):\($0.line)" } })
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
