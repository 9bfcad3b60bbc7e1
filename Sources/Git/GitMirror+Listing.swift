internal import Basics
internal import CGit2

extension GitMirror {
    /// The folders at the top of a commit's tree, each with the paths of all files below it; no file is read.
    ///
    /// - Parameters:
    ///   - commit: forty hexadecimal digits.
    ///   - known: the object ids of folders whose paths the caller has already.
    /// - Returns: the folders in git's order; links and submodules count as files.
    /// - Throws: `GitFault` when a tree can't be read, or there are more than a million paths.
    public func folders(at commit: String, except known: Set<String>) async throws(GitFault) -> [GitFolder] {
        let answer: Answer<[GitFolder]> = try await reading { repository throws(LibraryError) in
            guard let id = git_oid(hex: commit), repository.contains(id) else {
                return .missing("there is no commit '\(commit)'", near: [])
            }
            var listing = TreeListing(repository)
            let folders = try listing.folders(of: id, except: known)
            return listing.isTooLarge ? .missing("the tree of \(commit) has too many paths", near: []) : .found(folders)
        }
        return try found(answer)
    }
}

/// Walks trees for their names alone.
private struct TreeListing {
    private static let limit = 1_000_000
    private let repository: Repository
    private var count = 0

    var isTooLarge: Bool { count > Self.limit }

    init(_ repository: Repository) { self.repository = repository }

    mutating func folders(of commit: git_oid, except known: Set<String>) throws(LibraryError) -> [GitFolder] {
        var commit = commit
        var object: OpaquePointer?
        try check(git_commit_lookup(&object, repository.pointer, &commit))
        defer { git_commit_free(object) }
        var top: OpaquePointer?
        try check(git_commit_tree(&top, object))
        defer { git_tree_free(top) }
        var found: [GitFolder] = []
        for index in 0..<git_tree_entrycount(top) {
            guard let entry = git_tree_entry_byindex(top, index), let name = Self.name(entry),
                git_tree_entry_filemode(entry) == GIT_FILEMODE_TREE
            else { continue }
            let id = git_tree_entry_id(entry).pointee.hex
            var paths: [String]?
            if !known.contains(id) {
                var below: [String] = []
                try walk(entry, at: name + "/", depth: 0, into: &below)
                paths = below
            }
            found.append(GitFolder(name: name, objectID: id, paths: paths))
        }
        return found
    }

    private mutating func walk(
        _ folder: OpaquePointer, at prefix: String, depth: Int, into paths: inout [String]
    ) throws(LibraryError) {
        guard depth < TreeReading.depthLimit else {
            count = Self.limit + 1
            return
        }
        var tree: OpaquePointer?
        var id = git_tree_entry_id(folder).pointee
        try check(git_tree_lookup(&tree, repository.pointer, &id))
        defer { git_tree_free(tree) }
        for index in 0..<git_tree_entrycount(tree) {
            guard !isTooLarge, let entry = git_tree_entry_byindex(tree, index), let name = Self.name(entry) else {
                continue
            }
            if git_tree_entry_filemode(entry) == GIT_FILEMODE_TREE {
                try walk(entry, at: prefix + name + "/", depth: depth + 1, into: &paths)
            } else {
                count += 1
                paths.append(prefix + name)
            }
        }
    }

    /// Nil for a name that nobody could write as a reference.
    private static func name(_ entry: OpaquePointer) -> String? {
        guard let raw = git_tree_entry_name(entry), case .usable(let name) = EntryName(raw) else { return nil }
        return name
    }
}
