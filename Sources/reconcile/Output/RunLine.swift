import Basics
import Diff
import Formats
import Reconciler
import Store

/// One pass as one line of JSON, for `reconcile run --json`.
enum RunLine {
    static func text(_ report: RunReport) -> String {
        var object =
            report.run.document(journal: report.journal, skipped: report.skipped).objectValue ?? Value.Object()
        object["duration_ms"] = .int(report.duration.microseconds / 1_000)
        object["requests"] = .object(
            Value.Object(
                report.requests.sorted { $0.key < $1.key }.map { Value.Object.Member($0.key, .int(Int64($0.value))) }))
        return JSON.write(.object(object))
    }
}
