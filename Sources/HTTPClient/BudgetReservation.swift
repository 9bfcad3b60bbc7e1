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
    /// The account as the share last told it.
    private(set) var account: BudgetAccount?
    private var pause: (until: Duration, isUrgent: Bool)?
    /// Why the share could not be asked.
    private(set) var problem: HTTPFault?
    var reading: BudgetClaim.Reading?
    var blockedUntil: Timestamp?

    /// Whether there is anything to tell or to give back.
    var isOpen: Bool { urgent + common + spent > 0 }

    /// Whether requests have ended that the share hasn't heard of.
    var hasNews: Bool { spent > 0 }

    func covers(_ weight: Int = 1, isUrgent: Bool, now: Duration) -> Bool {
        now < usableUntil && (isUrgent ? urgent + common : common) >= weight
    }

    /// How much of what is reserved such a request may still use.
    func unused(isUrgent: Bool) -> Int { max(0, isUrgent ? urgent + common : common) }

    /// When the share may be asked again; that it had nothing to spare doesn't stop people, whom it keeps some for.
    func askAgainAt(isUrgent: Bool) -> Duration? {
        pause.flatMap { isUrgent && !$0.isUrgent ? nil : $0.until }
    }

    /// Uses some of what it covers.
    mutating func take(_ weight: Int) {
        let shared = min(weight, common)
        common -= shared
        urgent -= weight - shared
    }

    /// Ends a request that was granted at an instant.
    mutating func end(_ weight: Int, granted: Timestamp, isFree: Bool, isUrgent: Bool) {
        // What the provider doesn't count may be used again; what may have come from the reserve goes back into it.
        if isFree {
            if isUrgent { urgent += weight } else { common += weight }
        } else {
            spent += weight
            spentSince = min(spentSince ?? granted, granted)
            // Its own answer may tell it anew.
            reading?.isWhole = false
        }
    }

    mutating func drop() { (urgent, common) = (0, 0) }

    /// Lets the share be asked again at once: the provider has said of all that was sent what is used.
    ///
    /// While some of it was under way, that may have been taken for others' as well.
    mutating func reconsider() {
        if problem == nil, reading?.isWhole == true { pause = nil }
    }

    mutating func claim(
        holder: String, scope: String, windows: [RequestBudgetConfiguration.Window], margin: Duration, inFlight: Int,
        wanted: Int, reserve: Double
    ) -> BudgetClaim {
        defer {
            spent = 0
            spentSince = nil
            reading = nil
            blockedUntil = nil
        }
        return BudgetClaim(
            holder: holder, scope: scope, windows: windows, spent: spent, spentSince: spentSince,
            held: urgent + common + inFlight, wanted: wanted, reserve: reserve, reading: reading,
            blockedUntil: blockedUntil, margin: margin)
    }

    mutating func settle(
        _ outcome: Result<BudgetAllotment, HTTPFault>, of claim: BudgetClaim, isUrgent: Bool, now: Duration
    ) {
        switch outcome {
        case .success(let allotment):
            problem = nil
            account = allotment.account ?? account
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
