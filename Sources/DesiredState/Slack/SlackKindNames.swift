/// The kinds of Slack beside its apps.
extension ResourceKind {
    /// Name: the channel's name, without `#`; only looked at.
    public static let slackChannel = ResourceKind("slack.channel")
}
