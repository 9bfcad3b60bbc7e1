import Basics

/// What follows from some documents alone, kept from one commit to the next while these are the same.
///
/// Another document may have changed, and then all domains read again; what is here they needn't.
final class KeptReadings: Sendable {
    private struct Kept {
        let files: [ParsedFile]
        let value: any Sendable
        let findings: Report.Findings
    }

    private let kept = Locked<[String: Kept]>([:])

    /// Reads some documents, unless the same were read before.
    ///
    /// - Parameters:
    ///   - name: of what is read, one for each place that reads.
    ///   - entries: all that is looked into.
    ///   - report: takes what is wrong with them.
    ///   - body: reads; it asks the report that it is given for nothing that others found.
    /// - Returns: what the body made of them, now or before.
    func read<T: Sendable>(
        _ name: String, _ entries: [Library.Entry], _ report: Report, _ body: (Report) -> T
    ) -> T {
        let files = entries.map(\.parsed)
        if let known = kept.withLock({ $0[name] }), known.files.count == files.count,
            zip(known.files, files).allSatisfy({ $0 === $1 }), let value = known.value as? T
        {
            report.add(known.findings)
            return value
        }
        let own = Report()
        let value = body(own)
        kept.withLock { $0[name] = Kept(files: files, value: value, findings: own.findings) }
        report.add(own.findings)
        return value
    }
}
