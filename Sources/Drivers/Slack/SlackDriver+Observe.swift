internal import Basics
public import DesiredState
public import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension SlackDriver {
    static let pageSize = 200

    public func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        var seen: [ObservedKind] = []
        if request.kinds.contains(.slackApp) {
            seen.append(await observeApp(request.names[.slackApp] ?? [], context))
        }
        if request.kinds.contains(.slackChannel) { seen.append(await observeChannels(request, context)) }
        return seen
    }

    // MARK: The app

    /// The app of the token, and no other: of those nothing is known.
    private func observeApp(_ wanted: Set<String>, _ context: DriverContext) async -> ObservedKind {
        do throws(ProviderFault) {
            let identity = try await identify(context)
            let names = wanted.sorted { $0.precedesByBytes($1) }
            let own = names.first { SlackNormal.app($0) == SlackNormal.app(identity.user) } ?? identity.user
            let others = names.filter { $0 != own }
            var reason =
                others.isEmpty
                ? nil
                : "the token is of the app \(identity.user), and shows nothing of \(others.joined(separator: ", "))"
            if identity.scopes == nil { reason = "Slack didn't say the token's scopes" }
            return ObservedKind(
                kind: .slackApp, completeness: reason.map { .partial(reason: $0) } ?? .complete,
                resources: [Self.app(identity, as: own)])
        } catch {
            return error.emptyList.kind(.slackApp)
        }
    }

    static func app(_ identity: Identity, as name: String) -> ObservedResource {
        var items = [
            Attributes.Item("team", .string(identity.team)), Attributes.Item("team_id", .string(identity.teamID)),
            Attributes.Item("user_id", .string(identity.userID)),
        ]
        if let scopes = identity.scopes { items.append(Attributes.Item("bot_scopes", .strings(scopes))) }
        if let bot = identity.botID { items.append(Attributes.Item("bot_id", .string(bot))) }
        return ObservedResource(
            key: ResourceKey(.slackApp, name), providerID: identity.botID ?? identity.userID,
            attributes: Attributes(items))
    }

    // MARK: Channels

    private func observeChannels(_ request: ObserveRequest, _ context: DriverContext) async -> ObservedKind {
        let names = Dictionary(
            (request.names[.slackChannel] ?? []).sorted().map { (SlackNormal.channel($0), $0) },
            uniquingKeysWith: { first, _ in first })
        do throws(ProviderFault) {
            let found = try await listChannels(context) { names[$0] ?? $0 }
            return ObservedKind(kind: .slackChannel, completeness: .complete, resources: found)
        } catch {
            return error.emptyList.kind(.slackChannel)
        }
    }

    /// Every channel that the app can see, by cursor; a page may be short, even empty, and not the last.
    func listChannels(
        _ context: DriverContext, as name: (String) -> String = { $0 }
    ) async throws(ProviderFault) -> [ObservedResource] {
        var found: [ObservedResource] = []
        var seen: Set<String> = []
        var cursor = ""
        for _ in 0..<10_000 {
            var query = [("limit", String(Self.pageSize)), ("types", "public_channel,private_channel")]
            if !cursor.isEmpty { query.append(("cursor", cursor)) }
            let answer = try await call(.listChannels, query: query, context)
            for channel in try answer.list("channels", { Self.channel($0, as: name) })
            where seen.insert(channel.providerID).inserted {
                found.append(channel)
            }
            let next = answer.root?["response_metadata"]["next_cursor"].string ?? ""
            if next.isEmpty {
                let ids = Dictionary(
                    found.map { (SlackNormal.channel($0.key.name), $0.providerID) },
                    uniquingKeysWith: { first, _ in first })
                channels.withLock { $0 = ids }
                return found
            }
            guard next != cursor else { throw answer.broken("it names the same page as the next") }
            cursor = next
        }
        throw Self.names.broken(
            ProviderCall(SlackMethod.listChannels.rawValue, "GET", "/conversations.list"), status: 200,
            "the list has no end")
    }

    private static func channel(_ json: JSONView, as name: (String) -> String) -> ObservedResource? {
        guard let id = json["id"].string, !id.isEmpty, let own = json["name"].string, !own.isEmpty else { return nil }
        var items = [Attributes.Item("id", .string(id))]
        for member in ["is_archived", "is_member", "is_private"] {
            if let flag = json[member].bool { items.append(Attributes.Item(member, .bool(flag))) }
        }
        return ObservedResource(
            key: ResourceKey(.slackChannel, name(own)), providerID: id, attributes: Attributes(items))
    }

    // MARK: Steps

    /// Nothing of an app or a channel is changed: what is adopted as it is takes no effect.
    public func steps(for change: PlannedChange) -> [Step] {
        switch change.action {
        case .noop, .forget, .read, .adopt: return []
        case .delete: return [Step(key: change.key, index: 1, operation: "leave", title: "leave it as it is")]
        case .create, .update, .replace:
            return [Step(key: change.key, index: 1, operation: "\(change.action)", title: "needs a person")]
        }
    }

    public func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        if step.operation == "leave" { return .done(nil) }
        let hint =
            step.key.kind == .slackApp
            ? "change its scopes at https://api.slack.com/apps and install it again; the next pass sees it"
            : "create or change the channel in Slack, and invite the app: /invite @APP"
        return .failed(impossible(step, "apps and channels are only looked at", hint: hint))
    }

    public func find(_ key: ResourceKey, _ context: DriverContext) async throws(ProviderFault) -> [ObservedResource] {
        let kinds = await observe(ObserveRequest(kinds: [key.kind], names: [key.kind: [key.name]]), context)
        guard let kind = kinds.first else { return [] }
        let found = kind.resources.filter { $0.key == key }
        guard found.isEmpty, let reason = kind.completeness.gap else { return found }
        throw fault(
            .brokenAnswer, ProviderCall("\(key.kind).look", "look", "\(key)"), "it can't be looked for: \(reason)",
            .retry(after: nil))
    }
}
