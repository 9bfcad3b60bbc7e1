public import DesiredState
public import Diff
internal import Formats

extension ObserveRequest {
    /// In which parent each object is, for the kinds whose schema says that an attribute tells it.
    ///
    /// - Parameters:
    ///   - wanted: what documents want; they have the last word.
    ///   - remembered: what the inventory holds, with what was last applied.
    ///   - schemas: of all kinds.
    /// - Returns: by kind, and by the name of the object.
    public static func parents(
        wanted: [DesiredResource], remembered: [InventoryEntry], schemas: [ResourceKind: KindSchema]
    ) -> [ResourceKind: [String: String]] {
        var parents: [ResourceKind: [String: String]] = [:]
        let telling = schemas.values.compactMap { schema in schema.parentAttribute.map { (schema.kind, $0) } }
        for (kind, attribute) in telling {
            var own: [String: String] = [:]
            for entry in remembered where entry.key.kind == kind {
                own[entry.key.name] = entry.lastApplied[attribute]?.stringValue
            }
            for resource in wanted where resource.key.kind == kind {
                let value = resource.attributes.first { $0.name == attribute }?.value
                if case .literal(let parent)? = value {
                    own[resource.key.name] = parent.stringValue
                } else {
                    own[resource.key.name] = nil
                }
            }
            parents[kind] = own.filter { !$0.value.isEmpty }
        }
        return parents
    }
}
