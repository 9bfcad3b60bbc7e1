internal import Basics
public import Drivers
internal import Formats

extension DockerDriver: AccountTelling {
    /// The engine's id, which it keeps beside its data; asked each time, for another may answer at the address.
    public func account(_ context: DriverContext) async -> Result<String?, ProviderFault> {
        do throws(ProviderFault) {
            let id = try await api.get("info", "/info", context).object(with: "ID")["ID"].string ?? ""
            return .success(id.isEmpty ? nil : "engine \(id)")
        } catch {
            // What stands before an engine may let only some questions through.
            return error.code == FaultCode.notAllowed.rawValue ? .success(nil) : .failure(error)
        }
    }
}
