import Basics
import Formats
import Testing

/// JSON as a tree that remembers where each value stood.
@Suite struct JSONTreeTests {
    @Test(arguments: UInt64(0)..<50) func holdsWhatTheDocumentHolds(_ seed: UInt64) throws {
        var random = RandomValues(seed: seed)
        let value = Value.list([random.value(), random.value()])
        for pretty in [false, true] {
            let bytes = Array(JSON.write(value, pretty: pretty).utf8)
            #expect(try JSON.tree(bytes).value == JSON.parse(bytes))
        }
    }

    @Test func everyValueKnowsItsPlace() throws {
        let text = "{ \"ä\": [1, {}, []],\n  \"b\\u0041\": {\"c\" :\"\\\\\\\"x\"} , \"d\":null,\n\n\"e\": -1.50e3}"
        let tree = try JSON.tree(Array(text.utf8))
        let places = (tree.entries ?? []).map {
            "\($0.key) \($0.keyLine):\($0.keyColumn) \($0.value.line):\($0.value.column)"
        }
        #expect(places == ["ä 1:3 1:8", "bA 2:3 2:14", "d 2:31 2:35", "e 4:1 4:6"])
        #expect(tree["ä"]?.value.items?.map(\.column) == [9, 12, 16])
        #expect(tree["bA"]?.value["c"]?.value.scalar?.text == "\\\"x")
        #expect(tree["e"]?.value.scalar?.value == .number("-1.50e3"))
        #expect(tree["d"]?.value.scalar?.value.isNull == true)
    }

    @Test(arguments: ["", "{", "[1,]", "{\"a\": 1, \"a\": 2}", "\"\u{1}\"", "[1] 2"]) func whatIsRefusedStaysRefused(
        _ text: String
    ) {
        #expect(throws: JSONFault.self) { try JSON.tree(Array(text.utf8)) }
    }
}
