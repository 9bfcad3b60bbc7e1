import Basics
import Formats
import Testing

@Suite struct PastedSecretTests {
    // Written with a ~ in each, so that no scanner takes the test for a leak.
    @Test(arguments: [
        ("token: ghp~_0123456789abcdefghijABCDEFGHIJ012345", "a GitHub token"),
        ("# dop_~v1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "a DigitalOcean token"),
        ("url: postgres://odoo:kf8Qz@db:5432/x", "a password in an address"),
        ("k: xoxb~-1234567890-abcdefghij", "a Slack token"), ("k: sk~-Abcdefghij0123456789xyz", "an API key"),
        ("  -----BEGIN RSA PRIVATE~ KEY-----\n  MIIE\n", "a private key"),
        ("k: key~-0123456789abcdef0123456789abcdef", "a Mailgun key"),
        ("k: AKIA~IOSFODNN7QXYZABC", "an AWS access key"),
        ("k: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln~bmF0dXJl", "a JSON web token"),
        ("k: 9f86d081884c7d659a2feaa0c55ad015-a3bf~4f1b-2b0b822c", "a Mailgun key"),
        ("k: [9f86d081884c7d659a2feaa0c55ad015-a3bf~4f1b-2b0b822c]", "a Mailgun key"),
        ("k: https://hooks.slack~.com/services/T024BE7LD/B7QK4P0ZN/u8Yk2mQ0sVd4Wn6Xz1Lp3Rt5", "a Slack webhook"),
        ("k: hooks.slack~.com/workflows/T024BE7LD/A7QK4P0ZN/3521/u8Yk2mQ0sVd4Wn6Xz1", "a Slack webhook"),
        ("k: SG~.ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf09kqeF8tAmbihYzrnopKc1s5cr3Q", "a SendGrid key"),
        ("k: AGE-SECRET-KEY~-19X0C4T7Z5M2K8QW3EJ6HLNVSDPGFYUAR9X0C4T7Z5M2K8QW3EJ6HLNVS", "an age key"),
        ("k: vca_~Zk3vQ9mW1xT7bN5cR8yL2pD6", "a Vercel token"), ("k: hvs~.CAESIJ8sK2mP4qR6tV8xZ0b2", "a Vault token"),
        ("k: figd~_Zk3vQ9mW1xT7bN5cR8yL2pD6sF4hJ0gA2eK5iO7u", "a Figma token"),
        ("k: sntrys~_Zk3vQ9mW1xT7bN5cR8yL2pD6sF4hJ0gA2eK5iO7uQ1w", "a Sentry token"),
        ("k: ya29~.a0Zk3vQ9mW1xT7bN5cR8yL2pD6sF4h.J0gA2eK5iO7uQ1w", "a Google token"),
        // Escapes as YAML and JSON have them, and a line that goes on in the next one.
        ("k: \"\\x67hp_0123456789~abcdefghijABCDEFGHIJ012345\"", "a GitHub token"),
        ("{\"k\": \"xo\\u0078b-123456~7890-abcdefghij\"}", "a Slack token"),
        ("k: \"sbp_4f9a1c7e3b8d20\\\n  56af1e9c3b7d5f2a8046~e1c9b3\"", "a Supabase token"),
        (
            "k: \"https:\\/\\/hooks.slack~.com\\/services\\/T024BE7LD/B7QK4P0ZN/u8Yk2mQ0sVd4Wn6Xz1Lp3Rt5\"",
            "a Slack webhook"
        ),
        ("k: \"AK\\U00000049A~IOSFODNN7QXYZABC\"", "an AWS access key"),
        ("-----BEGIN PGP PRIVATE KEY~ BLOCK-----\nlQOY\n", "a private key"),
    ]) func aTokenIsFoundAtItsPlace(_ text: String, _ kind: String) {
        let found = PastedSecret.find(in: text.utf8.filter { $0 != UInt8(ascii: "~") })
        #expect(found.map(\.kind) == [kind])
    }

    @Test(arguments: [
        "token: ghp~_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "url: postgres://user:password@host/db",
        "url: postgres://${USER}:${PASSWORD}@host/db", "url: postgres://odoo:<password>@host/db",
        "k: sk~-loading-spinner-container-large", "k: sk~-your-key-here-0123456789",
        "k: sbp_~your_token_goes_here_0000000000000000",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "commit: 0dbb356e35566b8277296559b77d8bb79c49123d", "url: https://h.example:8080/a@b",
        "k: sk~-1204-move-the-ledger-to-2027-rates", "id: 9f86d081-884c-7d65-9a2f-eaa0c55ad015",
        "digest: 9f86d081884c7d659a2feaa0c55ad015-a3bf4f1b-2b0b822", "url: https://hooks.slack.com/services/",
        "url: https://hooks.slack~.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
        "k: figd~_export", "k: ya29~.example",
        "k: AKIA~EXAMPLEEXAMPLE00", "time: 12:30:45", "---", "name: risk-assessment",
        "k: \"\\\\x67hp_0123456789~abcdefghijABCDEFGHIJ012345\"", "k: \"\\x6\"", "k: \\", "k: \"\\uD83D\\uDE00\"",
        "a\\/b",
    ]) func whatOnlyShowsWhereASecretWouldStandIsNone(_ text: String) {
        #expect(PastedSecret.find(in: text.utf8.filter { $0 != UInt8(ascii: "~") }) == [])
    }

    @Test(arguments: [
        "a: ghp~_0123456789abcdefghijABCDEFGHIJ012345 # b", "a: 'x'\r\nb: xoxb~-1234567890-abcdefghij\r\n",
        "k: \"-----BEGIN PRIVATE KEY~-----\\nMIIE\\n-----END PRIVATE KEY-----\\n\", n: 1",
        "a: |\n  -----BEGIN PRIVATE KEY~-----\n  MIIEabc\n  -----END PRIVATE KEY-----\nb: 1\n",
        "u: postgres://odoo:kf8Qzé~@db:5432/x, v: 1",
        "k: \"é \\x67hp_0123456789~abcdefghij\\x41BCDEFGHIJ012345\", n: 1",
    ]) func aMaskKeepsEveryLineAndColumnAndWhatStandsAround(_ text: String) throws {
        let text = text.filter { $0 != "~" }
        let masked = try #require(PastedSecret.masked(Array(text.utf8)))
        let result = try #require(String(validating: masked, as: UTF8.self))
        #expect(PastedSecret.isMasked(in: result) && PastedSecret.find(in: masked) == [])
        let (before, after) = (Array(text.unicodeScalars), Array(result.unicodeScalars))
        try #require(before.count == after.count)
        let kept = zip(before, after).map { $1 == "\u{EDAC}" ? $0 : $1 }
        #expect(kept == before)
        for (old, new) in zip(before, after) where old == "\n" || old == "\r" || old == " " { #expect(new == old) }
        // Nothing but the secret is masked: the quote and the comma behind it stay.
        let secret = PastedSecret.find(in: Array(text.utf8)).reduce(0) { sum, found in
            sum + Array(text.utf8)[found.range].count { $0 & 0xC0 != 0x80 && $0 > 32 }
        }
        #expect(after.count { $0 == "\u{EDAC}" } == secret)
        #expect(result.hasSuffix(", n: 1") == text.hasSuffix(", n: 1"))
        #expect(Redaction.redact(result).contains("<redacted>") && !Redaction.redact(result).contains("\u{EDAC}"))
    }

    /// The shortest token that there is, and what looks like one less than that.
    @Test(arguments: [
        ("fix/xoxb~-1234567890", "fix/<redacted>"), ("fix/xoxb~-123456789", "fix/xoxb~-123456789"),
    ]) func aSecretInANameIsHidden(_ name: String, _ expected: String) {
        #expect(PastedSecret.hidden(in: name.filter { $0 != "~" }) == expected.filter { $0 != "~" })
    }

    /// How a key may stand in a file: the line before it, the sign before each of its lines and behind, and what joins them.
    private static let layouts: [(name: String, open: String, join: String, close: String)] = [
        ("a block", "k: |\n  ", "\n  ", "\nnext: 1\n"), ("a bare file", "", "\n", "\n"),
        ("CRLF", "k: |\r\n  ", "\r\n  ", "\r\nnext: 1\r\n"),
        ("escapes", "k: \"", "\\n", "\"\nnext: 1\n"), ("JSON", "{\"k\": \"", "\\n", "\", \"next\": 1}\n"),
        ("JSON in JSON", "{\"k\": \"{\\\"p\\\": \\\"", "\\\\n", "\\\"}\", \"next\": 1}\n"),
        ("a folded text", "k: \"", "\n  ", "\"\nnext: 1\n"), ("continued lines", "k: \"", "\\\n  ", "\"\nnext: 1\n"),
        ("spaces", "k: ", " ", "\nnext: 1\n"), ("a comment", "# ", "\n# ", "\nnext: 1\n"),
        ("items", "k:\n  - ", "\n  - ", "\nnext: 1\n"), ("quoted items", "k:\n  - \"", "\"\n  - \"", "\"\nnext: 1\n"),
        ("pieces", "k = \"", "\" +\n  \"", "\"\nnext: 1\n"),
        ("escaped pieces", "k = \"", "\\n\" +\n  \"", "\"\nnext: 1\n"),
        ("a quotation", "> ", "\n> ", "\nnext: 1\n"), ("a list", "k: [\"", "\", \"", "\"]\nnext: 1\n"),
    ]

    /// However a key stands there and wherever it ends before its own end: sixteen characters in a row never stay.
    @Test(arguments: layouts.indices) func aKeyWithoutItsEndIsHiddenAndWhatFollowsIsNot(_ index: Int) throws {
        let layout = Self.layouts[index]
        let random = RandomSource(seed: UInt64(index))
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        for round in 0..<40 {
            let body = (0..<(80 + Int(random.next() % 400))).map { _ in letters[Int(random.next() % 64)] }
            var lines = stride(from: 0, to: body.count, by: 64).map {
                String(body[$0..<min($0 + 64, body.count)])
            }
            if round % 4 == 0 {
                lines.insert(contentsOf: ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-256-CBC,0F", ""], at: 0)
            }
            // A list of texts on one line has no header, and no line that is cut to nothing.
            if layout.name == "a list" || layout.name == "spaces" { lines.removeAll { $0.utf8.count < 40 } }
            let isWhole = round % 8 == 1
            let key = (["-----BEGIN RSA PRIVATE KEY-----"] + lines).joined(separator: layout.join)
            let text =
                layout.open + key + (isWhole ? "\(layout.join)-----END RSA PRIVATE KEY-----" : "") + layout.close
            let masked = try #require(PastedSecret.masked(Array(text.utf8)), "\(layout.name): \(text)")
            let shown = String(decoding: masked, as: UTF8.self)
            for start in stride(from: 0, through: body.count - 16, by: 5) {
                #expect(!shown.contains(String(body[start..<start + 16])), "\(layout.name): \(shown)")
            }
            #expect(shown.contains("next") == layout.close.contains("next"), "\(layout.name): \(shown)")
        }
    }

    /// A rule that names the marker is no key, and hides nothing of what follows it.
    @Test(arguments: [
        "x-j: \"-----BEGIN RSA PRIVATE~ KEY-----\"\nb: 1\n",
        "p:\n  - \"-----BEGIN RSA PRIVATE~ KEY-----\"\n  - \"-----BEGIN EC PRIVATE~ KEY-----\"\nother: 1\n",
        "p:\n  - -----BEGIN RSA PRIVATE~ KEY-----\n  - -----BEGIN EC PRIVATE~ KEY-----\nother: 1\n",
        "p: {begin: \"-----BEGIN PRIVATE~ KEY-----\", end: \"-----END PRIVATE KEY-----\", n: 1}\n",
        "# never commit what begins with -----BEGIN PRIVATE~ KEY----- (see ssot/security/long/path/of/scan)\na: 1\n",
        "{\"p\": \"{\\\"k\\\": \\\"-----BEGIN PRIVATE~ KEY-----\\\"}\", \"n\": 1}\n",
        "a: -----BEGIN PRIVATE~ KEY-----\nb: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n",
    ]) func aMarkerAloneIsNoKey(_ text: String) {
        #expect(PastedSecret.find(in: text.utf8.filter { $0 != UInt8(ascii: "~") }) == [])
    }

    @Test func aTextWithoutASecretIsLeftAsItIs() {
        #expect(PastedSecret.masked(Array("a: 1\n".utf8)) == nil)
        #expect(!PastedSecret.isMasked(in: "\u{EDAB} \u{EE00} plain"))
    }
}
