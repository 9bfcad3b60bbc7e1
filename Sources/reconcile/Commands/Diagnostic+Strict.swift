import Basics

extension [Diagnostic] {
    /// With every warning as the error that `--strict` makes of it, so that text, count, JSON and SARIF say the same.
    var strictly: [Diagnostic] {
        map { told in
            guard told.severity == .warning else { return told }
            return Diagnostic(.error, told.code, told.message, at: told.mark, hint: told.hint, notes: told.notes)
        }.sorted()
    }
}
