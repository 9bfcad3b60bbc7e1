import Basics
import Formats
import Web

extension SlackAccount {
    // MARK: Channels

    func listChannels(_ request: SimulatedRequest) -> WebResponse {
        let types = (argument("types", request) ?? "public_channel").split(separator: ",").map(String.init)
        let visible = channels.filter { channel in
            let isPrivate = channel.object["is_private"] == true
            if argument("exclude_archived", request) == "true", channel.object["is_archived"] == true { return false }
            // Private ones are only seen from inside.
            if isPrivate, channel.object["is_member"] != true { return false }
            return types.contains(isPrivate ? "private_channel" : "public_channel")
        }
        let limit = argument("limit", request).flatMap { Int($0) } ?? 100
        guard (1...1_000).contains(limit) else { return Self.no("invalid_limit") }
        let start = argument("cursor", request).flatMap { cursor in
            cursor.hasPrefix("next:") ? Int(cursor.dropFirst(5)) : nil
        }
        if argument("cursor", request)?.isEmpty == false, start == nil { return Self.no("invalid_cursor") }
        let first = min(max(0, start ?? 0), visible.count)
        let end = min(first + limit, visible.count)
        let next = end < visible.count ? "next:\(end)" : ""
        return Self.yes([
            "channels": .list(visible[first..<end].map { .object($0.object) }),
            "response_metadata": .members(["next_cursor": .string(next)]),
        ])
    }

    private func place(_ text: String?) -> Int? {
        guard let text else { return nil }
        let name = text.hasPrefix("#") ? String(text.dropFirst()) : text
        return channels.firstIndex { $0.id == text || $0.object["name"] == .string(name) }
    }

    // MARK: Messages

    /// Newest first; `oldest` and `latest` leave themselves out.
    func history(_ request: SimulatedRequest) -> WebResponse {
        guard let place = place(argument("channel", request)) else { return Self.no("channel_not_found") }
        if channels[place].object["is_member"] != true { return Self.no("not_in_channel") }
        let limit = argument("limit", request).flatMap { Int($0) } ?? 100
        let isInclusive = ["true", "1"].contains(argument("inclusive", request) ?? "")
        let oldest = argument("oldest", request) ?? "0"
        let latest = argument("latest", request)
        let found = channels[place].messages.reversed().filter { message in
            let ts = message["ts"]?.stringValue ?? ""
            if isInclusive, ts == oldest || ts == latest { return true }
            return Self.precedes(oldest, ts) && latest.map { Self.precedes(ts, $0) } ?? true
        }
        let page = found.prefix(max(1, min(limit, 1_000)))
        return Self.yes([
            "messages": .list(page.map { .object($0) }), "has_more": .bool(page.count < found.count), "pin_count": 0,
            "channel_actions_ts": 0, "channel_actions_count": 0,
        ])
    }

    /// Seconds and microseconds, as text of any length.
    private static func precedes(_ a: String, _ b: String) -> Bool { number(a) < number(b) }

    private static func number(_ ts: String) -> Int64 {
        let parts = ts.split(separator: ".", omittingEmptySubsequences: false)
        let rest = parts.count > 1 ? String(parts[1].prefix(6)) : ""
        let micros = Int64(rest + String(repeating: "0", count: 6 - rest.utf8.count)) ?? 0
        return (Int64(parts[0]) ?? 0) &* 1_000_000 &+ micros
    }

    mutating func post(_ request: SimulatedRequest) -> WebResponse {
        guard let place = place(argument("channel", request)) else { return Self.no("channel_not_found") }
        if let refusal = refusal(of: place, argument("text", request)) { return refusal }
        guard let blocks = blocks(request) else { return Self.no("invalid_blocks_format") }
        let message = add(argument("text", request) ?? "", blocks: blocks, to: place, isOurs: true)
        changes += 1
        return Self.yes([
            "channel": .string(channels[place].id), "ts": message["ts"] ?? "", "message": .object(message),
        ])
    }

