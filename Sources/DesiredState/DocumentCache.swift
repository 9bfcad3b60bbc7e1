import Basics

/// Parsed documents, kept from one commit to the next by the object id of their bytes.
///
/// A commit that changes one file then costs one parse. What is kept follows from path and bytes alone, so reading with
/// a cache gives exactly what reading without one gives. Files without an object id are parsed each time.
public final class DocumentCache: Sendable {
    private struct State {
        var kept: [String: ParsedFile] = [:]
        var parses = 0
    }

    private let state = Locked(State())

    public init() {}

    /// How many files were parsed since the cache was made.
    public var parses: Int { state.withLock { $0.parses } }

    /// The files of one commit, each parsed unless it was kept; those of others are let go.
    func parsed(_ files: [SourceFile]) -> [ParsedFile] {
        let kept = state.withLock { $0.kept }
        var parses = 0
        var isSame = kept.count == files.count
        let result = files.map { file in
            if let known = kept[file.path], known.isOf(file) { return known }
            parses += 1
            isSame = false
            return ParsedFile(file)
        }
        guard !isSame else { return result }
        var next = kept
        // Mostly the paths are the same, and one or two files are others.
        if kept.count != files.count || parses > files.count / 8 || !files.allSatisfy({ kept[$0.path] != nil }) {
            next = Dictionary(
                result.map { ($0.source.path, $0) }, uniquingKeysWith: { first, _ in first })
        } else {
            for file in result where kept[file.source.path] !== file { next[file.source.path] = file }
        }
        state.withLock { [next, parses] state in
            state.kept = next
            state.parses += parses
        }
        return result
    }

    /// One file beside those of the roots; it is parsed each time.
    func parsed(_ file: SourceFile) -> ParsedFile { ParsedFile(file) }
}

extension ParsedFile {
    /// Whether parsing a file would give this again; of a file without an object id that isn't known.
    fileprivate func isOf(_ file: SourceFile) -> Bool {
        guard let id = file.objectID, !id.isEmpty, case .bytes = file.content else { return false }
        return id == source.objectID
    }
}
