import Basics

/// Parsed documents, kept from one commit to the next by the object id of their bytes.
///
/// A commit that changes one file then costs one parse. What is kept follows from path and bytes alone, so reading with
/// a cache gives exactly what reading without one gives. Files without an object id are parsed each time.
public final class DocumentCache: Sendable {
    private struct Key: Hashable {
        let id: String
        /// Diagnostics name the path, so that a moved file is parsed again.
        let path: String
    }

    private struct State {
        var kept: [Key: ParsedFile] = [:]
        /// What the reading under way has used; the rest is let go at its end.
        var used: [Key: ParsedFile] = [:]
        var parses = 0
    }

    private let state = Locked(State())

    public init() {}

    /// How many files were parsed since the cache was made.
    public var parses: Int { state.withLock { $0.parses } }

    func parsed(_ file: SourceFile) -> ParsedFile {
        guard let id = file.objectID, !id.isEmpty, case .bytes = file.content else {
            state.withLock { $0.parses += 1 }
            return ParsedFile(file)
        }
        let key = Key(id: id, path: file.path)
        let kept = state.withLock { state in
            let found = state.used[key] ?? state.kept[key]
            if let found { state.used[key] = found }
            return found
        }
        if let kept { return kept }
        let parsed = ParsedFile(file)
        state.withLock { state in
            state.used[key] = parsed
            state.parses += 1
        }
        return parsed
    }

    /// Forgets what the last reading had no use for, so that the cache is never larger than one commit.
    func endReading() {
        state.withLock { state in
            state.kept = state.used
            state.used = [:]
        }
    }
}
