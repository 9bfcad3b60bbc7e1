import Basics
import Formats

/// What the documents on mail say, held against each other.
struct MailReading {
    var transports: [MailTransport] = []
    var drafts: [Draft] = []
    /// The users of what goes through Mailgun, `no-reply@mg.example.com`.
    var senders: [Text] = []
}

/// Reads `odoo/mail.yaml`, `integrations/mailgun.yaml`, the mail of `runtime/prod_settings.yaml`, the servers of
/// `config/odoo/mail_settings.yaml`, and the contract on mail.
struct MailReader {
    /// What one place says of the mail of some tiers.
    struct Statement {
        let tiers: [Tier]
        let file: String
        var provider: Text?
        var host: Text?
        var port: (value: Int64, mark: SourceMark)?
        var security: (value: MailTransport.Security, mark: SourceMark)?
        var user: Text?
        var credential: Text?
        var isCaught = false
        /// The line that says whether it is caught; nil where none does.
        var catchMark: SourceMark?
        /// Whether nothing follows from it: it can only contradict.
        var isAside = false
        var fault: Cause?
        let source: SourceMark

        /// `smtp.example.com:587`, as far as it is said.
        var address: String { "\(host?.value ?? "any host"):\(port.map { String($0.value) } ?? "any port")" }
    }

    static let others: [Tier] = [.staging, .dev, .preview]
    /// What Odoo's servers of outgoing mail are set to, from the top of the repository, without its ending.
    static let besideSettings = "config/odoo/mail_settings"
    private static let sections = ["non_production", "production", "staging", "development", "preview"]

    let report: Report
    var statements: [Statement] = []
    private var mustCatch: SourceMark?

    static func read(_ library: inout Library, _ report: Report) -> MailReading {
        var reader = MailReader(report: report)
        if let document = library.document(.mail), let root = document.root { reader.readMail(root, document.path) }
        if let document = library.document(.mailgun), let root = document.root {
            reader.readMailgun(root, document.path)
        }
        if let document = library.document(.productionSettings), let root = document.root {
            reader.readSettings(root, document.path)
        }
        // What Odoo is set up with follows from the others: it wants nothing, and may contradict them.
        if let document = library.take(besideSettings, domain: "mail", scopes: [], report), let root = document.root {
            reader.readServers(root, document.path)
        }
        for path in library.filesBeside.filter(MailPage.isOne).sorted(by: { $0.precedesByBytes($1) }) {
            if case .bytes(let bytes) = library.file(at: path)?.content { reader.readPage(bytes, path) }
        }
        for path in library.filesBeside.filter(MailRules.isOne).sorted(by: { $0.precedesByBytes($1) }) {
            if case .bytes(let bytes) = library.file(at: path)?.content {
                reader.compare(MailRules.replacements(in: bytes, path))
            }
        }
        return reader.reading()
    }

    private init(report: Report) { self.report = report }

    // MARK: Documents

    private mutating func readMail(_ root: Node, _ file: String) {
        let fields = Fields(root, "the mail document", in: file, report)
        for key in fields.keys {
            let tiers = key == "non_production" ? Self.others : Tier(alias: key).map { [$0] } ?? []
            if tiers.isEmpty, closest(to: key, among: Self.sections) != nil {
                let cause = report.warning(
                    .unknownKey, "the mail document has the unknown section \(quoted(key))",
                    at: fields.mark(of: key),
                    hint: didYouMean(key, among: Self.sections, else: "Remove it.")
                        + " Until that is clear, the mail of all tiers is left alone.")
                lose(Tier.allCases, cause)
            }
            guard !tiers.isEmpty, let section = fields.fields(key) else {
                if let cause = fields.broken[key] { lose(tiers, cause) }
                continue
            }
            var statement = Statement(tiers: tiers, file: file, source: section.mark)
            statement.provider = section.text("provider")
            statement.host = section.text("smtp_server", required: true)
            statement.port = section.integer("smtp_port", required: true, in: 1...65_535)
            statement.user = section.text("smtp_user")
            statement.credential = section.text("smtp_password_secret")
            statement.security = security(section)
            _ = section.text("email_from")
            let policy = section.fields("policy")
            let catches = policy?.flag("enforce_catcher_routing")
            statement.isCaught = statement.provider.map { $0.value.contains("catcher") } ?? (catches?.value == true)
            statement.catchMark = statement.provider?.mark ?? catches?.mark
            if catches?.value == true { mustCatch = mustCatch ?? catches?.mark }
            if let policy { section.absorb(policy) }
            statement.fault = section.fault
            statements.append(statement)
        }
        var cause = fields.keys.isEmpty ? fields.fault : nil
        if fields.fault == nil, !fields.keys.contains(where: Self.isSection) {
            cause = report.warning(
                .missingKey, "the mail document has no section of a tier", at: fields.mark,
                hint: "Write \(alternatives(Self.sections)) at its top; until then mail is left alone.")
        }
        if let cause { report.unknown(.kind(.mailTransport), cause) }
    }

