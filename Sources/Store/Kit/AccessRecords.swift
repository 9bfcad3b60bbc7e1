public import Basics

/// A person who can log in: `ops.access_users`.
public struct UserAccount: Sendable, Hashable {
    public let id: String
    public let name: String
    /// What the password is checked against; nil where the person has none and comes by an issuer of tokens.
    public let passwordHash: String?
    /// As texts: `developer@staging`.
    public let grants: [String]
    public let createdAt: Timestamp
    public let disabledAt: Timestamp?
    /// Counts what ended the tokens given out before: a new password, access that was taken back or given again.
    public let tokenGeneration: Int64
}

/// A key of a program, of which only the digest is kept: `ops.access_keys`.
public struct KeyAccount: Sendable, Hashable {
    /// Drawn by the store; empty until then.
    public var id: String
    public let name: String
    /// SHA-256 of the key.
    public let digest: Digest
    public let grants: [String]
    /// Nil: all that the grants allow.
    public let scopes: [String]?
    public let createdAt: Timestamp
    public let createdBy: String
    /// Nil: never.
    public let expiresAt: Timestamp?
    public var revokedAt: Timestamp?

    public init(
        id: String = "", name: String, digest: Digest, grants: [String], scopes: [String]?, createdAt: Timestamp,
        createdBy: String, expiresAt: Timestamp?, revokedAt: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.digest = digest
        self.grants = grants
        self.scopes = scopes
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
    }
}

/// One login of a browser, of whose cookie only the digest is kept: `ops.access_sessions`.
public struct SessionRecord: Sendable, Hashable {
    /// Drawn by the store; empty until then.
    public var id: String
    public let digest: Digest
    public let userID: String
    public let createdAt: Timestamp
    public let expiresAt: Timestamp
    /// The address that logged in.
    public let origin: String

    public init(
        id: String = "", digest: Digest, userID: String, createdAt: Timestamp, expiresAt: Timestamp, origin: String
    ) {
        self.id = id
        self.digest = digest
        self.userID = userID
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.origin = origin
    }
}

/// Whether a write was sent before under the same key.
public enum RepeatedRequest: Sendable, Hashable {
    /// No: do it, and say what was answered.
    case first
    /// Yes, with this content, and it was answered so.
    case answered(status: Int, body: String)
    /// Yes, and what came of it isn't known yet.
    case underWay
    /// Yes, so long ago that nobody is at it any more: its process ended in the middle, and whether it was done is not known.
    case unanswered(since: Timestamp)
    /// The key was used for another content.
    case other
}
