public import Basics

/// The budget of one credential as all processes share it, such as a row of the store.
///
/// A process reserves a few requests at a time, and tells which of the earlier ones it has sent. What is reserved and
/// what was sent lately never exceed a window together, so that processes that know nothing of each other keep it.
public protocol BudgetShare: Sendable {
    /// Tells what has been sent, and asks for more.
    ///
    /// - Throws: `HTTPFault` when it can't be asked; nothing has been granted then.
    func exchange(_ claim: BudgetClaim) async throws(HTTPFault) -> BudgetAllotment
}

/// What one process tells and wants.
public struct BudgetClaim: Sendable, Hashable {
    /// What the provider last said that is left.
    public struct Reading: Sendable, Hashable {
        public var limit: Int?
        public var remaining: Int
        public var reset: RateReading.Reset?
        /// When the answered request was granted, and when its answer came.
        ///
        /// Of several that were under way at once the earliest grant.
        public var asked: Timestamp
        public var answered: Timestamp
        /// Whether every request of the process that has ended is in the provider's count.
        public var isWhole: Bool

        public init(
            limit: Int?, remaining: Int, reset: RateReading.Reset?, asked: Timestamp, answered: Timestamp,
            isWhole: Bool = false
        ) {
            self.limit = limit
            self.remaining = remaining
            self.reset = reset
            self.asked = asked
            self.answered = answered
            self.isWhole = isWhole
        }
    }

    /// Tells the process from all others.
    public var holder: String
    /// The narrower limit that it is about, by its key; empty for the credential's own.
    public var scope: String
    /// As the process knows them; the account keeps what the provider has said since.
    public var windows: [RequestBudgetConfiguration.Window]
    /// Requests that have ended since the last claim.
    public var spent: Int
    /// When the oldest of those was granted.
    public var spentSince: Timestamp?
    /// Reserved and not ended: under way, or not yet used.
    public var held: Int
    /// How many more.
    public var wanted: Int
    /// The share of each window that is kept back from this claim, from 0 to 1.
    public var reserve: Double
    public var reading: Reading?
    /// The provider refused everything until then.
    public var blockedUntil: Timestamp?
    public var margin: Duration

    public init(
        holder: String, scope: String = "", windows: [RequestBudgetConfiguration.Window], spent: Int = 0,
        spentSince: Timestamp? = nil, held: Int = 0, wanted: Int = 0,
        reserve: Double = 0, reading: Reading? = nil, blockedUntil: Timestamp? = nil, margin: Duration = .seconds(1)
    ) {
        self.holder = holder
        self.scope = scope
        self.windows = windows
        self.spent = max(0, spent)
        self.spentSince = spentSince
        self.held = max(0, held)
        self.wanted = max(0, wanted)
        self.reserve = min(max(0, reserve), 0.9)
        self.reading = reading
        self.blockedUntil = blockedUntil
        self.margin = max(.zero, margin)
    }
}

/// What came of a claim.
public struct BudgetAllotment: Sendable, Hashable {
    /// New ones.
    public var granted: Int
    /// Whether those held before are still the process's own; after a long silence they are not.
    public var isKept: Bool
    /// How long what is held may be used.
    public var lasting: Duration
    /// When to ask again, where less was granted than wanted.
    public var retryAfter: Duration?
    /// The provider has refused everything, for so long.
    public var blockedFor: Duration?
    /// The whole account after the claim, for those who ask how long something would take.
    public var account: BudgetAccount?

    public init(
        granted: Int, isKept: Bool = true, lasting: Duration, retryAfter: Duration? = nil, blockedFor: Duration? = nil
    ) {
        self.granted = granted
        self.isKept = isKept
        self.lasting = lasting
        self.retryAfter = retryAfter
        self.blockedFor = blockedFor
    }
}

/// A share within one process: what tests put in the place of a store.
public final class LocalBudgetShare: BudgetShare {
    private let accounts = Locked<[String: BudgetAccount]>([:])
    private let time: any TimeSource

    public init(time: any TimeSource) { self.time = time }

    public func exchange(_ claim: BudgetClaim) async throws(HTTPFault) -> BudgetAllotment {
        accounts.withLock { accounts in
            var account = accounts[claim.scope] ?? BudgetAccount()
            var allotment = account.exchange(claim, now: time.now)
            accounts[claim.scope] = account
            allotment.account = account
            return allotment
        }
    }
}
