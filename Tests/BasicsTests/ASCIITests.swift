import Basics
import Testing

@Suite struct ASCIITests {
    @Test(
        "Only the case of ASCII letters is no difference",
        arguments: [
            ("", "", true), ("Content-Type", "content-tYPE", true), ("az", "AZ", true), ("a", "ab", false),
            ("a", "b", false),
            // They differ by the same bit as letters do, and are none.
            ("@", "`", false), ("[", "{", false), ("0", "\u{10}", false), ("É", "é", false), ("\u{212A}", "k", false),
        ])
    func matches(_ one: String, _ other: String, _ isSame: Bool) {
        #expect(one.matchesIgnoringCase(other) == isSame)
        #expect(other.matchesIgnoringCase(one) == isSame)
    }
}
