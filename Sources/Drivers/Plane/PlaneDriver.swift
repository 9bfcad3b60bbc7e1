public import Basics
internal import DesiredState
public import Diff
public import Drivers
internal import Formats
public import HTTPClient

/// Plane: projects of one workspace, with their states, labels, modules and work items.
///
/// Facts: the provider's OpenAPI description; docs/providers/plane.md tells what is done with them.
public final class PlaneDriver: ProviderDriver, AccessChecking, CompanionMaking {
    public let version = "1"
    public let schemas = PlaneKinds.all

    /// Slug of the workspace; nil where none is configured, and then nothing is known.
    public let workspace: String?
    let api: ProviderAPI
    let time: any TimeSource
    /// Plane checks external ids and names before it inserts, and no rule of its database does: creates of one project
    /// go one after the other.
    let creation = KeyedLock()
    /// Ids of projects by identifier, as they were last seen.
    let projects = Locked<[String: String]>([:])
    /// The workspace of each project, as documents or the inventory last said.
    let homes = Locked<[String: String]>([:])
    /// The projects that our own requests have made, by identifier: id, and the run.
    let made = Locked<[String: (id: String, runID: String)]>([:])

    public static let names = ProviderNames(
        provider: "plane", title: "Plane",
        codes: [
            .credentialRefused: "PL-0001", .notPermitted: "PL-0002", .notFound: "PL-0003", .conflict: "PL-0004",
            .refused: "PL-0005", .overBudget: "PL-0006", .serverError: "PL-0007", .brokenAnswer: "PL-0008",
            .lost: "PL-0009", .notReached: "PL-0010", .ambiguous: "PL-0011", .impossible: "PL-0012",
            .unexpected: "PL-0013",
        ], credential: "PLANE_API_KEY", address: "PLANE_API_URL")

    /// A driver over a client; the client's time and the driver's should be the same.
    public init(client: APIClient, workspace: String?, time: any TimeSource) {
        self.workspace = workspace.flatMap { $0.isEmpty || $0 == "none" ? nil : $0 }
        self.time = time
        api = ProviderAPI(
            client: client, names: Self.names, time: time,
            // A PATCH says what is to be, so that saying it twice is saying it once.
            prepare: { request, call in if call.method == "PATCH" { request.isRepeatable = true } },
            readError: Self.readError)
    }

    /// A driver for one key; all drivers of one key should share a budget, nil makes one of its own.
    public convenience init(
        apiKey: Secret, workspace: String?, baseURL: String = PlaneDriver.defaultURL, transport: any HTTPTransport,
        budget: RequestBudget? = nil, retry: RetryPolicy = RetryPolicy(), time: any TimeSource = SystemTime(),
        random: RandomSource = .system()
    ) {
        let client = APIClient(
            provider: "plane", baseURL: Self.rootURL(baseURL), authorization: .header("X-API-Key", apiKey),
            transport: transport, budget: budget ?? RequestBudget(.plane, time: time), retry: retry, time: time,
            random: random)
        self.init(client: client, workspace: workspace, time: time)
    }

    public static let defaultURL = "https://api.plane.so"

    /// The address without the version, which is part of every path; people write it both ways.
    public static func rootURL(_ text: String) -> String {
        var text = text
        while text.hasSuffix("/") { text.removeLast() }
        return text.hasSuffix("/api/v1") ? String(text.dropLast(7)) : text
    }

    /// Whether the key is good for the workspace.
    public func checkAccess() async -> Result<String, ProviderFault> {
        let context = DriverContext(runID: "doctor", log: .none)
        do throws(ProviderFault) {
            let call = ProviderCall("projects.list", "GET", "\(base(workspace ?? ""))/")
            guard let workspace else { throw unconfigured(call) }
            let answer = try await api.send(call, query: [("per_page", "1")], context)
            guard let count = answer.root?["total_count"].int else { throw answer.broken("it has no `total_count`") }
            return .success("workspace \(workspace), \(count.of("project"))")
        } catch {
            return .failure(error)
        }
    }

    /// Reads `{error}`, `{detail}`, and `{field: [reason]}`.
    static func readError(_ response: HTTPResponse) -> ProviderError {
        guard let document = try? JSONDocument(response.body) else { return ProviderError() }
        let root = document.root
        if let text = root["error"].string ?? root["detail"].string { return ProviderError(message: text) }
        var reasons: [String] = []
        for member in root.members.map(Array.init) ?? [] {
            let text = member.value.string ?? member.value.items?.compactMap(\.string).joined(separator: " ")
            if let text, !text.isEmpty { reasons.append("\(member.name): \(text)") }
        }
        return ProviderError(message: reasons.isEmpty ? nil : reasons.joined(separator: "; "))
    }

    func unconfigured(_ call: ProviderCall) -> ProviderFault {
        fault(
            .impossible, call, "no workspace is configured",
            hint: "name it as providers.plane.workspace, or in PLANE_WORKSPACE", .stop)
    }
}
