import Formats

extension SlackAccount {
    /// The app with its scopes, and the channels with nothing said in them.
    mutating func load(_ seen: Observation) {
        if let app = seen["app"].first {
            user = app.name
            team = app.text("team")
            if let list = app.attributes["bot_scopes"] { scopes = list.strings ?? scopes }
        }
        if !seen["channel"].isEmpty { channels = [] }
        for item in seen["channel"] {
            // The key may be as a document writes it.
            addChannel(String(item.name.lowercased().drop { $0 == "#" }), item.attributes)
            channels[channels.count - 1].object["id"] = .string(item.id)
        }
        changes += 1
    }
}
