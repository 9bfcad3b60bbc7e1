internal import Basics
internal import CGit2

extension GitMirror {
    /// The commits that last changed some lines of a file, as it is at a commit.
    ///
    /// History is walked from that commit; it may take seconds where the file is old and the history long.
    ///
    /// - Parameters:
    ///   - path: relative to the top of the repository.
    ///   - commit: forty hexadecimal digits.
    ///   - lines: counted from 1; those that the file doesn't have are left out.
    /// - Returns: the commit of each line.
    /// - Throws: `GitFault` `GIT-0006` when commit or file aren't there, and others when history can't be read.
    public func blame(
        path: String, at commit: String, lines: Set<Int>
    ) async throws(GitFault) -> [Int: GitCommit] {
        let answer: Answer<[Int: GitCommit]> = try await reading { repository throws(LibraryError) in
            guard let id = git_oid(hex: commit), repository.contains(id) else {
                return .missing("there is no commit '\(commit)'", near: [])
            }
            do throws(LibraryError) {
                return .found(try repository.blame(path, at: id, lines: lines))
            } catch {
                guard error.isNotFound else { throw error }
                return .missing("there is no file '\(path)' at \(commit)", near: [])
            }
        }
        return try found(answer)
    }
}

extension Repository {
    /// - Throws: `LibraryError` when the file isn't there, or history can't be read.
    fileprivate func blame(
        _ path: String, at commit: git_oid, lines: Set<Int>
    ) throws(LibraryError) -> [Int: GitCommit] {
        var options = git_blame_options()
        try check(git_blame_options_init(&options, UInt32(GIT_BLAME_OPTIONS_VERSION)))
        options.newest_commit = commit
        var blame: OpaquePointer?
        try check(git_blame_file(&blame, pointer, path, &options))
        defer { git_blame_free(blame) }
        var found: [Int: GitCommit] = [:]
        var commits: [String: GitCommit] = [:]
        for line in lines where line > 0 {
            guard let hunk = git_blame_get_hunk_byline(blame, line) else { continue }
            let id = hunk.pointee.final_commit_id
            if let known = commits[id.hex] {
                found[line] = known
            } else {
                let known = try self.commit(id)
                commits[id.hex] = known
                found[line] = known
            }
        }
        return found
    }
}
