internal import DesiredState
public import Diff
public import Formats

/// The kinds of this provider as data: how they compare, what they cost in requests, what can't be undone.
public enum SlackKinds {
    /// Every kind, sorted.
    public static let all: [KindSchema] = [app, channel]

    /// Scopes come with an installation, which only people can do; all else of an app no token can see.
    static let app = KindSchema(
        kind: .slackApp,
        attributes: [
            AttributeRule(
                "bot_scopes", .contains, requiresReplacement: true, normalise: SlackNormal.names)
        ]
            + unseen(["ack_within_ms", "commands", "events", "socket_mode", "user_scopes"])
            + unseen(endpoints.map { "endpoints.\($0)" })
            + ["bot_id", "team", "team_id", "user_id"].map { AttributeRule($0, isComputed: true) },
        isStateful: true,
        hindrance: {
            hindrance(
                $0, $1, making: "apps are made by people at https://api.slack.com/apps",
                changing:
                    "scopes come with an installation: change them at https://api.slack.com/apps and install it again")
        }, requests: { _, _ in 0 })

    static let channel = KindSchema(
        kind: .slackChannel,
        attributes: [
            AttributeRule("is_archived", requiresReplacement: true),
            AttributeRule("is_member", requiresReplacement: true),
            AttributeRule("is_private", requiresReplacement: true),
        ] + ["id"].map { AttributeRule($0, isComputed: true) },
        isStateful: true,
        hindrance: {
            hindrance(
                $0, $1, making: "make the channel in Slack; a private one also has to have the app in it to be seen",
                changing: "channels belong to people: invite the app, or change the channel in Slack")
        }, requests: { _, _ in 0 })

    /// Both kinds are only looked at.
    private static func hindrance(
        _ action: ChangeAction, _ attributes: [String], making: String, changing: String
    ) -> String? {
        switch action {
        case .create: making
        case .adopt where attributes.isEmpty: nil
        case .adopt, .update, .replace: changing
        case .delete: "it is never deleted from here"
        case .noop, .forget, .read: nil
        }
    }

    /// What requests of Slack can be sent to.
    private static let endpoints = [
        "action", "command", "commands", "events", "interactions", "interactive", "interactivity",
        "oauth",
        "oauth_callback", "options", "slash_commands", "team_oauth_callback", "user_oauth_callback",
    ]

    private static func unseen(_ names: [String]) -> [AttributeRule] {
        names.map { AttributeRule($0, isWriteOnly: true) }
    }
}

/// Forms in which one thing can be written, each brought to one.
public enum SlackNormal {
    /// Lists of scopes: small letters, no blanks around them.
    public static let names: @Sendable (Value) -> Value = { value in
        guard case .list(let items) = value else { return value }
        return .list(
            items.map { item in
                guard case .string(let text) = item else { return item }
                return .string(text.lowercased().filter { $0 != " " })
            })
    }

    /// A channel's name: `#Ops` is `ops`.
    public static func channel(_ text: String) -> String {
        var name = text.lowercased()
        if name.hasPrefix("#") { name.removeFirst() }
        return name
    }

    /// A text as it comes back: Slack writes `&`, `<` and `>` of a text as entities.
    public static func text(_ text: String) -> String {
        text.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&amp;", with: "&")
    }

    /// An app's name as one word: `Ops Agent`, `ops-agent` and `ops_agent` are one.
    public static func app(_ text: String) -> String {
        String(text.lowercased().filter { $0.isLetter || $0.isNumber })
    }
}
