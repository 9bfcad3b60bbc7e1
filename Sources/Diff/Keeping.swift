public import Basics

/// What gives an environment more time: days, where they put its end off, else a pin.
public enum Keeping: Sendable, Hashable {
    case extend(days: Int)
    case pin

    /// What does where nobody knows its end or its policy.
    public static let usual = Keeping.extend(days: 7)

    /// The most days that can be given at once, whatever the policy says.
    public static let mostAtOnce = 365

    /// Enough days for an end that is still to come, as far as the policy lets them count.
    ///
    /// - Parameters:
    ///   - end: when its time to live is over, with the days that it has; nil: nobody knows.
    ///   - now: the present.
    ///   - extended: how many days people have given it so far.
    ///   - longest: the most that the policy allows at once; nil: as many as one likes.
    ///   - most: the most that it allows in all; nil: as many as one likes.
    ///   - wish: how many days from now on would be good.
    public init(
        end: Timestamp?, now: Timestamp, extended: Int = 0, longest: Int? = nil, most: Int? = nil, wish: Int = 7
    ) {
        let isOver = end.map { $0 <= now } ?? false
        // Whole days since then: they are spent before one of them counts.
        let spent = isOver ? Int(clamping: end.map { (now - $0).microseconds / 86_400_000_000 } ?? 0) : 0
        // At least a day should be left of them.
        let good = spent + 1 < wish ? wish : min(spent, Self.mostAtOnce) + wish
        var room = min(longest ?? Self.mostAtOnce, Self.mostAtOnce)
        if let most { room = min(room, most - min(max(0, extended), most)) }
        let days = min(room, good)
        self = days > spent && days > 0 ? .extend(days: days) : .pin
    }

    /// The command, for whoever has the operator's program.
    public func command(_ slug: String) -> String {
        switch self {
        case .extend(let days): "reconcile env extend \(slug) --days \(days)"
        case .pin: "reconcile env pin \(slug) --until 7d --reason \"why\""
        }
    }
}
