import Basics
import DesiredState

/// A tree that is edited at random, as many commits would.
struct EditedTree {
    private(set) var tree: SourceTree
    private(set) var lastEdit = "nothing yet"
    private let random: RandomSource

    /// What one commit does.
    private enum Edit: String, CaseIterable {
        case damage, comment, swapValues, swapContents, remove, rename, twin, move, copyBelowOtherRoot, copyWithSchema,
            addNote, nameOthers, loseObjectID
        case unreadable, otherBranches, otherTags, otherRoots, addBeside, changeBeside, listing, nothing, restore
    }

    private let whole: SourceTree
    /// What the names of documents hold that others refer to.
    private static let books = ["_index", "registry", "inventory", "monitoring", "environments", "oca", "convergence"]

    init(_ tree: SourceTree, _ random: RandomSource) {
        var tree = tree
        tree.files = tree.files.map { $0.identified }
        self.tree = tree
        self.random = random
        whole = tree
    }

    private func pick(_ count: Int) -> Int { Int(random.next() % UInt64(max(1, count))) }

    mutating func edit() {
        let edit = Edit.allCases[pick(Edit.allCases.count)]
        let books = tree.files.indices.filter { index in
            Self.books.contains { tree.files[index].path.contains($0) }
        }
        let index = books.isEmpty || pick(3) > 0 ? pick(tree.files.count) : books[pick(books.count)]
        guard tree.files.indices.contains(index) else {
            tree = whole
            return
        }
        let file = tree.files[index]
        lastEdit = "\(edit.rawValue) \(file.path)"
        apply(edit, to: index, file)
        // Trees of git come in order; others may not.
        var generator = random
        if random.next().isMultiple(of: 3) { tree.files.shuffle(using: &generator) }
    }

    private mutating func apply(_ edit: Edit, to index: Int, _ file: SourceFile) {
        switch edit {
        case .damage:
            guard !file.bytes.isEmpty else { return }
            let mutation = Mutation.allCases[pick(Mutation.allCases.count)]
            tree.files[index] = file.with(mutation.apply(to: file.bytes, random))
        case .comment: tree.files[index] = file.with(file.bytes + Array("# \(random.next())\n".utf8))
        case .swapValues: tree.files[index] = file.with(swapped(file.bytes))
        case .swapContents:
            let other = pick(tree.files.count)
            (tree.files[index], tree.files[other]) = (
                file.with(tree.files[other].bytes), tree.files[other].with(file.bytes)
            )
        case .remove: tree.files.remove(at: index)
        case .rename:
            tree.files.remove(at: index)
            add(SourceFile(path: beside(file.path), content: file.content))
        case .twin: add(SourceFile(path: beside(file.path), content: file.content))
        case .move:
            tree.files.remove(at: index)
            add(SourceFile(path: "ssot/moved/\(pick(5)).yaml", content: file.content))
        case .copyBelowOtherRoot:
            let relative = file.path.split(separator: "/").dropFirst().joined(separator: "/")
            add(SourceFile(path: "\(tree.roots[pick(tree.roots.count)])/\(relative)", content: file.content))
        case .copyWithSchema: add(SourceFile(path: "ssot/copies/\(pick(9)).yaml", content: file.content))
        case .addNote: add(SourceFile(path: "ssot/notes/\(pick(9)).yaml", text: "schema: note.v\(pick(3))\nnote: 1\n"))
        case .nameOthers:
            let other = tree.files[pick(tree.files.count)].path
            let names = "see: [\(other), ssot/notes/\(pick(9)).yaml, docs/page.md]\nsecret_ref: none_\(pick(4))\n"
            add(SourceFile(path: "ssot/names/\(pick(9)).yaml", text: names))
        case .loseObjectID: tree.files[index] = SourceFile(path: file.path, content: file.content)
        case .unreadable:
            tree.files[index] = SourceFile(
                path: file.path, content: .unreadable(reason: "a symbolic link"), objectID: "link")
        case .otherBranches: tree.branches = [.none, .unknown(reason: "down"), branches("main", "feature/x")][pick(3)]
        case .otherTags: tree.tags = [.none, branches("v1")][pick(2)]
        case .otherRoots: tree.roots = [SourceTree.defaultRoots, SourceTree.defaultRoots.reversed()][pick(2)]
        case .addBeside: add(SourceFile(path: "docs/page.md", text: "\(random.next())"))
        case .changeBeside: add(SourceFile(path: "infra/cloud-init/\(pick(2)).sh", text: "\(pick(3))"))
        case .listing:
            let paths = tree.files.map(\.path) + (0..<pick(9)).map { "docs/\($0).md" }
            tree.listing = random.next().isMultiple(of: 4) ? nil : PathListing(paths)
        case .nothing: break
        case .restore: tree.files = whole.files
        }
    }

    /// Another name in the same folder.
    private func beside(_ path: String) -> String {
        let parts = path.split(separator: ".", maxSplits: 1)
        return "\(parts.first ?? "")_\(pick(4)).\(parts.count > 1 ? String(parts[1]) : "yaml")"
    }

    /// Two lines with each other's values: ids, states and paths that are known, where others are expected.
    private func swapped(_ bytes: [UInt8]) -> [UInt8] {
        let colon = Array(": ".utf8)
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let places = lines.indices.compactMap { line in lines[line].firstRange(of: colon).map { (line, $0.upperBound) }
        }
        guard places.count > 1 else { return bytes }
        let (a, b) = (places[pick(places.count)], places[pick(places.count)])
        let (first, second) = (lines[a.0], lines[b.0])
        lines[a.0] = first[..<a.1] + second[b.1...]
        lines[b.0] = a.0 == b.0 ? first : second[..<b.1] + first[a.1...]
        return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
    }

    private mutating func add(_ file: SourceFile) {
        tree.files.removeAll { $0.path == file.path }
        tree.files.append(file.identified)
    }
}

extension SourceFile {
    fileprivate var bytes: [UInt8] { if case .bytes(let bytes) = content { bytes } else { [] } }

    fileprivate func with(_ bytes: [UInt8]) -> SourceFile { SourceFile(path: path, content: .bytes(bytes)).identified }

    /// With the digest of its bytes as object id.
    var identified: SourceFile {
        guard case .bytes(let bytes) = content else { return self }
        return SourceFile(path: path, content: content, objectID: Digest(of: bytes).hex)
    }
}
