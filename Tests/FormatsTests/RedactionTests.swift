import Basics
import Testing

@testable import Formats

@Suite struct RedactionTests {
    @Test(arguments: [
        ("password", true), ("DB_PASSWORD", true), ("db-passwd", true), ("slackBotToken", true),
        ("SLACK_BOT_TOKEN", true),
        ("apiKey", true), ("api_key", true), ("apikey", true), ("private_key", true), ("serviceRoleKey", true),
        ("key", true),
        ("client_secret", true), ("secrets", true), ("name", false), ("primary_key", false), ("ssh_keys", false),
        ("ssh_private_key", true), ("public_api_key", false), ("DB_PASS", true), ("pass", false),
        ("monkey", false),
        ("token_ttl", false), ("secret_name", false), ("secret_refs", false), ("region", false), ("key_name", false),
        ("bypass", false), ("", false),
    ]) func aNameTellsWhetherItsValueIsSecret(name: String, secret: Bool) {
        #expect(Redaction.looksSecret(name: name) == secret)
    }

    private static let hex64 = String(repeating: "0123456789abcdef", count: 4)

    private static let secrets: [(String, String)] = [
        ("use dop_v1_\(hex64) now", "use <redacted> now"), ("doo_v1_\(hex64)", "<redacted>"),
        ("dop_v1_short", "dop_v1_short"),
        ("sbp_\(hex64.prefix(40))", "<redacted>"), ("ghp_\(hex64.prefix(36))", "<redacted>"),
        ("gho_\(hex64.prefix(36))x", "<redacted>"),
        ("ghs_\(hex64.prefix(36))", "<redacted>"), ("github_pat_11AAAAAAA0_\(hex64)", "<redacted>"),
        ("xoxb-123456789012-abcDEF", "<redacted>"),
        ("xoxp-123456789012-abcDEF", "<redacted>"), ("\"sk-proj-\(hex64)\"", "\"<redacted>\""),
        ("AKIAIOSFODNN7EXAMPLE", "<redacted>"),
        ("key-\(hex64.prefix(32))", "<redacted>"), ("key-value", "key-value"),
        ("use \(hex64.prefix(32))-01234567-89abcdef now", "use <redacted> now"),
        (
            "https://hooks.slack.com/services/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 posts",
            "https://<redacted> posts"
        ),
        ("x 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 y", "x <redacted> y"),
        ("a \u{EDAC}\u{EDAC}\u{EDAC} b\u{EDAC}", "a <redacted> b<redacted>"),
        ("plane_api_\(hex64.prefix(32))", "<redacted>"),
        ("plane_wh_\(hex64.prefix(32))", "<redacted>"), ("plane_wh_name", "plane_wh_name"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmN", "<redacted>"),
        ("postgres://odoo:s3cret@db.example.com:5432/odoo", "postgres://odoo:<redacted>@db.example.com:5432/odoo"),
        ("postgres://odoo:p@ss@db/odoo", "postgres://odoo:<redacted>@db/odoo"),
        ("https://example.com:8080/a@b", "https://example.com:8080/a@b"),
        ("postgres://odoo:${PASSWORD}@db/odoo", "postgres://odoo:${PASSWORD}@db/odoo"),
        ("a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb", "a\n<redacted>\nb"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE", "<redacted>"),
        ("-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----"),
        ("wJalrXUtnFEMI7K7MDENGbPxRfiCYEXAMPLEKEY12", "<redacted>"), ("sha256:\(hex64)", "sha256:\(hex64)"),
        ("risk-management-for-the-whole-organisation", "risk-management-for-the-whole-organisation"),
        ("ünïcode text", "ünïcode text"), ("", ""),
    ]

    @Test(arguments: secrets) func whatHasTheShapeOfASecretIsHidden(text: String, shown: String) {
        #expect(Redaction.redact(text) == shown)
        #expect(Redaction.looksSecret(value: text) == (text != shown))
    }

    /// Of a line, what stands behind a key that names a secret or nearly does, whatever its shape.
    @Test(arguments: [
        ("        secret: Zq7Lk29x", "        secret: <redacted>"),
        ("secret_from: 8f742231b10e", "secret_from: <redacted>"),
        ("value_from: 'Zq7 Lk29x' # mine", "value_from: '<redacted>' # mine"), ("secrt: Zq7Lk29x", "secrt: <redacted>"),
        ("value_form: Zq7Lk29x", "value_form: <redacted>"),
        ("database_pasword: correct horse", "database_pasword: <redacted>"),
        ("api_kye: Zq7Lk29x", "api_kye: <redacted>"), ("deploy_key: Zq7Lk29x", "deploy_key: <redacted>"),
        ("tokne: Zq7Lk29x", "tokne: <redacted>"), ("credentail: Zq7Lk29x", "credentail: <redacted>"),
        (
            "- {url: 'https://x.example.com/h', events: [push], secret: aX9kQ2mP, active: true}",
            "- {url: 'https://x.example.com/h', events: [push], secret: <redacted>, active: true}"
        ),
        ("{\"token\":\"Zq7\\\"Lk29x\",\"a\": 1}", "{\"token\":\"<redacted>\",\"a\": 1}"),
        ("secret: env:A Zq7Lk29x", "secret: <redacted>"), ("# password: Zq7Lk29x", "# password: <redacted>"),
        ("secret: Zq7 # Lk29x", "secret: <redacted>"), ("tokens: [Zq7Lk29x, b]", "tokens: <redacted>]"),
        ("secrets: [Zq7Lk29x]", "secrets: <redacted>]"),
        ("url: https://x.example.com/h?a=b&token=Zq7Lk29x", "url: https://x.example.com/h?a=b&token=<redacted>"),
    ]) func aLineIsShownWithoutWhatItsKeysCallSecret(line: String, shown: String) {
        #expect(Redaction.redact(line: line) == shown)
        // Whatever part of it is shown.
        for count in 0..<line.utf8.count {
            let part = Redaction.redact(line: String(decoding: line.utf8.prefix(count), as: UTF8.self))
            #expect(!part.contains("Lk29x") && !part.contains("aX9kQ2mP"))
        }
    }

    @Test(arguments: [
        "secret_from: env:HOOK_SECRET", "value_from: \"file:/run/secrets/a\" # there", "{value_from: env:A, b: c}",
        "- key: API_URL", "secret: true", "password:", "password: null", "secrets: [{name: a}]",
        "required_secrets: [mail_key, \"b\"]", "secret: |",
        "secret_name: mailgun", "valid_from: 2026-01-01", "primary_key: id", "public_key: ssh-ed25519 x",
        "ssh_keys: [1]",
        "node_version: 22", "rename_from: a", "note: the secret is here", "https://x.example.com/h?team=ops", "a: b",
    ]) func aLineThatNamesNoSecretIsShown(line: String) { #expect(Redaction.redact(line: line) == line) }

    @Test func theNameOfAFieldHidesAllOfIt() {
        #expect(Redaction.redact("hunter2", of: "db_password") == "<redacted>")
        #expect(Redaction.redact("hunter2", of: "animal") == "hunter2")
        #expect(Redaction.redact("", of: "db_password") == "")
    }

    /// A Mailgun key is known by the hyphen in its middle, behind what another shape may have taken.
    @Test(arguments: ["+", "=", " "]) func shapesThatShareCharactersAreHiddenOnce(joint: String) {
        let text = "AbCd1234EfGh\(joint)\(Self.hex64.prefix(32))-01234567-89abcdef"
        let shown = Redaction.redact(text)
        #expect(!shown.contains("89abcdef") && shown.contains(Redaction.mark), "\(shown)")
    }

    @Test(arguments: UInt64(0)..<40) func stretchesNeverOverlap(seed: UInt64) {
        let random = RandomSource(seed: seed)
        let pieces = [
            "0123456789abcdef", "ABCD", "+", "=", "-", ":", "/", "@", "\n", "key-", "eyJ", ".", "ghp_", "://", "_",
            "\u{EDAC}", "-----BEGIN ", "PRIVATE KEY-----", "01234567", "é",
        ]
        for _ in 0..<40 {
            let text = (0..<30).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined()
            let bytes = Array(text.utf8)
            for isGuessing in [true, false] {
                var end = 0
                for match in SecretScanner(bytes).matches(guessing: isGuessing) {
                    #expect(match.range.lowerBound >= end && match.body >= match.range.lowerBound, "\(text)")
                    #expect(match.body <= match.range.upperBound && match.range.upperBound <= bytes.count, "\(text)")
                    end = match.range.upperBound
                }
            }
        }
    }

    /// Twice the text may take twice the looks, and not four times: what a stranger sends is looked through as well.
    @Test(arguments: [
        "key-", "a=", "eyJ-", "dop_v1_", "-----BEGIN ", "a://b:", "0123456789abcdef-", "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\"", "-----BEGIN PRIVATE KEY-----\n", "-----BEGIN PRIVATE KEY-----\n\n- a\n",
    ])
    func nothingTakesTheSquareOfItsLength(piece: String) {
        let text = String(repeating: piece, count: 60_000 / piece.utf8.count)
        #expect(Redaction.redact(text).utf8.count > 0)
        #expect(PastedSecret.find(in: Array(text.utf8)).allSatisfy { $0.range.upperBound <= text.utf8.count })
    }
}
