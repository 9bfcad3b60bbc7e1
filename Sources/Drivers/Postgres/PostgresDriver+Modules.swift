internal import Basics
public import DesiredState
public import Drivers

extension PostgresDriver: ModuleListing {
    public var server: String? { session.hosts }

    public func isOfServer(_ fault: ProviderFault) -> Bool { fault.isSilent }

    /// Reads `ir_module_module` in a transaction that can only read.
    ///
    /// Whoever runs Odoo owns that table, and may put anything in its place. So it is read only where it is a plain table with
    /// columns of text, none of its rules is evaluated, and no name is looked up in a schema that others write to: nothing
    /// of theirs is run with our rights.
    public func modules(in database: String, _ context: DriverContext) async -> Result<ModuleCensus, ProviderFault> {
        do throws(ProviderFault) {
            let heard = session.heard
            let answer = try await session.look(in: database, ModuleTable.operation) {
                connection throws(ServerError) in
                try ModuleTable(connection: connection, heard: heard).read()
            }
            switch answer {
            case .census(let census): return .success(census)
            case .refused(let reason): throw unreadable(reason, in: database)
            }
        } catch {
            guard ModuleTable.statesOfTable.contains(error.providerCode ?? "") else { return .failure(error) }
            return .failure(unreadable(error.message, in: database, state: error.providerCode ?? ""))
        }
    }

    private func unreadable(_ reason: String, in database: String, state: String = "") -> ProviderFault {
        .make(
            .modulesUnreadable, CallSite(operation: ModuleTable.operation, server: session.place, isWrite: false),
            "Odoo's list of modules in the database \(database) can't be read: \(reason)",
            hint: "let the role that we log in as read it, in that database: "
                + ModuleTable.grants(on: database, to: "ROLE"), state: state, .stop)
    }
}
