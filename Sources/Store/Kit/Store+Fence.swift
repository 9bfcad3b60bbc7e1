extension Store {
    /// The same store, each of whose writes proves in its own transaction that leases are still held.
    ///
    /// On PostgreSQL the proof keeps others from taking the lease until the transaction has ended, so that nothing
    /// is committed by a process that has lost it, however long it stood still in between.
    public func fenced(by leases: [Lease]) -> Store {
        var store = self
        store.engine = FencedEngine(inner: engine, leases: leases, memory: memory)
        return store
    }

    /// Proves that leases are held.
    ///
    /// - Parameters:
    ///   - leases: each of them has to be held.
    ///   - isShared: whether nobody else can take them before the transaction ends.
    ///   - memory: hears of a store that is another one.
    ///   - place: where the data is.
    ///   - db: the transaction.
    /// - Throws: `StoreFault` of kind `fenced` when somebody else has taken one, or the store is one of before.
    static func confirm(
        _ leases: [Lease], isShared: Bool, _ memory: StoreMemory, place: String, in db: any SQLConnection
    ) throws(StoreFault) {
        guard !leases.isEmpty else { return }
        var conditions: [String] = []
        var binds: [SQLValue] = []
        for lease in leases {
            let next = binds.count
            conditions.append("(name = $\(next + 1) and holder = $\(next + 2) and token = $\(next + 3))")
            binds += [.text(lease.name), .text(lease.holder), .int(lease.token)]
        }
        // Rows are locked in the order in which they are renewed, so that no two wait for each other.
        let lock = isShared ? " order by name collate \"C\" for share" : ""
        let held = try db.run(
            "select token from ops.leases where \(conditions.joined(separator: " or "))\(lock)", binds)
        guard held.count == leases.count else { throw try memory.loss(of: leases, place: place, in: db) }
    }
}

/// Lets a transaction write only while leases are held.
private struct FencedEngine: SQLEngine {
    let inner: any SQLEngine
    let leases: [Lease]
    let memory: StoreMemory

    var dialect: SQLDialect { inner.dialect }
    var place: String { inner.place }

    func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        let isShared = dialect == .postgres
        return try await inner.transaction { [leases, memory, place] (db: any SQLConnection) throws(StoreFault) -> T in
            try Store.confirm(leases, isShared: isShared, memory, place: place, in: db)
            return try body(db)
        }
    }

    func read<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        try await inner.read(body)
    }

    func close() async { await inner.close() }
}
