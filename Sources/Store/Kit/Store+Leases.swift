import Basics

extension Store {
    /// A lease that ends later than this from now was written by a clock that went wrong, and counts as over.
    static let longestLease = Duration.days(1)

    /// Takes a lease that is free, over, or the holder's own.
    ///
    /// - Parameters:
    ///   - name: what it is about.
    ///   - holder: names this process for people; unique among processes.
    ///   - lasting: how long it lasts without being renewed.
    /// - Returns: nil when somebody else holds it.
    /// - Throws: `StoreFault`, of kind `fenced` where the store is another one, or one of before.
    public func acquireLease(name: String, holder: String, lasting: Duration) async throws(StoreFault) -> Lease? {
        try memory.confirm()
        let (now, memory, place) = (time.now, memory, engine.place)
        let taken = try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Lease? in
            try confirmClock(lasting: lasting, in: db)
            let lease = try Self.acquire(name, holder, lasting, now, in: db)
            if let lease { try memory.weigh(lease, place: place) }
            return lease
        }
        if let taken { memory.note([taken]) }
        return taken
    }

    static func acquire(
        _ name: String, _ holder: String, _ lasting: Duration, _ now: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) -> Lease? {
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
                    .time(now + max(lasting, longestLease)),
                ]
            ).first
        else { return nil }
        return Lease(name: name, holder: holder, token: try row.int(0), expiresAt: now + lasting, lasting: lasting)
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
        try await renewLeases([lease])
        return Lease(
            name: lease.name, holder: lease.holder, token: lease.token, expiresAt: time.now + lease.lasting,
            lasting: lease.lasting)
    }

    /// Makes leases last longer, all of them or none.
    ///
    /// - Throws: `StoreFault` of kind `fenced` when somebody else holds one of them, or the store is one of before.
    public func renewLeases(_ leases: [Lease]) async throws(StoreFault) {
        let (now, memory, place) = (time.now, memory, engine.place)
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            if let lasting = leases.first?.lasting { try confirmClock(lasting: lasting, in: db) }
            for lease in leases {
                let renewed = try db.run(
                    """
                    update ops.leases set expires_at = $4, updated_at = $5
                    where name = $1 and holder = $2 and token = $3 returning token
                    """,
                    [
                        .text(lease.name), .text(lease.holder), .int(lease.token), .time(now + lease.lasting),
                        .time(now),
                    ])
                guard !renewed.isEmpty else { throw try memory.loss(of: [lease], place: place, in: db) }
            }
        }
    }

    /// Makes sure that leases are still held, whatever the clock says of their ends.
    ///
    /// - Throws: `StoreFault` of kind `fenced` when somebody else has taken one of them.
    public func confirmLeases(_ leases: [Lease]) async throws(StoreFault) {
        let (memory, place) = (memory, engine.place)
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Void in
            try Self.confirm(leases, isShared: false, memory, place: place, in: db)
        }
    }

    /// Gives a lease back; one that was lost already is nobody's business any more.
    ///
    /// - Throws: `StoreFault`.
    public func releaseLease(_ lease: Lease) async throws(StoreFault) { try await releaseLeases([lease]) }

    /// Gives leases back; those that were lost already are nobody's business any more.
    ///
    /// - Throws: `StoreFault`.
    public func releaseLeases(_ leases: [Lease]) async throws(StoreFault) {
        let now = time.now
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            // The row stays, so that its token only grows.
            for lease in leases {
                try db.run(
                    """
                    update ops.leases set holder = '', expires_at = $4, updated_at = $4
                    where name = $1 and holder = $2 and token = $3
                    """, [.text(lease.name), .text(lease.holder), .int(lease.token), .time(now)])
            }
        }
    }
}
