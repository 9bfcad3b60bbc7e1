public import Basics
public import DesiredState

/// One pull request as it was last seen: `ops.pull_requests`.
public struct PullRequestRow: Sendable, Hashable {
    /// `owner/name` in small letters.
    public let repository: String
    public var pullRequest: PullRequest
    public var state: PullRequest.State
    /// When it was found closed; nil while it is open.
    public var closedAt: Timestamp?
    /// Of the comment that stands on it; nil where we have said nothing.
    public var commentDigest: String?
    /// Of the check that was last set, together with the commit that it was set on.
    public var statusDigest: String?
    /// The commit that carries our check, or was about to when it was last looked at; nil where none does.
    public var checkedCommit: String?
    /// Whether it is over and its last word was said: nothing of it is said any more.
    public var isSettled = false

    public init(
        repository: String, _ pullRequest: PullRequest, state: PullRequest.State = .open, closedAt: Timestamp? = nil,
        commentDigest: String? = nil, statusDigest: String? = nil, checkedCommit: String? = nil
    ) {
        self.repository = repository.lowercased()
        self.pullRequest = pullRequest
        self.state = state
        self.closedAt = closedAt
        self.commentDigest = commentDigest
        self.statusDigest = statusDigest
        self.checkedCommit = checkedCommit
    }
}
