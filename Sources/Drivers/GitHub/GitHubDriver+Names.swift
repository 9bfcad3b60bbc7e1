public import Drivers
internal import Formats
internal import HTTPClient

/// What only GitHub knows; docs/providers/github.md explains each code.
extension ProviderProblem {
    static let gone = ProviderProblem.own("GH-0012")
    static let mergedInstead = ProviderProblem.own("GH-0013")
    static let identityUnknown = ProviderProblem.own("GH-0015")
}

extension GitHubDriver {
    public static let names = ProviderNames(
        provider: "github", title: "GitHub",
        codes: [
            .credentialRefused: "GH-0001", .notPermitted: "GH-0002", .notFound: "GH-0003", .conflict: "GH-0004",
            .refused: "GH-0005", .overBudget: "GH-0006", .serverError: "GH-0007", .notJSON: "GH-0008",
            .brokenAnswer: "GH-0009", .lost: "GH-0010", .notReached: "GH-0011", .ambiguous: "GH-0014",
            .impossible: "GH-0016", .nameTaken: "GH-0017", .unexpected: "GH-0018",
            .noValue: "GH-0019",
        ],
        credential: "GITHUB_TOKEN", address: "GITHUB_API_URL", noun: "token",
        statuses: [410: .gone, 412: .refused, 451: .notPermitted],
        texts: [
            .notFound: "GitHub knows no such object, or hides it from this token",
            .overBudget: "GitHub's rate limit refused the request",
            .gone: "this is switched off for the repository, or this version of the API has ended",
        ],
        hint: { problem, call in
            let permission = call.permission ?? "Metadata: read"
            return switch problem {
            case .notPermitted: "give the token the permission `\(permission)`"
            case .notFound: "is the name right, and has the token the permission `\(permission)`?"
            case .gone: "are issues switched on in the repository's settings?"
            case .unexpected: "is GITHUB_API_URL right, and was the repository renamed?"
            default: nil
            }
        })

    /// What GitHub asks of those who read, and of those who write: they write one at a time.
    static let reading = [RequestScope("points", RequestBudgetConfiguration.gitHubPoints)]
    static let writing = [
        RequestScope("points", RequestBudgetConfiguration.gitHubPoints, weight: 5),
        RequestScope("content", RequestBudgetConfiguration.gitHubContent, concurrency: 1),
    ]

    /// Reads `{message, errors: [{resource, field, code, message}]}`; empty where it is another form.
    static func readError(_ response: HTTPResponse) -> ProviderError {
        var error = ProviderError()
        if response.status == 409 || response.status == 423 { error.wait = .seconds(5) }
        guard let root = (try? JSONDocument(response.body))?.root else { return error }
        error.message = root["message"].string
        var details: [String] = []
        for item in root["errors"].items.map(Array.init) ?? [] {
            if error.code == nil { error.code = item["code"].string }
            let place = [item["resource"].string, item["field"].string].compactMap { $0 }.joined(separator: ".")
            let text = item.string ?? item["message"].string ?? item["code"].string
            if let text { details.append(place.isEmpty ? text : "\(place) \(text)") }
        }
        if !details.isEmpty {
            error.message = (error.message ?? "") + " (\(details.prefix(5).joined(separator: "; ")))"
        }
        return error
    }
}
