public import Basics
internal import DesiredState
public import Diff
public import Drivers
internal import Formats
public import HTTPClient

/// Slack: the app whose token it has, with its scopes, the channels of the workspace, and messages of our own.
///
/// Facts: the provider's OpenAPI description and its guides; docs/providers/slack.md tells what is done with them.
public final class SlackDriver: ProviderDriver, AccessChecking {
    public let version = "1"
    public let schemas = SlackKinds.all

    let api: ProviderAPI
    let time: any TimeSource
    /// One message of one key at a time: two at once would both find nothing and both be posted.
    let posting = KeyedLock()
    /// Ids of channels by name, as they were last seen.
    let channels = Locked<[String: String]>([:])

    public static let names = ProviderNames(
        provider: "slack", title: "Slack",
        codes: [
            .credentialRefused: "SL-0001", .notPermitted: "SL-0002", .notFound: "SL-0003", .conflict: "SL-0004",
            .refused: "SL-0005", .overBudget: "SL-0006", .serverError: "SL-0007", .brokenAnswer: "SL-0008",
            .lost: "SL-0009", .notReached: "SL-0010", .ambiguous: "SL-0011", .impossible: "SL-0012",
            .unexpected: "SL-0013",
        ], credential: "SLACK_BOT_TOKEN", address: "SLACK_API_URL")

    /// A driver over a client; the client's time and the driver's should be the same.
    public init(client: APIClient, time: any TimeSource) {
        self.time = time
        api = ProviderAPI(client: client, names: Self.names, time: time, readError: Self.readError)
    }

    /// A driver for one bot token; all drivers of one token should share a budget, nil makes one of its own.
    public convenience init(
        token: Secret, baseURL: String = SlackDriver.defaultURL, transport: any HTTPTransport,
        budget: RequestBudget? = nil, retry: RetryPolicy = RetryPolicy(),
        time: any TimeSource = SystemTime(),
        random: RandomSource = .system()
    ) {
        let client = APIClient(
            provider: "slack", baseURL: baseURL, authorization: .bearer(token), transport: transport,
            budget: budget ?? RequestBudget(.slack, time: time), retry: retry, time: time, random: random)
        self.init(client: client, time: time)
    }

    public static let defaultURL = "https://slack.com/api"

    /// Whether the token is good, and for which workspace.
    public func checkAccess() async -> Result<String, ProviderFault> {
        do throws(ProviderFault) {
            let identity = try await identify(DriverContext(runID: "doctor", log: .none))
            let scopes = identity.scopes.map { $0.count.of("scope") } ?? "scopes not said"
            return .success("workspace \(identity.team), app \(identity.user), \(scopes)")
        } catch {
            return .failure(error)
        }
    }

    static func readError(_ response: HTTPResponse) -> ProviderError {
        guard let document = try? JSONDocument(response.body) else { return ProviderError() }
        let code = document.root["error"].string
        return ProviderError(code: code, message: code)
    }
}
