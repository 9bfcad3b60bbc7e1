public import Basics
internal import DesiredState
public import Diff
public import Drivers
internal import Formats
public import HTTPClient

/// Mailgun: domains of an account with the state of their DNS, and the URLs that events are sent to.
///
/// Facts: the provider's OpenAPI description; docs/providers/mailgun.md tells what is done with them.
public final class MailgunDriver: ProviderDriver, AccessChecking {
    public let version = "1"
    public let schemas = MailgunKinds.all

    let api: ProviderAPI
    let time: any TimeSource
    /// The URLs of an event are one list that is replaced as a whole: who changes it goes alone.
    let lists = KeyedLock()

    public static let names = ProviderNames(
        provider: "mailgun", title: "Mailgun",
        codes: [
            .credentialRefused: "MG-0001", .notPermitted: "MG-0002", .notFound: "MG-0003", .conflict: "MG-0004",
            .refused: "MG-0005", .overBudget: "MG-0006", .serverError: "MG-0007", .brokenAnswer: "MG-0008",
            .lost: "MG-0009", .notReached: "MG-0010", .ambiguous: "MG-0011", .impossible: "MG-0012",
            .unexpected: "MG-0013",
        ], credential: "MAILGUN_API_KEY",
        address: "MAILGUN_API_URL")

    /// A driver over a client; the client's time and the driver's should be the same.
    public init(client: APIClient, time: any TimeSource) {
        self.time = time
        api = ProviderAPI(client: client, names: Self.names, time: time, readError: Self.readError)
    }

    /// A driver for one key; all drivers of one key should share a budget, nil makes one of its own.
    ///
    /// A domain lives in one region for ever, and each region has its own address.
    public convenience init(
        apiKey: Secret, baseURL: String = MailgunDriver.unitedStates, transport: any HTTPTransport,
        budget: RequestBudget? = nil, retry: RetryPolicy = RetryPolicy(), time: any TimeSource = SystemTime(),
        random: RandomSource = .system()
    ) {
        let client = APIClient(
            provider: "mailgun", baseURL: Self.rootURL(baseURL), authorization: .basic(user: "api", password: apiKey),
            transport: transport, budget: budget ?? RequestBudget(.mailgun, time: time), retry: retry,
            // The domain's own password stands in its description.
            redaction: Redaction(members: ["smtp_password"]), time: time, random: random)
        self.init(client: client, time: time)
    }

    public static let unitedStates = "https://api.mailgun.net"
    public static let europe = "https://api.eu.mailgun.net"

    /// The address without a version, which differs from path to path; people write it with `/v3` too.
    ///
    /// `us` and `eu` stand for the addresses of the two regions.
    public static func rootURL(_ text: String) -> String {
        switch text.lowercased() {
        case "us": return unitedStates
        case "eu": return europe
        default: break
        }
        var text = text
        while text.hasSuffix("/") { text.removeLast() }
        for version in ["/v3", "/v4"] where text.hasSuffix(version) { return String(text.dropLast(3)) }
        return text
    }

    /// Whether the key is good, and how many domains it sees.
    public func checkAccess() async -> Result<String, ProviderFault> {
        let context = DriverContext(runID: "doctor", log: .none)
        do throws(ProviderFault) {
            let call = ProviderCall("domains.list", "GET", "/v4/domains", permission: Self.role)
            let answer = try await api.send(call, query: [("limit", "1")], context)
            guard let total = answer.root?["total_count"].int else { throw answer.broken("it has no `total_count`") }
            return .success(total.of("domain"))
        } catch {
            return .failure(error)
        }
    }

    /// What keys have to be for domains and webhooks; a domain's sending key can only send.
    static let role = "the role Developer or Admin (a sending key of a domain can only send)"

    /// Reads `{message}`, `{Reason}`, and plain text, which is what a wrong key gets.
    static func readError(_ response: HTTPResponse) -> ProviderError {
        if let document = try? JSONDocument(response.body) {
            let root = document.root
            return ProviderError(message: root["message"].string ?? root["Reason"].string ?? root["error"].string)
        }
        guard response.body.count <= 200, response.header("content-type")?.lowercased().contains("html") != true else {
            return ProviderError()
        }
        let text = String(decoding: response.body, as: UTF8.self)
        return ProviderError(message: text.isEmpty ? nil : text)
    }
}
