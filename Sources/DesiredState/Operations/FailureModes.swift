import Basics
import Formats

/// What `errors/failure_modes.yaml` says.
struct FailureModes: DocumentReading {
    /// Sorted by code; of two entries with one code neither.
    let modes: [FailureMode]

    init(_ root: Node, in file: String, given _: Nothing, _ report: Report) {
        let fields = Fields(root, "the document of failure modes", in: file, report)
        var modes: [String: FailureMode] = [:]
        var seen: [String: SourceMark] = [:]
        for node in fields.nodes("failure_modes", required: true) ?? [] {
            guard let mode = Self.failureMode(node, file, report) else { continue }
            if let first = seen[mode.code] {
                modes[mode.code] = nil
                report.error(
                    .duplicateName, "the code \(quoted(mode.code)) stands twice", at: mode.source,
                    hint: "Keep one of the two; until then it stands for nothing.",
                    notes: [Diagnostic.Note("first here", at: first)])
            } else {
                seen[mode.code] = mode.source
                modes[mode.code] = mode
            }
        }
        self.modes = modes.values.sorted { $0.code.precedesByBytes($1.code) }
    }

    private static func failureMode(_ node: Node, _ file: String, _ report: Report) -> FailureMode? {
        let entry = Fields(node, "a failure mode", in: file, report)
        let code = entry.text("code", required: true)
        if let code { entry.describe(as: "the code \(quoted(code.value))") }
        let category = entry.text("category", required: true)
        let severity = entry.word("severity", of: ["critical", "high", "medium", "low"], required: true)
        let runbook = entry.text("runbook") ?? entry.fields("fix")?.text("runbook")
        let status = entry.integer("http_status", in: 100...599)
        let isRetryable = entry.flag("retryable")
        let behavior = entry.text("ci_behavior")
        let finding = entry.fields("convergence_finding")
        let kind = finding?.text("kind")
        let target = finding?.text("target")
        if let finding { entry.absorb(finding) }
        if let code, !isCode(code.value) {
            entry.fail(
                .invalidCode, "\(entry.subject) is none", at: code.mark,
                hint: "Write upper-case words with dots between them: `DNS.RECORD_MISSING`.")
        }
        guard entry.fault == nil, let code, let category, let severity else { return nil }
        let head = code.value.prefix { $0 != "." }.lowercased()
        if head != category.value {
            report.warning(
                .categoryDisagreement, "\(entry.subject) has the category \(quoted(category.value))",
                at: category.mark, hint: "Its name says \(quoted(head)): make both say the same.")
        }
        return FailureMode(
            code: code.value, category: category.value, severity: severity.value, runbook: runbook?.value,
            httpStatus: status.map { Int($0.value) }, isRetryable: isRetryable?.value, ciBehavior: behavior?.value,
            findingKind: kind?.value, findingTarget: target?.value, source: code.mark)
    }

    private static func isCode(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count >= 2
            && parts.allSatisfy { part in
                !part.isEmpty && part.allSatisfy { (65...90).contains($0) || (48...57).contains($0) || $0 == 95 }
            }
    }
}
