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
    if state.diagnostics.contains(where: { $0.severity == .error && isOfForm($0) }) {
        // Nothing is wanted of what no domain reads, so a slip in it is no fault of the desired state.
        var unread = Set(
            zip(files.parsed, domains.fates).filter {
                $1.status == .notManaged && ($1.domain == nil || $0.cause == nil)
            }
            .map(\.0.source.path))
        // But where something is unknown for it.
        for scope in state.unknown { if let file = scope.mark?.file { unread.remove(file) } }
        state.diagnostics = state.diagnostics.map { told in
            let isUnread = isOfForm(told) && told.mark.map { unread.contains($0.file) } == true
            return isUnread ? told.limited(to: .warning) : told
        }.sorted()
    }
    return state
}

/// Whether a diagnostic says that a file is none of its format, or can't be read at all.
private func isOfForm(_ diagnostic: Diagnostic) -> Bool {
    diagnostic.code.hasPrefix("FMT-") || diagnostic.code == Code.unreadableFile.rawValue
}
