public import Basics
public import DesiredState

/// What a person said of a difference: that it is known, or that it may be quiet for a while.
///
/// It changes nothing of what a plan does; it only ends the alarm.
public struct DriftMark: Sendable, Hashable {
    /// How long it holds.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Known as it is: holds for exactly this difference, and no longer when it becomes another one.
        case acknowledged
        /// Quiet until an instant, whatever differs.
        case muted
    }

    public let id: String
    public let key: ResourceKey
    public let kind: Kind
    /// The difference that is known, by cause and attributes; nil for a mute.
    public let difference: Digest?
    public let reason: String
    /// Who said it.
    public let by: String
    public let createdAt: Timestamp
    /// Nil: until the difference is another one, or gone.
    public let until: Timestamp?

    public init(
        id: String = "", key: ResourceKey, kind: Kind, difference: Digest? = nil, reason: String, by: String,
        createdAt: Timestamp, until: Timestamp?
    ) {
        self.id = id
        self.key = key
        self.kind = kind
        self.difference = difference
        self.reason = reason
        self.by = by
        self.createdAt = createdAt
        self.until = until
    }

    /// Whether it quiets a difference at an instant.
    func covers(_ key: ResourceKey, _ difference: Digest, at now: Timestamp) -> Bool {
        guard self.key == key, until.map({ now < $0 }) ?? true else { return false }
        return kind == .muted || self.difference == difference
    }
}
