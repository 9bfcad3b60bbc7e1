public import Diff

/// A driver some of whose creates write over what is there under the name, and what that was can't be read back.
///
/// A list that leaves a value out for a moment would have the one of the repository's reference written over one that was
/// rotated at the provider.
public protocol ValueOverwriting: Driver {
    /// Whether a create would write over a value that may have become another one since.
    func overwrites(_ change: PlannedChange) -> Bool
}
