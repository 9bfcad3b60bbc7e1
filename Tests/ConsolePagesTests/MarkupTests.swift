import Testing

@testable import ConsolePages

/// What is written into a page stays text.
@Suite struct MarkupTests {
    @Test(arguments: [
        ("a & b", "a &amp; b"), ("<script>", "&lt;script&gt;"), ("\"'", "&quot;&#39;"), ("é", "é"), ("", ""),
        ("a\u{0}b", "a\u{FFFD}b"), ("tab\tline\n", "tab\tline\n"), ("\u{7F}", "\u{FFFD}"), ("&lt;", "&amp;lt;"),
    ])
    func textIsEscaped(text: String, escaped: String) {
        #expect(HTML(text).source == escaped)
        #expect(element(.p, text) { text }.source.hasSuffix(">\(escaped)</p>"))
        #expect(element(.p, "", .title(text)).source == "<p title=\"\(escaped)\"></p>")
    }

    @Test(arguments: ["\u{202E}", "\u{202A}", "\u{2066}", "\u{2069}", "\u{2028}"])
    func noTextTurnsWhatFollowsIt(mark: String) {
        #expect(HTML("fix/\(mark)xat & …").source == "fix/\u{FFFD}xat &amp; …")
    }

    @Test(
        "A name that is written from right to left turns nothing around it, and other texts are written as they are",
        arguments: [
            ("שלום", "<bdi>שלום</bdi>"), ("feature/שלום-12", "<bdi>feature/שלום-12</bdi>"),
            ("12 of מאיה כהן, 3 left", "12 of <bdi>מאיה כהן</bdi>, 3 left"),
            ("\u{201C}سلام\u{201D} (ܫ) is 1 & 2", "\u{201C}<bdi>سلام</bdi>\u{201D} (<bdi>ܫ</bdi>) is 1 &amp; 2"),
            ("a<ש>&b", "<bdi>a&lt;ש&gt;&amp;b</bdi>"), ("א  ב c", "<bdi>א  ב</bdi> c"),
            ("א, ב", "<bdi>א</bdi>, <bdi>ב</bdi>"), (" א ", " <bdi>א</bdi> "),
            ("א\nב", "<bdi>א</bdi>\n<bdi>ב</bdi>"), ("א\u{202E}b 1", "<bdi>א\u{FFFD}b</bdi> 1"), ("…: –", "…: –"),
            ("\u{1E900}", "<bdi>\u{1E900}</bdi>"), ("a\u{200F} 1", "<bdi>a\u{200F}</bdi> 1"), ("名前 é 🙂", "名前 é 🙂"),
        ])
    func rightToLeft(text: String, html: String) {
        #expect(HTML(text).source == html)
        #expect(code(text).source == "<code>\(html)</code>")
    }

    @Test("Where no element can stand, the whole text has its own direction", arguments: ["title", "option"])
    func textAlone(name: String) throws {
        let tag = try #require(HTML.Tag(rawValue: name))
        #expect(element(tag) { "1 מאיה: <b>" }.source == "<\(name) dir=\"auto\">1 מאיה: &lt;b&gt;</\(name)>")
        #expect(element(tag) { "Maya" }.source == "<\(name)>Maya</\(name)>")
    }

    @Test(arguments: [
        (["a b"], "/runs/a%20b"), (["../../etc"], "/runs/..%2F..%2Fetc"), (["\" onclick=x"], "/runs/%22%20onclick%3Dx"),
        (["a", "b"], "/runs/a/b"), (["é"], "/runs/%C3%A9"),
    ])
    func aPartOfAPathStaysOnePart(parts: [String], expected: String) {
        #expect((parts.count == 1 ? Link("/runs", parts[0]) : Link("/runs", parts[0], parts[1])).text == expected)
    }

    @Test(arguments: [
        "javascript:alert(1)", "http://a.example", "//a.example", "https://a\" b", "data:text/html,x", "",
    ])
    func onlyHTTPSLeadsElsewhere(address: String) { #expect(Link(outside: address) == nil) }

    @Test(arguments: [
        (
            "# T\n\ntext *em* **strong** `code`",
            "<h2 id=\"s-t\">T</h2><p>text <em>em</em> <strong>strong</strong> <code>code</code></p>"
        ),
        ("- a\n- b\n  - c", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("> said\n> so", "<blockquote>said so</blockquote>"), ("---\na: b\n---\ntext", "<p>text</p>"),
        ("***", "<hr>"), ("a * b", "<p>a * b</p>"), ("**open", "<p>**open</p>"), ("`open", "<p>`open</p>"),
        ("[x](https://a.example)", "<p><a href=\"https://a.example\" rel=\"noreferrer noopener\">x</a></p>"),
        ("[x](javascript:alert(1))", "<p>x (javascript:alert(1))</p>"),
        ("[x](../b/other.md)", "<p><a href=\"/runbooks/other\">x</a></p>"),
        ("<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>"),
        ("```sh\n<b>\n```", "<pre tabindex=\"0\"><code>&lt;b&gt;\n</code></pre>"),
        ("```\nopen", "<pre tabindex=\"0\"><code>open\n</code></pre>"),
    ])
    func markdown(text: String, html: String) { #expect(Markdown(text).html.source == html) }

    @Test(arguments: [
        ("# T\n\nIt takes **15\nminutes**.\n\nMore.", "It takes <strong>15 minutes</strong>."),
        ("---\na: b\n---\n# T\n- no\n> no\n| no |\n\n<b>", "&lt;b&gt;"), ("# T\n", ""), ("", ""), ("```\n", ""),
        ("# T\n```sh\nrm -r x\n```\nIt is so.", "It is so."), ("~~~\nopen", ""),
        (
            String(repeating: "A *b* sentence. ", count: 99),
            String(repeating: "A <em>b</em> sentence. ", count: 19) + "A <em>b</em> sentence."
        ),
    ])
    func theFirstParagraph(text: String, html: String) { #expect(Markdown(text).lead.source == html) }

    @Test func aTableOfMarkdownHasHeadings() {
        let html = Markdown("| a | b |\n|---|---|\n| 1 | <2> |").html.source
        #expect(html.contains("<th scope=\"col\">a</th>"))
        #expect(html.contains("<td>&lt;2&gt;</td>"))
    }

    @Test(arguments: [
        "- \n- ", "|\n|-", "#", "####### x", "[](", "](", "*", "**", "- a\n\n\n", "```", ">", "1.", "  - x\n- y",
    ])
    func oddMarkdownEnds(text: String) { _ = Markdown(text).html }
}
