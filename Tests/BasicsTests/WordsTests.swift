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
}
