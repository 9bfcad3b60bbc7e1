public import Basics
public import Drivers
internal import Formats
internal import HTTPClient

/// A message of ours, told from all others by its key.
public struct SlackMessage: Sendable, Hashable {
    /// The channel's id, or its name with or without `#`.
    public var channel: String
    /// The same for the same message, `run/0b2e…/failed`; at most 200 bytes.
    public var key: String
    /// In Slack's markup; also what notifications show.
    public var text: String

    public init(channel: String, key: String, text: String) {
        self.channel = channel
        self.key = key
        self.text = text
    }

    /// The id of the message's first block, by which it is found again.
    var marker: String { "odooops:\(key)" }
}

/// A message as it stands in its channel.
public struct PostedMessage: Sendable, Hashable {
    /// What had to be done.
    public enum Effect: String, Sendable, Hashable {
        case posted, updated, unchanged
    }

    /// The channel's id; with `ts` it names the message for ever.
    public let channel: String
    public let ts: String
    public let text: String
    public let effect: Effect
}

extension SlackDriver {
    /// How far back a message of ours is looked for, when nobody says since when.
    public static let searchSpan = Duration.days(7)

    /// Posts a message, or brings the one with its key to its text; doing it twice is doing it once.
    ///
    /// Slack gives every post a new message. So the key stands in the message, as the id of its block, and is looked for
    /// before anything is posted, and again after a lost answer.
    ///
    /// - Parameters:
    ///   - message: what is to be read.
    ///   - since: the earliest instant at which it can have been posted; a week ago where it isn't said.
    ///   - context: where the call comes from.
    /// - Returns: where it stands, and what had to be done; `SL-0009` when even looking didn't tell.
    public func put(
        _ message: SlackMessage, since: Timestamp? = nil, _ context: DriverContext
    ) async -> Result<PostedMessage, ProviderFault> {
        await posting.withLock("\(SlackNormal.channel(message.channel)) \(message.key)") {
            () async -> Result<PostedMessage, ProviderFault> in
            do throws(ProviderFault) {
                return .success(try await self.place(message, since ?? self.time.now - Self.searchSpan, context))
            } catch {
                return .failure(error)
            }
        }
    }

    /// Changes a message whose place is known; doing it twice is doing it once.
    public func update(
        _ message: SlackMessage, at posted: PostedMessage, _ context: DriverContext
    ) async -> Result<PostedMessage, ProviderFault> {
        do throws(ProviderFault) {
            return .success(try await change(message, channel: posted.channel, ts: posted.ts, context))
        } catch {
            return .failure(error)
        }
    }

    private func place(
        _ message: SlackMessage, _ since: Timestamp, _ context: DriverContext
    ) async throws(ProviderFault) -> PostedMessage {
        let site = ProviderCall(SlackMethod.post.rawValue, "POST", "/chat.postMessage")
        guard !message.key.isEmpty, message.key.utf8.count <= 200, !message.text.isEmpty else {
            throw Self.names.fault(
                .impossible, site, "a message needs a key of at most 200 bytes, and a text", .waitForNewCommit)
        }
        let channel = try await channelID(message.channel, site, context)
        if let found = try await find(message, in: channel, since, context) {
            return try await settle(found, message, channel, context)
        }
        var lost: ProviderFault?
        for pause in [2, 8] {
            do throws(ProviderFault) {
                return try await post(message, channel, context)
            } catch {
                // Only what may have been posted is looked for; a refusal is none.
                guard error.disposition == .observeAgain else { throw error }
                lost = error
            }
            context.log.info("the answer to a message was lost: looking for it", ["channel": channel])
            try? await time.sleep(for: .seconds(pause))
            if let found = try await find(message, in: channel, since, context) {
                return try await settle(found, message, channel, context)
            }
        }
        throw lost ?? Self.names.fault(.lost, site, "the message is not there", .observeAgain)
    }

    private func settle(
        _ found: (ts: String, text: String), _ message: SlackMessage, _ channel: String, _ context: DriverContext
    ) async throws(ProviderFault) -> PostedMessage {
        if SlackNormal.text(found.text) == SlackNormal.text(message.text) {
            return PostedMessage(channel: channel, ts: found.ts, text: found.text, effect: .unchanged)
        }
        return try await change(message, channel: channel, ts: found.ts, context)
    }

    private func post(
        _ message: SlackMessage, _ channel: String, _ context: DriverContext
    ) async throws(ProviderFault) -> PostedMessage {
        let answer = try await call(.post, form: fields(message, channel), channel: channel, context)
        guard let ts = answer.root?["ts"].string, !ts.isEmpty else { throw answer.broken("it has no `ts`") }
        return PostedMessage(
            channel: answer.root?["channel"].string ?? channel, ts: ts, text: message.text, effect: .posted)
    }

    private func change(
        _ message: SlackMessage, channel: String, ts: String, _ context: DriverContext
    ) async throws(ProviderFault) -> PostedMessage {
        let form = fields(message, channel) + [RequestBody.Field("ts", ts)]
        let answer = try await call(.update, form: form, channel: channel, context)
        guard answer.root?["ts"].string == ts else { throw answer.broken("it is about another message") }
        return PostedMessage(channel: channel, ts: ts, text: message.text, effect: .updated)
    }

    private func fields(_ message: SlackMessage, _ channel: String) -> [RequestBody.Field] {
        let text: Value.Object = ["type": "mrkdwn", "text": .string(message.text)]
        let block: Value.Object = [
            "type": "section", "block_id": .string(message.marker), "text": .object(text),
        ]
        return [
            RequestBody.Field("channel", channel), RequestBody.Field("text", message.text),
            RequestBody.Field("blocks", JSON.write(.list([.object(block)]))),
        ]
    }

    // MARK: Looking

    /// The message of a key, newest first; nil when there is none since then.
    private func find(
        _ message: SlackMessage, in channel: String, _ since: Timestamp, _ context: DriverContext
    ) async throws(ProviderFault) -> (ts: String, text: String)? {
        var latest: String?
        for _ in 0..<1_000 {
            var query = [
                ("channel", channel), ("oldest", "\(max(0, since.seconds)).000000"), ("limit", String(Self.pageSize)),
            ]
            if let latest { query.append(("latest", latest)) }
            let answer = try await call(.history, query: query, channel: channel, context)
            let page = try answer.list("messages") { json -> (ts: String, text: String, isOurs: Bool)? in
                guard let ts = json["ts"].string, !ts.isEmpty else { return nil }
                let isOurs = json["blocks"].items?.contains { $0["block_id"].holds(message.marker) } ?? false
                return (ts, json["text"].string ?? "", isOurs)
            }
            if let found = page.first(where: \.isOurs) { return (found.ts, found.text) }
            guard answer.root?["has_more"].bool == true, let last = page.last?.ts, last != latest else { return nil }
            latest = last
        }
        return nil
    }

    /// The id of a channel that is named by it or by its name.
    private func channelID(
        _ text: String, _ site: ProviderCall, _ context: DriverContext
    ) async throws(ProviderFault) -> String {
        let isID =
            text.utf8.count >= 9 && ["C", "G", "D"].contains(text.prefix(1))
            && text.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) }
        if isID { return text }
        let name = SlackNormal.channel(text)
        if let id = channels.withLock({ $0[name] }) { return id }
        _ = try await listChannels(context)
        guard let id = channels.withLock({ $0[name] }) else {
            throw Self.names.fault(
                .notFound, site, "the app sees no channel \(name)", hint: SlackErrors.hint("channel_not_found", .post),
                status: 404, .waitForNewCommit)
        }
        return id
    }
}
