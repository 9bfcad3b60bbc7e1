internal import Basics
public import Drivers
internal import Formats
internal import HTTPClient

extension VercelDriver: AccessChecking {
    /// Asks for one project: whether the address answers, and the token is let into the team.
    ///
    /// - Returns: one line about the account that names no person.
    public func checkAccess() async -> Result<String, ProviderFault> {
        let context = DriverContext(runID: "doctor", log: .none, priority: .person)
        do throws(ProviderFault) {
            let answer = try await api.get("/v10/projects", query: [("limit", "1")], "projects.list", context)
            let count = try answer.list("projects") { $0["id"].string }.count
            let scope = team.map { "team \($0)" } ?? "the token's own account"
            return .success("\(scope), " + (count == 0 ? "no project" : "projects to be seen"))
        } catch {
            return .failure(error)
        }
    }
}
