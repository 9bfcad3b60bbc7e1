public import Drivers
internal import Formats
internal import HTTPClient

/// What only Vercel knows; docs/providers/vercel.md explains each code.
extension ProviderProblem {
    static let refusedInSuccess = ProviderProblem.own("VC-0013")
    static let notVerified = ProviderProblem.own("VC-0015")
    static let jobFailed = ProviderProblem.own("VC-0016")
}

extension VercelDriver {
    public static let names = ProviderNames(
        provider: "vercel", title: "Vercel",
        codes: [
            .credentialRefused: "VC-0001", .notPermitted: "VC-0002", .notFound: "VC-0003", .conflict: "VC-0004",
            .refused: "VC-0005", .overBudget: "VC-0006", .serverError: "VC-0007", .notJSON: "VC-0008",
            .brokenAnswer: "VC-0009", .lost: "VC-0010", .notReached: "VC-0011", .paymentRequired: "VC-0012",
            .noValue: "VC-0014", .tookTooLong: "VC-0017", .impossible: "VC-0018", .unexpected: "VC-0019",
            .nameTaken: "VC-0020",
        ],
        credential: "VERCEL_TOKEN", address: "VERCEL_API_URL", noun: "token",
        texts: [
            .notPermitted: "the token may not do this, or the team is another",
            .overBudget: "Vercel's limit of requests is reached",
        ],
        hint: { problem, _ in
            switch problem {
            case .notPermitted:
                "give the token's account access to the team, and put the team's id into VERCEL_TEAM_ID"
            case .paymentRequired: "look at the team's billing at Vercel"
            case .conflict: "is the name in use elsewhere? The message is Vercel's own"
            case .unexpected: "is VERCEL_API_URL right? It is the address without a version"
            default: nil
            }
        })

    /// Values of environment variables stand under these names, in requests and in answers.
    static let secrets = Redaction(members: ["value", "vsmValue", "encryptedValue", "legacyValue"])

    /// Reads `{error: {code, message}}`, `{err: …}` and the flat `{code, message}`; empty where it is none of them.
    static func readError(_ response: HTTPResponse) -> ProviderError {
        var error = ProviderError()
        guard let document = try? JSONDocument(response.body) else { return error }
        for view in [document.root["error"], document.root["err"], document.root] where view.kind == .object {
            error.code = view["code"].string
            error.message = view["message"].string
            // Said beside a 403 whose cause is the token itself.
            if response.status == 403, view["invalidToken"].bool == true { error.problem = .credentialRefused }
            if error.message != nil || error.code != nil { break }
        }
        return error
    }
}

extension ProviderAnswer {
    /// What the next page is asked with; nil when there is none.
    var nextCursor: String? {
        guard let next = root?["pagination"]["next"] else { return nil }
        return next.string ?? next.int.map(String.init)
    }
}
