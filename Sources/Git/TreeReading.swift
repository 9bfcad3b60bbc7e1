internal import Basics
internal import CGit2

/// Reads the files of one tree below some roots.
struct TreeReading {
    /// Bytes read of one file.
    static let fileLimit = 64 << 20
    /// Bytes read of one tree.
    static let treeLimit = 512 << 20
    static let depthLimit = 128

    private let repository: Repository
    private let readsContent: Bool
    /// What was read before, by object id.
    private let kept: [String: GitFile]
    private var files: [GitFile] = []
    private var room = TreeReading.treeLimit
    /// The first object that should be there and isn't, or is broken.
    private var lost: String?

    /// - Parameters:
    ///   - repository: where the objects are.
    ///   - readsContent: when false, a file's content is left empty and only its id is told.
    ///   - known: a tree that was read before: what it holds is not read again.
    init(_ repository: Repository, readsContent: Bool = true, reusing known: GitTree? = nil) {
        self.repository = repository
        self.readsContent = readsContent
        kept = Dictionary(
            (known?.files ?? []).lazy.filter(\.isRead).map { ($0.objectID, $0) },
            uniquingKeysWith: { first, _ in first })
    }

    /// - Throws: `LibraryError` when the commit or its top tree can't be read.
    consuming func read(
        commit: git_oid, roots: [String]
    ) throws(LibraryError) -> (tree: GitTree, lost: String?) {
        var commit = commit
        var object: OpaquePointer?
        try check(git_commit_lookup(&object, repository.pointer, &commit))
        defer { git_commit_free(object) }
        var top: OpaquePointer?
        try check(git_commit_tree(&top, object))
        defer { git_tree_free(top) }
        var found: [String] = []
        for root in roots {
            let parts = RootPath.parts(root)
            guard let parts else { continue }
            if descend(to: parts[...], in: top, at: "") { found.append(root) }
        }
        return (GitTree(revision: commit.hex, files: GitFile.ordered(files), roots: found), lost)
    }

    /// Goes down the parts of one root; true when it is there, if only as something that can't be read.
    private mutating func descend(to parts: ArraySlice<String>, in tree: OpaquePointer?, at prefix: String) -> Bool {
        guard let part = parts.first else {
            walk(tree, at: prefix, depth: 0)
            return true
        }
        guard let entry = git_tree_entry_byname(tree, part) else { return false }
        let path = prefix + part
        let isLast = parts.count == 1
        guard git_tree_entry_filemode(entry) == GIT_FILEMODE_TREE else {
            // A link on the way is told, so that one sees why nothing was found behind it.
            let mode = git_tree_entry_filemode(entry)
            if isLast || mode == GIT_FILEMODE_LINK || mode == GIT_FILEMODE_COMMIT { add(entry, at: path) }
            return isLast
        }
        guard let below = subtree(entry, at: path) else { return true }
        defer { git_tree_free(below) }
        return descend(to: parts.dropFirst(), in: below, at: path + "/")
    }

    private mutating func walk(_ tree: OpaquePointer?, at prefix: String, depth: Int) {
        for index in 0..<git_tree_entrycount(tree) {
            guard let entry = git_tree_entry_byindex(tree, index), let raw = git_tree_entry_name(entry) else {
                continue
            }
            let mode = git_tree_entry_filemode(entry)
            let isDirectory = mode == GIT_FILEMODE_TREE
            let name: String
            switch EntryName(raw) {
            case .usable(let text): name = text
            case .refused(let shown, let reason):
                let path = prefix + shown + (isDirectory ? "/" : "")
                files.append(
                    GitFile(path: path, objectID: id(of: entry).hex, size: 0, content: .missing(reason: reason)))
                continue
            }
            let path = prefix + name
            guard isDirectory else {
                add(entry, at: path)
                continue
            }
            guard depth < Self.depthLimit else {
                files.append(
                    GitFile(
                        path: path + "/", objectID: id(of: entry).hex, size: 0,
                        content: .missing(reason: "more than \(Self.depthLimit) directories inside each other")))
                continue
            }
            guard let below = subtree(entry, at: path) else { continue }
            walk(below, at: path + "/", depth: depth + 1)
            git_tree_free(below)
        }
    }

    private mutating func subtree(_ entry: OpaquePointer, at path: String) -> OpaquePointer? {
        var tree: OpaquePointer?
        var id = id(of: entry)
        let status = git_tree_lookup(&tree, repository.pointer, &id)
        if status == 0 { return tree }
        let reason = "its tree can't be read: \(LibraryError(status: status).message)"
        lost = lost ?? id.hex
        files.append(GitFile(path: path + "/", objectID: id.hex, size: 0, content: .missing(reason: reason)))
        return nil
    }

