public import Basics
internal import DesiredState
public import Diff
public import Drivers
public import HTTPClient

/// Vercel: projects and their settings, environment variables by name, domains, and which deployment serves production.
///
/// Facts: the provider's OpenAPI description; docs/providers/vercel.md tells what is done with them.
public final class VercelDriver: ProviderDriver {
    public let version = "1"
    public let schemas = VercelKinds.all

    let api: ProviderAPI
    /// Sent with every call; nil acts on the token's own account.
    let team: String?
    let limits: VercelLimits
    let time: any TimeSource
    /// Whom the token leads to without a team: it never leads to another.
    let owner: KnownAccount
    /// Gives the value that a reference such as `env:NAME` points to; nil when there is none.
    let resolve: @Sendable (SecretReference) -> Secret?

    /// A driver for one token.
    ///
    /// - Parameters:
    ///   - token: sent as bearer.
    ///   - team: the id of the team, `team_…`; nil acts on the token's own account.
    ///   - baseURL: the address without a version.
    ///   - transport: carries the requests.
    ///   - budget: shared by all drivers of one token; nil makes one of its own.
    ///   - retry: what is tried again.
    ///   - limits: how long is waited, and how much is done at once.
    ///   - time: measures and waits.
    ///   - random: spreads the waits.
    ///   - resolve: gives the value of a variable that is to be made; without it none is.
    public init(
        token: Secret, team: String? = nil, baseURL: String = VercelDriver.defaultURL, transport: any HTTPTransport,
        budget: RequestBudget? = nil, retry: RetryPolicy = RetryPolicy(), limits: VercelLimits = VercelLimits(),
        time: any TimeSource = SystemTime(), random: RandomSource = .system(),
        resolve: @escaping @Sendable (SecretReference) -> Secret? = { _ in nil }
    ) {
        self.time = time
        self.limits = limits
        owner = KnownAccount(of: token)
        self.resolve = resolve
        let client = APIClient(
            provider: "vercel", baseURL: baseURL, authorization: .bearer(owner.credential),
            transport: transport, budget: budget ?? RequestBudget(.vercel, time: time), retry: retry, time: time,
            random: random)
        let team = team.flatMap { $0.isEmpty ? nil : $0 }
        self.team = team
        let ofTeam = team.map { [("teamId", $0)] } ?? []
        api = ProviderAPI(
            client: client, names: Self.names, time: time, rates: .vercel,
            prepare: { request, call in
                request.query += ofTeam
                request.redaction = Self.secrets
                request.scopes = [RequestScope(call.operation, RequestBudgetConfiguration.vercelEndpoint)]
            }, readError: Self.readError)
    }

    public static let defaultURL = "https://api.vercel.com"
}

/// How long the driver waits, and how much it does at once.
public struct VercelLimits: Sendable {
    /// Projects that are read at once.
    public var parallelism = 4
    /// The pause before the first look at a job; later ones grow to `longestPause`.
    public var firstPause = Duration.seconds(1)
    public var longestPause = Duration.seconds(5)
    /// The longest that a promotion or a rollback may take; Vercel's own client gives up as early.
    public var jobDeadline = Duration.minutes(3)

    public init() {}
}

/// `project/target/KEY` in its parts.
struct VariableName: Sendable, Hashable {
    let project: String
    /// `production`, `preview`, `development`, or `custom:ID`.
    let target: String
    let branch: String?
    let key: String

    init?(_ name: String) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 3, !parts.contains(where: \.isEmpty) else { return nil }
        project = String(parts[0])
        key = String(parts[parts.count - 1])
        let middle = parts[1..<(parts.count - 1)].joined(separator: "/")
        guard let colon = middle.firstIndex(of: ":"), !middle.hasPrefix("custom:") else {
            target = middle
            branch = nil
            return
        }
        target = String(middle[..<colon])
        branch = String(middle[middle.index(after: colon)...])
    }

    init(project: String, target: String, branch: String?, key: String) {
        self.project = project
        self.target = target
        self.branch = branch
        self.key = key
    }

    var text: String { "\(project)/\(target)\(branch.map { ":\($0)" } ?? "")/\(key)" }
}

extension VercelDriver: SecretResolving {
    public func holds(_ reference: SecretReference) -> Bool { resolve(reference) != nil }
}
