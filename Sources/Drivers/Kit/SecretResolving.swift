public import Basics
public import DesiredState
public import Diff

/// A driver that brings secret values to its provider, from where documents say that they are.
public protocol SecretResolving: Driver {
    /// Whether a value is there.
    func holds(_ reference: SecretReference) -> Bool
}

extension Collection<any Driver> {
    /// The places of secret values that documents name and at which their drivers find nothing.
    public func emptySecrets(of desired: DesiredState, _ schemas: [ResourceKind: KindSchema]) -> Set<SecretReference> {
        var answers: [SecretReference: Bool] = [:]
        for secret in desired.namedSecrets(schemas) where answers[secret.reference] == nil {
            let driver = first { $0.provider == secret.key.kind.provider } as? any SecretResolving
            answers[secret.reference] = driver?.holds(secret.reference)
        }
        return Set(answers.filter { !$0.value }.keys)
    }
}
