public import Basics
import Formats

/// The files of one commit under the configured roots, with the branches and tags that bring environments about.
public struct SourceTree: Sendable {
    /// The roots where nothing else is configured, in order of precedence.
    public static let defaultRoots = ["ssot", "infra/ssot", "platform/ssot", ".odooops"]

    /// The commit, 40 hexadecimal digits; of a work tree without git the digest of its files.
    public var revision: String
    /// In any order; paths are relative to the top of the repository and unique.
    public var files: [SourceFile]
    /// As configured, in order of precedence, without a final slash.
    public var roots: [String]
    public var branches: BranchListing
    public var tags: BranchListing
    /// Those of the application's repository; nil where nobody asked for them.
    public var pullRequests: PullRequestListing?
    /// Every path of the commit, outside of the roots as well; nil where that is not known.
    public var listing: PathListing?

    public init(
        revision: String, files: [SourceFile], roots: [String] = SourceTree.defaultRoots, branches: BranchListing,
        tags: BranchListing = .none, listing: PathListing? = nil
    ) {
        self.revision = revision
        self.files = files
        self.roots = roots
        self.branches = branches
        self.tags = tags
        self.listing = listing
    }
}

/// One file of the commit.
public struct SourceFile: Sendable {
    /// The bytes, or why there are none.
    public enum Content: Sendable {
        case bytes([UInt8])
        /// It is there but could not be read: a symbolic link, a missing blob, too large.
        case unreadable(reason: String)
    }

    /// Relative to the top of the repository, with slashes; a secret in it is hidden.
    public let path: String
    public let content: Content
    /// What git calls the bytes, by which they are parsed only once; nil where that is not known.
    public let objectID: String?

    public init(path: String, content: Content, objectID: String? = nil) {
        self.path = PastedSecret.hidden(in: path)
        self.content = content
        self.objectID = objectID
    }

    /// A file with the UTF-8 of a text.
    public init(path: String, text: String) { self.init(path: path, content: .bytes(Array(text.utf8))) }

    /// Whether a secret stood in its path.
    var isNamedAfterSecret: Bool { path.contains(Redaction.mark) }
}

/// A branch or tag of the application repository.
public struct Branch: Sendable, Hashable {
    /// Without `refs/heads/` or `refs/tags/`.
    public let name: String
    public let commit: String
    /// When its commit was made; nil where that is not known.
    public let committedAt: Timestamp?

    public init(name: String, commit: String, committedAt: Timestamp?) {
        self.name = name
        self.commit = commit
        self.committedAt = committedAt
    }
}

/// What is known of the branches (or tags) of the application repository.
public enum BranchListing: Sendable, Hashable {
    case known([Branch])
    /// There is a repository, but it could not be asked.
    case unknown(reason: String)
    /// No application repository is configured.
    case none
}
