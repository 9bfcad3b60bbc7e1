public import DesiredState

/// Who can tell which modules Odoo has installed in a database of a server: a driver, or what reads a server and no more.
public protocol ModuleListing: Sendable {
    /// Where it looks, `db.example:5432`, so that only databases are asked for that are there; nil where that can't be told.
    var server: String? { get }

    /// Reads Odoo's own table of modules in a database of the server, and changes nothing.
    ///
    /// - Parameters:
    ///   - database: its name at the server.
    ///   - context: of whom the call is.
    /// - Returns: what is installed or about to change; never a part of it.
    func modules(in database: String, _ context: DriverContext) async -> Result<ModuleCensus, ProviderFault>

    /// Whether a fault is the server's, so that its other databases needn't be asked for to know that they show nothing.
    func isOfServer(_ fault: ProviderFault) -> Bool
}

extension ModuleListing {
    public func isOfServer(_ fault: ProviderFault) -> Bool { false }
}
