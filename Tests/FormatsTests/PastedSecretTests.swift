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
        "k: AKIA~EXAMPLEEXAMPLE00", "time: 12:30:45", "---", "name: risk-assessment",
    ]) func whatOnlyShowsWhereASecretWouldStandIsNone(_ text: String) {
        #expect(PastedSecret.find(in: text.utf8.filter { $0 != UInt8(ascii: "~") }) == [])
    }
}
