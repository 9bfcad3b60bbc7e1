import Basics
import TestKit
import Testing

@testable import DesiredState

/// What is suggested for a misspelt word.
@Suite struct SuggestionTests {
    /// Words of few letters, so that near ones are many; held against counting every edit.
    @Test(arguments: UInt64(0)..<20) func theNearestWordIsFoundWhateverIsSkipped(seed: UInt64) {
        let random = RandomSource(seed: seed)
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        func word() -> String { String((0..<pick(8)).map { _ in Array("abcA_ü")[pick(6)] }) }
        for _ in 0..<60 {
            let (written, words) = (word(), (0..<6).map { _ in word() })
            let limit = written.utf8.count <= 4 ? 1 : 2
            let nearest = words.map { (distance: Self.distance(written, $0), word: $0) }.min { $0 < $1 }
            let meant = nearest.flatMap { $0.distance <= limit ? $0.word : nil }
            #expect(closest(to: written, among: words) == meant, "\(written) among \(words)")
        }
    }

    /// The edits from one word to another by bytes in lower case, each of which may touch what no other one touched.
    private static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a.lowercased().utf8), Array(b.lowercased().utf8))
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, rows[i - 1][j - 1] + 1) }
                row.append(cost)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