    mutating func update(_ request: SimulatedRequest) -> WebResponse {
        // A name is not enough here.
        guard let place = channels.firstIndex(where: { $0.id == argument("channel", request) }) else {
            return Self.no("channel_not_found")
        }
        if let refusal = refusal(of: place, argument("text", request)) { return refusal }
        let ts = Value.string(argument("ts", request) ?? "")
        guard let index = channels[place].messages.firstIndex(where: { $0["ts"] == ts }) else {
            return Self.no("message_not_found")
        }
        guard channels[place].messages[index]["bot_id"] == .string(botID) else {
            return Self.no("cant_update_message")
        }
        guard let blocks = blocks(request) else { return Self.no("invalid_blocks_format") }
        let text = Value.string(Self.escaped(argument("text", request) ?? ""))
        channels[place].messages[index]["text"] = text
        if !blocks.isEmpty { channels[place].messages[index]["blocks"] = .list(blocks) }
        changes += 1
        return Self.yes([
            "channel": .string(channels[place].id), "ts": ts, "text": text, "message": .members(["text": text]),
        ])
    }

    private func refusal(of place: Int, _ text: String?) -> WebResponse? {
        if channels[place].object["is_archived"] == true { return Self.no("is_archived") }
        if channels[place].object["is_member"] != true { return Self.no("not_in_channel") }
        guard let text, !text.isEmpty else { return Self.no("no_text") }
        return text.count > 40_000 ? Self.no("msg_too_long") : nil
    }

    /// The blocks of a message, which come as text; nil when they are none.
    private func blocks(_ request: SimulatedRequest) -> [Value]? {
        guard let text = argument("blocks", request) else { return [] }
        do throws(JSONFault) {
            let list = try JSON.parse(text).listValue
            return list?.allSatisfy { $0["type"]?.stringValue != nil } == true ? list : nil
        } catch {
            return nil
        }
    }

    @discardableResult
    private mutating func add(_ text: String, blocks: [Value], to place: Int, isOurs: Bool) -> Value.Object {
        lastTS = max(lastTS + 1, now.microseconds)
        let rest = String(lastTS % 1_000_000)
        let ts = "\(lastTS / 1_000_000)." + String(repeating: "0", count: 6 - rest.count) + rest
        var message: Value.Object = [
            "type": "message", "text": .string(Self.escaped(text)), "ts": .string(ts),
            "user": .string(isOurs ? userID : SimulatedID.capitals("U", seed: seedNumber, 1)),
        ]
        if isOurs { message["bot_id"] = .string(botID) }
        if !blocks.isEmpty { message["blocks"] = .list(blocks) }
        channels[place].messages.append(message)
        return message
    }

    /// `&`, `<` and `>` come back as entities, but where they are ones or mark a link.
    private static func escaped(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let character = rest.first {
            let isEntity = ["&amp;", "&lt;", "&gt;"].contains { rest.hasPrefix($0) }
            result += character == "&" && !isEntity ? "&amp;" : String(character)
            rest.removeFirst()
        }
        return result
    }

    // MARK: Setting up

    mutating func addChannel(_ name: String, _ wanted: Value.Object, messages: [String] = []) {
        created += 1
        let user = Value.string(SimulatedID.capitals("U", seed: seedNumber, 1))
        let topic: Value = .members(["value": "", "creator": user, "last_set": 0])
        var object: Value.Object = [
            "id": .string(SimulatedID.capitals("C", seed: seedNumber, created)), "name": .string(name),
            "name_normalized": .string(name), "created": .int(now.seconds), "creator": user, "is_archived": false,
            "is_channel": true, "is_general": .bool(name == "general"), "is_mpim": false, "is_group": false,
            "is_org_shared": false, "is_im": false, "is_shared": false, "is_private": false, "is_member": true,
            "topic": topic, "purpose": topic, "num_members": 2,
        ]
        for member in ["is_archived", "is_private", "is_member"] { object[member] = wanted[member] ?? object[member] }
        channels.append(Channel(object: object))
        for text in messages { add(text, blocks: [], to: channels.count - 1, isOurs: false) }
    }

    /// `{team, user, scopes: […], channels: [{name, is_private, is_member, is_archived, messages: [TEXT]}]}`.
    mutating func seed(_ document: Value) throws(SimulatorFault) {
        try document.refuseOthers(than: ["channels", "scopes", "team", "user"], in: "a Slack account")
        team = document["team"]?.stringValue ?? team
        user = document["user"]?.stringValue ?? user
        if let list = document["scopes"]?.listValue { scopes = list.compactMap(\.stringValue) }
        for item in document["channels"]?.listValue ?? [] {
            guard let name = item["name"]?.stringValue, let object = item.objectValue else {
                throw .badWorld("a Slack channel needs a `name`")
            }
            addChannel(name, object, messages: (item["messages"]?.listValue ?? []).compactMap(\.stringValue))
        }
        changes += 1
    }
}
