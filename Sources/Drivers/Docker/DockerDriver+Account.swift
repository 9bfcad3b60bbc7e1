internal import Basics
public import Drivers
internal import Formats

extension DockerDriver: AccountTelling {
    /// The engine's id, which it keeps beside its data, with the address of another machine's; asked each time, for another may
    /// answer there.
    ///
    /// A machine that was made from a snapshot of the engine's has the same id and the same containers: only its address tells
    /// it from that one.
    public func account(_ context: DriverContext) async -> Result<String?, ProviderFault> {
        do throws(ProviderFault) {
            let id = try await api.get("info", "/info", context).object(with: "ID")["ID"].string ?? ""
            return .success(id.isEmpty ? nil : "engine \(id)" + (host.remote.map { " at \($0)" } ?? ""))
        } catch {
            // What stands before an engine may let only some questions through.
            return error.code == FaultCode.notAllowed.rawValue ? .success(nil) : .failure(error)
        }
    }
}
