public import Basics

/// Runs transactions on one kind of database; both engines take the same SQL text.
///
/// The body of a transaction is plain synchronous code on a thread of the engine's own: nothing can be suspended
/// inside a transaction. It may run more than once when the database asks for that (a deadlock, a broken idle
/// connection), always with everything before rolled back, so it must not have effects of its own.
public protocol SQLEngine: Sendable {
    /// Which database it is, for the few statements that differ.
    var dialect: SQLDialect { get }
    /// Where the data is, fit to be printed: no password.
    var place: String { get }
    /// Where tasks that read much are best at home: what they read then takes no way to another thread; nil: nowhere.
    var home: (any TaskExecutor)? { get }

    /// Runs `body` in a transaction that can write; commits when it returns, rolls back when it throws.
    ///
    /// - Throws: `StoreFault`; of kind `unknown` when the answer to the commit was lost.
    func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T

    /// Runs `body` as `transaction` does, and doesn't wait for the disk.
    ///
    /// What was committed outlives this process. A loss of power, or a crash of PostgreSQL itself, may take the last such
    /// transactions, each as a whole, and never what `transaction` has committed. For what is done again without harm.
    ///
    /// - Throws: `StoreFault`, as `transaction`.
    func lightTransaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T

    /// Runs `body` in a transaction that only reads and sees one state of the data.
    ///
    /// - Throws: `StoreFault`.
    func read<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T

    /// What is wrong with the data as they lie on the disk, as far as a short look tells; nil where that finds nothing.
    ///
    /// - Throws: `StoreFault` where it can't be looked at.
    func damage() async throws(StoreFault) -> StoreFault?

    /// Closes the connections; what comes after fails.
    func close() async
}

extension SQLEngine {
    public var home: (any TaskExecutor)? { nil }

    public func damage() async throws(StoreFault) -> StoreFault? { nil }

    public func lightTransaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        try await transaction(body)
    }
}

/// A connection inside of a transaction.
public protocol SQLConnection {
    /// Runs one statement.
    ///
    /// - Parameters:
    ///   - sql: one statement; binds are `$1`, `$2`, …
    ///   - binds: the values of `$1`, `$2`, …
    /// - Returns: the rows that it gives; empty for a statement that gives none.
    /// - Throws: `StoreFault`.
    @discardableResult
    func run(_ sql: String, _ binds: [SQLValue]) throws(StoreFault) -> [SQLRow]

    /// Leaves a mark with this transaction, a number that only grows, where what lies under the tables can be asked for it
    /// past the tables: a file that somebody writes over behaves in part like the one before.
    ///
    /// - Throws: `StoreFault`.
    func leaveMark() throws(StoreFault)

    /// What the clock shows at the server of the data; nil where that is this machine.
    ///
    /// - Throws: `StoreFault`.
    func serverClock() throws(StoreFault) -> Timestamp?
}

extension SQLConnection {
    public func leaveMark() throws(StoreFault) {}
    public func serverClock() throws(StoreFault) -> Timestamp? { nil }

    /// Runs one statement without binds.
    @discardableResult
    func run(_ sql: String) throws(StoreFault) -> [SQLRow] { try run(sql, []) }
}

/// The databases that can hold the store.
public enum SQLDialect: String, Sendable, Hashable, CaseIterable {
    case sqlite, postgres

    /// What ends a query of rows that are about to be changed; a transaction of SQLite has the whole file to itself.
    var rowLock: String { self == .postgres ? " for update" : "" }
}
