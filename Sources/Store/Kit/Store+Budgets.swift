import Basics

extension Store {
    /// Changes the account of one credential's requests: reads it, and writes what `body` makes of it, in one step.
    ///
    /// Nothing is lost between two processes that do so at once: the second begins with what the first has written.
    ///
    /// - Parameters:
    ///   - credential: a name that tells credentials apart and gives none away.
    ///   - body: gets the account's text, empty for a new one; may run more than once.
    /// - Returns: what `body` gives beside the new text.
    /// - Throws: `StoreFault`.
    public func changeBudget<T: Sendable>(
        of credential: String, _ body: @escaping @Sendable (String) -> (account: String, result: T)
    ) async throws(StoreFault) -> T {
        let now = time.now
        let dialect = engine.dialect
        for _ in 0..<8 {
            let result = try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> T? in
                try db.run(
                    """
                    insert into ops.request_budgets (credential, account, version, updated_at) values ($1, '', 0, $2)
                    on conflict (credential) do nothing
                    """, [.text(credential), .time(now)])
                let lock = dialect.rowLock
                guard
                    let row = try db.run(
                        "select account, version from ops.request_budgets where credential = $1\(lock)",
                        [.text(credential)]
                    ).first
                else { throw .unreadable("the request budget of \(credential) is gone") }
                let (account, result) = body(try row.text(0))
                let written = try db.run(
                    """
                    update ops.request_budgets set account = $3, version = version + 1, updated_at = $4
                    where credential = $1 and version = $2 returning version
                    """, [.text(credential), .int(try row.int(1)), .text(account), .time(now)])
                return written.isEmpty ? nil : result
            }
            if let result { return result }
        }
        throw .invalid("the request budget of \(credential) changes faster than it can be read")
    }

    /// The account of one credential's requests as it stands; empty when there is none.
    ///
    /// - Throws: `StoreFault`.
    public func budget(of credential: String) async throws(StoreFault) -> String {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> String in
            try db.run("select account from ops.request_budgets where credential = $1", [.text(credential)]).first?
                .text(0) ?? ""
        }
    }
}
