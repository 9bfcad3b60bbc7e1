import Basics
public import Formats

extension Store {
    /// What was noted under a name, such as how far a list has been read; nil where nothing was.
    ///
    /// - Throws: `StoreFault`.
    public func bookmark(_ name: String) async throws(StoreFault) -> Value? {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Value? in
            try Self.state(name, in: db)
        }
    }

    /// Notes something under a name; nil forgets it.
    ///
    /// - Throws: `StoreFault`.
    public func setBookmark(_ name: String, _ value: Value?) async throws(StoreFault) {
        let now = time.now
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            guard let value else {
                try db.run("delete from ops.reconcile_state where key = $1", [.text(name)])
                return
            }
            try Self.setState(name, value, at: now, in: db)
        }
    }

    /// Notes under a name what follows from what stands there, whoever else notes something there meanwhile.
    ///
    /// - Parameters:
    ///   - name: of the note.
    ///   - change: what is to stand there, of what does; nil: nothing did.
    /// - Throws: `StoreFault`.
    public func changeBookmark(
        _ name: String, _ change: @escaping @Sendable (Value?) -> Value
    ) async throws(StoreFault) {
        let (now, lock) = (time.now, engine.dialect.rowLock)
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try Self.changeState(name, at: now, lock: lock, in: db, change)
        }
    }

    /// Puts under a key of `ops.reconcile_state` what follows from what stands there, whoever else changes it meanwhile.
    ///
    /// - Parameters:
    ///   - key: of the value.
    ///   - now: when it is changed.
    ///   - lock: locks a row that is read.
    ///   - db: where, in a transaction.
    ///   - change: what is to stand there, of what does; nil: nothing did.
    /// - Throws: `StoreFault`.
    static func changeState(
        _ key: String, at now: Timestamp, lock: String, in db: any SQLConnection,
        _ change: (Value?) throws(StoreFault) -> Value
    ) throws(StoreFault) {
        // Who comes first makes the row, so that the others wait for it.
        let isNew = try !db.run(
            """
            insert into ops.reconcile_state (key, value, updated_at) values ($1, $2, $3)
            on conflict (key) do nothing returning key
            """, [.text(key), .json(.null), .time(now)]
        ).isEmpty
        let before = isNew ? nil : try state(key, lock: lock, in: db)
        let after = try change(before)
        if before != after { try setState(key, after, at: now, in: db) }
    }

    /// What stands under a key of `ops.reconcile_state`; nil where nothing does.
    static func state(_ key: String, lock: String = "", in db: any SQLConnection) throws(StoreFault) -> Value? {
        try db.run("select value from ops.reconcile_state where key = $1\(lock)", [.text(key)]).first?.json(0)
    }

    /// Puts a value under a key of `ops.reconcile_state`, in the place of what stands there.
    static func setState(
        _ key: String, _ value: Value, at now: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) {
        try db.run(
            """
            insert into ops.reconcile_state (key, value, updated_at) values ($1, $2, $3)
            on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at
            """, [.text(key), .json(value), .time(now)])
    }
}
