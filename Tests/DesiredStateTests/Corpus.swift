import Basics
import DesiredState
import TestKit

/// The history of a real source of truth.
final class Corpus: Sendable {
    private let directory: TemporaryDirectory?

    static let isAvailable = Places.corpusBundle != nil && Shell.has("git") && Shell.has("tar")

    static let history = Corpus()

    private init() {
        directory = try? TemporaryDirectory(prefix: "odooops-corpus")
        guard let bundle = Places.corpusBundle else { return }
        _ = Shell.run("git clone -q --bare -b main \(Shell.quote(bundle)) \(Shell.quote(repository))")
    }

    private var repository: String { directory?.path("ssot.git") ?? "" }
    private var git: String { "git --git-dir=\(Shell.quote(repository))" }

    /// Every commit, oldest first.
    func commits() -> [String] {
        Shell.run("\(git) rev-list --reverse main").output.split(separator: "\n").map { String($0) }
    }

    /// The names at the top of any commit, sorted.
    func topFolders() -> [String] {
        Set(
            commits().flatMap {
                Shell.run("\(git) ls-tree --name-only \($0)").output.split(separator: "\n").map { String($0) }
            }
        )
        .sorted()
    }

    /// The files of a commit, by what git calls their bytes.
    func files(at commit: String = "main") throws -> [SourceFile] {
        let tree = try TemporaryDirectory(prefix: "odooops-corpus")
        _ = Shell.run("\(git) archive \(commit) | tar -x -C \(Shell.quote(tree.path))")
        return try Shell.run("\(git) ls-tree -r --format='%(objectname) %(path)' \(commit)").output
            .split(separator: "\n").map { line in
                let path = String(line.dropFirst(41))
                return SourceFile(
                    path: path, content: .bytes(try FileSystem.read(tree.path(path))),
                    objectID: String(line.prefix(40)))
            }
    }
}
