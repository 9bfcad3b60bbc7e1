public import Basics
public import DesiredState
public import Store

/// Who is told of what: `notifications` of the configuration.
public struct NotificationSettings: Sendable, Hashable {
    /// Where a channel leads.
    public enum Target: Sendable, Hashable {
        /// A channel of the workspace of the account `slack`.
        case slack(channel: String)
        case webhook(url: String, secret: SecretReference)
        /// Sent for a domain of the account `mailgun`.
        case email(domain: String, from: String, to: [String])
        /// Items of work in a project of the account `plane`.
        case plane(Items)

        /// As in the configuration.
        public var type: String {
            switch self {
            case .slack: "slack"
            case .webhook: "webhook"
            case .email: "email"
            case .plane: "plane"
            }
        }

        /// For people; nothing secret.
        public var place: String {
            switch self {
            case .slack(let channel): channel
            // What follows may be a path that only the receiver knows.
            case .webhook(let url, _): url.split(separator: "/").dropFirst().first.map(String.init) ?? url
            case .email(_, _, let to): to.joined(separator: ", ")
            case .plane(let items): items.project
            }
        }

        /// Whether it keeps one thing for each matter, which has to be told of its end too.
        var isTracker: Bool {
            if case .plane = self { true } else { false }
        }
    }

    /// Where items of work are, and what their states are called.
    public struct Items: Sendable, Hashable {
        /// The project's identifier, `OPS`.
        public let project: String
        /// What an open item begins with.
        public let state: String
        /// What an item ends with whose matter is over.
        public let doneState: String
        public var labels: [String] = []

        public init(project: String, state: String, doneState: String) {
            self.project = project
            self.state = state
            self.doneState = doneState
        }
    }

    /// What goes together into one message.
    public enum Grouping: String, Sendable, Hashable, CaseIterable {
        case environment, kind, all
    }

    /// Where messages go, and how many.
    public struct Channel: Sendable, Hashable {
        public let name: String
        public let target: Target
        public var grouping = Grouping.environment
        /// How long others are waited for, that go with the first.
        public var window = Duration.seconds(30)
        public var rate = NoticeRate(limit: 10, per: .seconds(60))
        /// How often sending a message is begun before it is dead.
        public var attempts = 10
        public var templates = NoticeTemplates()

        public init(name: String, target: Target) {
            self.name = name
            self.target = target
        }
    }

    /// What goes to which channels; a notice goes to each channel that a route leads it to, once.
    public struct Route: Sendable, Hashable {
        public let channels: [String]
        /// At least so much.
        public var severity = Notice.Severity.warning
        /// Kinds, and beginnings of kinds with a star: `environment.*`; empty: any.
        public var kinds: [String] = []
        /// Empty: of any environment, and of none.
        public var environments: [GlobPattern] = []

        public init(to channels: [String]) { self.channels = channels }

        /// Whether a pattern of `kinds` means a kind.
        static func fits(_ pattern: String, _ kind: Notice.Kind) -> Bool {
            pattern.hasSuffix("*") ? kind.rawValue.hasPrefix(pattern.dropLast()) : kind.rawValue == pattern
        }

        func takes(_ notice: Notice, as kind: Notice.Kind) -> Bool {
            guard kind.severity >= severity else { return false }
            guard kinds.isEmpty || kinds.contains(where: { Self.fits($0, kind) }) else { return false }
            guard !environments.isEmpty else { return true }
            guard let environment = notice.environment else { return false }
            return environments.contains { $0.matches(environment) }
        }
    }

    /// In the order of the file.
    public var channels: [Channel] = []
    public var routes: [Route] = []
    /// Older notices go nowhere.
    public var oldest = Duration.days(3)

    public init() {}

    /// Where a notice goes.
    func postings(of notice: Notice) -> [NoticePosting] {
        channels.compactMap { channel in
            // Where the beginning of a matter goes, its end goes too, however little that one matters by itself.
            let kinds = [notice.kind] + (channel.target.isTracker ? notice.kind.ends : [])
            guard
                routes.contains(where: { route in
                    route.channels.contains(channel.name) && kinds.contains { route.takes(notice, as: $0) }
                })
            else { return nil }
            let group =
                switch channel.grouping {
                case .environment: notice.environment ?? ""
                case .kind: notice.kind.rawValue
                case .all: ""
                }
            // What stands still until a person acts waits for nothing.
            let isUrgent = notice.kind.severity == .critical
            return NoticePosting(
                channel: channel.name, group: group, window: isUrgent ? .zero : channel.window)
        }
    }
}
