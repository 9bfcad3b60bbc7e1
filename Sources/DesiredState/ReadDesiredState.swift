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
    // Nothing is wanted of what no domain reads, so a slip in it is no fault of the desired state.
    let unread = zip(files.parsed, domains.fates).filter { parsed, fate in
        parsed.hasSlips && fate.status == .notManaged && (fate.domain == nil || parsed.cause == nil)
    }
    if !unread.isEmpty {
        // But where something is unknown for it.
        let paths = Set(unread.map(\.0.source.path)).subtracting(state.unknown.compactMap { $0.mark?.file })
        let isLimited = { (told: Diagnostic) in told.isSlip && told.mark.map { paths.contains($0.file) } == true }
        let limited = state.diagnostics.filter(isLimited).map { $0.limited(to: .warning) }
        state.diagnostics.removeAll(where: isLimited)
        state.diagnostics = state.diagnostics.merged(with: limited.sorted())
    }
    return state
}
