import Basics
import Testing

@Suite struct WordsTests {
    @Test(arguments: [("not_managed", "not managed"), ("", ""), ("ok", "ok"), ("a_b_c", "a b c")])
    func aNameIsReadAsWords(name: String, words: String) { #expect(name.spaced == words) }

    @Test(arguments: [
        ("/srv/a.git", "/srv/a.git"), ("a%20b,c=d@e:f", "a%20b,c=d@e:f"), ("", "''"), ("a b", "'a b'"),
        ("it's", "'it'\\''s'"), ("ü", "'ü'"), ("$(x)", "'$(x)'"), ("a\nb", "'a\nb'"),
    ])
    func aShellTakesItForOneWord(text: String, quoted: String) { #expect(text.shellQuoted == quoted) }

    @Test(arguments: [
        ("abc", 3), ("", 0), ("ステージング", 12), ("🚀", 2), ("e\u{301}", 1), ("👨\u{200D}👩\u{200D}👧", 2), ("🇩🇪", 2), ("…", 1),
        ("ä", 1), ("한국", 4), ("1\u{FE0F}\u{20E3}", 2),
    ])
    func aTextTakesItsColumns(text: String, columns: Int) {
        #expect(text.displayWidth == columns)
        #expect(Paint.width("\u{1B}[31m\(text)\u{1B}[0m") == columns)
    }

    @Test("Of one thing there is one, of none and of several there are several")
    func things() {
        #expect([0, 1, 2].map { $0.of("run") } == ["0 runs", "1 run", "2 runs"])
        #expect([Int64(1), -1].map { $0.of("day") } == ["1 day", "-1 days"])
        #expect(
            [1, 3].map { $0.of("delivery waits", "deliveries wait") } == ["1 delivery waits", "3 deliveries wait"])
    }
}
