public import Basics
public import DesiredState
internal import Formats

/// Where a document says that a secret value is, `env:NAME` or `file:PATH`.
public struct NamedSecret: Sendable, Hashable {
    public let key: ResourceKey
    /// The attribute that says it, such as `value_from`.
    public let attribute: String
    public let reference: SecretReference
    /// The line that says it.
    public let mark: SourceMark?
}

extension DesiredState {
    /// Every place of a secret value that a wanted resource names, in the order of the resources.
    public func namedSecrets(_ schemas: [ResourceKind: KindSchema]) -> [NamedSecret] {
        let naming = schemas.mapValues { schema in
            Set(schema.attributes.filter { !$0.secretFor.isEmpty }.map(\.name))
        }
        return resources.flatMap { resource -> [NamedSecret] in
            guard let names = naming[resource.key.kind], !names.isEmpty else { return [] }
            return resource.attributes.compactMap { attribute in
                guard names.contains(attribute.name), let reference = attribute.reference else { return nil }
                return NamedSecret(
                    key: resource.key, attribute: attribute.name, reference: reference, mark: attribute.mark)
            }
        }
    }
}

extension WantedAttribute {
    /// The place of a secret value that it names; nil where it names none.
    fileprivate var reference: SecretReference? {
        guard case .literal(.string(let text)) = value else { return nil }
        return SecretReference(text)
    }
}

extension Comparison {
    /// Why a change can't be carried out for want of a secret value, and what to do; nil where nothing is missing.
    func emptiness(of change: PlannedChange, _ resource: DesiredResource) -> String? {
        guard !input.emptySecrets.isEmpty, let schema = input.schemas[change.key.kind],
            change.action != .adopt || !change.attributes.isEmpty
        else { return nil }
        for attribute in resource.attributes {
            guard let rule = schema.rule(attribute.name), rule.secretFor.contains(change.action),
                let reference = attribute.reference, input.emptySecrets.contains(reference)
            else { continue }
            return "`\(attribute.name)`\(place(attribute)) names \(reference), and nothing is there where this program "
                + "runs: put the value there, then run `reconcile --dry-run`"
        }
        return nil
    }
}
