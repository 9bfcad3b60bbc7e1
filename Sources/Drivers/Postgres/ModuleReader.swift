public import Basics
public import DesiredState
public import Drivers

/// A PostgreSQL server from which lists of Odoo's modules are read and nothing else: no kind is observed there, and every
/// transaction may only read.
///
/// Its address is looked up for each look, so that a password which was replaced counts at once. Each look has a connection
/// of its own, on a thread of this server's own: one that doesn't answer holds up no other.
public final class ModuleReader: ModuleListing {
    /// What one look has shown of the server.
    public struct Sight: Sendable, Hashable {
        /// Such as `16.4`.
        public let version: String
        /// Whether the role could do everything there, though reading needs nothing of it.
        public let isSuperuser: Bool
        /// Nil where no database was asked for.
        public let census: ModuleCensus?
    }

    /// By which environments name it: their `database_cluster`.
    public let cluster: String
    /// Where its address is.
    public let reference: SecretReference
    private let limit: Duration
    private let address: @Sendable () -> Secret?
    private let heard: @Sendable (String) -> Void
    private let thread = ThreadPool(threads: 1)

    /// - Parameters:
    ///   - cluster: by which environments name it.
    ///   - reference: where its address is, for messages.
    ///   - limit: the longest that one look may take, from connecting on.
    ///   - heard: hears each statement, values left out: for tests.
    ///   - address: the `postgres://` URI that is there now; nil: nothing is.
    public init(
        cluster: String, reference: SecretReference, limit: Duration = .seconds(10),
        heard: @escaping @Sendable (String) -> Void = { _ in }, address: @escaping @Sendable () -> Secret?
    ) {
        self.cluster = cluster
        self.reference = reference
        self.limit = limit
        self.heard = heard
        self.address = address
    }

    public var server: String? { address().flatMap { ServerAddress($0) }?.hosts }

    public func modules(in database: String, _ context: DriverContext) async -> Result<ModuleCensus, ProviderFault> {
        await look(in: database).flatMap { sight in
            guard let census = sight.census else { return .failure(fault(.brokenAnswer, "it shows nothing", .stop)) }
            return .success(census)
        }
    }

    public func isOfServer(_ fault: ProviderFault) -> Bool {
        [FaultCode.readerShut, .readerAddress].contains { $0.rawValue == fault.code }
    }

    /// Reads the list of one database, and what can be told of the server on the way.
    ///
    /// - Parameter database: its name at the server; nil: the address's own is connected to, and no list is read.
    /// - Returns: the server's version, whether its role may do everything, and the list; never a part of it.
    public func look(in database: String?) async -> Result<Sight, ProviderFault> {
        guard let uri = address() else {
            return .failure(
                fault(
                    .readerAddress, "has no address: nothing is at \(reference)",
                    hint: "put \(PostgresURI.form), there", .stop))
        }
        guard let parts = ServerAddress(uri) else {
            return .failure(
                fault(
                    .readerAddress, "has an address that can't be read, at \(reference)",
                    hint: "write \(PostgresURI.form)", .stop))
        }
        let (limit, heard) = (limit, heard)
        let result: Result<(Sight, refusal: String?), ServerError> = await thread.run {
            do throws(ServerError) {
                let connection = try ServerConnection(
                    uri, database: database, timeout: limit, limit: limit, isReadOnly: true)
                let (version, isSuperuser) = connection.standing
                var (census, refusal): (ModuleCensus?, String?)
                if database != nil {
                    switch try ModuleTable(connection: connection, heard: heard).read() {
                    case .census(let found): census = found
                    case .refused(let reason): refusal = reason
                    }
                }
                return .success((Sight(version: version, isSuperuser: isSuperuser, census: census), refusal))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success((let sight, nil)): return .success(sight)
        case .success((_, let refusal?)): return .failure(unreadable(database ?? "", refusal, parts))
        case .failure(let error): return .failure(meaning(of: error, database, parts))
        }
    }

    // MARK: What went wrong

    /// What an error says of this server, with what helps.
    private func meaning(of error: ServerError, _ database: String?, _ address: ServerAddress) -> ProviderFault {
        let state = error.state
        if let database, ModuleTable.statesOfTable.contains(state) {
            return unreadable(database, error.message, address, state: state)
        }
        switch state {
        case "28P01":
            return fault(
                .readerShut, "doesn't let us in: \(error.message)",
                hint:
                    "write the role's password as it is into \(reference), or set it there: alter role \(address.role) "
                    + "password 'PASSWORD'", state: state, .stop)
        case "3D000":
            return fault(
                .readerDatabase, "doesn't open a database: \(error.message)",
                hint:
                    "is \(reference) the address of the cluster \(cluster)? Environments whose database_cluster it is "
                    + "have their databases there", state: state, .stop)
        case _ where state.hasPrefix("28"):
            return fault(
                .readerDatabase, "doesn't open a database: \(error.message)",
                hint: "let \(address.role) in at \(address.hosts), by pg_hba.conf or the cluster's trusted sources",
                state: state, .retry(after: nil))
        case _ where state.hasPrefix("53"):
            return fault(
                .readerDatabase, "doesn't open a database: \(error.message)",
                hint: "leave the role a connection: alter role \(address.role) connection limit 5", state: state,
                .retry(after: nil))
        case _ where state.hasPrefix("08") || state.hasPrefix("57P") || error.isBroken || state.isEmpty:
            return fault(
                .readerShut, "doesn't answer: \(error.message)",
                hint: "see whether it runs, and lets this machine reach \(address.hosts)", state: state,
                .retry(after: nil))
        default:
            return fault(.busy, "took too long or refused it: \(error.message)", state: state, .retry(after: nil))
        }
    }

    private func unreadable(
        _ database: String, _ reason: String, _ address: ServerAddress, state: String = ""
    ) -> ProviderFault {
        fault(
            .modulesUnreadable, "shows no list of modules in the database \(database): \(reason)",
            hint: "let its role read it, in that database: \(ModuleTable.grants(on: database, to: address.role))",
            state: state, .stop)
    }

    private func fault(
        _ code: FaultCode, _ what: String, hint: String? = nil, state: String = "", _ disposition: Disposition
    ) -> ProviderFault {
        let site = CallSite(operation: ModuleTable.operation, server: "modules.servers.\(cluster)", isWrite: false)
        return .make(
            code, site, "the server \(cluster) of modules.servers \(what)", hint: hint, state: state, disposition)
    }
}
