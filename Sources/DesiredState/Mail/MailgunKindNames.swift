/// The kinds of Mailgun.
extension ResourceKind {
    /// Name: the domain, `mg.example.com`.
    public static let mailgunDomain = ResourceKind("mailgun.domain")
    /// Name: `domain/event/url`; one URL of an event, so that those of others in the same list stay theirs.
    public static let mailgunWebhook = ResourceKind("mailgun.webhook")
}
