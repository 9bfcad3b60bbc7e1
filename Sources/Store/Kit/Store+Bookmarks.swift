import Basics
public import Formats

extension Store {
    /// What was noted under a name, such as how far a list has been read; nil where nothing was.
    ///
    /// - Throws: `StoreFault`.
    public func bookmark(_ name: String) async throws(StoreFault) -> Value? {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Value? in
            try db.run("select value from ops.reconcile_state where key = $1", [.text(name)]).first?.json(0)
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
            try db.run(
                """
                insert into ops.reconcile_state (key, value, updated_at) values ($1, $2, $3)
                on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at
                """, [.text(name), .json(value), .time(now)])
        }
    }
}
