public import Drivers
internal import Formats

extension VercelDriver: AccountTelling {
    /// The team that is configured, which every call names; without one the team or the user that the token acts for, asked
    /// once.
    public func account(_ context: DriverContext) async -> Result<String?, ProviderFault> {
        if let team { return .success("team \(team)") }
        return await owner.name { () async throws(ProviderFault) -> String? in
            let answer = try await api.get("/v2/user", "user.get", context)
            let user = answer.root?["user"]
            return user?["defaultTeamId"].string.map { "team \($0)" } ?? user?["id"].string.map { "user \($0)" }
        }
    }
}
