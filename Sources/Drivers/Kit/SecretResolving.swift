public import Basics

/// A driver that brings secret values to its provider, from where documents say that they are.
public protocol SecretResolving: Driver {
    /// Whether a value is there.
    func holds(_ reference: SecretReference) -> Bool
}
