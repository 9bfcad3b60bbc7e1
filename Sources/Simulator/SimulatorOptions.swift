public import Basics

/// How a simulator behaves.
public struct SimulatorOptions: Sendable {
    /// Decides identifiers, addresses and passwords: the same seed and the same requests give the same answers.
    public var seed: UInt64
    public var time: any TimeSource
    /// Where the state is kept as JSON, loaded at the start and written after each change; nil keeps it in memory.
    public var statePath: String?
    /// The bearer token that is let in; nil lets any in.
    ///
    /// A request without one is always refused with 401.
    public var token: String?
    /// The credentials that other providers let in, by the provider's name; one that is not named lets any in.
    ///
    /// As the provider's own client sends it: the bearer token, the API key. Of Spaces, `ID:SECRET`: what is signed can only
    /// be held against a secret that is known, so that without one just the pair of ``Simulator/environment(at:)`` is let in.
    public var credentials: [String: String] = [:]
    /// The scopes of the token, such as `droplet:read`; nil grants all.
    ///
    /// What is missing is answered with 403.
    public var scopes: Set<String>?
    /// What each answer waits before its first byte.
    public var latency: Duration
    public var limits: RateLimits
    public var lifecycle: Lifecycle
    /// How many droplets the account may have.
    public var dropletLimit: Int
    /// Whether a second firewall of one name is refused with 409.
    ///
    /// The specification says nothing of it; since 2020 people have met both behaviours in the field.
    public var firewallNamesAreUnique: Bool
    /// Faults beyond those that are ordered one by one.
    public var faults: FaultPlan?
    /// How old a write can be and still be missing from a stale read.
    public var staleness: Duration
    /// How many requests the log remembers.
    public var logLimit: Int
    /// Whether a new account begins with what nobody can do without: Supabase's with one project.
    public var isFurnished = false

    public init(
        seed: UInt64 = 1, time: any TimeSource = SystemTime(), statePath: String? = nil, token: String? = nil,
        scopes: Set<String>? = nil, latency: Duration = .zero, limits: RateLimits = RateLimits(),
        lifecycle: Lifecycle = Lifecycle(), dropletLimit: Int = 100_000, firewallNamesAreUnique: Bool = false,
        faults: FaultPlan? = nil, staleness: Duration = .seconds(60), logLimit: Int = 20_000
    ) {
        self.seed = seed
        self.time = time
        self.statePath = statePath
        self.token = token
        self.scopes = scopes
        self.latency = latency
        self.limits = limits
        self.lifecycle = lifecycle
        self.dropletLimit = dropletLimit
        self.firewallNamesAreUnique = firewallNamesAreUnique
        self.faults = faults
        self.staleness = staleness
        self.logLimit = logLimit
    }
}

/// The sliding windows of one token; DigitalOcean's own are 5,000 an hour and 250 a minute.
public struct RateLimits: Sendable, Hashable {
    public var perHour: Int
    public var perMinute: Int
    /// `GET /v2/account/keys` alone, in 60 seconds.
    public var keyListsPerMinute: Int

    public init(perHour: Int = 5_000, perMinute: Int = 250, keyListsPerMinute: Int = 10) {
        self.perHour = perHour
        self.perMinute = perMinute
        self.keyListsPerMinute = keyListsPerMinute
    }

    /// Never refuses; the headers still count down from a million.
    public static let generous = RateLimits(perHour: 1_000_000, perMinute: 1_000_000, keyListsPerMinute: 1_000_000)
}

/// When something asynchronous is done: after so many looks or after so long, whichever comes first.
public struct Lifecycle: Sendable, Hashable {
    /// How many reads still find it in progress.
    public var looks: Int
    public var duration: Duration

    public init(looks: Int = 1, duration: Duration = .seconds(5)) {
        self.looks = looks
        self.duration = duration
    }

    /// Done at the first look.
    public static let immediate = Lifecycle(looks: 0, duration: .zero)
    /// Done only when the clock says so.
    public static func timed(_ duration: Duration) -> Lifecycle { Lifecycle(looks: .max, duration: duration) }
}
