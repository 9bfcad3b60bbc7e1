import Basics

/// What was read of one commit, kept for the next one.
///
/// A commit that changes one file then costs one parse and the checks that depend on it: documents are kept by the
/// object id of their bytes, what the domains made of them and what came of a gate while every document that was looked
/// into is the same, and what leads nowhere in a file while it could lead nowhere else. All of it follows from the tree alone, so reading with
/// a cache gives exactly what reading without one gives. Files without an object id are parsed each time.
public final class DocumentCache: Sendable {
    private struct State {
        var files: CommitFiles?
        var domains: DomainReading?
        var references: ReferenceReading?
        var gates: KeptGates?
        var parses = 0
        var gateEvaluations = 0
        var domainReadings = 0
    }

    private let state = Locked(State())

    public init() {}

    /// How many files were parsed since the cache was made.
    public var parses: Int { state.withLock { $0.parses } }

    /// How often the domains read their documents since the cache was made.
    public var domainReadings: Int { state.withLock { $0.domainReadings } }

    /// How many gates were evaluated since the cache was made.
    public var gateEvaluations: Int { state.withLock { $0.gateEvaluations } }

    /// What came of the gates of the last commit.
    var gates: KeptGates? { state.withLock { $0.gates } }

    func keep(_ gates: KeptGates, evaluations: Int) {
        state.withLock {
            $0.gates = gates
            $0.gateEvaluations += evaluations
        }
    }

    /// The files of one commit, each parsed unless it was kept; those of others are let go.
    func files(of tree: SourceTree) -> CommitFiles {
        let files = CommitFiles(tree, state.withLock { $0.files })
        state.withLock {
            $0.files = files
            $0.parses += files.parses
        }
        return files
    }

    /// What the domains make of a commit.
    func domains(of files: CommitFiles, _ tree: SourceTree) -> DomainReading {
        let known = state.withLock { $0.domains }
        if let known, known.isOf(files, tree) { return known }
        let reading = DomainReading(files, tree, before: known)
        state.withLock {
            $0.domains = reading
            $0.domainReadings += 1
        }
        return reading
    }

    /// What is wrong with each file by itself, and where it leads nowhere.
    func references(of files: CommitFiles, _ domains: DomainReading, _ tree: SourceTree) -> ReferenceReading {
        let reading = ReferenceReading(files, domains, tree, before: state.withLock { $0.references })
        state.withLock { $0.references = reading }
        return reading
    }

    /// One file beside those of the roots; it is parsed each time.
    func parsed(_ file: SourceFile) -> ParsedFile { ParsedFile(file) }
}
