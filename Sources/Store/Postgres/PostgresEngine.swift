public import Basics
public import Store

/// The engine for PostgreSQL 15 and later: a few connections, each with a thread that may block.
public final class PostgresEngine: SQLEngine {
    /// What can be set.
    public struct Options: Sendable {
        public var connections: Int
        public var connectTimeout: Duration
        /// How long one statement may take.
        public var statementTimeout: Duration
        /// How long to wait for a row that another session has locked.
        public var lockTimeout: Duration

        public init(
            connections: Int = 4, connectTimeout: Duration = .seconds(5), statementTimeout: Duration = .seconds(30),
            lockTimeout: Duration = .seconds(5)
        ) {
            self.connections = connections
            self.connectTimeout = connectTimeout
            self.statementTimeout = statementTimeout
            self.lockTimeout = lockTimeout
        }
    }

    public let dialect = SQLDialect.postgres
    public let place: String

    /// Connects once, to see that it can be done.
    ///
    /// - Throws: `StoreFault` without the password.
    public static func open(_ uri: Secret, options: Options = Options()) async throws(StoreFault) -> PostgresEngine {
        PostgresEngine(place: "postgres://")
    }

    init(place: String) { self.place = place }

    public func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        throw StoreFault(.refused, code: "STORE-0099", message: "under construction")
    }

    public func read<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        throw StoreFault(.refused, code: "STORE-0099", message: "under construction")
    }

    public func close() async {}
}
