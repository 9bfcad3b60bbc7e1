internal import Basics
public import Drivers

extension PostgresDriver: AccountTelling {
    /// The server's identifier with its address; asked each time, for another may answer there.
    ///
    /// A copy of a server has the identifier of the one that it was copied from, and objects with the same ids: only its
    /// address tells it from that one.
    public func account(_ context: DriverContext) async -> Result<String?, ProviderFault> {
        do throws(ProviderFault) {
            let rows = try await session.run("account", "select system_identifier from pg_catalog.pg_control_system()")
            guard let id = rows.first?.first ?? nil else { throw broken("account", "it has no identifier") }
            return .success("server \(id)" + (session.hosts.map { " at \($0)" } ?? ""))
        } catch {
            return error.code == FaultCode.notAllowed.rawValue ? .success(nil) : .failure(error)
        }
    }
}
