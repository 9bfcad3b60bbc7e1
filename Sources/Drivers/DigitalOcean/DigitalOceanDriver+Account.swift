public import Drivers
internal import Formats

extension DigitalOceanDriver: AccountTelling {
    /// The team whose token it is, or the account of a token without one; asked once.
    ///
    /// Everybody of a team has an account of their own, and they see the same objects.
    public func account(_ context: DriverContext) async -> Result<String?, ProviderFault> {
        await owner.name { () async throws(ProviderFault) -> String? in
            let answer = try await api.get("/v2/account", "account.get", "account:read", context)
            let account = answer.root?["account"]
            return account?["team"]["uuid"].string.map { "team \($0)" }
                ?? account?["uuid"].string.map { "account \($0)" }
        }
    }
}
