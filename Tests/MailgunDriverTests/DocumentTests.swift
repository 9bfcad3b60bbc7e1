import Basics
import DesiredState
import Diff
import Formats
import SimulatorKit
import Testing

/// From the integration's document to the provider, and nothing left to do.
@Suite("What the documents want of Mailgun") struct DocumentTests {
    private static let mailgun = "ssot/integrations/mailgun.yaml"
    private static let mail = """
        production: {provider: mailgun_smtp, smtp_server: smtp.mailgun.org, smtp_port: 587, smtp_user: a@mg.example.com}

        """

    @Test("The domain is taken over as it is, URLs are added beside those of others, and a second plan is empty")
    func webhooks() async throws {
        let world = try MailgunWorld()
        let result = await world.engine.converge([
            "ssot/odoo/mail.yaml": Self.mail,
            Self.mailgun: """
            mailgun:
              domain: MG.example.com.
              status: active
              webhook: {url: "\(MailgunWorld.ours)", events: [permanent_fail, delivered]}

            """,
        ])
        #expect(result.state.diagnostics.isEmpty, "\(result.state.diagnostics)")
        let domain = try #require(result.state.resources.first { $0.key.kind == .mailgunDomain })
        #expect(domain["state"]?.value == .literal("active") && domain["sending_dns"]?.value == .literal("valid"))
        #expect(domain["sending_dns"]?.mark?.file == "ssot/odoo/mail.yaml" && domain.isProtected)
        #expect(
            SmallEngine.Convergence.lines(result.first) == [
                "adopt mailgun.domain/mg.example.com allowed",
                "create mailgun.webhook/mg.example.com/delivered/\(MailgunWorld.ours) allowed",
                "create mailgun.webhook/mg.example.com/permanent_fail/\(MailgunWorld.ours) allowed",
            ])
        #expect(result.failures.isEmpty, "\(result.failures)")
        #expect(SmallEngine.Convergence.lines(result.second) == [])
        #expect(world.urls("delivered") == ["https://others.example.com/hook", MailgunWorld.ours])
    }

    @Test(
        "What is not so, or isn't there, is blocked and says who can do it",
        arguments: [
            ("new.example.com", "adopt", "its DNS is mended"), ("none.example.com", "create", "add it at Mailgun"),
        ])
    func blocked(domain: String, action: String, why: String) async throws {
        let world = try MailgunWorld()
        let result = await world.engine.converge([
            Self.mailgun: "mailgun: {domain: \(domain), status: active, dns: {sending: valid}}\n"
        ])
        #expect(SmallEngine.Convergence.lines(result.first) == ["\(action) mailgun.domain/\(domain) blocked"])
        #expect(result.first.changes.first?.verdictReason?.contains(why) == true)
        #expect(result.inventory.isEmpty)
    }

    @Test("A webhook that no document says enough of makes none, and takes none away that is ours")
    func openWebhook() async throws {
        let world = try MailgunWorld()
        let whole = "mailgun: {domain: mg.example.com, webhook: {url: \"\(MailgunWorld.ours)\", events: [delivered]}}\n"
        let first = await world.engine.converge([Self.mailgun: whole])
        #expect(first.inventory.count == 2)
        let open = "mailgun: {domain: mg.example.com, webhook: {enabled: true, endpoint_ref: \"platform:x\"}}\n"
        let second = await world.engine.converge([Self.mailgun: open], first.inventory)
        #expect(
            SmallEngine.Convergence.lines(second.first) == [
                "read mailgun.webhook/mg.example.com/delivered/\(MailgunWorld.ours) blocked"
            ])
        #expect(world.urls("delivered").contains(MailgunWorld.ours))
    }
}
