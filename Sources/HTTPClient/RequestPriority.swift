/// Whose request goes first when a budget is short; the order of the cases is the order of precedence.
public enum RequestPriority: Int, Sendable, Hashable, Comparable, CaseIterable {
    /// Carries out what a commit wants.
    case commit
    /// Somebody is waiting at a terminal or a page.
    case person
    /// Looks for drift.
    case drift
    /// Looks at everything again, just in case.
    case resync

    public static func < (a: RequestPriority, b: RequestPriority) -> Bool { a.rawValue < b.rawValue }

    /// Whether it may use what is kept back: whatever runs by itself leaves it alone, however urgent.
    var usesReserve: Bool { self == .person }
}
