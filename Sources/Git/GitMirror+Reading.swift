internal import Basics
internal import CGit2

extension GitMirror {
    /// The commit that a branch, a tag, `HEAD`, a full or a short commit id leads to; a branch wins over a tag.
    ///
    /// - Parameter reference: `main`, `v1.2.0`, `refs/tags/v1.2.0`, `HEAD`, or at least four digits of a commit id.
    /// - Returns: the commit; an annotated tag is peeled.
    /// - Throws: `GitFault` `GIT-0006` when there is none, with the names that come near.
    public func resolve(_ reference: String) async throws(GitFault) -> GitCommit {
        let answer: Answer<GitCommit> = try await reading { repository throws(LibraryError) in
            switch try repository.resolve(reference) {
            case .commit(let id): return .found(try repository.commit(id))
            case .ambiguous: return .missing("more than one object's id begins with \(reference)", near: [])
            case .notACommit: return .missing("\(reference) does not lead to a commit", near: [])
            case .nothing:
                let names = Set(try repository.storedReferences().keys.compactMap { ReferenceName(full: $0)?.short })
                return .missing(
                    names.isEmpty
                        ? "the repository has no branch yet" : "there is no branch, tag or commit '\(reference)'",
                    near: NearNames.of(reference, among: names))
            }
        }
        return try found(answer)
    }

    /// Branches and tags that lead to a commit, by name bytes, branches first.
    ///
    /// - Returns: none for a repository without a commit.
    /// - Throws: `GitFault` when the cache can't be read.
    public func references() async throws(GitFault) -> [GitReference] {
        try await reading { repository throws(LibraryError) in try repository.references() }
    }

    /// The files of a commit below the roots, without a checkout.
    ///
    /// A root is a directory such as `infra/ssot` or a single file. What can't be read is an entry that says so.
    /// When the copy has lost an object that the remote may still have, the next fetch clones it anew.
    ///
    /// - Parameters:
    ///   - commit: forty hexadecimal digits.
    ///   - roots: paths below the repository's top; an empty one is the whole tree.
    ///   - known: a tree that was read before; files whose object ids it holds are taken from it.
    /// - Returns: the files by path bytes, and which of the roots are there.
    /// - Throws: `GitFault` when the commit or its top tree can't be read.
    public func files(
        at commit: String, under roots: [String], reusing known: GitTree? = nil
    ) async throws(GitFault) -> GitTree {
        let cache = MirrorCache(directory: directory)
        let answer: Answer<GitTree> = try await reading { repository throws(LibraryError) in
            guard let id = git_oid(hex: commit), repository.contains(id) else {
                return .missing("there is no commit '\(commit)'", near: [])
            }
            let (tree, lost) = try TreeReading(repository, reusing: known).read(commit: id, roots: roots)
            if let lost, !cache.isBorrowing { cache.suspect("object \(lost) is lost") }
            return .found(tree)
        }
        return try found(answer)
    }

    /// Whether `ancestor` is the other commit or comes before it.
    ///
    /// - Parameters:
    ///   - ancestor: forty hexadecimal digits.
    ///   - commit: forty hexadecimal digits.
    /// - Returns: true for a commit and itself.
    /// - Throws: `GitFault` when one of them isn't there.
    public func isAncestor(_ ancestor: String, of commit: String) async throws(GitFault) -> Bool {
        let answer: Answer<Bool> = try await reading { repository throws(LibraryError) in
            guard let older = git_oid(hex: ancestor), repository.contains(older) else {
                return .missing("there is no commit '\(ancestor)'", near: [])
            }
            guard let newer = git_oid(hex: commit), repository.contains(newer) else {
                return .missing("there is no commit '\(commit)'", near: [])
            }
            return .found(try repository.isAncestor(older, of: newer))
        }
        return try found(answer)
    }

    /// How many commits `commit` has in its history that `other` has not.
    ///
    /// - Parameters:
    ///   - commit: forty hexadecimal digits.
    ///   - other: forty hexadecimal digits.
    /// - Returns: nothing else than 0 for a commit and itself, or one that comes after it.
    /// - Throws: `GitFault` when one of them isn't there.
    public func count(of commit: String, without other: String) async throws(GitFault) -> Int {
        let answer: Answer<Int> = try await reading { repository throws(LibraryError) in
            guard let newer = git_oid(hex: commit), repository.contains(newer) else {
                return .missing("there is no commit '\(commit)'", near: [])
            }
            guard let older = git_oid(hex: other), repository.contains(older) else {
                return .missing("there is no commit '\(other)'", near: [])
            }
            return .found(try repository.count(of: newer, without: older))
        }
        return try found(answer)
    }

    enum Answer<Value: Sendable>: Sendable {
        case found(Value)
        case missing(String, near: [String])
    }

    func found<Value: Sendable>(_ answer: Answer<Value>) throws(GitFault) -> Value {
        switch answer {
        case .found(let value): return value
        case .missing(let message, let near):
            throw GitFault(
                .missingReference, message, place: displayURL,
                hint: near.isEmpty
                    ? "list what there is: git --git-dir=\(directory.shellQuoted) for-each-ref"
                    : "did you mean \(near.joined(separator: " or "))?")
        }
    }

    /// Runs `body` with an open repository on one of the pool's threads; the library's errors are read there.
    func reading<Value: Sendable>(
        _ body: @escaping @Sendable (Repository) throws(LibraryError) -> Value
    ) async throws(GitFault) -> Value {
        _ = try address.get()
        return try await pool.run { () throws(GitFault) -> Value in
            do throws(LibraryError) {
                let repository = try self.checkOut()
                let value = try body(repository)
                self.giveBack(repository)
                return value
            } catch {
                throw self.unreadable(error)
            }
        }
    }

    /// An open repository, one that was used before where there is one.
    private func checkOut() throws(LibraryError) -> Repository {
        let current = Repository.identity(of: directory)
        let kept = idle.withLock { idle in
            // A copy that was replaced since is let go.
            idle.removeAll { $0.identity != current }
            return idle.popLast()
        }
        return if let kept { kept } else { try Repository(path: directory) }
    }

    private func giveBack(_ repository: Repository) {
        idle.withLock { if $0.count < 8 { $0.append(repository) } }
    }

    private func unreadable(_ error: LibraryError) -> GitFault {
        guard FileSystem.exists(directory) else {
            return GitFault(
                .neverFetched, "the repository has not been fetched yet", place: displayURL,
                hint: "fetch it first; its copy will be at \(directory)")
        }
        let cache = MirrorCache(directory: directory)
        guard !cache.isBorrowing else {
            return GitFault(
                .objectMissing, "the repository lacks an object, as a partial or shallow clone does: \(error.message)",
                place: displayURL,
                hint: "make it whole: git fetch --unshallow, or git fetch --refetch --no-filter, in \(displayURL)")
        }
        cache.suspect(error.message)
        return GitFault(
            .cacheCorrupted, "the repository's cache can't be read: \(error.message)", place: directory,
            hint: "it is cloned anew at the next fetch; if that doesn't help: rm -r \(directory.shellQuoted)")
    }
}
