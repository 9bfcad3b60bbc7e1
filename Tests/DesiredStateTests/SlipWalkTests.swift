import Basics
import DesiredState
import TestKit
import Testing

/// Every section of whole documents loses its value, its name or its place, one at a time.
@Suite struct SlipWalkTests {
    enum Slip: CaseIterable {
        /// `records:` with nothing behind it.
        case emptied
        /// Under a name that nobody knows.
        case renamed
        /// Two spaces to the left, with all that it holds.
        case outdented
    }

    /// A section of a document: the line with its key, and those behind it that belong to it.
    private struct Section {
        let lines: [String]
        let range: Range<Int>

        static func all(of text: String) -> [Section] {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
            return lines.indices.compactMap { index in
                let line = lines[index]
                let content = line.drop { $0 == " " }
                guard line.hasSuffix(":"), !content.hasPrefix("#"), !content.hasPrefix("- ") else { return nil }
                let depth = line.count - content.count
                let end =
                    lines[(index + 1)...].firstIndex { next in
                        let text = next.drop { $0 == " " }
                        let indent = next.count - text.count
                        return !text.isEmpty && (indent < depth || indent == depth && !text.hasPrefix("- "))
                    } ?? lines.count
                return end > index + 1 ? Section(lines: lines, range: index..<end) : nil
            }
        }

        func with(_ slip: Slip) -> String {
            var lines = lines
            switch slip {
            case .emptied: lines.removeSubrange((range.lowerBound + 1)..<range.upperBound)
            case .renamed:
                let indent = lines[range.lowerBound].prefix { $0 == " " }
                lines[range.lowerBound] = indent + "quite_another_name:"
            case .outdented:
                for index in range where lines[index].hasPrefix("  ") { lines[index].removeFirst(2) }
            }
            return lines.joined(separator: "\n") + "\n"
        }

        /// Whether its key is the name of an environment: under another name it is another wish.
        func isNamed(in file: String) -> Bool {
            ["environments.yaml", "convergence.yaml"].contains { file.hasSuffix($0) }
                && lines[range.lowerBound].prefix { $0 == " " }.count == 2
        }

        var place: String { "line \(range.lowerBound + 1), \(lines[range.lowerBound])" }
    }

    /// - Returns: how often it was told.
    private static func check(
        _ tree: SourceTree, _ slip: Slip, every stride: Int, where isMeant: (String) -> Bool = { _ in true }
    ) throws -> Int {
        let cache = DocumentCache()
        let whole = readDesiredState(tree, cache: cache)
        let known = Set(whole.diagnostics.map { "\($0.code) \($0.message)" })
        var (told, number) = (0, 0)
        for index in tree.files.indices
        where tree.files[index].path.hasSuffix(".yaml") && isMeant(tree.files[index].path) {
            guard case .bytes(let bytes) = tree.files[index].content else { continue }
            for section in Section.all(of: String(decoding: bytes, as: UTF8.self)) {
                number += 1
                guard number.isMultiple(of: stride), slip != .renamed || !section.isNamed(in: tree.files[index].path)
                else { continue }
                var slipped = tree
                slipped.files[index] = SourceFile(path: tree.files[index].path, text: section.with(slip))
                let state = readDesiredState(slipped, cache: cache)
                guard state.diagnostics.contains(where: { !known.contains("\($0.code) \($0.message)") }) else {
                    continue
                }
                told += 1
                let label: Comment = "\(slip) in \(tree.files[index].path), \(section.place)"
                let present = Set(state.resources.map(\.key))
                let lost = whole.resources.filter {
                    !present.contains($0.key) && !state.covers($0.key, of: $0.environment)
                }
                #expect(lost.map(\.key) == [], label)
                let slugs = Set(state.environments.map(\.slug))
                let gone = whole.environments.map(\.slug).filter { slug in
                    !slugs.contains(slug)
                        && !state.unknown.contains {
                            [.everything, .environments, .environment(slug)].contains($0.extent)
                        }
                }
                #expect(gone == [], label)
            }
        }
        return told
    }

    @Test(arguments: Slip.allCases) func noSectionOfTheExampleTakesAnythingAway(_ slip: Slip) throws {
        #expect(try Self.check(exampleTree(), slip, every: 2) > 10)
    }

    @Test(.enabled(if: corpusDirectory != nil)) func noEmptySectionOfARealSourceTakesAnythingAway() throws {
        let directory = try #require(corpusDirectory)
        let tree = SourceTree(
            revision: String(repeating: "c", count: 40), files: try files(under: directory, below: "ssot"),
            branches: branches("main", "staging"))
        let managed = Set(readDesiredState(tree).documents.filter { $0.status == .managed }.map(\.path))
        #expect(try Self.check(tree, .emptied, every: 89) { managed.contains($0) } > 3)
    }
}
