import Basics
import Git
import TestKit
import Testing

@Suite(.enabled(if: SampleRepository.isGitInstalled && Places.corpusBundle != nil), .timeLimit(.minutes(5)))
struct CorpusTests {
    @Test func everyCommitOfTheRealHistoryIsRead() async throws {
        let sample = try SampleRepository()
        let source = sample.directory.path("corpus")
        sample.git("clone -q --bare -b main \(Places.corpusBundle ?? "") \(source)")
        let mirror = sample.mirror(source)
        let first = try await mirror.fetch(deadline: .seconds(20))
        let commits = Shell.run("git --git-dir=\(source) rev-list main").output.split(separator: "\n").map(String.init)
        #expect(commits.count == 88)
        let clock = SystemTime()
        var start = clock.uptime
        var total = 0
        for commit in commits {
            let tree = try await mirror.files(at: commit, under: [""])
            #expect(!tree.files.isEmpty)
            for file in tree.files {
                switch file.content {
                case .bytes, .symlink, .submodule: total += file.size
                case .missing, .tooLarge: Issue.record("\(commit) \(file.path): \(file.content)")
                }
            }
        }
        let perTree = (clock.uptime - start) / commits.count
        var quickest = Duration.seconds(100)
        for _ in 0..<5 {
            start = clock.uptime
            let again = try await mirror.fetch(deadline: .seconds(20))
            #expect(again.changes.isEmpty)
            quickest = min(quickest, clock.uptime - start)
        }
        print(
            "corpus: clone \(first.duration.shortText), \(total / commits.count) bytes a tree in \(perTree.microseconds) µs,"
                + " fetch without news \(quickest.microseconds) µs")
    }
}
