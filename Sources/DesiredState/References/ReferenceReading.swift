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

    /// Everything that is wrong, sorted and each once; slips of the files that are `mild` are no more than warnings.
    func merged(with others: [Diagnostic], mild: Set<Int>) -> [Diagnostic] {
        var own: [Diagnostic] = []
        own.reserveCapacity(found.reduce(0) { $0 + $1.count })
        // Files come by the bytes of their paths, and diagnostics by their texts: beyond ASCII that can differ.
        var isSorted = true
        for (index, told) in found.enumerated() where !told.isEmpty {
            let told = mild.contains(index) ? Set(told.map(\.withMildSlip)).sorted() : told
            if let last = own.last, told[0] < last { isSorted = false }
            own += told
        }
        let paths = Set(mild.map { parsed[$0].source.path })
        let isMild = { (told: Diagnostic) in told.isSlip && told.mark.map { paths.contains($0.file) } == true }
        let others =
            others.contains(where: isMild) ? others.map { isMild($0) ? $0.withMildSlip : $0 }.sorted() : others
        return isSorted ? own.merged(with: others) : Set(own + others).sorted()
    }
}

extension Diagnostic {
    /// The same, where it is a slip no more than a warning.
    fileprivate var withMildSlip: Diagnostic { isSlip ? limited(to: .warning) : self }
}
