public import Basics

/// Remembers: runs, plans, the journal, what we own, environments, drift, evidence and leases, in the schema `ops`.
///
/// One face for both engines. Each method is one transaction; where it says so, it writes only what differs.
public struct Store: Sendable {
    var engine: any SQLEngine
    let time: any TimeSource
    let identifiers = IdentifierSource()
    /// Whether the server's clock is held against this machine's before leases are judged by it.
    let comparesClocks: Bool
    /// Shared by all copies of this value.
    let memory = StoreMemory()
    /// Hears of writes that fail; nil: nobody does.
    var writes: WriteWatch?

    /// - Parameters:
    ///   - engine: an open engine; it stays the caller's to close.
    ///   - time: gives the instants of rows that have no other.
    ///   - comparesClocks: whether `time` is the machine's own, and has to be that of the server of the data.
    public init(engine: any SQLEngine, time: any TimeSource, comparesClocks: Bool = false) {
        self.engine = engine
        self.time = time
        self.comparesClocks = comparesClocks
    }

    /// Where the data is, fit to be printed.
    public var place: String { engine.place }

    /// Whether the data is a file of this machine.
    public var isEmbedded: Bool { engine.dialect == .sqlite }

    /// Where tasks that read much are best at home, such as those of requests; nil: nowhere.
    public var home: (any TaskExecutor)? { engine.home }

    /// Asks the database for an answer, to see whether it is there; and where a write has failed that is watched, whether
    /// it takes one again.
    ///
    /// - Throws: `StoreFault`.
    public func ping() async throws(StoreFault) {
        try memory.confirm()
        guard !refusesWrites else { return try await confirmWritable() }
        _ = try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Int in try db.run("select 1").count }
    }

    /// What is wrong with the store's file, as far as a short look tells; nil where that finds nothing, and where a server
    /// looks after it.
    ///
    /// - Throws: `StoreFault`.
    public func damage() async throws(StoreFault) -> StoreFault? { try await engine.damage() }

    /// Closes the engine: nothing may be asked afterwards.
    public func close() async { await engine.close() }
}
