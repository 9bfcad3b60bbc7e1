import Basics
import Formats

extension GitHubReader {
    /// Reads `webhooks` of a repository: which addresses GitHub calls, and of what.
    ///
    /// The faults of a hook are its own. What makes the repository's entry doubtful makes its hooks doubtful too, for a
    /// line of it may have been one of theirs.
    func readHooks(_ entry: Fields, of repository: ResourceKey?) {
        let nodes = entry.nodes("webhooks") ?? []
        for node in nodes {
            let fields = Fields(node, "a webhook of \(entry.subject)", in: entry.file, report)
            let url = fields.text("url", required: true)
            if let url { fields.describe(as: "the webhook \(quoted(Self.shown(url.value))) of \(entry.subject)") }
            let events = fields.texts("events", required: true)
            var attributes = WantedAttribute.of("events", set: events, at: fields.mark(of: "events"))
            attributes += WantedAttribute.of("active", fields.flag("active"))
            attributes += WantedAttribute.of("content_type", fields.word("content_type", of: ["json", "form"]))
            attributes += secret(fields)
            check(url, events, fields)
            fields.finish()
            // Under an address with a secret it has no name that may be shown.
            let address = url.flatMap { Self.holdsSecret($0.value) ? nil : $0 }
            let key = address.flatMap { url in repository.map { ResourceKey(.gitHubHook, "\($0.name)/\(url.value)") } }
            if url == nil, let cause = fields.fault { doubt(.gitHubLabel, under: "labels", of: entry, cause) }
            guard drafts.isSound(fields, key, .gitHubHook), let key, let repository else { continue }
            var draft = Draft(key, attributes, source: node.mark(in: entry.file), dependsOn: [repository])
            draft.isProtected = true
            add(draft)
        }
    }

    /// Where a list stands that would follow another one: what can't be told in that may have slid into it, as the line
    /// with its own key was lost.
    func doubt(_ kind: ResourceKind, under key: String, of entry: Fields, _ cause: Cause) {
        if entry.node(key) == nil { report.keep(.kind(kind), cause) }
    }

    /// Where its secret is; the value itself never stands in a document.
    private func secret(_ fields: Fields) -> [WantedAttribute] {
        if let entry = fields.entry("secret") {
            fields.fail(
                .wrongType, "\(fields.subject) holds a secret", at: entry.keyMark(in: fields.file),
                hint: "Write `secret_from: env:NAME` or `file:PATH`, and replace the secret if it was a real one.")
        }
        return fields.reference("secret_from")
    }

    private func check(_ url: Text?, _ events: [Text]?, _ fields: Fields) {
        if let url {
            let rest = url.value.hasPrefix("https://") ? url.value.dropFirst("https://".count) : ""
            let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            if host.isEmpty || host.contains("@") || url.value.utf8.contains(where: { $0 <= 32 || $0 > 126 }) {
                fields.fail(
                    .invalidAddress, "\(fields.subject) can't be called", at: url.mark,
                    hint: "Write an address that begins with `https://`, without blanks and without a password.")
            }
            if Self.holdsSecret(url.value) {
                fields.fail(
                    .pastedSecret, "\(fields.subject) holds a secret in its address", at: url.mark,
                    hint: "Take it out of the address, write `secret_from: env:NAME` or `file:PATH` in its place, and "
                        + "replace the secret if it was a real one: an address is shown in plans and in messages.")
            }
        }
        if let events, events.isEmpty {
            fields.fail(
                .missingKey, "\(fields.subject) is for no event", at: fields.mark(of: "events") ?? fields.mark,
                hint: "Write what it is called for: `events: [push, pull_request]`.")
        }
        for event in events ?? [] where !Self.isEvent(event.value) {
            fields.fail(
                .unknownWord, "\(fields.subject) is for the event \(quoted(event.value))", at: event.mark,
                hint: "Write events as GitHub names them: small letters and underscores, or `\"*\"` for all.")
        }
    }

    private static func isEvent(_ text: String) -> Bool {
        text == "*" || !text.isEmpty && text.utf8.allSatisfy { (97...122).contains($0) || $0 == 95 }
    }

    /// Whether an address has a parameter that is called as secrets are: `?token=…`.
    private static func holdsSecret(_ url: String) -> Bool {
        guard let query = url.firstIndex(of: "?") else { return false }
        return url[url.index(after: query)...].split(whereSeparator: { "&;#".contains($0) }).contains { item in
            let parts = item.split(separator: "=", maxSplits: 1)
            return parts.count == 2 && Redaction.namesSecret(String(parts[0]))
        }
    }

    /// An address without what may be a key in it.
    private static func shown(_ url: String) -> String {
        let bare = url.prefix { $0 != "?" && $0 != "#" }
        return bare.contains("@") ? "https://…" : String(bare)
    }
}
