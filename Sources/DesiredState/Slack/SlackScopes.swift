import Basics

/// The scopes that Slack knows, so that one written nearly as one of them is told.
///
/// Slack adds some every year: one that is near to none of these may be right.
enum SlackScopes {
    static func check(_ scopes: [Text], of app: Fields, _ report: Report) {
        for scope in scopes where !known.contains(scope.value) {
            guard let meant = closest(to: scope.value, among: known) else { continue }
            report.warning(
                .unknownWord, "\(app.subject) asks for the scope \(quoted(scope.value)), which Slack doesn't know",
                at: scope.mark, hint: "Did you mean `\(meant)`?")
        }
    }

    /// What may be done with each sort of thing.
    private static let actions: [(things: [String], actions: [String])] = [
        (
            [
                "admin.apps", "admin.barriers", "admin.conversations", "admin.invites", "admin.roles", "admin.teams",
                "admin.usergroups", "admin.users", "admin.workflows", "bookmarks", "calls", "canvases", "channels",
                "dnd",
                "files", "groups", "im", "links", "lists", "mpim", "pins", "reactions", "reminders", "remote_files",
                "stars", "triggers", "usergroups", "users", "users.profile", "conversations.connect", "conversations",
            ], ["read", "write"]
        ),
        (
            [
                "admin.analytics", "app_mentions", "auditlogs", "authorizations", "emoji", "metadata.message", "search",
                "team", "team.billing", "team.preferences",
            ], ["read"]
        ),
        (["channels", "groups", "im", "mpim", "conversations"], ["history", "write.topic"]),
        (["channels", "groups", "mpim"], ["write.invites", "manage", "join"]),
        (["conversations.connect"], ["manage"]), (["assistant", "chat", "links.embed"], ["write"]),
        (["chat:write"], ["bot", "user"]), (["remote_files"], ["share"]), (["workflow.steps"], ["execute"]),
        (["app_configurations"], ["read", "write"]), (["connections", "hosting", "datastore"], ["read", "write"]),
        (["search:read.public", "search:read.private", "search:read.im", "search:read.mpim", "search:read.files"], []),
    ]

    private static let known: Set<String> = Set(
        actions.flatMap { group in
            group.actions.isEmpty
                ? group.things : group.things.flatMap { thing in group.actions.map { "\(thing):\($0)" } }
        } + [
            "admin", "bot", "chat:write.customize", "chat:write.public", "client", "commands", "email",
            "files:write:user",
            "flows", "identify", "identity.avatar", "identity.basic", "identity.email", "identity.team",
            "incoming-webhook", "openid", "profile", "rtm:stream", "tokens.basic", "users:read.email",
        ])
}
