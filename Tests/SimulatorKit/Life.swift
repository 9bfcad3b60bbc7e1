internal import Basics
public import DesiredState
public import Diff
public import Drivers
public import Formats

/// One object's life: how it is created and how it is changed.
public struct Life: Sendable {
    public let create: ResolvedChange
    /// Wanted attributes that differ from the creation; empty where there is nothing to change.
    public let changed: [Attributes.Item]

    public init(
        _ kind: ResourceKind, _ name: String, _ wanted: KeyValuePairs<String, Value> = [:],
        changed: KeyValuePairs<String, Value> = [:]
    ) {
        // As a plan has them: what a create can't give comes in steps of its own.
        create = change(
            ResourceKey(kind, name), .create, wanted: wanted.map { Attributes.Item($0.key, $0.value) },
            attributes: wanted.map { AttributeChange(path: $0.key, before: nil, after: $0.value) })
        self.changed = changed.map { Attributes.Item($0.key, $0.value) }
    }

    public var key: ResourceKey { create.change.key }

    /// All that is wanted after the change.
    public var later: Attributes {
        let names = Set(changed.map(\.name))
        return Attributes(create.wanted.items.filter { !names.contains($0.name) } + changed)
    }

    public func update(from current: ObservedResource) -> ResolvedChange {
        let attributes = changed.map {
            AttributeChange(path: $0.name, before: current.attributes[$0.name], after: $0.value)
        }
        return change(key, .update, wanted: later.items, current: current, attributes: attributes)
    }

    public func delete(_ current: ObservedResource) -> ResolvedChange {
        change(key, .delete, current: current)
    }
}

/// A change as a plan would resolve it.
public func change(
    _ key: ResourceKey, _ action: ChangeAction, wanted: [Attributes.Item] = [], current: ObservedResource? = nil,
    attributes: [AttributeChange] = [], id: String? = nil
) -> ResolvedChange {
    ResolvedChange(
        change: PlannedChange(
            key: key, action: action, reason: "test", cause: .unappliedCommit, attributes: attributes,
            providerID: id ?? current?.providerID),
        wanted: Attributes(wanted), current: current)
}

extension DesiredResource {
    /// What a document would want, for tests.
    public static func wanting(
        _ kind: ResourceKind, _ name: String, _ attributes: [(String, Value)] = [], dependsOn: [ResourceKey] = []
    ) -> DesiredResource {
        DesiredResource(
            key: ResourceKey(kind, name), attributes: attributes.map { WantedAttribute($0.0, .literal($0.1)) },
            source: SourceMark(file: "ssot/test.yaml", line: 1, column: 1), dependsOn: dependsOn, isProtected: false)
    }

    /// The creation of it.
    public var creation: ResolvedChange {
        let items = attributes.compactMap { wish -> Attributes.Item? in
            guard case .literal(let value) = wish.value else { return nil }
            return Attributes.Item(wish.name, value)
        }
        return ResolvedChange(
            change: PlannedChange(
                key: key, action: .create, reason: "test", cause: .unappliedCommit, wanted: attributes),
            wanted: Attributes(items), current: nil)
    }
}
