import Basics
import DesiredState
import Testing

/// What the contract on mail says, held against the documents of the desired state.
@Suite struct MailPageTests {
    private static let page = "docs/contracts/C-MAIL-01-mail-catcher.md"
    private static let mail = """
        production: {provider: relay, smtp_server: smtp.relay.example, smtp_port: 2525, smtp_password_secret: a}
        non_production: {provider: catcher, smtp_server: smtp.relay.example, smtp_port: 2525, smtp_password_secret: b}
        """

    /// `SSOT-0120 3:23`, for each place that contradicts, and those that say so.
    private static func told(_ text: String, _ others: [String: String] = ["ssot/odoo/mail.yaml": mail]) -> [String] {
        let state = read(others.merging([page: text]) { old, _ in old })
        return state.diagnostics.filter { $0.mark?.file == page }.map {
            "\($0.code) \($0.mark?.line ?? 0):\($0.mark?.column ?? 0)"
        }
    }

    @Test(
        arguments: [
            // Tables: by column, by host and port in one cell, by a row's name.
            (
                "| Environment | Host | Port |\n|---|---|---|\n| Production | smtp.relay.example | 587 |",
                ["SSOT-0120 3:37"]
            ),
            ("| Tier | SMTP |\n|:--|--:|\n| **prod** | `smtp.relay.example:587` (STARTTLS) |", ["SSOT-0120 3:15"]),
            ("| Env | Port |\n|---|---|\n| staging / dev | 587 |", ["SSOT-0120 3:19"]),
            ("| Env | Port |\n|---|---|\n| staging / dev | 2525 |", []),
            ("| Production | smtp.relay.example:587 |", ["SSOT-0120 1:16"]),
            // Items and arrows.
            ("- **Production**: smtp.relay.example:587", ["SSOT-0120 1:19"]),
            ("* Non-production → `smtp.other.example` port 2525", ["SSOT-0120 1:46"]),
            ("- prod -> smtp.relay.example:2525", []),
            // One host and one port below a heading.
            ("## Production\n\n- Host: smtp.relay.example\n- Port: 587", ["SSOT-0120 4:9"]),
            (
                "## PROD (outbound)\n```bash\nSMTP_HOST=smtp.relay.example\nSMTP_PORT=587\n```\n## Notes\nPort: 25",
                ["SSOT-0120 4:11"]
            ),
            ("## Production\n- Host: smtp.relay.example\n- Port: 587\n- Port: 2525", ["SSOT-0124 1:1"]),
            // An example.
            ("```yaml\nproduction:\n  smtp_host: smtp.relay.example\n  smtp_port: 587\n```", ["SSOT-0120 4:14"]),
            // Port 25 is told as anywhere else.
            ("- production: smtp.relay.example:25", ["SSOT-0121 1:15", "SSOT-0120 1:15"]),
        ] as [(String, [String])])
    func eachFormIsHeldAgainstTheOthers(_ text: String, _ expected: [String]) {
        #expect(Self.told(text) == expected)
        // Written on Windows it says the same.
        #expect(Self.told(text.replacing("\n", with: "\r\n")) == expected)
    }

