public import Basics
public import Formats

/// A difference between the world and the repository that people know of: an entry of `known_drift`.
///
/// It is reported and raises no alarm.
public struct AcknowledgedDrift: Sendable, Hashable {
    public let key: ResourceKey
    /// The attribute of the resource.
    public let attribute: String
    /// What was there when it was written.
    public let current: Value
    public let desired: Value
    /// As written, such as `critical`.
    public let severity: String?
    /// What a person has to do, as written.
    public let action: String?
    public let source: SourceMark

    public init(
        key: ResourceKey, attribute: String, current: Value, desired: Value, severity: String?, action: String?,
        source: SourceMark
    ) {
        self.key = key
        self.attribute = attribute
        self.current = current
        self.desired = desired
        self.severity = severity
        self.action = action
        self.source = source
    }

    /// Whether it says itself that there is no difference.
    public var isStale: Bool { current == desired }
}
