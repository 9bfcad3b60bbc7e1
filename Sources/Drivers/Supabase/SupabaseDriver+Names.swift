public import Drivers
internal import Formats
internal import HTTPClient

/// What only Supabase knows; docs/providers/supabase.md explains each code.
extension ProviderProblem {
    static let notDeployed = ProviderProblem.own("SB-0013")
    static let branchFailed = ProviderProblem.own("SB-0015")
    static let noProject = ProviderProblem.own("SB-0016")
    static let digestDiffers = ProviderProblem.own("SB-0020")
}

extension SupabaseDriver {
    public static let names = ProviderNames(
        provider: "supabase", title: "Supabase",
        codes: [
            .credentialRefused: "SB-0001", .notPermitted: "SB-0002", .notFound: "SB-0003", .conflict: "SB-0004",
            .refused: "SB-0005", .overBudget: "SB-0006", .serverError: "SB-0007", .notJSON: "SB-0008",
            .brokenAnswer: "SB-0009", .lost: "SB-0010", .notReached: "SB-0011", .paymentRequired: "SB-0012",
            .noValue: "SB-0014", .tookTooLong: "SB-0017", .impossible: "SB-0018", .unexpected: "SB-0019",
        ],
        credential: "SUPABASE_ACCESS_TOKEN", address: "SUPABASE_API_URL", noun: "token",
        texts: [.overBudget: "Supabase's limit of requests is reached"],
        hint: { problem, _ in
            switch problem {
            case .notPermitted: "give the token's owner a role in the project's organization that allows it"
            case .paymentRequired: "look at the organization's plan at Supabase"
            case .conflict: "the message is Supabase's own"
            case .unexpected: "is SUPABASE_API_URL right? It is the address without `/v1`"
            default: nil
            }
        })

    /// Secret values stand under these names, and so do passwords in the detail of a branch.
    static let secrets = Redaction(members: ["value", "db_pass", "jwt_secret", "api_key"])

    /// Reads `{message}` and `{error}`; empty where it is neither.
    static func readError(_ response: HTTPResponse) -> ProviderError {
        guard let root = (try? JSONDocument(response.body))?.root else { return ProviderError() }
        return ProviderError(
            code: root["code"].string,
            message: root["message"].string ?? root["error"].string ?? root["error"]["message"].string)
    }
}
