internal import Basics
internal import Drivers
internal import HTTPClient

/// How long a server may take.
struct ServerLimits: Sendable {
    /// To connect.
    var connect = Duration.seconds(10)
    /// One statement that only reads.
    var read = Duration.seconds(60)
    /// One that changes something, which the server itself ends before.
    var write = ServerConnection.longestStatement
    /// All that is looked at in another database of the server, from connecting on.
    var look = Duration.seconds(10)
}

/// One server, spoken to by one thread of its own; connects when it is needed, and anew when the connection is gone.
final class ServerSession: Sendable {
    private let uri: Secret
    private let thread = ThreadPool(threads: 1)
    private let connection = Locked<ServerConnection?>(nil)
    private let known = Locked<String?>(nil)
    private let limits: ServerLimits
    /// Hears each statement, values left out: for tests.
    let heard: @Sendable (String) -> Void

    init(_ uri: Secret, limits: ServerLimits, heard: @escaping @Sendable (String) -> Void) {
        // Another login is the same server's; with another server the plan of the pass that is at work would be wrong.
        let hosts = ServerAddress(uri)?.hosts
        self.uri = uri.steady { ServerAddress(Secret($0))?.hosts == hosts }
        self.limits = limits
        self.heard = heard
    }

    /// Where it is, without a password; known once it was reached.
    var place: String { known.withLock { $0 } ?? "the server of POSTGRES_ADMIN_URL" }

    /// Where it is by its address, without names and passwords.
    var hosts: String? { ServerAddress(uri)?.hosts }

    /// Runs SQL on the server's own database.
    ///
    /// - Throws: `ProviderFault`; a statement is sent once and never again.
    func run(
        _ operation: String, _ sql: String, _ parameters: [String] = [], isWrite: Bool = false, isHeard: Bool = true
    ) async throws(ProviderFault) -> [[String?]] {
        if isWrite, let permit = WritePermit.current, await !permit.holds() {
            throw .make(
                .leaseLost, CallSite(operation: operation, server: place, isWrite: true),
                "the statement was held back: the lease under which it was to be sent is another's or can't be proved",
                hint: "whoever holds the lease now does the rest", .retry(after: .hours(1)))
        }
        if isHeard { heard(sql) }
        let limit = isWrite ? limits.write : limits.read
        let result = await perform { connection throws(ServerError) in
            try connection.query(sql, parameters, within: limit)
        }
        return try unwrap(result, operation, isWrite: isWrite)
    }

    /// What the server keeps of a password.
    func verifier(_ operation: String, of password: Secret, user: String) async throws(ProviderFault) -> Secret {
        let result = await perform { connection throws(ServerError) in
            try connection.verifier(of: password, user: user)
        }
        return try unwrap(result, operation, isWrite: false)
    }

    /// Runs SQL on another database of the server, over a connection that ends with it.
    func run(
        in database: String, _ operation: String, _ sql: String
    ) async throws(ProviderFault) -> [[String?]] {
        try await look(in: database, operation) { connection throws(ServerError) in try connection.query(sql) }
    }

    /// Reads several things in another database of the server, over one connection that ends with them and may only read.
    func look<Value: Sendable>(
        in database: String, _ operation: String,
        _ body: @escaping @Sendable (ServerConnection) throws(ServerError) -> Value
    ) async throws(ProviderFault) -> Value {
        let (uri, limits) = (uri, limits)
        let result: Result<Value, ServerError> = await thread.run { () -> Result<Value, ServerError> in
            do throws(ServerError) {
                let connection = try ServerConnection(
                    uri, database: database, timeout: limits.connect, limit: limits.look, isReadOnly: true)
                return .success(try body(connection))
            } catch {
                return .failure(error)
            }
        }
        return try unwrap(result, operation, isWrite: false)
    }

    private func unwrap<Value>(
        _ result: Result<Value, ServerError>, _ operation: String, isWrite: Bool
    ) throws(ProviderFault) -> Value {
        switch result {
        case .success(let value): return value
        case .failure(let error):
            throw .server(error, site: CallSite(operation: operation, server: place, isWrite: isWrite))
        }
    }

    private func perform<Value: Sendable>(
        _ body: @escaping @Sendable (ServerConnection) throws(ServerError) -> Value
    ) async -> Result<Value, ServerError> {
        await thread.run { () -> Result<Value, ServerError> in
            do throws(ServerError) {
                let current = try self.connected()
                do throws(ServerError) {
                    return .success(try body(current))
                } catch {
                    if error.isBroken || current.isBroken { self.connection.withLock { $0 = nil } }
                    throw error
                }
            } catch {
                return .failure(error)
            }
        }
    }

    /// On the thread.
    private func connected() throws(ServerError) -> ServerConnection {
        if let current = connection.withLock({ $0 }), !current.isStale { return current }
        let fresh = try ServerConnection(uri, database: nil, timeout: limits.connect)
        connection.withLock { $0 = fresh }
        known.withLock { $0 = fresh.place }
        return fresh
    }
}
