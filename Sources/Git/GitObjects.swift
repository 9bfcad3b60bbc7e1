public import Basics

/// A commit, as far as a run needs it.
public struct GitCommit: Sendable, Hashable {
    /// Forty hexadecimal digits.
    public let id: String
    /// `Name <address>`.
    public let author: String
    /// The committer's date.
    public let committedAt: Timestamp
    /// The first paragraph of the message on one line.
    public let subject: String

    public init(id: String, author: String, committedAt: Timestamp, subject: String) {
        self.id = id
        self.author = author
        self.committedAt = committedAt
        self.subject = subject
    }
}

/// A branch or a tag, and the commit that it leads to; an annotated tag is peeled.
public struct GitReference: Sendable, Hashable {
    /// Under which of git's names it stands.
    public enum Kind: String, Sendable, Hashable {
        case branch, tag
    }

    /// The short name: `feature/login`, `v1.2.0`.
    public let name: String
    public let kind: Kind
    /// Forty hexadecimal digits.
    public let commit: String
    /// The committer's date of that commit.
    public let committedAt: Timestamp

    public init(name: String, kind: Kind, commit: String, committedAt: Timestamp) {
        self.name = name
        self.kind = kind
        self.commit = commit
        self.committedAt = committedAt
    }

    /// `refs/heads/main`.
    public var fullName: String { (kind == .branch ? "refs/heads/" : "refs/tags/") + name }
}

/// One entry of a tree.
public struct GitFile: Sendable, Hashable {
    /// The bytes, or why there are none.
    public enum Content: Sendable, Hashable {
        case bytes([UInt8])
        /// It is there and can't be read: what it says is unknown, not absent.
        case missing(reason: String)
        /// A symbolic link; it is never followed.
        case symlink(target: String)
        /// More bytes than are read of one file, or of one tree.
        case tooLarge
        /// Another repository's commit.
        case submodule
    }

    /// Below the repository's top, with `/`; one that ends in `/` is a directory that can't be read, with all below it.
    ///
    /// Bytes that are no text, and control characters, are written as `\xNN`.
    public let path: String
    /// Forty hexadecimal digits, a file of a plain directory too; empty where that is not known.
    public let objectID: String
    /// Bytes; 0 where that isn't known.
    public let size: Int
    public let content: Content

    public init(path: String, objectID: String, size: Int, content: Content) {
        self.path = path
        self.objectID = objectID
        self.size = size
        self.content = content
    }
}

extension GitFile {
    /// Whether its bytes are at hand; only of such a file the object id says all.
    var isRead: Bool { if case .bytes = content { true } else { false } }
}

/// One folder at the top of a commit's tree, with the paths of all files below it.
public struct GitFolder: Sendable, Hashable {
    public let name: String
    /// Forty hexadecimal digits, which change when anything below changes.
    public let objectID: String
    /// Relative to the top of the repository, in no order; nil where the caller knows the folder already.
    public let paths: [String]?

    public init(name: String, objectID: String, paths: [String]?) {
        self.name = name
        self.objectID = objectID
        self.paths = paths
    }
}

/// The files below some roots at one revision.
public struct GitTree: Sendable, Hashable {
    /// The commit's forty digits; for files that are no commit's, `sha256:` and a digest of their paths and content.
    public let revision: String
    /// By path bytes, each path once.
    public let files: [GitFile]
    /// Those of the wanted roots that exist, in the order in which they were wanted.
    public let roots: [String]

    public init(revision: String, files: [GitFile], roots: [String]) {
        self.revision = revision
        self.files = files
        self.roots = roots
    }
}

/// What a fetch brought.
public struct GitFetchReport: Sendable, Hashable {
    /// A reference that is not where it was.
    public struct Change: Sendable, Hashable {
        /// The short name.
        public let name: String
        public let kind: GitReference.Kind
        /// The object it led to before; nil for a new one.
        public let old: String?
        /// The object it leads to now; nil for one that is gone.
        public let new: String?
        /// History was rewritten: the old commit is no ancestor of the new one.
        ///
        /// Always so for a tag that moved.
        public let isForced: Bool

        public init(name: String, kind: GitReference.Kind, old: String?, new: String?, isForced: Bool) {
            self.name = name
            self.kind = kind
            self.old = old
            self.new = new
            self.isForced = isForced
        }
    }

    /// By full name.
    public let changes: [Change]
    /// How many branches and tags the remote has.
    public let referenceCount: Int
    /// The remote's default branch, where it says so.
    public let headBranch: String?
    public let receivedObjects: Int
    public let receivedBytes: Int
    /// The cache was unreadable and was cloned anew.
    public let isRecloned: Bool
    /// The source lacks objects (a partial or shallow clone on this machine); its object store is read in place.
    public let isBorrowing: Bool
    public let duration: Duration

    public init(
        changes: [Change], referenceCount: Int, headBranch: String?, receivedObjects: Int, receivedBytes: Int,
        isRecloned: Bool, isBorrowing: Bool, duration: Duration
    ) {
        self.changes = changes
        self.referenceCount = referenceCount
        self.headBranch = headBranch
        self.receivedObjects = receivedObjects
        self.receivedBytes = receivedBytes
        self.isRecloned = isRecloned
        self.isBorrowing = isBorrowing
        self.duration = duration
    }

    /// References that were not there before.
    public var created: [Change] { changes.filter { $0.old == nil } }

    /// References that lead elsewhere, rewritten ones among them.
    public var moved: [Change] { changes.filter { $0.old != nil && $0.new != nil } }

    /// References that the remote no longer has.
    public var gone: [Change] { changes.filter { $0.new == nil } }

    /// Those whose history was rewritten: an event, not an error.
    public var forced: [Change] { changes.filter(\.isForced) }
}
