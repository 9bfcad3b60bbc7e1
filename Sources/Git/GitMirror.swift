public import Basics

/// A bare copy of a repository below the state directory, and the way to read one of its commits.
public final class GitMirror: Sendable {
    /// The address without a password, for people.
    public let displayURL: String
    /// The bare repository; `git --git-dir` can look into it.
    public let directory: String
    let cacheDirectory: String
    let credential: GitCredential?
    let transport: GitTransport
    let pool: ThreadPool
    let log: Log
    /// Where references to secrets are looked up.
    let environment: [String: String]
    let address: Result<GitAddress, GitFault>
    /// Open and unused; one job uses one at a time.
    let idle = Locked<[Repository]>([])

    /// Nothing is read or connected to before the first call.
    ///
    /// - Parameters:
    ///   - url: a path, `file://`, `http://`, `https://`, `ssh://` or `git@host:path`.
    ///   - cacheDirectory: where the bare copy is kept, under a name that is a digest of the address.
    ///   - credential: what the remote is shown; nil for nothing.
    ///   - transport: where the network part runs; a path and `file://` are always fetched in this process.
    ///   - pool: the threads on which libgit2 runs.
    ///   - log: is told about rewritten history and about caches that were cloned anew.
    ///   - environment: where references to secrets are looked up.
    public init(
        url: String, cacheDirectory: String, credential: GitCredential? = nil, transport: GitTransport = .child(),
        pool: ThreadPool, log: Log, environment: [String: String] = ProcessEnvironment.variables()
    ) {
        do throws(GitFault) {
            let parsed = try GitAddress(url, currentDirectory: FileSystem.currentDirectory)
            address = .success(parsed)
            displayURL = parsed.display
            directory = "\(cacheDirectory)/\(Digest(of: parsed.identity).hex.prefix(16)).git"
        } catch {
            address = .failure(error)
            displayURL = error.place ?? "the address"
            directory = "\(cacheDirectory)/unusable.git"
        }
        self.cacheDirectory = cacheDirectory
        self.credential = credential
        self.transport = transport
        self.pool = pool
        self.log = log
        self.environment = environment
    }
}
