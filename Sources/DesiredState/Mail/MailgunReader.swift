import Basics
import Formats

/// Reads what is wanted of Mailgun itself: `integrations/mailgun.yaml`, and who sends through it.
struct MailgunReader {
    let file: String
    let drafts: DraftSet
    private var report: Report { drafts.report }

    /// The events for which a URL can be called.
    private static let events = [
        "accepted", "clicked", "complained", "delivered", "opened", "permanent_fail", "temporary_fail", "unsubscribed",
    ]

    /// Reads it, after the functions of Supabase are among the drafts: a webhook may be aimed at one.
    ///
    /// The senders are the users of transports that go through Mailgun, `no-reply@mg.example.com`.
    static func read(_ library: Library, senders: [Text], _ drafts: DraftSet) {
        guard let document = library.document(.mailgun), let root = document.root else { return }
        MailgunReader(file: document.path, drafts: drafts).read(root, senders)
    }

    private func read(_ root: Node, _ senders: [Text]) {
        let fields = Fields(root, "the Mailgun integration", in: file, report)
        guard let entry = fields.fields("mailgun") else {
            fields.finishLeniently()
            if let cause = fields.fault { lose(cause) }
            return
        }
        let domain = entry.text("domain").map { Text(value: Self.normal($0.value), mark: $0.mark) }
        // What isn't there yet is not missed.
        let status = entry.text("status")
        let isWanted = status.map { $0.value == "active" } ?? true
        if let domain, !Address.isHostName(domain.value) || !domain.value.contains(".") {
            entry.fail(
                .invalidName, "Mailgun's domain is \(quoted(domain.value)), which is no domain name", at: domain.mark,
                hint: "Write the domain that mail is sent from: `mg.example.com`.", key: "domain")
        }
        let attributes = state(entry, domain, status, senders)
        let webhook = entry.fields("webhook")
        entry.finishLeniently()
        if let cause = fields.fault ?? entry.fault {
            // Whose webhooks these are, and which, can't be told either.
            if domain == nil || entry.hasDuplicates || entry.broken["domain"] != nil { lose(cause) }
            if let domain { drafts.lose(ResourceKey(.mailgunDomain, domain.value), cause, at: entry.mark) }
            report.unknown(.kind(.mailgunWebhook), cause)
            return
        }
        guard isWanted, let domain else { return }
        var draft = Draft(ResourceKey(.mailgunDomain, domain.value), attributes, source: domain.mark)
        draft.isProtected = true
        drafts.add(draft)
        if let webhook { readWebhook(webhook, draft.key) }
    }

    private func lose(_ cause: Cause) { report.unknown(kinds: [.mailgunDomain, .mailgunWebhook], cause) }

    private static func normal(_ domain: String) -> String {
        let lower = domain.lowercased()
        return lower.hasSuffix(".") ? String(lower.dropLast()) : lower
    }

    // MARK: The domain

    private func state(_ entry: Fields, _ domain: Text?, _ status: Text?, _ senders: [Text]) -> [WantedAttribute] {
        var attributes: [WantedAttribute] = []
        if let status, status.value == "active" { attributes += WantedAttribute.of("state", status) }
        attributes += WantedAttribute.of("require_tls", entry.flag("require_tls"))
        var sending: Text?
        if let dns = entry.fields("dns") {
            let states = ["valid", "unverified", "none"]
            sending = dns.word("sending", of: states)
            attributes += WantedAttribute.of("receiving_dns", dns.word("receiving", of: states))
            dns.finishLeniently()
            entry.absorb(dns)
        }
        for sender in senders {
            guard let at = sender.value.lastIndex(of: "@"), let domain else { continue }
            let own = Self.normal(String(sender.value[sender.value.index(after: at)...]))
            guard own == domain.value else {
                report.warning(
                    .mailDisagreement,
                    "mail is sent through Mailgun as \(quoted(sender.value)), and Mailgun's domain is "
                        + quoted(domain.value),
                    at: sender.mark, hint: "Make both say the same.",
                    notes: [Diagnostic.Note("the domain is here", at: domain.mark)])
                continue
            }
            // Mail that is sent from the domain is refused elsewhere while its records aren't right.
            sending = sending ?? Text(value: "valid", mark: sender.mark)
        }
        return attributes + WantedAttribute.of("sending_dns", sending)
    }

    // MARK: Webhooks

    private func readWebhook(_ entry: Fields, _ domain: ResourceKey) {
        let isEnabled = entry.flag("enabled")?.value ?? true
        let url = entry.text("url")
        let reference = entry.text("endpoint_ref")
        let events = entry.texts("events")
        entry.finishLeniently()
        for event in events ?? [] where !Self.events.contains(event.value) {
            entry.fail(
                .unknownWord, "Mailgun's webhook is for the event \(quoted(event.value))", at: event.mark,
                hint: didYouMean(event.value, among: Self.events, else: "Write \(alternatives(Self.events))."))
        }
        if let url, !url.value.hasPrefix("https://") || url.value.utf8.contains(where: { $0 <= 32 || $0 > 126 }) {
            entry.fail(
                .invalidAddress, "Mailgun's webhook goes to \(quoted(url.value))", at: url.mark,
                hint: "Write an address that begins with `https://`, without blanks.")
        }
        if let cause = entry.fault {
            report.unknown(.kind(.mailgunWebhook), cause)
            return
        }
        guard isEnabled else { return }
        let target = url ?? function(reference)
        guard let target, let events, !events.isEmpty else {
            let what = target == nil ? "where it goes" : "for which events it is"
            let reason = "Mailgun's webhook is enabled, but no document says \(what)"
            report.note(
                .openWebhook, reason, at: entry.mark,
                hint: "Write `url` (or an `endpoint_ref` to a function that `convergence.yaml` requires) and `events`. "
                    + "Until then webhooks are left as they are.")
            report.keep(
                .kind(.mailgunWebhook), Cause(code: Code.openWebhook.rawValue, reason: reason, mark: entry.mark))
            return
        }
        for event in Set(events.map(\.value)).sorted(by: { $0.precedesByBytes($1) }) {
            var draft = Draft(
                ResourceKey(.mailgunWebhook, "\(domain.name)/\(event)/\(target.value)"), source: target.mark,
                dependsOn: [domain])
            draft.isProtected = true
            drafts.add(draft)
        }
    }

    /// The address of `platform:FUNCTION`, where that is a function of the Supabase project that environments need.
    private func function(_ reference: Text?) -> Text? {
        guard let reference, reference.value.hasPrefix("platform:") else { return nil }
        let name = String(reference.value.dropFirst("platform:".count))
        let wanted = drafts.drafts[ResourceKey(.supabaseFunction, name)]?.attributes.first { $0.name == "project_ref" }
        guard case .literal(.string(let project))? = wanted?.value else { return nil }
        return Text(value: "https://\(project).supabase.co/functions/v1/\(name)", mark: reference.mark)
    }
}
