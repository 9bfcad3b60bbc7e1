public import Drivers
internal import Formats
internal import HTTPClient

/// What only DigitalOcean knows; docs/providers/digitalocean.md explains each code.
extension ProviderProblem {
    static let actionFailed = ProviderProblem.own("DO-0012")
    static let missingReference = ProviderProblem.own("DO-0015")
    static let tagInUse = ProviderProblem.own("DO-0017")
    static let nowhereToKeep = ProviderProblem.own("DO-0020")
    static let stillInUse = ProviderProblem.own("DO-0021")
}

extension DigitalOceanDriver {
    public static let names = ProviderNames(
        provider: "digitalocean", title: "DigitalOcean",
        codes: [
            .credentialRefused: "DO-0001", .notPermitted: "DO-0002", .notFound: "DO-0003", .conflict: "DO-0004",
            .refused: "DO-0005", .overBudget: "DO-0006", .serverError: "DO-0007", .notJSON: "DO-0008",
            .brokenAnswer: "DO-0009", .lost: "DO-0010", .notReached: "DO-0011", .tookTooLong: "DO-0013",
            .ambiguous: "DO-0014", .impossible: "DO-0016", .nameTaken: "DO-0018", .unexpected: "DO-0019",
        ],
        credential: "DIGITALOCEAN_ACCESS_TOKEN", address: "DIGITALOCEAN_API_URL", noun: "token",
        hint: { problem, call in
            switch problem {
            case .notPermitted: call.permission.map { "give the token the scope `\($0)`" }
            case .unexpected: "is DIGITALOCEAN_API_URL right? It is the address without `/v2`"
            default: nil
            }
        })

    /// Reads `{id, message, request_id}` or `{error, messages, root_causes}`; empty where it is neither.
    static func readError(_ response: HTTPResponse) -> ProviderError {
        var error = ProviderError()
        if response.status == 412 { error.wait = .seconds(60) }
        guard let root = (try? JSONDocument(response.body))?.root else { return error }
        error.code = root["id"].string ?? root["error"].string
        error.message = root["message"].string ?? root["messages"].items?.compactMap(\.string).joined(separator: "; ")
        if error.message?.isEmpty != false { error.message = root["error"].string }
        error.requestID = root["request_id"].string
        // By 422, mostly: another action has to end first.
        if [400, 422].contains(response.status), error.message?.lowercased().contains("pending event") == true {
            error.problem = .conflict
            error.text = "another action on the object is still under way"
            error.wait = .seconds(15)
        }
        return error
    }

    /// How the end of an action is waited for.
    var polling: Polling {
        Polling(Self.names, time: time, firstPause: limits.firstPause, longestPause: limits.longestPause)
    }
}
