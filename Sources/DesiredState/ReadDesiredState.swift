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
    let places = files.places.places
    state.documents.reserveCapacity(files.parsed.count)
    var unread: Set<Int> = []
    for (index, parsed) in files.parsed.enumerated() {
        let fate = domains.fates[index]
        var (status, domain) = (fate.status, fate.domain)
        if status == .notManaged {
            // Nothing is wanted of what no domain reads, so a slip in it is no fault of the desired state.
            if parsed.hasSlips, domain == nil || parsed.cause == nil { unread.insert(index) }
            let reader = places[index].consultedBy
            domain = domain ?? reader
            if parsed.cause != nil { status = .unreadable } else if reader != nil { status = .consulted }
        }
        state.documents.append(
            Document(
                path: parsed.source.path, status: status, domain: domain, schema: parsed.schema, bytes: parsed.bytes))
    }
    if !unread.isEmpty {
        // But where something is unknown for it.
        let doubted = Set(state.unknown.compactMap { $0.mark?.file })
        unread = unread.filter { !doubted.contains(files.parsed[$0].source.path) }
    }
    state.diagnostics = references.merged(with: domains.diagnostics, mild: unread)
    return state
}
