public import DesiredState
public import Diff

/// A driver whose provider makes some objects unasked together with another, such as the states of a new project.
///
/// What came along with an object that this very run has made can't be anybody else's: such a child is taken over in the
/// same run, where everything else that appears under a wanted name waits for the next plan.
public protocol CompanionMaking: Driver {
    /// The object of which a key's is a part, when this run has made it by its own request, and the provider makes such
    /// parts with it; nil otherwise, and also where the object was there before and was taken for the one to be made.
    func maker(of key: ResourceKey, _ context: DriverContext) -> ResourceKey?

    /// Whether an object looks as the provider makes it: with no mark of ours, nor of another system.
    func isUnmarked(_ object: ObservedResource) -> Bool
}
