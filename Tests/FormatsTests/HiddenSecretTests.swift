import Basics
import Formats
import Testing

/// Secrets that have no shape of their own: passwords, and tokens in base64 or in UTF-16.
@Suite struct HiddenSecretTests {
    /// Written with a ~ in each, so that no scanner takes the test for a leak.
    private static func find(_ text: String) -> [PastedSecret] {
        PastedSecret.find(in: text.utf8.filter { $0 != UInt8(ascii: "~") })
    }

    @Test(arguments: [
        ("x_smtp: {password: \"Tr0ub4~dor&3xyz\"}", "Tr0ub4dor&3xyz"),
        ("smtp_password: Tr0ub4~dor-3xyz", "Tr0ub4dor-3xyz"), ("DB_PASSWORD: 's3cr3t~!pw'", "s3cr3t!pw"),
        ("{\"passwd\":\"Zk3v~Q9mW1x\"}", "Zk3vQ9mW1x"), ("x: {pwd: Zk3v~Q9mW1x, n: 1}", "Zk3vQ9mW1x"),
        ("smtp_pass: Zk3v~Q9mW1x # the old one", "Zk3vQ9mW1x"), ("smtpPass: Zk3v~Q9mW1x", "Zk3vQ9mW1x"),
        ("# passphrase: Zk3v~Q9mW1x", "Zk3vQ9mW1x"), ("a: 1\r\npassword: p4s5w0~rd99\r\n", "p4s5w0rd99"),
    ]) func aPasswordIsKnownByItsKey(_ text: String, _ password: String) throws {
        let secret = try #require(Self.find(text).first)
        #expect(secret.kind == "a password")
        let bytes = text.utf8.filter { $0 != UInt8(ascii: "~") }
        #expect(String(decoding: bytes[secret.range], as: UTF8.self) == password)
        #expect(Self.find(text).count == 1)
    }

