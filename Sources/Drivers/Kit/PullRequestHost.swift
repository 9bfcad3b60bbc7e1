public import DesiredState
public import Diff

/// A driver whose provider keeps pull requests: it shows them, and says on them what became of their previews.
public protocol PullRequestHost: Driver {
    /// The open pull requests of a repository.
    ///
    /// - Parameters:
    ///   - repository: `owner/name`.
    ///   - context: where the call comes from.
    /// - Returns: those that could be read, and whether that is all.
    func openPullRequests(of repository: String, _ context: DriverContext) async -> PullRequestList

    /// One pull request as it is now, whatever any list says.
    ///
    /// - Throws: `ProviderFault`, also where there is none of that number.
    func pullRequest(
        _ number: Int64, of repository: String, _ context: DriverContext
    ) async throws(ProviderFault) -> SeenPullRequest

    /// Writes our one comment on a pull request, or edits it; nothing is sent where it says so already.
    ///
    /// - Parameters:
    ///   - markdown: what is said.
    ///   - number: the pull request's.
    ///   - repository: `owner/name`.
    ///   - isThere: whether it was written before, so that a list without it may be an old one.
    ///   - context: where the call comes from.
    /// - Throws: `ProviderFault`.
    func say(
        _ markdown: String, onPullRequest number: Int64, of repository: String, isThere: Bool, _ context: DriverContext
    ) async throws(ProviderFault)

    /// Sets our check of a commit; nothing is sent where the newest one says so already.
    ///
    /// - Throws: `ProviderFault`.
    func set(
        _ check: CommitCheck, on commit: String, of repository: String, _ context: DriverContext
    ) async throws(ProviderFault)

    /// Ends our check of a commit whose preview is over, or that another one replaced; nothing is sent where it says no such thing.
    ///
    /// - Parameters:
    ///   - unsettled: what is said where it is still pending.
    ///   - gone: what is said where it shows an address; nil: then it stays.
    ///   - commit: whose check it is.
    ///   - repository: `owner/name`.
    ///   - context: where the call comes from.
    /// - Throws: `ProviderFault`.
    func end(
        unsettled: CommitCheck, gone: CommitCheck?, on commit: String, of repository: String, _ context: DriverContext
    ) async throws(ProviderFault)

    /// Tells how the delivery of a commit to an environment stands; nothing is sent where it is told so already.
    ///
    /// - Throws: `ProviderFault`.
    func tell(
        _ delivery: PreviewDelivery, of repository: String, _ context: DriverContext
    ) async throws(ProviderFault)
}

/// A commit on its way to the environment of its pull request.
public struct PreviewDelivery: Sendable, Hashable {
    /// How it stands.
    public enum State: String, Sendable {
        case queued, underway, success, failure
        /// The environment is not there any more: no delivery to it stands.
        case ended
    }

    public let environment: String
    public let commit: String
    public let state: State
    /// One short sentence: what is longer than 140 characters is cut.
    public let sentence: String
    /// Where the environment answers; nil: nowhere yet.
    public let address: String?

    public init(_ environment: String, _ commit: String, _ state: State, _ sentence: String, address: String? = nil) {
        self.environment = environment
        self.commit = commit
        self.state = state
        self.sentence = sentence
        self.address = address
    }
}

/// A pull request, and whether it still is open.
public struct SeenPullRequest: Sendable, Hashable {
    public let pullRequest: PullRequest
    public let state: PullRequest.State

    public init(_ pullRequest: PullRequest, _ state: PullRequest.State) {
        self.pullRequest = pullRequest
        self.state = state
    }
}

/// The open pull requests of one repository.
public struct PullRequestList: Sendable {
    public let items: [PullRequest]
    public let completeness: Completeness

    public init(items: [PullRequest], completeness: Completeness) {
        self.items = items
        self.completeness = completeness
    }
}

/// What is said of a commit, told apart from other checks by its name.
public struct CommitCheck: Sendable, Hashable {
    /// How the commit stands.
    public enum State: String, Sendable { case pending, success, failure, error }

    public let name: String
    public let state: State
    /// One short sentence: what is longer than 140 characters is cut.
    public let sentence: String
    /// Where more is said; nil: nowhere.
    public let address: String?

    public init(_ name: String, _ state: State, _ sentence: String, address: String? = nil) {
        self.name = name
        self.state = state
        self.sentence = sentence
        self.address = address
    }
}
