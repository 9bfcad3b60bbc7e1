internal import Basics
public import Drivers
internal import Formats

extension DigitalOceanDriver: AccountTelling {
    /// The team whose token it is, or the account of a token without one; asked once.
    ///
    /// Everybody of a team has an account of their own, and they see the same objects.
    public func account(_ context: DriverContext) async -> Result<String?, ProviderFault> {
        if let known = owner.withLock({ $0 }) { return .success(known) }
        do throws(ProviderFault) {
            let answer = try await api.get("/v2/account", "account.get", "account:read", context)
            let account = answer.root?["account"]
            let found =
                account?["team"]["uuid"].string.map { "team \($0)" } ?? account?["uuid"].string.map { "account \($0)" }
            owner.withLock { $0 = found }
            return .success(found)
        } catch {
            return error.problem == .notPermitted ? .success(nil) : .failure(error)
        }
    }
}
