import Basics
import DesiredState
import Git
import Reconciler
import TestKit

/// The commits of a real source of truth, oldest first, as the reconciler's own reader gives them.
struct History: Sendable {
    struct Commit: Sendable {
        let id: String
        let committedAt: Timestamp?
        let tree: SourceTree
    }

    /// Where a bare clone lies, for programs that want an address.
    let repository: String
    let commits: [Commit]
    private let directory: TemporaryDirectory

    /// Whether there is a history to replay.
    static let isThere = Places.corpusBundle != nil && Shell.has("git")

    /// The program, where it was built beside the tests.
    static let program = "\(Places.packageRoot)/.build/debug/reconcile"

    /// Read once for all tests.
    private static let reading = Task { try await History() }
    static func shared() async throws -> History { try await reading.value }

    private init() async throws {
        directory = try TemporaryDirectory(prefix: "odooops-history")
        repository = directory.path("ssot.git")
        let bundle = Shell.quote(Places.corpusBundle ?? "")
        _ = Shell.run("git clone -q --bare -b main \(bundle) \(Shell.quote(repository))")
        let ids = Shell.run("git --git-dir=\(Shell.quote(repository)) rev-list --reverse main").output
            .split(separator: "\n").map(String.init)
        let mirror = GitMirror(
            url: repository, cacheDirectory: directory.path("cache"), transport: .inProcess,
            pool: ThreadPool(threads: 1), log: .none)
        // Beside all other tests a clone takes its time.
        _ = try await mirror.fetch(deadline: .minutes(10))
        var commits: [Commit] = []
        for id in ids {
            let commit = try await mirror.resolve(id)
            let files = try await mirror.files(at: id, under: GitSource.paths(SourceTree.defaultRoots)).files
            commits.append(
                Commit(
                    id: id, committedAt: commit.committedAt,
                    tree: SourceTree(
                        revision: id, files: files.map(GitSource.sourceFile),
                        branches: .known([Branch(name: "main", commit: id, committedAt: commit.committedAt)]))))
        }
        self.commits = commits
    }
}
