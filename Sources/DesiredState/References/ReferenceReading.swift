import Basics

/// What is wrong with each file of a commit by itself, and where it names what is not there.
final class ReferenceReading: Sendable {
    /// One list a file, sorted.
    private let found: [[Diagnostic]]
    private let parsed: [ParsedFile]
    private let ground: CrossReferences.Ground

    /// Looks through the files that are others than before, or through all where what is there is.
    init(_ files: CommitFiles, _ domains: DomainReading, _ tree: SourceTree, before: ReferenceReading?) {
        let ground = CrossReferences.Ground(files, domains, tree)
        var found: [[Diagnostic]]
        var changed: [Int]
        if let before, before.ground.isSame(as: ground) {
            found = before.found
            changed = files.parsed.indices.filter { files.parsed[$0] !== before.parsed[$0] }
            self.ground = before.ground
        } else {
            found = Array(repeating: [], count: files.parsed.count)
            changed = Array(files.parsed.indices)
            self.ground = ground
        }
        let references = CrossReferences(ground).check(changed.map { files.parsed[$0] })
        for (index, dangling) in zip(changed, references) {
            let own = files.parsed[index].diagnostics
            found[index] = own.isEmpty && dangling.count < 2 ? dangling : Set(own + dangling).sorted()
        }
        self.found = found
        parsed = files.parsed
    }

    /// Everything that is wrong, sorted and each once.
    func merged(with others: [Diagnostic]) -> [Diagnostic] {
        let own = found.flatMap { $0 }
        // Files come by the bytes of their paths, and diagnostics by their texts: beyond ASCII that can differ.
        guard zip(own, own.dropFirst()).allSatisfy({ !($1 < $0) }) else { return Set(own + others).sorted() }
        return own.merged(with: others)
    }
}
