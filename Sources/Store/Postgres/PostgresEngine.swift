public import Basics
public import Store

/// The engine for PostgreSQL 15 and later: a few connections, each with a thread that may block.
///
/// A transaction stays on its thread from begin to commit. A connection that broke while it lay idle is replaced
/// without a word; one that breaks inside a transaction is a fault, for nobody but the caller knows what to do then.
public final class PostgresEngine: SQLEngine {
    /// What can be set.
    public struct Options: Sendable {
        public var connections: Int
        public var connectTimeout: Duration
        /// How long one statement may take.
        public var statementTimeout: Duration
        /// How long to wait for a row that another session has locked.
        public var lockTimeout: Duration
        /// How long a transaction may lie open without a statement before the server ends it: what it has locked is others' again.
        public var idleTimeout: Duration

        public init(
            connections: Int = 4, connectTimeout: Duration = .seconds(5), statementTimeout: Duration = .seconds(30),
            lockTimeout: Duration = .seconds(5), idleTimeout: Duration = .seconds(10)
        ) {
            self.connections = connections
            self.connectTimeout = connectTimeout
            self.statementTimeout = statementTimeout
            self.lockTimeout = lockTimeout
            self.idleTimeout = idleTimeout
        }
    }

    private struct Connections {
        var idle: [PostgresConnection] = []
        var usesPrepared = true
        /// Connections of an earlier one know a schema that is no more.
        var generation = 0
        var isClosed = false
    }

    public let dialect = SQLDialect.postgres
    public let place: String
    private let target: PostgresTarget
    private let connections = Locked(Connections())
    private let threads: ThreadPool

    /// Connects once, to see that it can be done.
    ///
    /// - Throws: `StoreFault` without the password.
    public static func open(_ uri: Secret, options: Options = Options()) async throws(StoreFault) -> PostgresEngine {
        let engine = PostgresEngine(try PostgresTarget(uri, options: options))
        try await engine.threads.run { () throws(StoreFault) -> Void in engine.put(back: try engine.connect()) }
        return engine
    }

    private init(_ target: PostgresTarget) {
        self.target = target
        place = target.place
        threads = ThreadPool(threads: target.options.connections)
    }

    public func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        try await run("begin isolation level read committed read write", body)
    }

    public func lightTransaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        try await transaction { (db: any SQLConnection) throws(StoreFault) -> T in
            try db.run("set local synchronous_commit = off", [])
            return try body(db)
        }
    }

    public func read<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        try await run("begin isolation level repeatable read read only", body)
    }

    public func close() async {
        let idle = connections.withLock { connections in
            connections.isClosed = true
            defer { connections.idle = [] }
            return connections.idle
        }
        await threads.run { _ = idle }
    }

    private func run<T: Sendable>(
        _ begin: String, _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        try await threads.run { () throws(StoreFault) -> T in
            var attempt = 1
            while true {
                let connection = try self.take()
                do throws(StoreFault) {
                    let value = try connection.transaction(begin, body)
                    self.put(back: connection)
                    return value
                } catch {
                    if connection.lostPrepared {
                        // A pooler gives every transaction another session: do without prepared statements.
                        self.connections.withLock {
                            $0.usesPrepared = false
                            $0.idle = []
                        }
                    } else if connection.isOutdated {
                        // All that were made before it may have the same in mind; those at work are thrown away after it.
                        self.connections.withLock { connections in
                            guard connections.generation == connection.generation else { return }
                            connections.generation += 1
                            connections.idle = []
                        }
                    } else {
                        self.put(back: connection)
                    }
                    // All of it was rolled back, so it can be done again.
                    let again =
                        connection.lostPrepared || connection.isOutdated || connection.wasDeadlock
                        || connection.brokeAtBegin
                    guard again, error.kind != .unknown, attempt < 3 else { throw error }
                    attempt += 1
                }
            }
        }
    }

    private func take() throws(StoreFault) -> PostgresConnection {
        while true {
            let idle = try connections.withLock { connections throws(StoreFault) -> PostgresConnection? in
                guard !connections.isClosed else { throw .closed(self.place) }
                return connections.idle.popLast()
            }
            guard let idle else { return try connect() }
            if !idle.isStale { return idle }
        }
    }

    private func connect() throws(StoreFault) -> PostgresConnection {
        let now = connections.withLock { ($0.usesPrepared, $0.generation) }
        return try PostgresConnection(target, usesPrepared: now.0, generation: now.1)
    }

    private func put(back connection: PostgresConnection) {
        guard !connection.isBroken else { return }
        connections.withLock { connections in
            guard !connections.isClosed, connection.generation == connections.generation else { return }
            connections.idle.append(connection)
        }
    }
}
