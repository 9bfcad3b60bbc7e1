internal import Basics
public import Drivers
internal import Formats

extension VercelDriver: AccountTelling {
    /// The team that is configured, which every call names; without one the team or the user that the token acts for, asked
    /// once.
    public func account(_ context: DriverContext) async -> Result<String?, ProviderFault> {
        if let team { return .success("team \(team)") }
        if let known = owner.withLock({ $0 }) { return .success(known) }
        do throws(ProviderFault) {
            let answer = try await api.get("/v2/user", "user.get", context)
            let user = answer.root?["user"]
            let found =
                user?["defaultTeamId"].string.map { "team \($0)" } ?? user?["id"].string.map { "user \($0)" }
            owner.withLock { $0 = found }
            return .success(found)
        } catch {
            return error.problem == .notPermitted ? .success(nil) : .failure(error)
        }
    }
}
