import Basics
import DesiredState
import Diff
import Formats

/// Which attributes hold what nobody should read: as their drivers say, or by their names where none is there to say it.
struct SensitiveAttributes {
    private static let unknown: Set<String> = ["env", "password", "user_data", "value_from"]

    private let names: [ResourceKind: Set<String>]

    init(_ schemas: [ResourceKind: KindSchema]) {
        names = schemas.mapValues { schema in
            Set(schema.attributes.filter(\.isSensitive).map(\.name))
                .union(Self.unknown.subtracting(schema.attributes.map(\.name)))
        }
    }

    func isSensitive(_ name: String, of kind: ResourceKind) -> Bool { (names[kind] ?? Self.unknown).contains(name) }

    /// Whether what a document says of an attribute is not to be shown; where a secret is kept may be.
    func hides(_ attribute: WantedAttribute, of kind: ResourceKind) -> Bool {
        guard case .literal(let value) = attribute.value, isSensitive(attribute.name, of: kind) else { return false }
        return value.stringValue.flatMap { SecretReference($0) } == nil
    }
}
