public import DesiredState

/// A driver that can ask for an object by the id that the provider gave it.
///
/// A list may leave out what is there, for a moment or as long as the provider is ill; what is made again for that stands
/// beside the first one, and whatever points at its name is turned to it.
public protocol IdentityAsking: Driver {
    /// Asks for one object by its id.
    ///
    /// - Parameters:
    ///   - key: the name that it had.
    ///   - id: the provider's id of it.
    ///   - context: of the pass.
    /// - Returns: present only where it still has that name; absent also for kinds that have no id of their own.
    func ask(for key: ResourceKey, id: String, _ context: DriverContext) async -> LookOutcome
}
