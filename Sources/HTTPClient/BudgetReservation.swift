internal import Basics

/// What this process holds of a shared budget.
struct BudgetReservation {
    /// Reserved and not yet used; the urgent ones come out of the reserve.
    private var urgent = 0
    private var common = 0
    private var usableUntil = Duration.zero
    /// Ended since the last claim.
    private var spent = 0
    private var spentSince: Timestamp?
    private(set) var isAsking = false
    private var pause: (until: Duration, isUrgent: Bool)?
    /// Why the share could not be asked.
    private(set) var problem: HTTPFault?
    var reading: BudgetClaim.Reading?
    var blockedUntil: Timestamp?

    /// Whether there is anything to tell or to give back.
    var isOpen: Bool { urgent + common + spent > 0 }

    func covers(isUrgent: Bool, now: Duration) -> Bool {
        now < usableUntil && (isUrgent ? urgent + common : common) > 0
    }

    /// When the share may be asked again; that it had nothing to spare doesn't stop people, whom it keeps some for.
    func askAgainAt(isUrgent: Bool) -> Duration? {
        pause.flatMap { isUrgent && !$0.isUrgent ? nil : $0.until }
    }

    /// Uses one, if there is one.
    mutating func take(isUrgent: Bool, now: Duration) -> Bool {
        guard covers(isUrgent: isUrgent, now: now) else { return false }
        if common > 0 { common -= 1 } else { urgent -= 1 }
        return true
    }

    /// Ends a request that was granted at an instant.
    mutating func end(granted: Timestamp, isFree: Bool) {
        // What the provider doesn't count may be used again.
        if isFree {
            common += 1
        } else {
            spent += 1
            spentSince = min(spentSince ?? granted, granted)
        }
    }

    mutating func drop() { (urgent, common) = (0, 0) }

    mutating func claim(
        holder: String, configuration: RequestBudgetConfiguration, inFlight: Int, wanted: Int, isUrgent: Bool
    ) -> BudgetClaim {
        isAsking = true
        defer {
            spent = 0
            spentSince = nil
            reading = nil
            blockedUntil = nil
        }
        return BudgetClaim(
            holder: holder, windows: configuration.windows, spent: spent, spentSince: spentSince,
            held: urgent + common + inFlight,
            wanted: wanted, reserve: isUrgent ? 0 : configuration.reserve, reading: reading,
            blockedUntil: blockedUntil, margin: configuration.margin)
    }

    mutating func settle(
        _ outcome: Result<BudgetAllotment, HTTPFault>, of claim: BudgetClaim, isUrgent: Bool, now: Duration
    ) {
        isAsking = false
        switch outcome {
        case .success(let allotment):
            problem = nil
            if !allotment.isKept { drop() }
            if isUrgent { urgent += allotment.granted } else { common += allotment.granted }
            usableUntil = now + allotment.lasting
            pause = allotment.granted == 0 ? allotment.retryAfter.map { (now + $0, isUrgent) } : nil
        case .failure(let fault):
            // Whether it was booked is not known; told again it may count twice, which errs on the safe side.
            spent += claim.spent
            spentSince = [spentSince, claim.spentSince].compactMap { $0 }.min()
            problem = HTTPFault(
                .notSent, code: "HTTP-0012",
                message: "the request budget that processes share can't be asked: \(fault.message)",
                place: fault.place, hint: fault.hint, retryAfter: nil)
            pause = (now + .seconds(1), true)
        }
    }
}
