import Basics

/// Reads what one commit wants, together with everything that is wrong with it.
///
/// Pure: the same tree gives the same state, byte by byte. It never fails; what can't be read is in `unknown`.
///
/// The cache holds what was read of other commits; it changes nothing but the time that this takes.
public func readDesiredState(_ tree: SourceTree, cache: DocumentCache = DocumentCache()) -> DesiredState {
    let files = cache.files(of: tree)
    let domains = cache.domains(of: files, tree)
    let references = cache.references(of: files, domains, tree)
    var state = domains.state
    state.revision = tree.revision
    state.documents = files.parsed.indices.map { index in
        let (parsed, fate) = (files.parsed[index], domains.fates[index])
        var (status, domain) = (fate.status, fate.domain)
        if status == .notManaged {
            let reader = files.places.places[index].stem.flatMap { ConsultedDocument.domain(of: $0) }
            domain = domain ?? reader
            if parsed.cause != nil { status = .unreadable } else if reader != nil { status = .consulted }
        }
        return Document(
            path: parsed.source.path, status: status, domain: domain, schema: parsed.schema, bytes: parsed.bytes)
    }
    state.diagnostics = references.merged(with: domains.diagnostics)
    if state.diagnostics.contains(where: { $0.severity == .error && $0.code.hasPrefix("FMT-") }) {
        // Nothing is wanted of what is only looked into, or not read at all: a slip in it is no fault of the desired state.
        let unread = Set(
            state.documents.filter { $0.status == .notManaged || $0.status == .consulted }.map(\.path))
        state.diagnostics = state.diagnostics.map { told in
            let isUnread = told.code.hasPrefix("FMT-") && told.mark.map { unread.contains($0.file) } == true
            return isUnread ? told.limited(to: .warning) : told
        }.sorted()
    }
    return state
}
