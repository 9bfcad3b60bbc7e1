public import Basics
import Formats

/// An open pull request of the application's repository, as it was last seen.
public struct PullRequest: Sendable, Hashable {
    /// Whether it still asks to be merged.
    public enum State: String, Sendable, Hashable, CaseIterable { case open, closed, merged }

    /// What stays its own from the first day to the last.
    public let number: Int64
    /// The branch that it wants merged, in the repository that this branch is in; a secret in it is hidden.
    public let head: String
    /// Of one that is over: the last that was seen while it was open, of which its preview was.
    public var headCommit: String
    /// The branch that it wants to be merged into.
    public let base: String
    /// Sorted.
    public let labels: [String]
    /// Whether its branch is in another repository, or in one that is gone: who wrote it need not be one of us.
    public let isFork: Bool
    public let isDraft: Bool
    /// When anything of it last changed, by the host's clock, in whole seconds.
    public let updatedAt: Timestamp
    /// The commit of a fork that was first seen with a label, which alone that label may let in; nil where it has none, or where
    /// it is no fork.
    public var approvedCommit: String?

    public init(
        number: Int64, head: String, headCommit: String, base: String, labels: [String] = [], isFork: Bool = false,
        isDraft: Bool = false, updatedAt: Timestamp
    ) {
        self.number = number
        self.head = PastedSecret.hidden(in: head)
        self.headCommit = headCommit
        self.base = base
        self.labels = labels.map { PastedSecret.hidden(in: $0) }.sorted { $0.precedesByBytes($1) }
        self.isFork = isFork
        self.isDraft = isDraft
        self.updatedAt = updatedAt
    }

    /// The environment that shows it.
    public var slug: String { "pr-\(number)" }

    /// What git calls its head in the repository that it is opened in: a fork's branch has no name there.
    public var ref: String { "refs/pull/\(number)/head" }

    /// The number in the slug of a preview; nil for any other slug.
    public static func number(inSlug slug: String) -> Int64? {
        guard slug.hasPrefix("pr-"), let number = Int64(slug.dropFirst(3)), number > 0, slug == "pr-\(number)" else {
            return nil
        }
        return number
    }
}

/// What is known of the pull requests of a repository.
public struct PullRequestListing: Sendable, Hashable {
    /// Known to be open, sorted by number.
    public let open: [PullRequest]
    /// Of which it is not known whether they are open, sorted.
    public let uncertain: [Int64]
    /// Why not all of them are known; nil where they are.
    public let fault: String?
    /// Whose preview is there already, in the order in which they came; they keep their places.
    public var living: [Int64]

    public init(open: [PullRequest], uncertain: [Int64] = [], fault: String? = nil, living: [Int64] = []) {
        self.open = open.sorted { $0.number < $1.number }
        self.uncertain = uncertain.sorted()
        self.living = living
        self.fault = fault
    }
}
