import Basics

extension Store {
    /// A lease that ends later than this from now was written by a clock that went wrong, and counts as over.
    private static let longestLease = Duration.days(1)

    /// Takes a lease that is free, over, or the holder's own.
    ///
    /// - Parameters:
    ///   - name: what it is about.
    ///   - holder: names this process for people; unique among processes.
    ///   - lasting: how long it lasts without being renewed.
    /// - Returns: nil when somebody else holds it.
    /// - Throws: `StoreFault`.
    public func acquireLease(name: String, holder: String, lasting: Duration) async throws(StoreFault) -> Lease? {
        let now = time.now
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Lease? in
            guard
                let row = try db.run(
                    """
                    insert into ops.leases (name, holder, token, expires_at, updated_at) values ($1, $2, 1, $3, $4)
                    on conflict (name) do update
                    set holder = excluded.holder, token = leases.token + 1, expires_at = excluded.expires_at,
                      updated_at = excluded.updated_at
                    where leases.holder in ('', excluded.holder) or leases.expires_at <= $4 or leases.expires_at > $5
                    returning token
                    """,
                    [
                        .text(name), .text(holder), .time(now + lasting), .time(now),
                        .time(now + max(lasting, Self.longestLease)),
                    ]
                ).first
            else { return nil }
            return Lease(
                name: name, holder: holder, token: try row.int(0), expiresAt: now + lasting, lasting: lasting)
        }
    }

    /// The lease as it stands, whoever holds it; nil when nobody does.
    ///
    /// - Throws: `StoreFault`.
    public func lease(name: String) async throws(StoreFault) -> Lease? {
        let now = time.now
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Lease? in
            guard
                let row = try db.run(
                    "select holder, token, expires_at from ops.leases where name = $1 and holder <> '' and expires_at > $2",
                    [.text(name), .time(now)]
                ).first
            else { return nil }
            let expiresAt = try row.time(2)
            return Lease(
                name: name, holder: try row.text(0), token: try row.int(1), expiresAt: expiresAt,
                lasting: expiresAt - now)
        }
    }

    /// Makes a lease last longer; one that ran out but that nobody took is renewed as well.
    ///
    /// - Returns: the lease with its new end.
    /// - Throws: `StoreFault` of kind `fenced` when somebody else holds it.
    public func renewLease(_ lease: Lease) async throws(StoreFault) -> Lease {
        let now = time.now
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Lease in
            let renewed = try db.run(
                """
                update ops.leases set expires_at = $4, updated_at = $5 where name = $1 and holder = $2 and token = $3
                returning token
                """,
                [
                    .text(lease.name), .text(lease.holder), .int(lease.token), .time(now + lease.lasting), .time(now),
                ])
            guard !renewed.isEmpty else { throw .leaseLost(lease) }
            return Lease(
                name: lease.name, holder: lease.holder, token: lease.token, expiresAt: now + lease.lasting,
                lasting: lease.lasting)
        }
    }

    /// Makes sure that a lease is still held, whatever the clock says of its end.
    ///
    /// - Throws: `StoreFault` of kind `fenced` when somebody else has taken it.
    public func confirmLease(_ lease: Lease) async throws(StoreFault) {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Void in
            try Self.confirm([lease], isShared: false, in: db)
        }
    }

    /// Gives a lease back; one that was lost already is nobody's business any more.
    ///
    /// - Throws: `StoreFault`.
    public func releaseLease(_ lease: Lease) async throws(StoreFault) {
        let now = time.now
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            // The row stays, so that its token only grows.
            try db.run(
                """
                update ops.leases set holder = '', expires_at = $4, updated_at = $4
                where name = $1 and holder = $2 and token = $3
                """, [.text(lease.name), .text(lease.holder), .int(lease.token), .time(now)])
        }
    }
}
