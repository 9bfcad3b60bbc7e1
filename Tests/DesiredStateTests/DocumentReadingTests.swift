import Basics
import Formats
import TestKit
import Testing

@testable import DesiredState

/// What is read of one document is read once, and goes with it.
@Suite struct DocumentReadingTests {
    /// Says what it was given, and finds a fault in each document.
    private struct Counted: DocumentReading {
        static let readings = Locked(0)
        let text: String

        init(_ root: Node, in file: String, given: Int, _ report: Report) {
            Self.readings.withLock { $0 += 1 }
            text = "\(root.text("a") ?? "-") in \(file) by \(given)"
            report.error(.wrongType, "wrong", at: root.mark(in: file), hint: "Mend it.")
        }
    }

    @Test func eachDocumentIsReadOnceForWhatIsGiven() throws {
        func file(_ path: String, _ text: String) -> ParsedFile { ParsedFile(SourceFile(path: path, text: text)) }
        var all = Report()
        func read(_ file: ParsedFile, _ given: Int, isRefused: Bool = false) -> String? {
            all = Report()
            return DocumentContent(file, isRefused: isRefused).reading(Counted.self, given: given, all)?.text
        }
        let (one, other) = (file("a.yaml", "a: x\n"), file("b.yaml", "a: y\n"))
        let before = Counted.readings.withLock { $0 }
        func count() -> Int { Counted.readings.withLock { $0 } - before }
        #expect(read(one, 1) == "x in a.yaml by 1" && count() == 1)
        let told = all.diagnostics
        #expect(told.count == 1)
        // What was wrong then is told again.
        #expect(read(one, 1) == "x in a.yaml by 1" && count() == 1 && all.diagnostics == told)
        #expect(read(other, 1) == "y in b.yaml by 1" && count() == 2)
        #expect(read(one, 2) == "x in a.yaml by 2" && count() == 3)
        #expect(read(one, 1) == "x in a.yaml by 1" && count() == 4)
        #expect(read(one, 1, isRefused: true) == nil && count() == 4 && all.diagnostics.isEmpty)
        #expect(read(file("c.yaml", "a: [\n"), 1) == nil && count() == 4)
    }

    /// Lists that follow one another, that overlap, and that hold the same.
    @Test(arguments: UInt64(0)..<40) func sortedListsBecomeOneSortedList(seed: UInt64) {
        let random = RandomSource(seed: seed)
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        let lists = (0..<pick(9)).map { list in
            Set(
                (0..<pick(12)).map { _ in
                    let file = pick(3) == 0 ? "x.yaml" : "\(list).yaml"
                    return Diagnostic(.note, "C", "m", at: SourceMark(file: file, line: pick(6), column: 1))
                }
            ).sorted()
        }
        let all = Set(lists.joined()).sorted()
        #expect([Diagnostic].merging(lists) == all)
        #expect(lists.reduce([Diagnostic]()) { $0.merged(with: $1) } == all)
    }

    @Test func whatFollowsFromSomethingIsKeptWhileThatIsTheSame() {
        let pair = ShadowedFiles.Pair(file: "old/a.yaml", winner: "ssot/a.yaml")
        let first = KeptReadings()
        func told(_ kept: KeptReadings, _ pairs: [ShadowedFiles.Pair]) -> [Diagnostic] {
            let report = Report()
            _ = kept.read(ShadowedFiles.self, of: pairs, report)
            return report.diagnostics
        }
        #expect(told(first, [pair]).map(\.code) == [Code.shadowed.rawValue])
        #expect(told(KeptReadings(before: first), [pair]) == told(first, [pair]))
        #expect(told(KeptReadings(before: first), []).isEmpty)
    }

    /// Elements of one rank keep their order, as when they were sorted themselves.
    @Test(arguments: UInt64(0)..<10) func sortingByPlacesGivesWhatSortingGives(seed: UInt64) {
        let random = RandomSource(seed: seed)
        let pairs = (0..<40).map { (rank: random.next() % 7, number: $0) }
        let (sorted, byPlaces) = (pairs.sorted { $0.rank < $1.rank }, pairs.sortedByPlaces { $0.rank < $1.rank })
        #expect(byPlaces.map(\.number) == sorted.map(\.number))
        #expect(pairs.sortedByPlaces(\.rank, by: <).map(\.number) == sorted.map(\.number))
    }

    /// The generated documents reach what they are made for: else their edits would prove nothing.
    @Test func theLinkedDocumentsAreHeldAgainstEachOther() {
        let state = readDesiredState(LinkedTree.tree)
        #expect(state.integrations.map(\.id) == ["tool_1", "tool_2"])
        #expect(
            state.advisor.rules.count == 5 && state.advisor.rubrics.count == 3 && state.advisor.workbooks.count == 3)
        let kinds: Set<ResourceKind> = [.alertPolicy, .droplet, .secretPresence, .vercelVariable, .supabaseSecret]
        #expect(kinds.subtracting(state.resources.map(\.key.kind)).isEmpty)
        let codes: [Code] = [
            .integrationDisagreement, .missingIntegration, .duplicateRule, .unknownReference, .thresholdDisagreement,
            .ruleBroken, .secretDisagreement, .rotationDue, .secretStatus, .unknownSecret, .rubricGap, .duplicateName,
            .moduleBlocked,
        ]
        #expect(Set(codes.map(\.rawValue)).subtracting(state.diagnostics.map(\.code)).isEmpty)
    }

    @Test func nothingIsKeptOfDocumentsThatAreGone() {
        let (cache, tree) = (DocumentCache(), LinkedTree.tree)
        struct Weak { weak var file: ParsedFile? }
        for index in tree.files.indices {
            _ = readDesiredState(tree, cache: cache)
            let path = tree.files[index].path
            let gone = Weak(file: cache.files(of: tree).parsed.first { $0.source.path == path })
            #expect(gone.file != nil)
            var less = tree
            less.files.remove(at: index)
            _ = readDesiredState(less, cache: cache)
            #expect(gone.file == nil, "\(path)")
        }
    }
}
