import Basics
import Git
import TestKit

/// A repository made with the git command line, and a mirror of it.
final class SampleRepository: Sendable {
    static let isGitInstalled = Shell.has("git")
    static let pool = ThreadPool(threads: 4)

    let directory: TemporaryDirectory
    /// The work tree.
    let path: String

    init() throws {
        directory = try TemporaryDirectory(prefix: "odooops-git")
        path = directory.path("source")
        git("init -q -b main \(path)", in: directory.path)
    }

    /// Runs git in the work tree and returns what it printed.
    @discardableResult
    func git(_ arguments: String) -> String { git(arguments, in: path) }

    @discardableResult
    private func git(_ arguments: String, in directory: String) -> String {
        let result = Shell.run("cd \(Shell.quote(directory)) && \(Self.environment) git \(arguments)")
        if result.status != 0 { print("git \(arguments): \(result.output)") }
        return result.output.split(separator: "\n").last.map(String.init) ?? ""
    }

    /// Writes files and commits them; returns the commit's id.
    @discardableResult
    func commit(_ files: [String: String], _ message: String = "Change") throws -> String {
        for (name, text) in files { try directory.write(text, to: "source/\(name)") }
        return commit(message)
    }

    /// Commits what is in the work tree.
    @discardableResult
    func commit(_ message: String = "Change") -> String {
        git("add -A")
        git("commit -q --allow-empty -m '\(message)'")
        return git("rev-parse HEAD")
    }

    /// A mirror with its cache beside the source.
    func mirror(
        _ url: String? = nil, credential: GitCredential? = nil, transport: GitTransport = .inProcess,
        environment: [String: String] = [:], log: Log = .none
    ) -> GitMirror {
        GitMirror(
            url: url ?? path, cacheDirectory: directory.path("cache"), credential: credential, transport: transport,
            pool: Self.pool, log: log, environment: environment)
    }

    static let environment =
        "GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.com "
        + "GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.com GIT_AUTHOR_DATE='1770000000 +0000' "
        + "GIT_COMMITTER_DATE='1770000000 +0000'"
}

/// What a call throws; fails the test's expectation when it doesn't.
func faultOf<Value>(_ body: () async throws -> Value) async -> GitFault? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? GitFault
    }
}

extension GitTree {
    func file(_ path: String) -> GitFile? { files.first { $0.path == path } }

    func text(_ path: String) -> String? {
        guard case .bytes(let bytes)? = file(path)?.content else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