    /// Whether a key is, or may be meant as, the section of a tier.
    private static func isSection(_ key: String) -> Bool {
        key == "non_production" || Tier(alias: key) != nil || closest(to: key, among: sections) != nil
    }

    private func security(_ section: Fields) -> (value: MailTransport.Security, mark: SourceMark)? {
        guard let text = section.word("smtp_ssl", of: ["none", "starttls", "ssl", "tls"]),
            let value = MailTransport.Security(rawValue: text.value == "tls" ? "ssl" : text.value)
        else { return nil }
        return (value, text.mark)
    }

    private mutating func readMailgun(_ root: Node, _ file: String) {
        guard let node = root["mailgun"]?.value, let smtp = node["smtp"]?.value else { return }
        let fields = Fields(smtp, "`smtp` of the Mailgun integration", in: file, report)
        let host = fields.text("host")
        let policy = fields.fields("policy")
        let catches = policy?.flag("non_prod_must_use_catcher")
        // Port 25 is forbidden whatever it says.
        _ = policy?.flag("port_25_forbidden")
        if catches?.value == true { mustCatch = mustCatch ?? catches?.mark }
        guard let ports = fields.fields("ports") else { return }
        let sections: [(String, [Tier])] = [("production", [.production]), ("staging_dev", Self.others)]
        for (key, tiers) in sections {
            guard let port = ports.integer(key, in: 1...65_535) else { continue }
            var statement = Statement(tiers: tiers, file: file, source: port.mark)
            statement.host = host
            statement.port = port
            statement.isCaught = tiers != [.production] && catches?.value == true
            statement.catchMark = catches?.mark
            statements.append(statement)
        }
        compareEvidence(node, file)
    }

    /// The evidence that the integration cites for production went another way than it says.
    private func compareEvidence(_ node: Node, _ file: String) {
        guard let own = statements.last(where: { $0.file == file && $0.tiers == [.production] }),
            let proof = node["e2e_evidence_anchor"]?.value["transport"]?.value, let text = proof.scalar?.text,
            text != own.address
        else { return }
        report.warning(
            .mailDisagreement,
            "the evidence of the Mailgun integration went through \(quoted(text)), and production is said to use "
                + quoted(own.address),
            at: proof.mark(in: file), hint: "Make both say the same.",
            notes: [Diagnostic.Note("the port of production is here", at: own.source)])
    }

    private mutating func readSettings(_ root: Node, _ file: String) {
        guard let node = root["email"]?.value else { return }
        let fields = Fields(node, "`email` of the production settings", in: file, report)
        guard let config = fields.fields("config") else { return }
        var statement = Statement(tiers: [.production], file: file, source: fields.mark)
        statement.provider = fields.text("provider")
        statement.host = config.text("smtp_host")
        statement.port = config.integer("smtp_port", in: 1...65_535)
        if statement.host != nil || statement.port != nil { statements.append(statement) }
    }

    /// What the contract on mail says; like what Odoo is set up with, it wants nothing and may contradict.
    private mutating func readPage(_ bytes: [UInt8], _ file: String) {
        let claims = MailPage.claims(of: bytes)
        if claims.isEmpty {
            report.note(
                .unclearMailPage, "no way of mail was recognised in \(file), so it is not held against the others",
                at: SourceMark(file: file, line: 1, column: 1),
                hint: "Write a table of environment, host and port, or `- production: smtp.example.com:587`.")
        }
        for claim in claims {
            let mark = SourceMark(file: file, line: claim.line, column: claim.column)
            var statement = Statement(tiers: [claim.tier], file: file, source: mark)
            statement.host = claim.host.map { Text(value: $0, mark: mark) }
            statement.port = (claim.port, mark)
            statement.isAside = true
            statements.append(statement)
        }
    }

    // MARK: Together

    private func lose(_ tiers: [Tier], _ cause: Cause) {
        for tier in tiers { report.unknown(.resource(ResourceKey(.mailTransport, tier.rawValue)), cause) }
    }

