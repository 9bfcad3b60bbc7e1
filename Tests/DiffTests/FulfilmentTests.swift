import Diff
import Formats
import Testing

/// A wish is fulfilled by what its rule takes for the same, wherever the two are compared.
@Suite struct FulfilmentTests {
    private static let withoutDot: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value, text.hasSuffix(".") else { return value }
        return .string(String(text.dropLast()))
    }
    private static let rules = [
        "exact": AttributeRule("a"), "unordered": AttributeRule("a", .unordered),
        "contains": AttributeRule("a", .contains), "dot": AttributeRule("a", normalise: withoutDot),
    ]

    @Test(
        arguments: [
            ("exact", "x", "x", true), ("exact", "x", "y", false), ("exact", nil, .null, true),
            ("exact", nil, "x", false), ("exact", nil, [], false), ("dot", "a.example", "a.example.", true),
            ("dot", "a.example.", "b.example", false), ("unordered", ["b", "a"], ["a", "b"], true),
            ("unordered", ["a", "a"], ["a"], false), ("unordered", nil, [], true),
            ("contains", ["c", "a"], ["a"], true), ("contains", ["c"], ["a"], false),
        ] as [(String, Value?, Value, Bool)])
    func whatIsThereFulfilsAWishByItsRule(name: String, seen: Value?, wish: Value, isFulfilled: Bool) throws {
        #expect(try #require(Self.rules[name]).isFulfilled(by: seen, wish) == isFulfilled)
    }
}