    /// The fifth place that says how mail is sent: what replaced which provider, and who still uses the old one.
    @Test(
        arguments: [
            (
                "8. **Deprecations are permanent.** Mattermost → Slack. Mailgun → Zoho Mail. Never reintroduce.",
                ["mailgun"]
            ),
            ("- mailgun -> zoho", ["mailgun"]),
            ("| Item | State |\n|---|---|\n| Mailgun | Removed 2026-02 |", ["mailgun"]),
            ("| Mailgun | in use |", []), ("Mail goes through Mailgun, not Zoho.", []),
            ("Zoho → Mailgun", ["settings"]),
            ("Mattermost → Slack", []), ("```\nMailgun → Zoho\n```", []),
        ] as [(String, [String])])
    func rulesInProseAreHeldAgainstTheDocuments(_ text: String, _ expected: [String]) {
        let rules = ".claude/rules/platform.md"
        let state = read([
            rules: text,
            "ssot/odoo/mail.yaml":
                "production: {provider: mailgun_smtp, smtp_server: smtp.mailgun.org, smtp_port: 587}",
            "ssot/runtime/prod_settings.yaml":
                "email: {provider: zoho_smtp, config: {smtp_host: smtppro.zoho.com, smtp_port: 587}}",
        ])
        let told = state.diagnostics.filter { $0.notes.first?.mark?.file == rules }
        #expect(told.allSatisfy { $0.code == "SSOT-0120" && $0.severity == .warning })
        #expect(told.map { $0.mark?.file == "ssot/odoo/mail.yaml" ? "mailgun" : "settings" } == expected)
    }

    /// No sentence, nothing that is denied, nothing of which two things are said, and nothing without a tier.
    @Test(arguments: [
        "Production sends through smtp.relay.example:587.", "- Production must not use smtp.relay.example:587",
        "- production: smtp.relay.example:587\n- prod: smtp.relay.example:465", "- mail: smtp.relay.example:587",
        "- production: smtp.relay.example:587 or smtp.other.example:465", "# Mail catcher\n- Port: 587",
        "| Environment | Host | Port |\n|---|---|---|\n| Production | smtp.relay.example | 587 or 465 |",
        "| Environment | Host |\n|---|---|\n| Production | smtp.relay.example:587, deprecated |",
        "```yaml\nsmtp_host: smtp.relay.example\nsmtp_port: 587\n```", "- production: smtp.relay.example:70000", "",
    ])
    func whatIsNotClearIsUnknown(_ text: String) {
        #expect(Self.told(text) == ["SSOT-0124 1:1"])
    }

    /// Mail, the provider's file, the contract, the settings of production and what Odoo is set up with.
    @Test func allFiveContradictAndTheTransportIsUnknown() {
        let others = [
            "ssot/odoo/mail.yaml": Self.mail,
            "ssot/integrations/mailgun.yaml": "mailgun: {smtp: {host: smtp.relay.example, ports: {production: 587}}}",
            "ssot/runtime/prod_settings.yaml":
                "email: {provider: other, config: {smtp_host: smtp.third.example, smtp_port: 465}}",
            "config/odoo/mail_settings.yaml": "mail: {smtp_host: smtppro.fourth.example, smtp_port: 587}",
        ]
        var files = others
        files[Self.page] = "| Environment | Transport |\n|---|---|\n| PROD | smtp.relay.example:587 |\n"
        let state = read(files)
        let told = Set(state.diagnostics.filter { $0.code == "SSOT-0120" }.compactMap { $0.mark?.file })
        #expect(told == Set(files.keys).subtracting(["ssot/odoo/mail.yaml"]))
        #expect(state.scopes.contains("resource mail.transport/production"))
        // Why it is unknown names all of them.
        let scope = state.unknown.first { $0.extent == .resource(ResourceKey(.mailTransport, "production")) }
        #expect(scope?.isContradiction == true && scope?.trouble == "isn't clear")
        #expect(files.keys.allSatisfy { scope?.reason.contains("\($0):") == true }, "\(scope?.reason ?? "")")
        // Alone it wants nothing, and is no root.
        let alone = read([Self.page: files[Self.page] ?? "", Paths.environments: "environments: {}\n"])
        #expect(alone.resources.allSatisfy { $0.key.kind != .mailTransport })
    }

    @Test func itIsFetchedUnderAnyName() {
        #expect(BesideDocuments.paths(nil).contains(Self.page))
        let listed = BesideDocuments.paths(
            PathListing(["docs/contracts/C-MAIL-01.md", "docs/contracts/a/C-MAIL-01.md"]))
        #expect(listed.filter { $0.contains("C-MAIL") } == ["docs/contracts/C-MAIL-01.md"])
    }
}