    private func reading() -> MailReading {
        var reading = MailReading()
        reading.senders = statements.filter { $0.host?.value.lowercased().hasSuffix(".mailgun.org") == true }
            .compactMap(\.user)
        for statement in statements {
            guard let port = statement.port, port.value == 25 else { continue }
            lose(
                statement.tiers,
                report.error(
                    .forbiddenPort, "\(statement.file) sends mail through port 25", at: port.mark,
                    hint: "Use 587 or 2525: providers block port 25, and mail on it is not encrypted."))
        }
        for tier in Tier.allCases {
            // A section of its own counts before the one for all but production.
            let own = statements.filter { $0.tiers == [tier] }
            let shared = statements.filter { $0.tiers.contains(tier) && $0.tiers != [tier] }
            let said = own.isEmpty ? shared : own + shared.filter { other in !own.contains { $0.file == other.file } }
            let deciding = said.filter { !$0.isAside }
            guard let first = deciding.first(where: { $0.credential != nil }) ?? deciding.first else { continue }
            if let cause = first.fault { lose([tier], cause) }
            let others = said.filter { $0.source != first.source && contradicts($0, first, tier) }
            if let other = others.first { lose([tier], contradiction([first] + others, tier, at: other)) }
            if tier != .production { checkCatcher(first, tier) }
            let key = ResourceKey(.mailTransport, tier.rawValue)
            guard !report.isUnknown(.resource(key)), !report.isUnknown(.kind(.mailTransport)), let host = first.host,
                let port = first.port
            else { continue }
            reading.transports.append(
                MailTransport(
                    tier: tier, provider: first.provider?.value, host: host.value, port: Int(port.value),
                    security: first.security?.value, user: first.user?.value, credential: first.credential?.value,
                    isCaught: first.isCaught, source: first.source))
            reading.drafts.append(Draft(key, attributes(of: first, host, port), source: first.source))
        }
        return reading
    }

    private func attributes(
        of statement: Statement, _ host: Text, _ port: (value: Int64, mark: SourceMark)
    ) -> [WantedAttribute] {
        var attributes = [
            WantedAttribute("host", .literal(.string(host.value)), at: host.mark),
            WantedAttribute("port", .literal(.int(port.value)), at: port.mark),
            WantedAttribute(
                "is_caught", .literal(.bool(statement.isCaught)), at: statement.catchMark ?? statement.source),
        ]
        if let security = statement.security {
            attributes.append(
                WantedAttribute("security", .literal(.string(security.value.rawValue)), at: security.mark))
        }
        for (name, text) in [("user", statement.user), ("credential_id", statement.credential)] {
            if let text { attributes.append(WantedAttribute(name, .literal(.string(text.value)), at: text.mark)) }
        }
        return attributes
    }

    /// Why nobody can tell where the mail of a tier goes: all that is said of it.
    private func contradiction(_ statements: [Statement], _ tier: Tier, at place: Statement) -> Cause {
        let said = statements.map { "\($0.host?.mark ?? $0.source) says \(quoted($0.address))" }
        return Cause(
            code: Code.mailDisagreement.rawValue,
            reason: "documents contradict each other on the mail of \(tier.rawValue): \(said.joined(separator: ", "))",
            mark: place.host?.mark ?? place.source)
    }

    /// Where two documents send the mail of a tier different ways, none is taken; each is told.
    private func contradicts(_ other: Statement, _ first: Statement, _ tier: Tier) -> Bool {
        let differs =
            other.host.map { a in first.host.map { HostName.normal($0.value) != HostName.normal(a.value) } ?? false }
            ?? false
        let portDiffers = other.port.map { a in first.port.map { $0.value != a.value } ?? false } ?? false
        guard differs || portDiffers else { return false }
        let who = tier == .production ? "production" : "all but production"
        report.warning(
            .mailDisagreement,
            "\(other.file) sends the mail of \(who) through \(quoted(other.address)), and \(first.file) through "
                + quoted(first.address),
            at: (differs ? other.host?.mark : other.port?.mark) ?? other.source,
            hint: "Decide which is right and make both say the same; until then the transport is left alone.",
            notes: [Diagnostic.Note("the other is here", at: first.host?.mark ?? first.source)])
        return true
    }

    private func checkCatcher(_ statement: Statement, _ tier: Tier) {
        if let mustCatch, !statement.isCaught {
            lose(
                [tier],
                report.error(
                    .catcherRequired, "the mail of \(tier.rawValue) is delivered, and has to be caught",
                    at: statement.provider?.mark ?? statement.source,
                    hint: "Use a provider that catches mail: what leaves a test reaches people.",
                    notes: [Diagnostic.Note("the policy is here", at: mustCatch)]))
        }
        let production = statements.first { $0.tiers == [.production] && $0.credential != nil }
        guard let credential = statement.credential, let real = production?.credential,
            credential.value == real.value
        else { return }
        lose(
            Self.others,
            report.error(
                .catcherRequired, "mail outside of production uses the credential \(quoted(credential.value)) of it",
                at: credential.mark, hint: "Give it a credential of its own.",
                notes: [Diagnostic.Note("production uses it here", at: real.mark)]))
    }
}
