public import Basics
public import DesiredState
public import Diff

/// What the drivers of a run know together.
extension Collection<any Driver> {
    /// The rules of every kind that one of them owns.
    public var schemas: [ResourceKind: KindSchema] {
        Dictionary(flatMap(\.schemas).map { ($0.kind, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Their versions by provider, which a saved plan is bound to.
    public var versions: [String: String] {
        Dictionary(map { ($0.provider, $0.version) }, uniquingKeysWith: { first, _ in first })
    }

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
