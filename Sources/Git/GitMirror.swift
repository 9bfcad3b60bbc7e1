public import Basics

/// A bare copy of a repository below the state directory, and the way to read one of its commits.
public final class GitMirror: Sendable {
    /// The address without a password, for people.
    public let displayURL: String
    let url: String
    let cacheDirectory: String
    let credential: GitCredential?
    let transport: GitTransport
    let pool: ThreadPool
    let log: Log
    /// Where references to secrets are looked up.
    let environment: [String: String]

    /// - Parameters:
    ///   - url: a path, `file://`, `http://`, `https://`, `ssh://` or `git@host:path`.
    ///   - cacheDirectory: where the bare copy is kept, under a name that is a digest of the address.
    ///   - credential: what the remote is shown; nil for nothing.
    ///   - transport: where the network part runs; a path and `file://` are always fetched in this process.
    ///   - pool: the threads on which libgit2 runs.
    public init(
        url: String, cacheDirectory: String, credential: GitCredential? = nil, transport: GitTransport = .child(),
        pool: ThreadPool, log: Log, environment: [String: String] = ProcessEnvironment.variables()
    ) {
        self.environment = environment
        displayURL = url
        self.url = url
        self.cacheDirectory = cacheDirectory
        self.credential = credential
        self.transport = transport
        self.pool = pool
        self.log = log
    }

    /// Brings branches and tags to what the remote has; what the remote dropped is dropped here too.
    ///
    /// - Throws: `GitFault`; what was read before can still be read.
    public func fetch(deadline: Duration) async throws(GitFault) -> GitFetchReport {
        throw GitFault(.notARepository, "under construction")
    }

    /// The commit that a branch, a tag, `HEAD`, a full or a short commit id leads to; a branch wins over a tag.
    ///
    /// - Throws: `GitFault` `GIT-0006` when there is none, with the names that come near.
    public func resolve(_ reference: String) async throws(GitFault) -> GitCommit {
        throw GitFault(.notARepository, "under construction")
    }

    /// Branches and tags that lead to a commit, by name bytes, branches first.
    ///
    /// - Throws: `GitFault` when the cache can't be read.
    public func references() async throws(GitFault) -> [GitReference] { [] }

    /// The files of a commit below the roots, without a checkout.
    ///
    /// A root is a directory such as `infra/ssot` or a single file. What can't be read is an entry that says so.
    ///
    /// - Parameters:
    ///   - commit: forty hexadecimal digits.
    ///   - roots: paths below the repository's top; an empty one is the whole tree.
    /// - Throws: `GitFault` when the commit or its tree can't be read.
    public func files(at commit: String, under roots: [String]) async throws(GitFault) -> GitTree {
        throw GitFault(.notARepository, "under construction")
    }

    /// Whether `ancestor` is the other commit or comes before it.
    ///
    /// - Throws: `GitFault` when one of them isn't there.
    public func isAncestor(_ ancestor: String, of commit: String) async throws(GitFault) -> Bool { false }
}
