public import Basics
import Formats

/// Remembers that the store refuses writes for reasons of its own, and says so once, until one has succeeded.
///
/// A store on a full disk is read as ever: whoever only asks whether it is there finds nothing wrong with it.
public final class WriteWatch: Sendable {
    private let log: Log
    private let found = Locked<StoreFault?>(nil)

    public init(_ log: Log) { self.log = log }

    /// Why writes fail; nil where none has, or one has succeeded since.
    var fault: StoreFault? { found.withLock { $0 } }

    /// Takes down what a write failed of, where that is no matter of what was to be written.
    func note(_ fault: StoreFault, _ dialect: SQLDialect) {
        let isOfTheStore =
            switch fault.kind {
            case .unreachable, .full, .readOnly: true
            // On a server it is rows that are held, and others can be written.
            case .locked: dialect == .sqlite
            case .newerVersion, .incompatible, .refused, .fenced, .badAddress, .unknown, .wrongClock: false
            }
        guard isOfTheStore else { return }
        let isNew = found.withLock { found in
            defer { found = fault }
            return found == nil
        }
        guard isNew else { return }
        log.warning(
            "the store refuses what is to be written",
            ["code": fault.code, "fault": fault.message, "hint": fault.hint ?? ""])
    }

    func forget() {
        guard found.withLock({ $0.take() }) != nil else { return }
        log.info("the store can be written again")
    }
}

extension Store {
    private static let proofKey = "store.proof"
    /// Beside a write that found no room a smaller one may still find some: this one is larger than most.
    private static let proof = String(repeating: "0", count: 64 << 10)

    /// The same store, whose writes that fail are heard of by `writes`; `ping` then tries one until it succeeds.
    public func watched(by writes: WriteWatch) -> Store {
        var store = self
        store.engine = WatchedEngine(inner: engine, writes: writes)
        store.writes = writes
        return store
    }

    /// Whether a write has failed that `writes` heard of, and none was tried since with success.
    public var refusesWrites: Bool { writes?.fault != nil }

    /// Writes something that nobody needs, and takes it away again.
    ///
    /// - Throws: `StoreFault`.
    func confirmWritable() async throws(StoreFault) {
        let now = time.now
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try Self.setState(Self.proofKey, .string(Self.proof), at: now, in: db)
        }
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run("delete from ops.reconcile_state where key = $1", [.text(Self.proofKey)])
        }
        writes?.forget()
    }
}

/// Tells of each write that fails.
private struct WatchedEngine: SQLEngine {
    let inner: any SQLEngine
    let writes: WriteWatch

    var dialect: SQLDialect { inner.dialect }
    var place: String { inner.place }
    var home: (any TaskExecutor)? { inner.home }

    func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        do throws(StoreFault) {
            return try await inner.transaction(body)
        } catch {
            writes.note(error, dialect)
            throw error
        }
    }

    func lightTransaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        do throws(StoreFault) {
            return try await inner.lightTransaction(body)
        } catch {
            writes.note(error, dialect)
            throw error
        }
    }

    func read<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        try await inner.read(body)
    }

    func damage() async throws(StoreFault) -> StoreFault? { try await inner.damage() }

    func close() async { await inner.close() }
}
