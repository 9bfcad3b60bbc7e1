public import Basics
public import Formats

/// A value that the repository wants: written there, or taken from another resource once that exists.
public enum WantedValue: Sendable, Hashable {
    case literal(Value)
    /// An attribute of another resource, such as the address of a droplet that may not exist yet.
    case reference(ResourceKey, attribute: String)
}

/// One attribute that the repository names.
///
/// What it doesn't name is left alone.
public struct WantedAttribute: Sendable, Hashable {
    public let name: String
    public let value: WantedValue
    /// Where it is written; nil where it follows from the resource as a whole.
    public let mark: SourceMark?

    public init(_ name: String, _ value: WantedValue, at mark: SourceMark? = nil) {
        self.name = name
        self.value = value
        self.mark = mark
    }
}

/// One thing that should exist, with the file and line that want it.
public struct DesiredResource: Sendable, Hashable {
    public let key: ResourceKey
    /// The slug of the environment that owns it; nil for what environments share.
    public let environment: String?
    /// Sorted by name; names are unique.
    public let attributes: [WantedAttribute]
    public let source: SourceMark
    /// What has to exist before it, beyond the references in its attributes.
    public let dependsOn: [ResourceKey]
    /// Whether it may only change, and never be deleted or replaced, without an approval.
    public let isProtected: Bool

    public init(
        key: ResourceKey, environment: String? = nil, attributes: [WantedAttribute], source: SourceMark,
        dependsOn: [ResourceKey] = [], isProtected: Bool = false
    ) {
        self.key = key
        self.environment = environment
        self.attributes = attributes.sorted { $0.name.precedesByBytes($1.name) }
        self.source = source
        self.dependsOn = dependsOn
        self.isProtected = isProtected
    }

    public subscript(name: String) -> WantedAttribute? { attributes.first { $0.name == name } }
}
