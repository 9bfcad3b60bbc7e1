/// Who sends hooks.
public enum HookProvider: String, Sendable, Hashable, CaseIterable {
    case github, vercel, mailgun, slack, plane

    /// As people write it.
    public var title: String {
        switch self {
        case .github: "GitHub"
        case .vercel: "Vercel"
        case .mailgun: "Mailgun"
        case .slack: "Slack"
        case .plane: "Plane"
        }
    }

    /// Where its deliveries are sent to.
    public var path: String { "/hooks/\(rawValue)" }

    /// The most bytes of a delivery; GitHub's may hold the description of thousands of commits.
    public var bodyLimit: Int { self == .github ? 6 << 20 : 1 << 20 }

    /// The variable that holds the secret itself, as the provider's other tools name it.
    public var variable: String {
        switch self {
        case .github: "GITHUB_WEBHOOK_SECRET"
        case .vercel: "VERCEL_WEBHOOK_SECRET"
        case .mailgun: "MAILGUN_SIGNING_KEY"
        case .slack: "SLACK_SIGNING_SECRET"
        case .plane: "PLANE_WEBHOOK_SECRET"
        }
    }

    /// The headers that are worth keeping; none of them is a signature.
    var keptHeaders: [String] {
        switch self {
        case .github: ["X-GitHub-Event", "X-GitHub-Delivery", "X-GitHub-Hook-ID", "User-Agent"]
        case .vercel: ["X-Vercel-Id", "User-Agent"]
        case .mailgun: ["User-Agent"]
        case .slack: ["X-Slack-Request-Timestamp", "X-Slack-Retry-Num", "X-Slack-Retry-Reason", "User-Agent"]
        case .plane: ["X-Plane-Event", "X-Plane-Delivery", "User-Agent"]
        }
    }
}
