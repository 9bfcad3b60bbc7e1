public import Basics
internal import DesiredState
public import Diff
public import Drivers
public import HTTPClient

/// Supabase: the health of projects, functions, secrets by their digest, branches, backups, advice.
///
/// Facts: the provider's OpenAPI description; docs/providers/supabase.md tells what is done with them.
public final class SupabaseDriver: ProviderDriver {
    public let version = "2"
    public let schemas: [KindSchema]

    let api: ProviderAPI
    let limits: SupabaseLimits
    let time: any TimeSource
    let organization: String?
    /// What is known of the project of which nobody says which it is.
    let usual: UsualProject
    /// Projects that have been seen: their lists prove something.
    let seen = Locked<Set<String>>([])
    /// Gives the value that a reference such as `env:NAME` points to; nil when there is none.
    let resolve: @Sendable (SecretReference) -> Secret?

    /// A driver for one token.
    ///
    /// - Parameters:
    ///   - token: sent as bearer, `sbp_…`.
    ///   - organization: the slug of the organization; nil looks at all that the token sees.
    ///   - project: the reference of the project of which nobody says which it is; nil takes the one that documents name,
    ///     or the only one there is.
    ///   - baseURL: the address without `/v1`.
    ///   - transport: carries the requests.
    ///   - budget: shared by all drivers of one token; nil makes one of its own.
    ///   - retry: what is tried again.
    ///   - limits: how long is waited, and how much is done at once.
    ///   - time: measures and waits.
    ///   - random: spreads the waits.
    ///   - resolve: gives the value of a secret that is to be set; without it none is.
    public init(
        token: Secret, organization: String? = nil, project: String? = nil,
        baseURL: String = SupabaseDriver.defaultURL, transport: any HTTPTransport, budget: RequestBudget? = nil,
        retry: RetryPolicy = RetryPolicy(), limits: SupabaseLimits = SupabaseLimits(),
        time: any TimeSource = SystemTime(), random: RandomSource = .system(),
        resolve: @escaping @Sendable (SecretReference) -> Secret? = { _ in nil }
    ) {
        self.time = time
        self.limits = limits
        self.resolve = resolve
        self.organization = organization.flatMap { $0.isEmpty ? nil : $0 }
        let usual = UsualProject(project.flatMap { $0.isEmpty ? nil : $0 })
        self.usual = usual
        schemas = SupabaseKinds.all { usual.known }
        let client = APIClient(
            provider: "supabase", baseURL: baseURL, authorization: .bearer(token),
            transport: transport, budget: budget ?? RequestBudget(.supabase, time: time), retry: retry, time: time,
            random: random)
        api = ProviderAPI(
            client: client, names: Self.names, time: time, rates: .supabase,
            prepare: { request, call in
                request.redaction = Self.secrets
                // Supabase's own tools never repeat a write.
                request.isRepeatable = call.isRead
                // Each endpoint of each project or organization has a minute's window of its own.
                let parts = call.path.split(separator: "/").prefix(3)
                let isOwned = parts.count == 3 && ["organizations", "projects"].contains(parts[1])
                let key = "\(call.operation) \(isOwned ? String(parts[2]) : "")"
                request.scopes = [RequestScope(key, RequestBudgetConfiguration.supabaseEndpoint)]
            }, readError: Self.readError)
    }

    public static let defaultURL = "https://api.supabase.com"
}

/// The project of which nobody says which it is: the one that is configured, that all documents name, or that is the only
/// one there is.
struct UsualProject: Sendable {
    private let named: String?
    /// The only project there is; nil until it is asked for.
    let only = Locked<String?>(nil)
    /// The project of each function, as documents or the inventory last said.
    let homes = Locked<[String: String]>([:])

    init(_ named: String?) { self.named = named }

    /// As far as it can be told without asking Supabase.
    var known: String? {
        if let named { return named }
        let documented = Set(homes.withLock { Array($0.values) })
        return documented.count == 1 ? documented.first : only.withLock { $0 }
    }
}

/// How long the driver waits, and how much it does at once.
public struct SupabaseLimits: Sendable {
    /// Requests under way at once.
    public var parallelism = 4
    /// The pause before the first look at a new branch; later ones grow to `longestPause`.
    public var firstPause = Duration.seconds(2)
    public var longestPause = Duration.seconds(15)
    /// The longest that a branch may take to be made and migrated.
    public var branchDeadline = Duration.minutes(15)

    public init() {}
}

extension SupabaseDriver: SecretResolving {
    public func holds(_ reference: SecretReference) -> Bool { resolve(reference) != nil }
}
