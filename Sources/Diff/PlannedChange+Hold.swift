internal import Basics
public import DesiredState

extension PlannedChange {
    /// Whether only a person's yes lets it happen: else it happens by itself after its grace, and a yes that names it only
    /// shortens that.
    public var waitsForPerson: Bool { verdict == .needsApproval && hold != .grace }

    /// What people are told of it: what goes by itself after its grace is blocked by time, also where a yes shortens that.
    public var shownVerdict: Verdict { hold == .grace && verdict == .needsApproval ? .blocked : verdict }

    /// Whether an approval has to name it: none of all that waits means it.
    public var isApprovedByName: Bool { hold == .grace || Departure.isKey(key) }

    /// Whether an approval lets it happen: the one that it waits for, or one that shortens its grace.
    ///
    /// - Parameter graces: what only time holds, as the plan says (`Plan.openGraces`).
    /// - Returns: true also where a window or another change would still hold it.
    public func isApprovable(_ graces: Set<ResourceKey>) -> Bool {
        verdict == .needsApproval || hold == .grace && graces.contains(key)
    }

    /// Whether it touches the provider.
    var hasEffect: Bool {
        switch action {
        case .create, .update, .replace, .delete, .adopt: true
        case .noop, .forget, .read: false
        }
    }

    /// Holds it back, in place of whatever did before.
    ///
    /// - Parameters:
    ///   - verdict: what becomes of it.
    ///   - reason: why, with the rule.
    ///   - hold: of which sort that is, for what helps against it follows from that.
    ///   - until: when that ends by itself; nil where it takes more than time.
    ///   - place: the line of the policy that holds it back; nil where none does.
    mutating func refuse(
        _ verdict: Verdict, _ reason: String, as hold: Hold, until: Timestamp? = nil, at place: SourceMark? = nil
    ) {
        self.verdict = verdict
        (verdictReason, self.hold) = (reason, hold)
        (blockedUntil, heldAt) = (until, place)
    }

    /// Nothing keeps it from happening any more.
    mutating func allow() {
        verdict = .allowed
        (verdictReason, hold) = (nil, nil)
        (blockedUntil, heldAt) = (nil, nil)
    }
}
