import Basics
import DesiredState

/// A tree ten times as large, and the same with one file changed.
struct OneChange {
    let before: SourceTree

    init(_ before: SourceTree) { self.before = before }

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
        before = SourceTree(
            revision: String(repeating: "0", count: 40), files: files,
            branches: .known([Branch(name: "main", commit: String(repeating: "1", count: 40), committedAt: nil)]))
    }

    /// One commit after the other, each with another comment at the end of another one of some files.
    func after(_ count: Int, in places: [Int]) -> [SourceTree] {
        var tree = before
        return (0..<count).map { number in
            let index = places[number * 97 % places.count]
            guard case .bytes(let old) = tree.files[index].content else { return tree }
            let changed = old + Array("# change \(number)\n".utf8)
            tree.files[index] = SourceFile(
                path: tree.files[index].path, content: .bytes(changed), objectID: Digest(of: changed).hex)
            return tree
        }
    }
}
