internal import Basics
internal import CGit2
import Glibc

/// An open repository: used by one thread at a time, which whoever holds it sees to.
final class Repository: @unchecked Sendable {  // Handed from thread to thread only through a lock.
    let pointer: OpaquePointer
    let odb: OpaquePointer
    let path: String
    /// What it was opened on; another directory may have taken its path since, or it may borrow objects now.
    let identity: [FileIdentity?]

    /// - Throws: `LibraryError` when it isn't a repository.
    init(path: String) throws(LibraryError) {
        Library.start()
        self.path = path
        identity = Self.identity(of: path)
        var repository: OpaquePointer?
        try check(git_repository_open(&repository, path))
        var odb: OpaquePointer?
        let status = git_repository_odb(&odb, repository)
        guard status == 0, let repository, let odb else {
            let error = LibraryError(status: status)
            git_repository_free(repository)
            throw error
        }
        pointer = repository
        self.odb = odb
    }

    /// The library reads where objects are borrowed from once, when it opens a repository.
    static func identity(of path: String) -> [FileIdentity?] {
        [FileIdentity(of: path), FileIdentity(of: path + "/objects/info/alternates")]
    }

    deinit {
        git_odb_free(odb)
        git_repository_free(pointer)
    }

    /// Makes an empty bare repository; templates and hooks are not copied.
    ///
    /// - Throws: `LibraryError`.
    static func create(at path: String) throws(LibraryError) {
        Library.start()
        var repository: OpaquePointer?
        try check(git_repository_init(&repository, path, 1))
        git_repository_free(repository)
    }

    func contains(_ id: git_oid) -> Bool {
        var id = id
        return git_odb_exists(odb, &id) == 1
    }

    /// Branches and tags as they are stored, by full name.
    ///
    /// - Throws: `LibraryError`.
    func storedReferences() throws(LibraryError) -> [String: git_oid] {
        var iterator: OpaquePointer?
        try check(git_reference_iterator_new(&iterator, pointer))
        defer { git_reference_iterator_free(iterator) }
        var found: [String: git_oid] = [:]
        while true {
            var reference: OpaquePointer?
            let status = git_reference_next(&reference, iterator)
            if status == GIT_ITEROVER.rawValue { return found }
            try check(status)
            defer { git_reference_free(reference) }
            guard let name = git_reference_name(reference), let target = git_reference_target(reference) else {
                continue
            }
            let text = String(cString: name)
            if ReferenceName(full: text) != nil { found[text] = target.pointee }
        }
    }

    /// The commit that an object leads to; nil when it leads to none.
    ///
    /// - Throws: `LibraryError` when the object can't be read.
    func peelToCommit(_ id: git_oid) throws(LibraryError) -> git_oid? {
        var id = id
        var object: OpaquePointer?
        try check(git_object_lookup(&object, pointer, &id, GIT_OBJECT_ANY))
        defer { git_object_free(object) }
        var commit: OpaquePointer?
        let status = git_object_peel(&commit, object, GIT_OBJECT_COMMIT)
        if status == GIT_EPEEL.rawValue || status == GIT_EINVALIDSPEC.rawValue { return nil }
        try check(status)
        defer { git_object_free(commit) }
        return git_object_id(commit).pointee
    }

    /// - Throws: `LibraryError` when there is no such commit, or it can't be read.
    func commit(_ id: git_oid) throws(LibraryError) -> GitCommit {
        var id = id
        var commit: OpaquePointer?
        try check(git_commit_lookup(&commit, pointer, &id))
        defer { git_commit_free(commit) }
        var author = ""
        if let signature = git_commit_author(commit) {
            let (name, address) = (signature.pointee.name, signature.pointee.email)
            author = "\(name.map { String(cString: $0) } ?? "") <\(address.map { String(cString: $0) } ?? "")>"
        }
        return GitCommit(
            id: id.hex, author: author, committedAt: Timestamp(seconds: git_commit_time(commit)),
            subject: git_commit_summary(commit).map { String(cString: $0) } ?? "")
    }

    /// Whether one commit is the other or comes before it.
    ///
    /// - Throws: `LibraryError` when a commit between them isn't there.
    func isAncestor(_ ancestor: git_oid, of commit: git_oid) throws(LibraryError) -> Bool {
        var (ancestor, commit) = (ancestor, commit)
        if git_oid_equal(&ancestor, &commit) == 1 { return true }
        let status = git_graph_descendant_of(pointer, &commit, &ancestor)
        try check(status)
        return status == 1
    }

    /// How many commits one has in its history that another has not.
    ///
    /// - Throws: `LibraryError` when a commit between them isn't there.
    func count(of commit: git_oid, without other: git_oid) throws(LibraryError) -> Int {
        var (commit, other) = (commit, other)
        var (ahead, behind) = (0, 0)
        try check(git_graph_ahead_behind(&ahead, &behind, pointer, &commit, &other))
        return ahead
    }
}

/// Tells one directory or file from another that has its path.
struct FileIdentity: Sendable, Hashable {
    let device: UInt
    let inode: UInt

    init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
    }
}

/// A full reference name, told apart.
struct ReferenceName: Sendable, Hashable {
    let kind: GitReference.Kind
    let short: String

    /// Nil for whatever is neither a branch nor a tag.
    init?(full: String) {
        if full.hasPrefix("refs/heads/") {
            kind = .branch
            short = String(full.dropFirst(11))
        } else if full.hasPrefix("refs/tags/"), !full.hasSuffix("^{}") {
            kind = .tag
            short = String(full.dropFirst(10))
        } else {
            return nil
        }
        guard !short.isEmpty else { return nil }
    }
}