    private mutating func add(_ entry: OpaquePointer, at path: String) {
        let id = id(of: entry)
        switch git_tree_entry_filemode(entry) {
        case GIT_FILEMODE_COMMIT:
            files.append(GitFile(path: path, objectID: id.hex, size: 0, content: .submodule))
        case GIT_FILEMODE_LINK:
            let file = read(id, at: path)
            guard readsContent, case .bytes(let bytes) = file.content else {
                files.append(file)
                return
            }
            let target = String(decoding: bytes.prefix(4_096), as: UTF8.self)
            files.append(GitFile(path: path, objectID: id.hex, size: file.size, content: .symlink(target: target)))
        default:
            files.append(read(id, at: path))
        }
    }

    private mutating func read(_ id: git_oid, at path: String) -> GitFile {
        guard readsContent else { return GitFile(path: path, objectID: id.hex, size: 0, content: .bytes([])) }
        if !kept.isEmpty, let file = kept[id.hex], file.size <= room {
            room -= file.size
            return GitFile(path: path, objectID: file.objectID, size: file.size, content: file.content)
        }
        var id = id
        func file(_ size: Int, _ content: GitFile.Content) -> GitFile {
            GitFile(path: path, objectID: id.hex, size: size, content: content)
        }
        // The header first: it tells the size without the bytes.
        var length = 0
        var type = GIT_OBJECT_INVALID
        var status = git_odb_read_header(&length, &type, repository.odb, &id)
        guard status == 0 else { return lostFile(path, id, 0, status) }
        guard type == GIT_OBJECT_BLOB else { return file(0, .missing(reason: "its object is not a file's")) }
        guard length <= Self.fileLimit, length <= room else { return file(length, .tooLarge) }
        var object: OpaquePointer?
        status = git_odb_read(&object, repository.odb, &id)
        guard status == 0 else { return lostFile(path, id, length, status) }
        defer { git_odb_object_free(object) }
        let size = git_odb_object_size(object)
        room -= size
        let bytes = UnsafeRawBufferPointer(start: git_odb_object_data(object), count: size)
        return file(size, .bytes([UInt8](bytes)))
    }

    private mutating func lostFile(_ path: String, _ id: git_oid, _ size: Int, _ status: CInt) -> GitFile {
        lost = lost ?? id.hex
        let reason = "its object can't be read: \(LibraryError(status: status).message)"
        return GitFile(path: path, objectID: id.hex, size: size, content: .missing(reason: reason))
    }

    private func id(of entry: OpaquePointer) -> git_oid { git_tree_entry_id(entry).pointee }
}

/// A root's path, part by part.
enum RootPath {
    /// Nil when the path leads out of the repository.
    static func parts(_ root: String) -> [String]? {
        let parts = root.split(separator: "/").filter { $0 != "." }.map(String.init)
        return parts.contains("..") || parts.contains(where: { $0.utf8.contains(0) }) ? nil : parts
    }
}

/// Whether the name of a directory entry can be used as it is.
enum EntryName {
    case usable(String)
    /// How to show it, and why it isn't used.
    case refused(String, reason: String)

    init(_ raw: UnsafePointer<CChar>) {
        guard let text = String(validatingCString: raw) else {
            self = .refused(Self.escaped(raw), reason: "its name is not UTF-8")
            return
        }
        if text.utf8.contains(where: { $0 < 32 || $0 == 127 }) {
            self = .refused(Self.escaped(raw), reason: "its name has control characters in it")
        } else if text.isEmpty || text == "." || text == ".." || text.utf8.contains(UInt8(ascii: "/")) {
            self = .refused(
                Self.escaped(raw).replacing(".", with: "\\x2e"), reason: "its name leads out of its directory")
        } else {
            self = .usable(text)
        }
    }

    private static func escaped(_ raw: UnsafePointer<CChar>) -> String {
        var text = ""
        var next = raw
        while next.pointee != 0 {
            let byte = UInt8(bitPattern: next.pointee)
            text +=
                (33...126).contains(byte) && byte != UInt8(ascii: "/")
                ? String(UnicodeScalar(byte)) : "\\x" + Hex.encode([byte])
            next += 1
        }
        return text
    }
}

extension GitFile {
    /// By path bytes, each path once: roots may lie inside each other.
    static func ordered(_ files: [GitFile]) -> [GitFile] {
        var last: String?
        return files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }.filter { file in
            defer { last = file.path }
            return file.path != last
        }
    }
}
