import Basics
import DesiredState
import Figures

/// A tree ten times as large, and the same with one file changed.
struct OneChange {
    let before: SourceTree
    private let paths: Set<String>

    init(_ before: SourceTree) {
        self.before = before
        paths = Set(before.files.map(\.path))
    }

    /// The first copy keeps its paths; the others lie in folders of their own, as documents of other people's tools.
    init(copies: Int, of sources: [(path: String, bytes: [UInt8])]) {
        var files: [SourceFile] = []
        for copy in 0..<copies {
            for source in sources {
                // Each copy has bytes of its own, so that no document stands for another.
                let bytes = copy == 0 ? source.bytes : source.bytes + Array("# copy \(copy)\n".utf8)
                let folder = copy == 0 ? "ssot" : "ssot/copies/\(copy)"
                files.append(
                    SourceFile(
                        path: "\(folder)/\(source.path)", content: .bytes(bytes), objectID: Digest(of: bytes).hex))
            }
        }
        self.init(
            SourceTree(
                revision: String(repeating: "0", count: 40), files: files,
                branches: .known([Branch(name: "main", commit: String(repeating: "1", count: 40), committedAt: nil)])))
    }

    /// Of commits that change one file, the processor time that the one of the worst file takes, gates included.
    ///
    /// It waits for nothing, so that this is what it takes where nothing else wants the processor. Each file is changed
    /// once, and the ten that took longest eleven times more.
    ///
    /// - Parameters:
    ///   - places: the files, by their places in the tree.
    ///   - isManaged: whether domains read each of them.
    /// - Returns: the greatest median in milliseconds, and whose it is.
    func worst(in places: [Int], isManaged: Bool) -> (time: Double, path: String) {
        let cache = DocumentCache()
        var tree = before
        var number = 0
        func read() {
            _ = readDesiredState(tree, cache: cache)
            // What the instant has a say in can't be kept, as in any two passes.
            _ = evaluateGates(
                tree, GateInputs(now: Timestamp(date: "2026-03-06").map { $0 + .seconds(number) }), cache: cache)
        }
        func median(of repeats: Int, at index: Int) -> Double {
            percentile(
                0.5,
                of: (0..<repeats).map { _ in
                    number += 1
                    change(&tree, at: index, number)
                    return milliseconds(.processor, read)
                })
        }
        list(&tree, 0)
        read()
        let (parses, readings) = (cache.parses, cache.domainReadings)
        let slowest = places.map { (place: $0, time: median(of: 1, at: $0)) }.sorted { $0.time > $1.time }.prefix(10)
        let worst = slowest.map { (time: median(of: 11, at: $0.place), path: before.files[$0.place].path) }
            .max { $0.time < $1.time }
        precondition(cache.parses - parses == number, "\(cache.parses - parses) parses for \(number) changes")
        precondition(!isManaged || cache.domainReadings - readings == number, "what changed was not what was read")
        return worst ?? (0, "no file")
    }

    /// Another comment at the end of a file; the commit has the same paths, and its folder another name.
    private func change(_ tree: inout SourceTree, at index: Int, _ number: Int) {
        guard case .bytes(let old) = before.files[index].content else { return }
        let changed = old + Array("# change \(number)\n".utf8)
        tree.files[index] = SourceFile(
            path: tree.files[index].path, content: .bytes(changed), objectID: Digest(of: changed).hex)
        list(&tree, number)
    }

    private func list(_ tree: inout SourceTree, _ number: Int) {
        tree.listing = PathListing(
            folders: ["ssot": PathListing.Folder(objectID: "change \(number)", files: paths)])
    }
}