    /// Names of secrets, references, words, numbers and what only speaks of passwords.
    @Test(arguments: [
        "smtp_password: mailgun_smtp_password", "password: SMTP_PASSWORD_2", "password: env:DB_PASSWORD1",
        "password: ${DB_PASSWORD1}", "password: \"<DB_PASSWORD1>\"", "password: \"{{ vault.db1 }}\"",
        "password: vault:mail/smtp#password1", "password: op://ops/db1/password", "password: $DB_PASSWORD1",
        "password: true", "password: required", "password: 2026-03-01", "password: 12345678", "password:",
        "password: Set in the vault, see T-1204", "password: smtpPassword", "password: odoo-db-19", "password: oauth2",
        "password: sha256", "password: argon2id", "password: scram-sha-256", "password: secrets/odoo19/db.password",
        "password_min_length: Abc12345", "password_policy: Rotation90Days", "what_must_pass: Abc12345",
        "allow_bypass: Abc12345", "compass: Abc12345", "pass: Abc12345", "password: changeme-Now1",
        "password: {from: Zk3vQ9mW1x}", "password: [Zk3vQ9mW1x]", "password: |", "password: !secret Zk3v1",
        "password: *anchor1A", "password: getenv(\"DB1\")", "password: YourPassword1",
        "password='Zk3vQ9mW1x'", "passwords:\n  db: Zk3vQ9mW1x",
    ]) func aReferenceIsNone(_ text: String) { #expect(Self.find(text) == []) }

    @Test(arguments: [
        ("k: TOK", "a GitHub token in base64"), ("k: \"TOK\"", "a GitHub token in base64"),
        ("Authorization: Basic TOK", "a GitHub token in base64"), ("k: PG", "a password in an address in base64"),
        ("k: PEM", "a private key in base64"),
    ]) func aTokenIsFoundInBase64(_ text: String, _ kind: String) throws {
        let text = text.replacing("TOK", with: Self.token).replacing("PG", with: Self.address)
            .replacing("PEM", with: Self.key)
        #expect(Self.find(text).map(\.kind) == [kind])
        let masked = try #require(PastedSecret.masked(text.utf8.filter { $0 != UInt8(ascii: "~") }))
        #expect(PastedSecret.find(in: masked) == [])
    }

    @Test(arguments: [
        "k: PLACE", "k: eyJuYW1lIjogIm9kb28ifQ==", "path: ssot/integrations/mail/relay/production/eu",
        "image: registry.example/odoo@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "name: a-branch-with-a-very-long-name-of-many-words",
    ]) func otherBase64IsNone(_ text: String) {
        #expect(Self.find(text.replacing("PLACE", with: Self.placeholder)) == [])
    }

    private static let token = "Z2hwXzAxM~jM0NTY3ODlhYmNkZWZnaGlqQUJDREVGR0hJSjAxMjM0NQ=="
    private static let address = "cG9zdGdyZ~XM6Ly9vZG9vOmtmOFF6N21WMnhAZGI6NTQzMi9vZG9v"
    private static let key =
        "LS0tLS1CR~UdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUV2UUlCQURBTkJna3Foa2lHOXcwQkFRRUZBQVNDQktjdwotLS0tLUVORCBQUklWQVRFIEtFWS0tLS0tCg=="
    private static let placeholder = "cG9zdGdyZ~XM6Ly91c2VyOnBhc3N3b3JkQGhvc3Q6NTQzMi9kYg=="

    // MARK: UTF-16

    private static func wide(_ text: String, isBig: Bool, hasMark: Bool) -> [UInt8] {
        ((hasMark ? [0xFEFF] : []) + Array(text.utf16)).flatMap { unit -> [UInt8] in
            let (high, low) = (UInt8(truncatingIfNeeded: unit >> 8), UInt8(truncatingIfNeeded: unit))
            return isBig ? [high, low] : [low, high]
        }
    }

    @Test(arguments: [(false, true), (true, true), (false, false), (true, false)])
    func whatIsInUTF16IsReadAsItWasMeant(_ isBig: Bool, _ hasMark: Bool) {
        let text = "a: é 🚀\nb: 1\n"
        let bytes = Self.wide(text, isBig: isBig, hasMark: hasMark)
        #expect(WideText.narrowed(bytes) == Array(text.utf8))
        let document = YAML.parse(bytes, file: "f")
        #expect(document.root == nil)
        #expect(document.diagnostics.map(\.message) == ["the file is UTF-16 and must be UTF-8"])
    }

    @Test(arguments: ["", "a", "a: 1", "\u{FEFF}a: 1", "a: \u{0}\n"]) func whatIsInUTF8IsLeftAlone(_ text: String) {
        #expect(WideText.narrowed(Array(text.utf8)) == nil)
    }

    // MARK: Conflicts

    @Test(arguments: [
        "a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> feature/x\n",
        "a:\n<<<<<<< HEAD\n  - 1\n||||||| base\n=======\n  - 2\n>>>>>>> 1a2b3c\n",
        "a: 1\r\n<<<<<<< HEAD\r\nb: [\r\n=======\r\nb: 3\r\n>>>>>>> x\r\n",
    ]) func aMergeConflictIsToldAtItsFirstLine(_ text: String) {
        let document = YAML.parse(Array(text.utf8), file: "f")
        #expect(document.root == nil)
        let found = document.diagnostics.filter { $0.code == "FMT-0002" }
        #expect(found.map { $0.mark?.description } == ["f:2:1"])
        #expect(found.first?.message.contains("merge conflict") == true)
        #expect(found.first?.notes.count == 2)
    }

    @Test(arguments: [
        "a: |\n  <<<<<<< HEAD\n  =======\n  >>>>>>> x\n", "# <<<<<<< HEAD\na: 1\n", "a: '<<<<<<< HEAD'\n",
    ]) func aTextAboutConflictsIsNone(_ text: String) {
        #expect(YAML.parse(Array(text.utf8), file: "f").isSound)
    }

    /// Another fault in a file that only speaks of conflicts is told as what it is.
    @Test func anotherFaultIsNoConflict() {
        let document = YAML.parse(Array("# <<<<<<< HEAD\na: [\n".utf8), file: "f")
        #expect(document.diagnostics.allSatisfy { !$0.message.contains("conflict") })
    }
}
