public import Basics
import DesiredState
import Diff
import Formats
import Store

/// What a rule wants otherwise of a resource, whether or not anything wants that: people mend it, no change of ours does.
public struct ExplainedFinding: Sendable, Hashable {
    /// What the rule's page is called.
    public let code: String
    /// One sentence.
    public let message: String
    /// The line that rules it; nil where no line does.
    public let source: SourceMark?
    /// What people can do; nil where only the page says it.
    public let hint: String?

    /// Shows what the code means and what mends it.
    public var command: String { "reconcile explain \(code)" }

    /// The findings of one resource: as a plan tells them, or as they were written down where it didn't see them.
    ///
    /// - Parameters:
    ///   - item: what the plan says of it; nil where it says nothing.
    ///   - record: what is written down of it; nil where nothing is.
    ///   - diagnostics: those of the plan, which say what people can do.
    /// - Returns: none where no rule wants it otherwise.
    static func all(
        _ item: DriftItem?, _ record: DriftRecord?, _ diagnostics: [Diagnostic]
    ) -> [ExplainedFinding] {
        if let item, let code = item.finding {
            // One difference has the sentences of all the rules that it breaks.
            let told = diagnostics.filter {
                $0.severity != .note && item.summary.contains($0.code) && item.summary.contains($0.message)
            }
            guard told.isEmpty else {
                return told.map {
                    ExplainedFinding(code: $0.code, message: $0.message, source: $0.mark, hint: $0.hint)
                }
            }
            return [ExplainedFinding(code, of: item.summary, at: item.source)]
        }
        guard let record, let code = record.detail["finding"]?.stringValue else { return [] }
        let place = record.detail["source"]
        return [
            ExplainedFinding(
                code, of: record.detail["summary"]?.stringValue ?? code,
                at: place?["file"]?.stringValue.map { file in
                    SourceMark(
                        file: file, line: Int(clamping: place?["line"]?.intValue ?? 1),
                        column: Int(clamping: place?["column"]?.intValue ?? 1))
                })
        ]
    }

    private init(code: String, message: String, source: SourceMark?, hint: String?) {
        self.code = code
        self.message = message
        self.source = source
        self.hint = hint
    }

    private init(_ code: String, of summary: String, at source: SourceMark?) {
        let prefix = "\(code): "
        self.init(
            code: code, message: summary.hasPrefix(prefix) ? String(summary.dropFirst(prefix.count)) : summary,
            source: source, hint: nil)
    }
}
