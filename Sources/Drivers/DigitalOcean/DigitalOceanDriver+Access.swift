internal import Basics
public import Drivers
internal import Formats
internal import HTTPClient

extension DigitalOceanDriver: AccessChecking {
    /// Asks for the account: whether the address answers and the token is let in.
    ///
    /// - Returns: one line about the account, without its e-mail address.
    public func checkAccess() async -> Result<String, ProviderFault> {
        let context = DriverContext(runID: "doctor", log: .none)
        do throws(ProviderFault) {
            let answer = try await api.get("/v2/account", "account.get", "account:read", context)
            let status = answer.root?["account"]["status"].string ?? "unknown"
            let limit = answer.root?["account"]["droplet_limit"].int
            return .success("account \(status)" + (limit.map { ", at most \($0.of("droplet"))" } ?? ""))
        } catch {
            return .failure(error)
        }
    }
}
