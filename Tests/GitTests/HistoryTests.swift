import Basics
import Git
import TestKit
import Testing

/// Names without content, content that is kept, and who changed a line last.
@Suite(.enabled(if: SampleRepository.isGitInstalled), .timeLimit(.minutes(5)))
struct HistoryTests {
    @Test func foldersAreListedOnceUntilTheyChange() async throws {
        let sample = try SampleRepository()
        let first = try sample.commit(["a/x.txt": "1", "a/b/y.txt": "2", "c/z.txt": "3", "top.txt": "4"])
        let mirror = sample.mirror()
        _ = try await mirror.fetch(deadline: .seconds(20))
        let folders = try await mirror.folders(at: first, except: [])
        #expect(folders.map(\.name) == ["a", "c"])
        #expect(folders.map { $0.paths?.sorted() } == [["a/b/y.txt", "a/x.txt"], ["c/z.txt"]])
        let second = try sample.commit(["c/z.txt": "5", "c/new.txt": "6"])
        _ = try await mirror.fetch(deadline: .seconds(20))
        let again = try await mirror.folders(at: second, except: Set(folders.map(\.objectID)))
        #expect(again.map { $0.paths?.sorted() } == [nil, ["c/new.txt", "c/z.txt"]])
        #expect(again.first?.objectID == folders.first?.objectID)
        let fault = await faultOf { try await mirror.folders(at: String(repeating: "0", count: 40), except: []) }
        #expect(fault?.cause == .missingReference)
    }

    @Test func whatDidNotChangeIsTakenFromTheTreeBefore() async throws {
        let sample = try SampleRepository()
        let first = try sample.commit(["a/x.txt": "one", "a/y.txt": "two"])
        let mirror = sample.mirror()
        _ = try await mirror.fetch(deadline: .seconds(20))
        let before = try await mirror.files(at: first, under: ["a"])
        // A tree that lies shows that its bytes are taken, and only for the same object.
        let marked = GitTree(
            revision: before.revision,
            files: before.files.map {
                GitFile(path: $0.path, objectID: $0.objectID, size: $0.size, content: .bytes(Array("kept".utf8)))
            }, roots: before.roots)
        let second = try sample.commit(["a/y.txt": "changed"])
        _ = try await mirror.fetch(deadline: .seconds(20))
        let after = try await mirror.files(at: second, under: ["a"], reusing: marked)
        #expect(after.text("a/x.txt") == "kept")
        #expect(after.text("a/y.txt") == "changed")
        let honest = try await mirror.files(at: second, under: ["a"], reusing: before)
        #expect(honest == (try await mirror.files(at: second, under: ["a"])))
    }

    @Test func aLineIsKnownByTheCommitThatChangedItLast() async throws {
        let sample = try SampleRepository()
        try sample.commit(["ssot/a.yaml": "one: 1\ntwo: 2\nthree: 3\n"], "Begin")
        let second = try sample.commit(["ssot/a.yaml": "one: 1\ntwo: 22\nthree: 3\n"], "Change two")
        let third = try sample.commit(["ssot/a.yaml": "zero: 0\none: 1\ntwo: 22\nthree: 3\n"], "Put zero before it")
        let mirror = sample.mirror()
        _ = try await mirror.fetch(deadline: .seconds(20))
        let lines = try await mirror.blame(path: "ssot/a.yaml", at: third, lines: [1, 2, 3, 99, 0])
        #expect(lines.mapValues(\.subject) == [1: "Put zero before it", 2: "Begin", 3: "Change two"])
        #expect(lines[3]?.id == second)
        #expect(lines[3]?.author == "Ada <ada@example.com>")
        let older = try await mirror.blame(path: "ssot/a.yaml", at: second, lines: [1, 2])
        #expect(older.mapValues(\.subject) == [1: "Begin", 2: "Change two"])
        let fault = await faultOf { try await mirror.blame(path: "ssot/b.yaml", at: third, lines: [1]) }
        #expect(fault?.cause == .missingReference)
    }
}
