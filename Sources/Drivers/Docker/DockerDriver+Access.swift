internal import Basics
internal import Diff
public import Drivers
internal import Formats

extension DockerDriver: AccessChecking {
    /// Asks the engine for its version.
    ///
    /// - Returns: the versions of the engine and of its API.
    public func checkAccess() async -> Result<String, ProviderFault> {
        do throws(ProviderFault) {
            let answer = try await api.get("version", "/version", DriverContext(runID: "doctor", log: .none))
            let root = try answer.object(with: "ApiVersion")
            return .success(
                "engine \(root["Version"].string ?? "of no version"), API \(root["ApiVersion"].string ?? "unknown")")
        } catch {
            return .failure(error)
        }
    }
}
