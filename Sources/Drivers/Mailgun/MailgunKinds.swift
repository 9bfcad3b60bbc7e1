internal import Basics
internal import DesiredState
public import Diff
internal import Drivers
public import Formats

/// The kinds of this provider as data: how they compare, what they cost in requests, what can't be undone.
public enum MailgunKinds {
    /// The events that a URL can be called for.
    public static let events: Set<String> = [
        "accepted", "clicked", "complained", "delivered", "opened", "permanent_fail", "temporary_fail", "unsubscribed",
    ]
    /// The most URLs that an event has.
    public static let urlLimit = 3

    /// Every kind, sorted.
    public static let all: [KindSchema] = [domain, webhook]

    /// Only observed: a domain is added, verified and removed by people, for mail depends on its DNS.
    static let domain = KindSchema(
        kind: .mailgunDomain,
        attributes: [
            AttributeRule("state", requiresReplacement: true, normalise: MailgunNormal.lowercase),
            AttributeRule("sending_dns", requiresReplacement: true, normalise: MailgunNormal.lowercase),
            AttributeRule("receiving_dns", requiresReplacement: true, normalise: MailgunNormal.lowercase),
            AttributeRule("require_tls", requiresReplacement: true),
        ]
            + ["created_at", "id", "is_disabled", "type", "unverified_records"].map {
                AttributeRule($0, isComputed: true)
            },
        isStateful: true,
        hindrance: { action, attributes in
            switch action {
            case .create:
                "domains are not added from here: add it at Mailgun, verify it, and the next pass takes it over"
            case .adopt where attributes.isEmpty: nil
            case .adopt, .update, .replace: "its DNS is mended where its zone is, and verified at Mailgun"
            case .delete: "domains are never deleted from here: mail depends on them"
            case .noop, .forget, .read: nil
            }
        }, requests: { _, _ in 0 })

    static let webhook = KindSchema(
        kind: .mailgunWebhook,
        attributes: [AttributeRule("url", requiresReplacement: true, normalise: MailgunNormal.url)],
        isStateful: false, canonical: { name, _ in CanonicalName(WebhookName(name)?.normal ?? name) },
        requests: { action, _ in
            switch action {
            case .create: 3  // look, read the list, write it
            case .delete: 2
            case .replace: 5
            default: 0
            }
        })
}

/// Forms in which one thing can be written, each brought to one.
public enum MailgunNormal {
    /// URLs: scheme and host don't depend on capitals, and the usual port says nothing.
    public static let url: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value else { return value }
        return .string(WebAddress.normal(text))
    }

    public static let lowercase: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value else { return value }
        return .string(text.lowercased())
    }

    /// A domain without its final dot, in small letters.
    public static func domain(_ text: String) -> String {
        let lower = text.lowercased()
        return lower.hasSuffix(".") ? String(lower.dropLast()) : lower
    }
}

/// The parts of a webhook's key, `mg.example.com/delivered/https://ops.example.com/hooks/mailgun`.
struct WebhookName: Sendable {
    let domain: String
    let event: String
    let url: String

    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, !parts[0].isEmpty, MailgunKinds.events.contains(parts[1]),
            parts[2].hasPrefix("http://") || parts[2].hasPrefix("https://")
        else { return nil }
        (domain, event, url) = (parts[0], parts[1], parts[2])
    }

    /// Two names of one webhook have one of these.
    var normal: String { "\(MailgunNormal.domain(domain))/\(event)/\(WebAddress.normal(url))" }
}
