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
        #expect(state.faults == ["warning FMT-0002 ssot/7.yaml:2:1"])
        // The same bytes under another name are another document, for diagnostics name it.
        texts["ssot/moved.yaml"] = texts.removeValue(forKey: "ssot/7.yaml")
        #expect(readDesiredState(Self.tree(texts), cache: cache).faults == ["warning FMT-0002 ssot/moved.yaml:2:1"])
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
            let kept = readDesiredState(tree, cache: cache)
            // Reading from nothing is what takes long; what is kept has gone through every commit all the same.
            guard number % 4 == 3 else { continue }
            #expect(kept == readDesiredState(tree), "\(commit)")
            guard number % 8 == 7 else { continue }
            #expect(
                evaluateGates(tree, GateInputs(), cache: cache) == evaluateGates(tree, GateInputs()), "\(commit)")
        }
        #expect(cache.parses * 10 < files)
    }

    /// The trees that are edited, each with how many edits follow one another.
    enum Ground: CaseIterable {
        case example, linked, corpus

        var steps: Int { self == .corpus ? 5 : 14 }

        /// The real one takes long to be read from nothing: one seed of it, unless `EDITS` asks for more of all.
        var seeds: Range<UInt64> {
            let more = ProcessEnvironment.variables()["EDITS"].flatMap { UInt64($0) }
            switch self {
            case .example: return 0..<(more ?? 6)
            case .linked: return 0..<(more ?? 14)
            case .corpus: return 0..<(Corpus.isAvailable ? (more ?? 10) / 10 : 0)
            }
        }

        func tree() throws -> SourceTree {
            switch self {
            case .example: return try exampleTree()
            case .linked: return LinkedTree.tree
            case .corpus:
                return SourceTree(revision: "r", files: try Corpus.history.files(), branches: branches("main"))
            }
        }
    }

    /// Edits of every sort, one after the other: documents damaged, changed, moved, renamed, shadowed, added and lost,
    /// those that others refer to as well as others; other branches, other paths beside the roots, files that can't be
    /// read or have no object id.
    @Test(arguments: Ground.allCases.flatMap { ground in ground.seeds.map { (ground, $0) } })
    func noSequenceOfEditsMakesItDiffer(ground: Ground, seed: UInt64) throws {
        let random = RandomSource(seed: seed)
        let cache = DocumentCache()
        var world = EditedTree(try ground.tree(), random)
        for step in 0..<ground.steps {
            let label = "\(ground) \(seed), step \(step): \(world.lastEdit)"
            let (kept, fresh) = (readDesiredState(world.tree, cache: cache), readDesiredState(world.tree))
            #expect(kept == fresh, "\(label)")
            if ground != .corpus {
                let (gates, anew) = (
                    evaluateGates(world.tree, GateInputs(), cache: cache), evaluateGates(world.tree, GateInputs())
                )
                #expect(gates == anew, "\(label)")
            }
            world.edit()
        }
    }

    @Test func domainsReadAgainOnlyWhatTheyLookedInto() throws {
        let cache = DocumentCache()
        var tree = try exampleTree()
        for number in 0..<20 {
            tree.files.append(SourceFile(path: "ssot/notes/\(number).yaml", text: "note: \(number)\n"))
        }
        tree.files = tree.files.map { $0.identified }
        func change(_ path: String, adding text: String) throws -> DesiredState {
            let index = try #require(tree.files.firstIndex { $0.path == path })
            guard case .bytes(let bytes) = tree.files[index].content else { throw Missing() }
            tree.files[index] =
                SourceFile(path: path, content: .bytes(bytes + Array(text.utf8)), objectID: nil).identified
            return readDesiredState(tree, cache: cache)
        }
        let first = readDesiredState(tree, cache: cache)
        #expect(cache.domainReadings == 1)
        // A file that no domain reads changes only what is wrong with itself.
        let dangling = try change("ssot/notes/7.yaml", adding: "see: ssot/notes/70.yaml\n")
        #expect(cache.domainReadings == 1)
        #expect(dangling.diagnostics.count == first.diagnostics.count + 1)
        #expect(dangling.resources == first.resources)
        let broken = try change("ssot/notes/7.yaml", adding: "x: [\n")
        #expect(cache.domainReadings == 1)
        #expect(broken.documents.contains { $0.path == "ssot/notes/7.yaml" && $0.status == .unreadable })
        // One that says it is a document which another path stands for is looked into.
        _ = try change("ssot/notes/8.yaml", adding: "schema: ssot.environments.v1\n")
        #expect(cache.domainReadings == 2)
        _ = try change("ssot/infra/digitalocean/inventory.yaml", adding: "# more\n")
        #expect(cache.domainReadings == 3)
        #expect(readDesiredState(tree, cache: cache) == readDesiredState(tree))
        tree.branches = .known([])
        _ = readDesiredState(tree, cache: cache)
        #expect(cache.domainReadings == 4)
    }

    @Test func onlyGatesThatLookedIntoWhatChangedAreEvaluatedAgain() throws {
        let cache = DocumentCache()
        var texts = [
            // The first that names a secret: of the others the gates of secrets ask nothing more.
            "ssot/a.yaml": "api: {secret_ref: mail_key}\n", "ssot/domains/a.yaml": "apex: a.example\n",
            "ssot/notes.yaml": "note: 1\n", "ssot/odoo/addon_allowlist.yaml": "modules: [a]\n",
        ]
        let morning = try #require(Timestamp("2026-03-06T01:00:00Z"))
        var (now, listing): (Timestamp?, PathListing?) = (morning, nil)
        func evaluations() -> Int {
            let before = cache.gateEvaluations
            var tree = Self.tree(texts)
            tree.listing = listing
            let inputs = GateInputs(now: now)
            #expect(evaluateGates(tree, inputs, cache: cache) == evaluateGates(tree, inputs))
            return cache.gateEvaluations - before
        }
        let all = evaluations()
        #expect(all == 12)
        #expect(evaluations() == 0)
        texts["ssot/notes.yaml"] = "note: 2\n"
        #expect(evaluations() == 0)
        texts["ssot/domains/a.yaml"] = "apex: b.example\n"
        #expect(evaluations() == 1)
        texts["ssot/a.yaml"] = "api: {secret_ref: other_key}\n"
        #expect(evaluations() == 2)
        // What is required has a say in all of them, and so have the day, the paths and a file that comes.
        texts["ssot/maintenance/convergence.yaml"] = "environments: {prod: {required: {gates: [domains]}}}\n"
        #expect(evaluations() == all)
        now = morning + .hours(22)
        #expect(evaluations() == 0)
        now = morning + .hours(23)
        #expect(evaluations() == all)
        listing = PathListing(["addons/ipai/b/x.py"])
        #expect(evaluations() == all)
        texts["ssot/maintenance/convergence.yaml"] = "environments: {prod: {required: {gates: [domains, more]}}}\n"
        #expect(evaluations() == all)
        texts["ssot/maintenance/convergence.yaml"]? += "# a note\n"
        // Those that look there for what is required, and no others.
        #expect((1..<all).contains(evaluations()))
    }

    private struct Missing: Error {}
}
