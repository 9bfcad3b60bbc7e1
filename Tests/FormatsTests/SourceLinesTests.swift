import Formats
import Testing

@Suite struct SourceLinesTests {
    private static let texts: [(String, [String])] = [
        ("", [""]), ("a", ["a"]), ("a\n", ["a", ""]), ("a\r\nb\r\n", ["a", "b", ""]), ("a\rb\rc", ["a", "b", "c"]),
        ("a\r\nb\nc\rd\n\re", ["a", "b", "c", "d", "", "e"]), ("\u{FEFF}a\nb", ["a", "b"]),
        ("a\u{85}b\u{2028}c\u{2029}d", ["a", "b", "c", "d"]), ("é\u{200D}\n§", ["é\u{200D}", "§"]),
    ]

    @Test(arguments: texts) func everyEndOfALineEndsOne(_ text: String, _ lines: [String]) {
        let found = SourceLines(Array(text.utf8))
        #expect(lines.indices.map { found[$0 + 1] } == lines)
        #expect(found[0] == nil && found[lines.count + 1] == nil && found.bytes(of: lines.count + 1).isEmpty)
    }

    /// The parser counts the lines in its own way: what it says of a place has to be found there.
    @Test(arguments: ["\n", "\r\n", "\r", "\u{85}", "\u{2028}"], ["\n", "\r\n", "\r"])
    func aPlaceIsWhereTheParserSeesIt(_ one: String, _ other: String) throws {
        let text = "# ü\(one)a: 1\(other)\(one)b:\(one)  - ünd\(other)  - key: {x: WORD}\(other)"
        let bytes = Array(text.utf8)
        let root = try #require(YAML.parse(bytes, file: "f").root)
        let node = try #require(root["b"]?.value.items?.last?["key"]?.value["x"]?.value)
        let line = try #require(SourceLines(bytes)[Int(node.line)])
        #expect(line == "  - key: {x: WORD}")
        let offset = try #require(bytes.firstRange(of: Array("WORD".utf8))?.lowerBound)
        let place = SourceLines.place(of: offset, in: bytes)
        #expect(place.line == Int(node.line) && place.column == Int(node.column))
    }
}
