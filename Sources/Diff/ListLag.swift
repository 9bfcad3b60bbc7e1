internal import Basics

/// How far the lists of providers lag behind what was done.
public enum ListLag {
    /// How long a list may go without what was just made.
    public static let longest = Duration.minutes(2)
}
