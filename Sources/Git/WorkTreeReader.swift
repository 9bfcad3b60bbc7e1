/// Reads files of a plain directory, as they are on disk, in the shape of a commit's tree.
public struct WorkTreeReader: Sendable {
    let directory: String

    public init(directory: String) { self.directory = directory }

    /// The files below the roots; symbolic links are not followed and `.git` is left out.
    ///
    /// - Throws: `GitFault` `GIT-0016` when the directory can't be read.
    public func files(under roots: [String]) throws(GitFault) -> GitTree {
        throw GitFault(.unreadableWorkTree, "under construction")
    }
}
