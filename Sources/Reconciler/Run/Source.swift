public import Basics
public import DesiredState
public import Diff
public import Git

/// What a repository held when it was read.
public struct SourceSnapshot: Sendable {
    public let tree: SourceTree
    /// Who made the commit, when, and its first line; empty for a work tree without git.
    public let commitAuthor: String
    public let committedAt: Timestamp?
    public let commitSubject: String
    /// What a person should know of the fetch, such as a branch that was rewritten.
    public let events: [String]
    /// Which repository the branches are of; nil where that is not known.
    public let branchesOf: String?

    public init(
        tree: SourceTree, commitAuthor: String = "", committedAt: Timestamp? = nil, commitSubject: String = "",
        events: [String] = [], branchesOf: String? = nil
    ) {
        self.tree = tree
        self.commitAuthor = commitAuthor
        self.committedAt = committedAt
        self.commitSubject = commitSubject
        self.events = events
        self.branchesOf = branchesOf
    }
}

/// Where the desired state comes from: a git repository in the field, a value in a test.
public protocol Source: Sendable {
    /// Fetches, and reads one commit.
    ///
    /// - Throws: a `Fault` when there is nothing to read from.
    func read(_ log: Log) async throws -> SourceSnapshot

    /// Whether a commit is another one or comes after it; false as well where that can't be told.
    func follows(_ revision: String, after earlier: String) async -> Bool

    /// How many commits of the application's repository the head of a branch has and a deployment lacks; nil where that
    /// can't be told.
    func lag(of span: CommitSpan) async -> Int?

    /// Who last changed lines, as they are at a revision; lines of which that can't be told are left out.
    func origins(of marks: Set<SourceMark>, at revision: String) async -> [SourceMark: GitCommit]
}

extension Source {
    /// True, where there is no history that could say otherwise.
    public func follows(_ revision: String, after earlier: String) async -> Bool { true }

    /// Nothing, where there is no history.
    public func lag(of span: CommitSpan) async -> Int? { nil }

    /// Nobody, where there is no history.
    public func origins(of marks: Set<SourceMark>, at revision: String) async -> [SourceMark: GitCommit] { [:] }
}
