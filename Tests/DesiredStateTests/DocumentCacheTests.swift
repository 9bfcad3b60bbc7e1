import Basics
import DesiredState
import TestKit
import Testing

/// What is kept between readings changes nothing but the time.
@Suite struct DocumentCacheTests {
    private static func tree(_ texts: [String: String], identified: Bool = true) -> SourceTree {
        SourceTree(
            revision: "r",
            files: texts.map {
                SourceFile(
                    path: $0.key, content: .bytes(Array($0.value.utf8)),
                    objectID: identified ? Digest(of: $0.value).hex : nil)
            }, branches: .none)
    }

    @Test func oneChangedFileCostsOneParse() {
        let cache = DocumentCache()
        var texts = (0..<50).reduce(into: [String: String]()) { $0["ssot/\($1).yaml"] = "a: \($1)\n" }
        _ = readDesiredState(Self.tree(texts), cache: cache)
        #expect(cache.parses == 50)
        _ = readDesiredState(Self.tree(texts), cache: cache)
        #expect(cache.parses == 50)
        texts["ssot/7.yaml"] = "a: [\n"
        let state = readDesiredState(Self.tree(texts), cache: cache)
        #expect(cache.parses == 51)
        #expect(state.faults == ["error FMT-0002 ssot/7.yaml:2:1"])
        // The same bytes under another name are another document, for diagnostics name it.
        texts["ssot/moved.yaml"] = texts.removeValue(forKey: "ssot/7.yaml")
        #expect(readDesiredState(Self.tree(texts), cache: cache).faults == ["error FMT-0002 ssot/moved.yaml:2:1"])
        #expect(cache.parses == 52)
        // What a commit doesn't hold is let go.
        texts["ssot/moved.yaml"] = nil
        _ = readDesiredState(Self.tree(texts), cache: cache)
        texts["ssot/moved.yaml"] = "a: [\n"
        _ = readDesiredState(Self.tree(texts), cache: cache)
        #expect(cache.parses == 53)
    }

    @Test func withoutAnObjectIdNothingIsKept() {
        let cache = DocumentCache()
        let tree = Self.tree(["ssot/a.yaml": "a: 1\n"], identified: false)
        _ = readDesiredState(tree, cache: cache)
        _ = readDesiredState(tree, cache: cache)
        #expect(cache.parses == 2)
    }

    @Test(.enabled(if: Corpus.isAvailable)) func everyCommitOfTheHistoryIsTheSameWithAndWithout() throws {
        let cache = DocumentCache()
        var files = 0
        for (number, commit) in Corpus.history.commits().enumerated() {
            let tree = SourceTree(revision: commit, files: try Corpus.history.files(at: commit), branches: .none)
            files += tree.files.count
            let (kept, fresh) = (readDesiredState(tree, cache: cache), readDesiredState(tree))
            #expect(kept.diagnostics == fresh.diagnostics, "\(commit)")
            #expect(kept.resources == fresh.resources, "\(commit)")
            #expect(kept.unknown == fresh.unknown, "\(commit)")
            #expect(kept.documents == fresh.documents, "\(commit)")
            #expect(kept.checks == fresh.checks && kept.modules == fresh.modules, "\(commit)")
            guard number.isMultiple(of: 8) else { continue }
            #expect(
                evaluateGates(tree, GateInputs(), cache: cache) == evaluateGates(tree, GateInputs()), "\(commit)")
        }
        #expect(cache.parses * 10 < files)
    }
}
