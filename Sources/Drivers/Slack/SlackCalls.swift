internal import Basics
internal import DesiredState
internal import Drivers
internal import Formats
internal import HTTPClient

/// The methods that are called, each with the limit that Slack publishes for it.
enum SlackMethod: String, Sendable {
    case identity = "auth.test"
    case listChannels = "conversations.list"
    case history = "conversations.history"
    case post = "chat.postMessage"
    case update = "chat.update"

    /// How often a minute: tier 2 is 20, tier 3 is 50; `auth.test` has a limit of its own, in the hundreds.
    var perMinute: Int {
        switch self {
        case .identity: 100
        case .listChannels: 20
        case .history, .update: 50
        case .post: 60
        }
    }

    var isRead: Bool { self != .post && self != .update }

    /// What the token needs.
    var scope: String? {
        switch self {
        case .identity: nil
        case .listChannels: "the scopes channels:read and groups:read"
        case .history: "the scopes channels:history and groups:history"
        case .post, .update: "the scope chat:write"
        }
    }

    /// The limits that a call counts for; messages go out once a second for each channel.
    func scopes(channel: String?) -> [RequestScope] {
        let method = RequestScope(
            rawValue, [.init(limit: perMinute, per: .seconds(60))], concurrency: 4)
        guard self == .post, let channel else { return [method] }
        return [
            RequestScope("\(rawValue) \(channel)", RequestBudgetConfiguration.slackChannel, concurrency: 1),
            method,
        ]
    }
}

/// Errors that an answer of 200 can name, by what follows from them.
enum SlackErrors {
    static let credential: Set<String> = [
        "account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked",
    ]
    static let permission: Set<String> = [
        "access_denied", "cant_update_message", "ekm_access_denied", "missing_scope", "no_permission",
        "not_allowed_token_type", "not_in_channel", "restricted_action", "team_access_not_granted",
    ]
    static let missing: Set<String> = [
        "channel_not_found", "message_not_found", "thread_not_found", "user_not_found",
    ]
    static let state: Set<String> = ["edit_window_closed", "is_archived", "is_inactive"]
    static let budget: Set<String> = ["rate_limited", "ratelimited"]
    /// Whether such a call had an effect isn't known.
    static let passing: Set<String> = [
        "fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org",
    ]

    /// What a person can do.
    static func hint(_ error: String, _ method: SlackMethod) -> String {
        switch error {
        case "not_in_channel": "invite the app to the channel: /invite @APP"
        case "channel_not_found": "name a channel that the app can see, or invite it: /invite @APP"
        case "is_archived": "unarchive the channel, or name another one"
        case "missing_scope": "give the app \(method.scope ?? "the scope"), and install it again"
        case "message_not_found": "it was deleted: post it anew under another key"
        case "msg_too_long": "shorten the text to 40,000 characters"
        default: "Slack's guide of \(method.rawValue) says what \(error) means"
        }
    }
}

extension SlackDriver {
    /// One call and its answer, which says `ok`.
    ///
    /// - Throws: `ProviderFault` for everything else, also where the status is 200.
    func call(
        _ method: SlackMethod, query: [(String, String)] = [], form: [RequestBody.Field]? = nil,
        channel: String? = nil, _ context: DriverContext
    ) async throws(ProviderFault) -> ProviderAnswer {
        let path = "/\(method.rawValue)"
        let site = ProviderCall(
            method.rawValue, form == nil ? "GET" : "POST", path, permission: method.scope,
            isRead: method.isRead)
        var request = APIRequest(site.method, path, query: query, body: form.map { .form($0) })
        request.scopes = method.scopes(channel: channel)
        // Replacing a message by the same text twice is the same as once.
        if method == .update { request.isRepeatable = true }
        let answer = try await api.send(site, request, context)
        guard let root = answer.root, let isOK = root["ok"].bool else {
            throw answer.broken("it doesn't say `ok`")
        }
        guard isOK else { throw fault(root, method, answer, site) }
        return answer
    }

    private func fault(
        _ root: JSONView, _ method: SlackMethod, _ answer: ProviderAnswer, _ site: ProviderCall
    ) -> ProviderFault {
        let error = root["error"].string ?? "unknown_error"
        let needed = root["needed"].string.map { ", it needs \($0)" } ?? ""
        func made(
            _ problem: ProviderProblem, _ message: String, _ disposition: Disposition, hint: String? = nil
        ) -> ProviderFault {
            Self.names.fault(
                problem, site, message, hint: hint ?? SlackErrors.hint(error, method),
                status: answer.status,
                providerCode: error, requestID: answer.response.requestID, disposition)
        }
        switch error {
        case _ where SlackErrors.credential.contains(error):
            return made(
                .credentialRefused, "Slack refused the token: \(error)", .stop,
                hint: "put a valid one into SLACK_BOT_TOKEN, then run `reconcile doctor`")
        case _ where SlackErrors.permission.contains(error):
            return made(.notPermitted, "the app may not do this: \(error)\(needed)", .stop)
        case _ where SlackErrors.missing.contains(error):
            return made(.notFound, "Slack knows no such object: \(error)", .waitForNewCommit)
        case _ where SlackErrors.state.contains(error):
            return made(.conflict, "Slack can't do this in the object's present state: \(error)", .stop)
        case _ where SlackErrors.budget.contains(error):
            let wait = answer.response.retryAfter(now: time.now)
            return made(.overBudget, "the limit of this method is used up: \(error)", .retry(after: wait))
        case _ where SlackErrors.passing.contains(error):
            return made(
                .serverError, "Slack failed: \(error)", method.isRead ? .retry(after: nil) : .observeAgain)
        default: return made(.refused, "Slack refused the request: \(error)", .waitForNewCommit)
        }
    }

    // MARK: Who we are

    /// What a token stands for.
    struct Identity: Sendable {
        let team: String
        let teamID: String
        /// The name of the app's user.
        let user: String
        let userID: String
        let botID: String?
        /// Nil where the answer doesn't say them.
        let scopes: [String]?
    }

    func identify(_ context: DriverContext) async throws(ProviderFault) -> Identity {
        let answer = try await call(.identity, context)
        let scopes = answer.response.header("x-oauth-scopes").map { text in
            text.split { $0 == "," || $0 == " " }.map(String.init).sorted { $0.precedesByBytes($1) }
        }
        return try answer.object { root in
            guard let team = root["team_id"].string, let user = root["user_id"].string else { return nil }
            return Identity(
                team: root["team"].string ?? team, teamID: team, user: root["user"].string ?? user,
                userID: user,
                botID: root["bot_id"].string, scopes: scopes)
        }
    }
}
