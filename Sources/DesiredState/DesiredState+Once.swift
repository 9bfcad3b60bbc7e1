import Basics

extension DesiredState {
    /// The same with its resources in the order of their keys, each once.
    ///
    /// Of two with one key neither is known to be meant: both are left out, what they are about is unknown, and an error
    /// says so. Reading documents gives none such; a state that was put together otherwise may.
    public func withEachResourceOnce() -> DesiredState {
        var copy = self
        var kept: [DesiredResource] = []
        var told: [Diagnostic] = []
        let sorted = resources.sorted { ($0.key, $0.source) < ($1.key, $1.source) }
        var rest = sorted[...]
        while let first = rest.first {
            let same = rest.prefix { $0.key == first.key }
            rest = rest.dropFirst(same.count)
            guard same.count > 1 else {
                kept.append(first)
                continue
            }
            let diagnostic = Diagnostic(
                .error, Code.duplicateName.rawValue, "\(first.key) is wanted \(same.count) times",
                at: same[same.startIndex + 1].source, hint: "Keep one of them; until then it is left alone.",
                notes: [Diagnostic.Note("first here", at: first.source)])
            told.append(diagnostic)
            copy.unknown.append(
                UnknownScope(
                    .resource(first.key), code: diagnostic.code, reason: diagnostic.message, at: diagnostic.mark))
        }
        copy.resources = kept
        if !told.isEmpty { copy.diagnostics = (diagnostics + told).sorted() }
        return copy
    }
}
