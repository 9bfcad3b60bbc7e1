public import Basics
public import Diff
public import Formats

/// A driver whose provider keeps issues: what repairs the deliveries of hooks that were missed.
public protocol IssueListing: Driver {
    /// The projects that have issues, sorted; nil where the provider can't tell and they are named from outside.
    func issueProjects(_ context: DriverContext) async -> Result<[String]?, ProviderFault>

    /// The issues of a project as the provider writes them, open and closed.
    ///
    /// - Parameters:
    ///   - project: a repository `owner/name`, or the id of a project.
    ///   - since: only those that were changed then or later; nil: all.
    ///   - context: where the call comes from.
    /// - Returns: what could be read, each issue once, and whether that is all.
    func issues(in project: String, since: Timestamp?, _ context: DriverContext) async -> IssueList
}

/// The issues of one project.
public struct IssueList: Sendable {
    /// As the provider writes them.
    public let items: [Value]
    public let completeness: Completeness

    public init(items: [Value], completeness: Completeness) {
        self.items = items
        self.completeness = completeness
    }
}

/// A driver whose provider keeps what happened to messages.
public protocol MailEventListing: Driver {
    /// The domains that send, sorted.
    func mailDomains(_ context: DriverContext) async -> Result<[String], ProviderFault>

    /// The events of a domain that nothing will come before any more, oldest first.
    ///
    /// - Parameters:
    ///   - domain: one of the account's.
    ///   - mark: from the page before; nil: begin at `start`.
    ///   - start: where to begin without a mark.
    ///   - context: where the call comes from.
    /// - Returns: the events, and where to go on.
    func mailEvents(
        of domain: String, after mark: Value?, from start: Timestamp, _ context: DriverContext
    ) async -> Result<MailEventPage, ProviderFault>
}

/// Some events of messages.
public struct MailEventPage: Sendable {
    /// As the provider writes them.
    public let items: [Value]
    /// Where to go on; to be kept with the events.
    public let mark: Value
    /// Whether there are more that can be read at once.
    public let hasMore: Bool

    public init(items: [Value], mark: Value, hasMore: Bool) {
        self.items = items
        self.mark = mark
        self.hasMore = hasMore
    }
}
