import ConsolePages
import Testing

@Suite struct MarkupTests {
    @Test(arguments: [
        ("a & b", "a &amp; b"), ("<script>", "&lt;script&gt;"), ("\"'", "&quot;&#39;"), ("é\u{0}", "é\u{0}"),
    ])
    func whatCouldOpenATagIsEscaped(text: String, escaped: String) { #expect(text.escapedForHTML == escaped) }
}
