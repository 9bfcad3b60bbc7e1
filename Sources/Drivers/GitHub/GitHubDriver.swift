public import Basics
public import Diff
public import Drivers
public import HTTPClient

/// GitHub: repositories with their settings, branch protection, rulesets, labels and hooks; and, to be seen only,
/// branches, tags, pull requests, environments, names of secrets and workflow runs.
///
/// Facts: the provider's OpenAPI description of 2022-11-28; docs/providers/github.md tells what is done with them.
public final class GitHubDriver: ProviderDriver {
    public let version = "1"
    public let schemas: [KindSchema]

    let api: ProviderAPI
    let time: any TimeSource
    /// What hooks that we create sign with, where their document names no secret.
    let hookSecret: Secret?
    /// Gives the secret that a hook's document names.
    let resolve: @Sendable (SecretReference) -> Secret?
    /// Whose the token is, as far as it was told or asked for.
    let identity: GitHubReporter.Identity
    /// Repositories that are read side by side.
    let parallelism = 4

    /// - Parameters:
    ///   - token: a fine-grained or classic token, or that of an app's installation.
    ///   - baseURL: `https://api.github.com`, or `https://HOST/api/v3` of a server of one's own.
    ///   - transport: carries the requests.
    ///   - budget: shared by all clients of the token; nil makes one of its own.
    ///   - retry: what is tried again.
    ///   - cache: keeps answers, so that what has not changed costs nothing of the limit; nil asks for everything anew.
    ///   - hookSecret: what hooks that we create sign their deliveries with, where their document names no secret.
    ///   - login: whose the token is, where it is an app's and GitHub doesn't tell; nil asks when it is needed.
    ///   - time: measures, and waits between attempts.
    ///   - random: spreads those waits.
    ///   - resolve: gives the secret that the document of a hook names; without it none is.
    public init(
        token: Secret, baseURL: String = GitHubDriver.defaultURL, transport: any HTTPTransport,
        budget: RequestBudget? = nil, retry: RetryPolicy = RetryPolicy(),
        cache: ResponseCache? = ResponseCache(), hookSecret: Secret? = nil, login: String? = nil,
        time: any TimeSource = SystemTime(),
        random: RandomSource = .system(),
        resolve: @escaping @Sendable (SecretReference) -> Secret? = { _ in nil }
    ) {
        let client = APIClient(
            provider: "github", baseURL: baseURL, authorization: .bearer(token), transport: transport,
            budget: budget ?? RequestBudget(.gitHub, time: time), retry: retry, cache: cache,
            headers: [
                HTTPHeader("Accept", "application/vnd.github+json"), HTTPHeader("X-GitHub-Api-Version", "2022-11-28"),
            ],
            redaction: hookSecret.map { Redaction(values: [$0]) } ?? .none, time: time, random: random)
        api = ProviderAPI(
            client: client, names: Self.names, time: time, rates: .gitHub,
            prepare: { request, call in
                request.scopes = call.isRead ? Self.reading : Self.writing
                // Each PATCH sets values: saying it twice is saying it once.
                if call.method == "PATCH" { request.isRepeatable = true }
            }, readError: Self.readError)
        self.time = time
        self.hookSecret = hookSecret
        schemas = GitHubKinds.all(hasHookSecret: hookSecret != nil)
        self.resolve = resolve
        identity = GitHubReporter.Identity(login)
    }

    public static let defaultURL = "https://api.github.com"
}

extension GitHubDriver: SecretResolving {
    public func holds(_ reference: SecretReference) -> Bool { resolve(reference) != nil }
}
